"""Two conversations on one scenario beside each other: two models, two arms, or a repeat.

Turns are put in pairs by the patient's turn that they answer, so that what parts two conversations can be seen where
they part. Nothing here says which is better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from engine.cells import Cell
from engine.viewer.passage import Beat
from engine.viewer.votes import Bench
from engine.viewer.wording import word


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A patient's turn and what was answered, in one conversation."""

    asked: Beat | None
    answers: tuple[Beat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The same patient's turn in both."""

    number: int
    """Of the patient's turn, from 1."""
    left: Exchange | None
    right: Exchange | None
    """None where that conversation was over."""

    @property
    def alike(self) -> bool:
        """Tell whether both patients said the same, word for word."""
        both = [side.asked.turn.text if side and side.asked else None for side in (self.left, self.right)]
        return both[0] is not None and both[0] == both[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One score in both."""

    dimension: str
    left: float | None
    right: float | None

    @property
    def more(self) -> float | None:
        """Give by how much the right one is higher; None where either lacks."""
        return None if self.left is None or self.right is None else self.right - self.left


def pair_up(left: Sequence[Beat], right: Sequence[Beat]) -> tuple[Pair, ...]:
    """Put two conversations beside each other."""
    both = zip_longest(_exchanges(left), _exchanges(right))
    return tuple(Pair(number=number, left=one, right=two) for number, (one, two) in enumerate(both, start=1))


def gaps(left: Bench, right: Bench) -> tuple[Gap, ...]:
    """Hold their scores against each other, dimension by dimension."""
    theirs = {one.name: one.mean for one in right.judgements}
    return tuple(
        Gap(dimension=one.name, left=one.mean, right=theirs.get(one.name)) for one in left.judgements
    )


def given(cell: Cell) -> tuple[str, ...]:
    """Say what the assistant got in a conversation, a clause each."""
    picture = word("picture", cell.arm.picture)
    record = "the health record" if cell.arm.record else "no health record"
    patient = (
        "a patient who says again, word for word, what was said in the full arm"
        if cell.arm.frozen
        else "a patient who answers what it is asked"
    )
    return picture, record, patient


def _exchanges(beats: Sequence[Beat]) -> Iterator[Exchange]:
    asked: Beat | None = None
    answers: list[Beat] = []
    for beat in beats:
        if beat.turn.speaker == "patient":
            if asked or answers:
                yield Exchange(asked=asked, answers=tuple(answers))
            asked, answers = beat, []
        else:
            answers.append(beat)
    if asked or answers:
        yield Exchange(asked=asked, answers=tuple(answers))
