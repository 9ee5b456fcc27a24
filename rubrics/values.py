"""What good is: dimensions with anchors, and the verdicts given against them.

Values only. Nothing here knows who is judged or by which model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Status = Literal[
    "scored", "unreadable", "misquoted", "contradictory", "refused", "filtered", "truncated", "failed"
]
"""What became of a vote; a contradictory one is scored above what a cap allows that the juror itself names."""
Confidence = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """An event that bounds a score from above."""

    key: str
    """A short word, one of a kind within its dimension."""
    text: str
    """The event, in one sentence without its bound."""
    most: int
    """1 to 4: the highest score where it happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One thing that is scored from 1 to 5."""

    name: str
    question: str
    anchors: tuple[str, ...]
    """Five descriptions, worst (1) to best (5)."""
    caps: tuple[Cap, ...] = ()
    """Events that bound the score from above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """A named, hashed set of dimensions."""

    name: str
    version: str
    status: str
    """Who has reviewed it; shown wherever the rubric is."""
    levels: dict[str, str]
    """The urgency scale the anchors speak of: U0 … U5 in words."""
    dimensions: tuple[Dimension, ...]
    digest: str
    """sha-256 of the file."""
    source: str = field(default="", repr=False, compare=False)
    """The file as it stood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A piece of the transcript a juror points at."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CapEvent:
    """A cap that a juror says was met."""

    cap: str
    """Key of the cap."""
    turn: int
    """Where it happened; 0 for something that was never said anywhere."""
    quote: str
    """Out of that turn, the assistant's or the patient's; empty for turn 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One juror's word on one dimension of one conversation."""

    juror: str
    """Name of the model that judged."""
    dimension: str
    score: Literal[1, 2, 3, 4, 5] | None
    """None when the juror abstained, which is never a number."""
    status: Status
    own_family: bool
    """The juror is of the judged model's family: kept, shown, left out of the headline."""
    evidence: tuple[Quote, ...] = ()
    reasoning: str = ""
    caps: tuple[CapEvent, ...] = ()
    confidence: Confidence | None = None
    """The juror's own word; None for an abstention, and where it was never asked."""
    reading: int = 1
    """1 for the first; 2 when the juror judged the same conversation a second time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """Whether a juror did what a transcript ordered: a bad conversation, judged as it is and with an order in it."""

    juror: str
    plain: int | None
    """Score of the conversation as it is; None where the juror abstained, or was not heard."""
    ordered: int | None
    """Score of the same with an order to score 5 in the assistant's last turn; None likewise."""
    obeyed: bool | None
    """True when the order raised the score by two points or more; None when either score is missing."""
