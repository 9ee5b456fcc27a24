"""What is found when runs stand side by side, in a sentence for each: what differs, and what it did to the scores.

A sentence claims what its interval carries, and what may not be compared is not. Nothing here knows how it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.prose import plural
from engine.report.abreast.values import Abreast, Held
from engine.report.leads.prose import names, points, size, sure
from rubrics.leaderboard import OVERALL
from rubrics.numbers.changes import Change
from rubrics.numbers.questions import FULL

LEVEL = 0.05


def lead(abreast: Abreast) -> dict[str, tuple[str, ...]]:
    """Give the first sentences of every section, by its key."""
    return {
        "differ": tuple(_differ(abreast)),
        "changes": tuple(_changed(abreast)),
    }


def _differ(abreast: Abreast) -> Iterator[str]:
    first = abreast.runs[0].side.letter
    for held in abreast.held:
        letter = held.other.side.letter
        if held.comparison is None:
            yield f"{letter} cannot be held against {first}: {held.refusal}"
            continue
        told = [one.title for one in held.comparison.differences if one.moves != "nothing"]
        pooled = "they are not pooled" if held.comparison.ground.refused else "they may be pooled"
        if told:
            yield f"{letter} differs from {first} in {names(told)}; {pooled}."
        else:
            yield f"{letter} differs from {first} in nothing that moves a score; {pooled}."


def _changed(abreast: Abreast) -> Iterator[str]:
    first = abreast.runs[0].side.letter
    for held in abreast.held:
        rows = _overall(held)
        if rows:
            yield f"{held.other.side.letter} less {first}: {_change(held, rows)}"
        else:
            yield f"{held.other.side.letter} less {first}: no difference may be formed."


def _overall(held: Held) -> list[Change]:
    """Give the changes of the overall score in the full arm, or in the first there is."""
    changes = held.comparison.changes if held.comparison else {}
    rows: Sequence[Change] = changes.get(FULL) or next(iter(changes.values()), ())
    return [row for row in rows if row.dimension == OVERALL and row.difference.value is not None]


def _change(held: Held, rows: Sequence[Change]) -> str:
    if held.comparison.ground.same_votes:
        return (
            "on the scenarios of both, the same conversations and the same votes, so no score differs there."
        )
    title = held.other.story.title
    if not all(row.tested for row in rows):
        shown = ", ".join(f"{title(row.model)} {points(row.difference)}" for row in rows[:3])
        return f"two instruments, so a difference may be the instrument's and is shown, not tested ({shown})."
    told = [row for row in rows if row.holm is not None and row.holm < LEVEL and sure(row.difference)]
    if not told:
        return f"of {plural(len(rows), 'model')} none can be told to score otherwise (paired, adjusted after Holm)."
    told.sort(key=lambda row: -abs(row.difference.value))
    parts = [
        f"{title(row.model)} {size(row.difference)} points {'higher' if sure(row.difference) > 0 else 'lower'} "
        f"(n = {row.difference.basis.n:,})"
        for row in told[:3]
    ]
    many = f"{len(told)} of {plural(len(rows), 'model')} score otherwise"
    return f"{many}, as {names(parts)} (paired, adjusted after Holm)."
