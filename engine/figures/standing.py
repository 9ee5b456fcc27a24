"""Where the models stand: overall, by dimension, and by rank.

Nothing here knows how a mean is adjusted.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.cells import arm_of
from engine.figures.naming import family_of, labels, model_labels, plain
from engine.figures.phrases import between, number
from engine.figures.plots import Scale, dots, placed, spread, table
from engine.figures.theme import ACCENT, HEAD, family_paint
from engine.figures.values import Matter, Row, Sketch
from rubrics.leaderboard import HIGHEST, LOWEST, OVERALL, Standing
from rubrics.numbers.questions import FULL

SCALE = (LOWEST, HIGHEST)
SCRIPTS = f"{HEAD}Scripts, no models"


def standings(matter: Matter, dimension: str | None = None) -> list[Standing]:
    """Give the rows of the full arm that have a score, best first, the scripts' last."""
    found = []
    for part in (matter.results.standings, matter.results.benchmarks):
        rows = [row for row in part if arm_of(row.model) == FULL and row.mean is not None]
        best = {row.model: row.mean for row in rows if row.dimension == OVERALL}
        found += sorted(rows, key=lambda row: -best.get(row.model, 0.0))
    return [row for row in found if dimension is None or row.dimension == dimension]


def place_of(matter: Matter, model: str) -> int:
    """Give how many models stand above this one, to sort by; one without a score comes last."""
    best = [row.model for row in standings(matter, OVERALL)]
    return best.index(model) if model in best else len(best)


def is_script(matter: Matter, model: str) -> bool:
    """Tell whether no model plays it."""
    return model in matter.results.plan.baselines


def ordered(matter: Matter, models: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Give a label for each model, and the lines of a picture: the models, then the scripts under a head."""
    by = model_labels(matter, models)
    own = [by[model] for model in by if not is_script(matter, model)]
    scripts = [by[model] for model in by if is_script(matter, model)]
    return by, [*own, *([SCRIPTS, *scripts] if scripts else [])]


def sketch_leaderboard(matter: Matter) -> Sketch | None:
    """Draw the overall score of every model and script."""
    rows = standings(matter, OVERALL)
    if not rows:
        return None
    by, order = ordered(matter, [row.model for row in rows])
    kept: list[Row] = [
        {
            "model": row.model,
            "script": is_script(matter, row.model),
            "mean": row.mean,
            "low": row.low,
            "high": row.high,
            "n": row.n,
            "cases": row.clusters,
        }
        for row in rows
    ]
    drawn = [
        placed(
            row,
            value=row["mean"],
            label=by[row["model"]],
            paint=family_paint(family_of(matter.results, row["model"])),
            said=f"{by[row['model']]}: {between(row['mean'], row['low'], row['high'])}, n {row['n']}",
        )
        for row in kept
    ]
    return Sketch(
        rows=tuple(kept),
        chart=dots(
            drawn, order, Scale(title="score, 1 worst to 5 best", domain=SCALE, ticks=(1, 2, 3, 4, 5))
        ),
        note=f"Dot: mean. Line: 95% interval. {among('n', [row.n for row in rows])} conversations each.",
    )


def among(what: str, counts: Sequence[int]) -> str:
    """Say how many things a figure's marks rest on: one number, or from the fewest to the most."""
    low, high = min(counts), max(counts)
    return f"{what} {low:,}" if low == high else f"{what} {low:,} to {high:,}"


def sketch_dimensions(matter: Matter) -> Sketch | None:
    """Draw the mean of every model in every dimension, as a table."""
    rows = [row for row in standings(matter) if row.dimension != OVERALL]
    if not rows:
        return None
    by, order = ordered(matter, [row.model for row in rows])
    columns = labels(row.dimension for row in rows)
    kept: list[Row] = [
        {
            "model": row.model,
            "dimension": row.dimension,
            "mean": row.mean,
            "low": row.low,
            "high": row.high,
            "n": row.n,
        }
        for row in rows
    ]
    drawn = [
        placed(
            row,
            label=by[row["model"]],
            column=columns[row["dimension"]],
            paint=ACCENT,
            strength=strength(row["mean"]),
            text=number(row["mean"]),
            said=f"{by[row['model']]}, {plain(row['dimension'])}: "
            f"{between(row['mean'], row['low'], row['high'])}, n {row['n']}",
        )
        for row in kept
    ]
    return Sketch(
        rows=tuple(kept),
        chart=table(drawn, order, list(columns.values())),
        note="Mean score, 1 to 5: the stronger the colour, the better. "
        f"{among('n', [row.n for row in rows])} conversations.",
    )


def strength(mean: float) -> float:
    """Give how strongly a mean is painted; what stands on it must still be read."""
    return 0.55 * min(1.0, max(0.0, (mean - LOWEST) / (HIGHEST - LOWEST)))


def sketch_ranks(matter: Matter) -> Sketch | None:
    """Draw the ranks that each model may have; of one model there is nothing to say."""
    numbers = next(iter(matter.counted.numbers.values()), None) if matter.counted else None
    rows = [row for row in numbers.ranks if row.dimension == OVERALL] if numbers else []
    if len(rows) < 2:
        return None
    by = model_labels(matter, [row.model for row in rows])
    kept: list[Row] = [
        {
            "model": row.model,
            "rank": row.rank,
            "rank_low": row.low,
            "rank_high": row.high,
            "n": row.mean.basis.n,
        }
        for row in rows
    ]
    drawn = [
        placed(
            row,
            value=row["rank"],
            low=row["rank_low"],
            high=row["rank_high"],
            label=by[row["model"]],
            paint=family_paint(family_of(matter.results, row["model"])),
            said=f"{by[row['model']]}: rank {row['rank']}, may be {row['rank_low']} to {row['rank_high']}",
        )
        for row in kept
    ]
    ticks = tuple(range(1, len(rows) + 1)) if len(rows) <= 12 else None
    scale = Scale(title="rank, 1 is best", domain=spread([1, len(rows)], (0.0, 1e9)), ticks=ticks)
    return Sketch(
        rows=tuple(kept),
        chart=dots(drawn, list(by.values()), scale),
        note="Dot: rank. Line: the ranks it may have; all lines hold together in 95 of 100 such runs.",
    )
