"""What a figure is made from, and what it is: a picture, its numbers, and what it does not show.

Values only. Nothing here knows how anything is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.clinicians import Translated
from engine.evidence import Evidence
from engine.results import Results
from engine.scoring.values import Counted

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """All that is known of a run when its report is written."""

    results: Results
    evidence: Evidence
    counted: Counted | None = None
    """None without a score."""
    words: Mapping[tuple[str, str], Translated] | None = None
    """Means in clinicians' words, by the leaderboard's row and dimension; empty or None without a calibration."""
    audited: Mapping[str, Any] | None = None
    """What `run.py audit` wrote, of this state of the run; None where it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One picture and what belongs to it."""

    name: str
    """Its numbers are `report/figures/<name>.csv`."""
    title: str
    shows: str
    """What it shows, one sentence."""
    hides: str
    """What it does not show, one sentence."""
    rows: tuple[Mapping[str, Any], ...]
    """Its numbers, one mark each, all with the same columns; what strangers named stays as they wrote it."""
    svg: str
    """`<svg …>` that may stand in a page: no script, no link, no style attribute; colours are variables of the
    house's style sheet. It has the class `figure` and no size of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """A figure before it is drawn."""

    rows: tuple[Row, ...]
    chart: Any
    """An Altair chart with one described mark for each row."""
    note: str
    """What the picture says of itself under its title: what it rests on, how to read it."""
