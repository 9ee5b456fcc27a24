"""What can be asked of arms: which are there says which questions have an answer.

Every question is a weight for each arm. A frozen arm replays the patient's recorded turns and is named after its
free twin, in which the patient answers anew. Nothing here knows a score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["free", "frozen", "carried", "interaction", "frozen interaction"]
FULL = "full"
FROZEN = "frozen-"
"""What a frozen arm's name begins with; the rest is its free twin's."""
IMAGE, RECORD, BOTH = "no-image", "no-record", "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of the arms: the sum of their scores, each times its weight."""

    arm: str
    kind: Kind
    weight: Mapping[str, int]


def ask(arms: Sequence[str]) -> Iterator[Question]:
    """Give the questions that some arms allow, each arm beside its twin."""
    if FULL not in arms:
        return
    for base in sorted({arm.removeprefix(FROZEN) for arm in arms}):
        twin = FROZEN + base
        if twin in arms:
            yield Question(arm=base, kind="frozen", weight={twin: 1, FULL: -1})
        if base in arms and base != FULL:
            yield Question(arm=base, kind="free", weight={base: 1, FULL: -1})
            if twin in arms:
                yield Question(arm=base, kind="carried", weight={base: 1, twin: -1})
    kinds: tuple[tuple[str, Kind], ...] = ((FROZEN, "frozen interaction"), ("", "interaction"))
    for start, kind in kinds:
        image, record, both = (start + name for name in (IMAGE, RECORD, BOTH))
        if {image, record, both} <= {*arms}:
            yield Question(arm=BOTH, kind=kind, weight={image: 1, record: 1, both: -1, FULL: -1})
