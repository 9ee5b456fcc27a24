"""What an arm does: the patient's words frozen beside free, and what goes by way of the dialogue.

Nothing here knows what an arm withholds.
"""

from __future__ import annotations

from engine.figures.naming import labels, model_labels, plain
from engine.figures.phrases import between, signed
from engine.figures.plots import Kind, Scale, dots, placed
from engine.figures.standing import among, place_of
from engine.figures.strata import estimated, stacked
from engine.figures.theme import ACCENT, GOOD, WARN
from engine.figures.values import Matter, Row, Sketch
from engine.scoring.arms import KINDS
from rubrics.leaderboard import OVERALL
from rubrics.numbers.effects import EVERY, Effect

SHOWN = {"frozen": (WARN, "square"), "free": (ACCENT, "circle"), "carried": (GOOD, "diamond")}
SCALE = Scale(title="points of the overall score, arm less full", format="+~r", rule=0.0)


def sketch_arms(matter: Matter) -> Sketch | None:
    """Draw what each arm does to all models together; of one model, to it."""
    found = _effects(matter)
    whole = [row for row in found if row.model == EVERY]
    rows = whole or ([*found] if len({row.model for row in found}) == 1 else [])
    if not rows:
        return None
    by = labels(row.arm for row in rows)
    return _sketched(rows, list(by.values()), [by[row.arm] for row in rows], tuple(SHOWN))


def sketch_arm_models(matter: Matter) -> Sketch | None:
    """Draw what each arm does to each model, the patient frozen beside free."""
    rows = [row for row in _effects(matter) if row.model != EVERY and row.kind != "carried"]
    if len({row.model for row in rows}) < 2:
        return None
    arms = list(dict.fromkeys(row.arm for row in rows))
    rows.sort(key=lambda row: (arms.index(row.arm), place_of(matter, row.model)))
    by = model_labels(matter, [row.model for row in rows])
    places = dict.fromkeys((row.arm, row.model) for row in rows)
    order, own = stacked((arm, by[model]) for arm, model in places)
    lines = dict(zip(places, own, strict=True))
    return _sketched(rows, order, [lines[row.arm, row.model] for row in rows], ("frozen", "free"))


def _effects(matter: Matter) -> list[Effect]:
    effects = matter.counted.across.effects if matter.counted else ()
    return [
        row
        for row in effects
        if row.dimension == OVERALL
        and row.level is None
        and row.kind in SHOWN
        and row.difference.value is not None
    ]


def _sketched(rows: list[Effect], order: list[str], lines: list[str], shown: tuple[str, ...]) -> Sketch:
    kept: list[Row] = []
    drawn = []
    for one, line in zip(rows, lines, strict=True):
        gap = one.difference
        row = {"arm": one.arm, "kind": one.kind, "model": one.model} | estimated(gap) | {"holm": one.holm}
        said = f"{plain(one.arm)}, {KINDS[one.kind]}, {plain(one.model)}: "
        kept.append(row)
        drawn.append(
            placed(
                row,
                label=line,
                kind=KINDS[one.kind],
                said=f"{said}{between(gap.value, gap.low, gap.high, signed)}, n {gap.basis.n}",
            )
        )
    kinds = [
        Kind(name=KINDS[kind], colour=colour, shape=shape)
        for kind, (colour, shape) in SHOWN.items()
        if kind in shown
    ]
    seen = {row["kind"] for row in drawn}
    return Sketch(
        rows=tuple(kept),
        chart=dots(drawn, order, SCALE, [kind for kind in kinds if kind.name in seen]),
        note="Left of the line: worse than with everything. Line: 95% interval, "
        f"{among('n', [row['n'] for row in kept])} pairs of conversations.",
    )
