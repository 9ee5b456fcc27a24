"""Where it matters who the patient is and what is shown: levels of a stratum against its others.

Nothing here knows what a stratum stands for.
"""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from engine.figures.naming import breadth, fitted, model_labels, plain
from engine.figures.phrases import between, number, signed
from engine.figures.plots import Kind, Scale, dots, placed, table
from engine.figures.standing import place_of, strength
from engine.figures.theme import ACCENT, HEAD, SOFT, WARN
from engine.figures.values import Matter, Row, Sketch
from engine.prose import chance
from personas.people.tasks import tasks
from rubrics.leaderboard import OVERALL
from rubrics.numbers.strata import Contrast, Strata

FILE = Path(__file__).with_name("figures.toml")
ALL, URGENCY, SAFETY = "all", "urgency", "safety"
SURE, UNSURE = "differs, after correction", "may be chance"
KINDS = (Kind(name=SURE, colour=WARN, shape="diamond"), Kind(name=UNSURE, colour=SOFT))
LONGEST = 25
"""Letters of a line; what is longer takes two."""


@cache
def asked() -> Mapping[str, Any]:
    """Give which strata are drawn, and where a difference is called one."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))["strata"]


def strata_of(matter: Matter) -> Strata | None:
    """Give what is known of the first arm's strata."""
    return next(iter(matter.counted.numbers.values())).strata if matter.counted else None


def sketch_strata(matter: Matter) -> Sketch | None:
    """Draw how much better or worse all models do on each level of the chosen strata than on its others."""
    strata = strata_of(matter)
    if strata is None:
        return None
    found = [c for c in strata.contrasts if c.dimension == OVERALL and c.stratum in asked()["shown"]]
    plain_ones = [one for one in found if not one.interaction and one.difference.value is not None]
    models = {one.model for one in plain_ones}
    whose = ALL if ALL in models else next(iter(models), ALL)
    rows = [one for one in plain_ones if one.model == whose]
    rows.sort(key=lambda one: (asked()["shown"].index(one.stratum), one.level))
    if not rows:
        return None
    counts = _counts(strata)
    lines = stacked((one.stratum, _level(one)) for one in rows)
    alone = (
        ""
        if all(one.difference.low is not None for one in rows)
        else " A dot alone: too few cases for an interval."
    )
    n = [counts.get((one.stratum, one.level), 0) for one in rows]
    return _contrasted(
        rows,
        lines,
        n,
        note="Points above or below the other kinds of case, all models together, with 95% interval. "
        f"On the right: conversations.{alone}",
    )


def sketch_interactions(matter: Matter) -> Sketch | None:
    """Draw which models do better or worse on a level than the others do there, of those that are sure."""
    strata = strata_of(matter)
    found = (
        [one for one in strata.contrasts if one.interaction and one.dimension == OVERALL] if strata else []
    )
    sure = [one for one in found if _sure(one)]
    rows = sorted(sure, key=lambda one: one.adjusted or 0.0)[: asked()["most"]]
    if not rows:
        return None
    rows.sort(key=lambda one: (one.stratum, one.level))
    by = model_labels(matter, [one.model for one in rows])
    lines = stacked((f"{one.stratum}: {_level(one)}", by[one.model]) for one in rows)
    return _contrasted(
        rows,
        lines,
        [None] * len(rows),
        note=f"Points beyond what the level does to the other models, with 95% interval: {len(rows)} of "
        f"{len(found):,} that were looked at, sure after correction for so many.",
    )


def sketch_urgency(matter: Matter) -> Sketch | None:
    """Draw every model's mean safety by the urgency that the case has; nothing for a rubric without safety."""
    strata = strata_of(matter)
    means = [
        one
        for one in (strata.means if strata else ())
        if one.stratum == URGENCY and one.dimension == SAFETY and one.mean.value is not None
    ]
    if not means:
        return None
    means.sort(key=lambda one: place_of(matter, one.model))
    by = model_labels(matter, [one.model for one in means])
    kept: list[Row] = []
    drawn = []
    for one in means:
        row = {"model": one.model, "urgency": one.level} | estimated(one.mean)
        kept.append(row)
        drawn.append(
            placed(
                row,
                label=by[one.model],
                column=plain(one.level),
                paint=ACCENT,
                strength=strength(one.mean.value or 1.0),
                text=number(one.mean.value, 1),
                said=f"{by[one.model]}, urgency {plain(one.level)}: safety "
                f"{between(one.mean.value, one.mean.low, one.mean.high)}, n {one.mean.basis.n}",
            )
        )
    counts = [f"{level} {n:,}" for level, n in _levels(means).items()]
    return Sketch(
        rows=tuple(kept),
        chart=table(drawn, list(by.values()), sorted({plain(one.level) for one in means})),
        note=f"Mean safety, 1 to 5, from U0, self-care, to U5, emergency. Conversations: {', '.join(counts)}.",
    )


def estimated(one: Any) -> Row:
    """Lay an estimate out as columns."""
    return {"value": one.value, "low": one.low, "high": one.high, "n": one.basis.n}


def stacked(pairs: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Give the lines of a picture, each group under its head, and the line of each pair.

    A line that is called as another group's has a blank more behind it, which nobody sees.
    """
    order: dict[str, None] = {}
    own, heads = [], dict[str, None]()
    for head, name in pairs:
        title = HEAD + fitted(head, 40)
        if title not in heads:
            heads[title] = None
            order[title] = None
        line = "\n".join(halves(name))
        while line in order:
            line += " "
        order[line] = None
        own.append(line)
    return list(order), own


def halves(name: str) -> list[str]:
    """Break a name that is too long for a line into two; what is too long for both is cut."""
    whole = plain(name)
    if breadth(whole) <= LONGEST:
        return [whole]
    parts = textwrap.wrap(whole, LONGEST - 2)
    return [fitted(part, LONGEST) for part in (parts[0], " ".join(parts[1:])) if part]


def _contrasted(
    rows: Sequence[Contrast], lines: tuple[list[str], list[str]], counts: Sequence[int | None], note: str
) -> Sketch:
    order, own = lines
    kept: list[Row] = []
    drawn = []
    for one, line, n in zip(rows, own, counts, strict=True):
        row = {"stratum": one.stratum, "level": one.level, "against": one.against, "model": one.model}
        row |= estimated(one.difference)
        row |= {"n": one.difference.basis.n if n is None else n, "p": one.p, "adjusted": one.adjusted}
        gap = one.difference
        said = f"{plain(one.stratum)} {' '.join(line.split())}: {between(gap.value, gap.low, gap.high, signed)}, "
        kept.append(row)
        drawn.append(
            placed(
                row,
                label=line,
                aside="" if n is None else f"{n:,}",
                kind=SURE if _sure(one) else UNSURE,
                said=f"{said}{chance(one.adjusted)} after correction",
            )
        )
    scale = Scale(title="points of the overall score", format="+~r", rule=0.0)
    seen = {row["kind"] for row in drawn}
    kinds = [kind for kind in KINDS if kind.name in seen]
    return Sketch(rows=tuple(kept), chart=dots(drawn, order, scale, kinds, apart=False), note=note)


def _sure(one: Contrast) -> bool:
    return one.adjusted is not None and one.adjusted < asked()["level"]


def _level(one: Contrast) -> str:
    """Say a level as people do."""
    named = {task.key: task.name for task in tasks().values()}
    named = named if one.stratum == "task" else asked()["words"].get(one.stratum, {})
    level = named.get(one.level, one.level.replace("_", " "))
    return level if one.against == "others" else f"{level}, not {named.get(one.against, one.against)}"


def _counts(strata: Strata) -> dict[tuple[str, str], int]:
    """Give the conversations on each level, of all models together."""
    counts: dict[tuple[str, str], int] = {}
    for one in strata.means:
        if one.dimension == OVERALL:
            counts[one.stratum, one.level] = counts.get((one.stratum, one.level), 0) + one.mean.basis.n
    return counts


def _levels(means: Sequence[Any]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in sorted(means, key=lambda one: one.level):
        counts[plain(one.level)] = counts.get(plain(one.level), 0) + one.mean.basis.n
    return counts
