"""In clinicians' words: the jury's means beside what a calibration makes of them.

Nothing here knows how a map is learnt.
"""

from __future__ import annotations

from engine.figures.naming import model_labels, plain
from engine.figures.phrases import between
from engine.figures.plots import Kind, Scale, dots, placed, spread
from engine.figures.standing import standings
from engine.figures.strata import stacked
from engine.figures.theme import ACCENT, GOOD, SOFT
from engine.figures.values import Matter, Row, Sketch
from rubrics.leaderboard import HIGHEST, LOWEST

KINDS = (
    Kind(name="jury", colour=SOFT),
    Kind(name="calibrated", colour=ACCENT, shape="diamond"),
    Kind(name="corrected", colour=GOOD, shape="square"),
)


def sketch_calibration(matter: Matter) -> Sketch | None:
    """Draw each model's mean as the jury has it, calibrated, and corrected, by dimension."""
    words = matter.words or {}
    rows = [row for row in standings(matter) if (row.model, row.dimension) in words]
    if not rows:
        return None
    rows.sort(key=lambda row: matter.results.plan.dimensions.index(row.dimension))
    by = model_labels(matter, [row.model for row in rows])
    order, own = stacked((row.dimension, by[row.model]) for row in rows)
    kept: list[Row] = []
    drawn = []
    for one, line in zip(rows, own, strict=True):
        word = words[one.model, one.dimension]
        for kind, ends in zip(
            KINDS,
            ({"value": one.mean, "low": one.low, "high": one.high}, word.calibrated, word.corrected),
            strict=True,
        ):
            if ends.get("value") is None:
                continue
            row: Row = {"model": one.model, "dimension": one.dimension, "scale": kind.name}
            row |= {end: ends.get(end) for end in ("value", "low", "high")}
            said = f"{plain(one.dimension)}, {line.strip()}, {kind.name}: "
            kept.append(row)
            drawn.append(
                placed(
                    row,
                    label=line,
                    kind=kind.name,
                    said=said + between(row["value"], row["low"], row["high"]),
                )
            )
    ends = [row[end] for row in kept for end in ("value", "low", "high")]
    scale = Scale(title="mean score, 1 to 5", domain=spread(ends, (LOWEST - 1, HIGHEST + 1)))
    return Sketch(
        rows=tuple(kept),
        chart=dots(drawn, order, scale, KINDS),
        note="Jury: as in the leaderboard. Calibrated: by a map to clinicians' scores. Corrected: right whatever the "
        "jury does. Lines: 95% intervals.",
    )
