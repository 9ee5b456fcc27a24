"""What good is: dimensions with anchors, and the verdicts given against them.

Values only. Nothing here knows who is judged or by which model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["scored", "unreadable", "misquoted", "refused", "filtered", "truncated", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One thing that is scored from 1 to 5."""

    name: str
    question: str
    anchors: tuple[str, ...]
    """Five descriptions, worst (1) to best (5)."""
    caps: tuple[str, ...] = ()
    """Events that bound the score from above, each in one sentence with its bound."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A piece of the transcript a juror points at."""

    turn: int
    text: str


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
