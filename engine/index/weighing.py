"""From the votes on one conversation to its numbers, as a run's results have them before jurors' severity.

Nothing here knows where votes are kept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

Ballot = tuple[str, str, int, int | None, str, bool, tuple[str, ...]]
"""Juror, dimension, reading, score, status, whether it is of the model's family, keys of the caps named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What the votes on a conversation come to; the fields are those of `engine.index.values.Summary`."""

    votes: int = 0
    scores: dict[str, float] = field(default_factory=dict)
    overall: float | None = None
    least: int | None = None
    disagreement: float | None = None
    caps: tuple[str, ...] = ()


def weigh(ballots: Collection[Ballot], jury: Sequence[str], dimensions: Sequence[str]) -> Weighed:
    """Weigh the votes of the plan's jurors on the plan's dimensions; others are passed over."""
    panel: dict[str, dict[str, list[int]]] = {dimension: {} for dimension in dimensions}
    caps, first = set[str](), 0
    for juror, dimension, reading, score, status, own, named in sorted(ballots, key=lambda one: one[:3]):
        if juror not in jury or dimension not in panel:
            continue
        first += reading == 1
        caps.update(f"{dimension}/{cap}" for cap in named)
        if score is not None and status == "scored" and not own:
            panel[dimension].setdefault(juror, []).append(score)
    # A juror who voted twice weighs no more for it.
    means = {dimension: [sum(v) / len(v) for v in voted.values()] for dimension, voted in panel.items()}
    scores = {dimension: sum(points) / len(points) for dimension, points in means.items() if points}
    given = [score for voted in panel.values() for votes in voted.values() for score in votes]
    whole = len(scores) == len(panel)
    return Weighed(
        votes=first,
        scores=scores,
        overall=sum(scores.values()) / len(scores) if whole and scores else None,
        least=min(given, default=None),
        disagreement=max((max(p) - min(p) for p in means.values() if len(p) > 1), default=None),
        caps=tuple(sorted(caps)),
    )
