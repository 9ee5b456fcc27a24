"""What the arms do, in words: frozen beside free, and what goes by way of the dialogue.

Nothing here knows how an effect is computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.prose import chance, figure, item, plural, short, span, wrap
from rubrics.leaderboard import OVERALL
from rubrics.numbers.effects import EVERY, Effect

LEVEL = 0.05
NAME = 30
KINDS = {
    "frozen": "patient frozen",
    "free": "patient free",
    "carried": "by the dialogue",
    "frozen interaction": "together, frozen",
    "interaction": "together, free",
}


def told(effects: Sequence[Effect]) -> Iterator[str]:
    """Tell what each arm does to all models, and to which of them for sure; nothing without one."""
    rows = [row for row in effects if row.dimension == OVERALL and row.level is None]
    if not rows:
        return
    yield ""
    yield from wrap(
        "What an arm does to the overall score, on the same scenarios: frozen, the patient says again what it said; "
        "free, it answers anew; by the dialogue is the difference of both."
    )
    yield f"{'':{NAME}}{'':17}{'points':>7}  {'95% interval':16}{'n':>6}"
    arms = dict.fromkeys(row.arm for row in rows)
    for arm in arms:
        for row in (row for row in rows if row.arm == arm):
            if row.model == EVERY or not any(r.model == EVERY and r.arm == arm for r in rows):
                name = arm if row.model == EVERY else f"{arm}, {row.model}"
                cells = f"{KINDS[row.kind]:17}{figure(row.difference.value):>7}  {span(row.difference):16}"
                yield f"  {short(name, NAME - 3):{NAME - 2}}{cells}{row.difference.basis.n:>6,}"
    sure = [row for row in rows if row.model != EVERY and row.holm is not None and row.holm < LEVEL]
    yield from wrap(
        f"{plural(len(sure), 'effect')} on single models of {len([r for r in rows if r.model != EVERY])} "
        f"{'is' if len(sure) == 1 else 'are'} sure (Holm-adjusted p < {LEVEL}); all are in effects.csv."
    )
    yield from _records(effects)


def _records(effects: Sequence[Effect]) -> Iterator[str]:
    """Tell whether it matters more to lose a record that decides something."""
    for row in effects:
        if row.dimension == OVERALL and row.against is not None and row.model == EVERY:
            yield from item(
                f"{row.arm}, {KINDS[row.kind]}, where the record decides something less where it does not: "
                f"{figure(row.difference.value)} ({span(row.difference)}), {chance(row.p)}."
            )
