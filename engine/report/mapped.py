"""What a calibration beside a run says of its jury, before and after: read back for whoever shows it.

The file lies in a folder that may be a stranger's, so it is validated, and what is not as it should be is left out
like a calibration that was never made. Nothing here knows how a map is learnt.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from engine.plan import Plan
from engine.provenance import CALIBRATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A number with its interval, in points."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """How far scores are from clinicians'."""

    bias: Span
    """Score less label."""
    mae: Span
    """Mean distance."""
    rank: float | None = None
    """Spearman's correlation of the models' means, -1 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """The jury's distance to clinicians before the map and after it."""

    raw: Apart
    calibrated: Apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """One dimension held against clinicians."""

    dimension: str
    labelled: int = 0
    """Conversations."""
    cases: int = 0
    refused: str | None = None
    """Why it has no map."""
    distance: Distance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hashes:
    rubric: str
    scenarios: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Calibration:
    hashes: _Hashes
    dimensions: tuple[Mapped, ...]


FILE = TypeAdapter(_Calibration)


def read_mapped(folder: Path, plan: Plan) -> tuple[Mapped, ...]:
    """Give what the calibration of this run says of each dimension; () where there is none that can be read."""
    try:
        found = FILE.validate_json((folder / CALIBRATION).read_bytes())
    except (OSError, ValidationError):
        return ()
    told = (found.hashes.rubric, found.hashes.scenarios)
    return found.dimensions if told == (plan.rubric["digest"], plan.scenarios_digest) else ()
