"""Samples as tests want them: of drawings and built-in records, or of what lies in folders."""

from __future__ import annotations

from pathlib import Path

from personas.scenarios.build import ScenarioWish, gather
from personas.scenarios.sample import Sample


def embedded(count: int, seed: int) -> Sample:
    """Build a sample from drawings and built-in records, with no file from outside."""
    return paired(None, None, count, seed)


def paired(cases: Path | None, records: Path | None, count: int | None, seed: int) -> Sample:
    """Build a sample of photographs and records; None stands for drawings, and for built-in records."""
    return gather(ScenarioWish(cases=cases, records=records, count=count, seed=seed))
