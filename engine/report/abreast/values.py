"""Several runs side by side, as values: each with its story and figures, and each held against the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.comparison.sides import Side
from engine.comparison.values import Comparison
from engine.figures import Figure
from engine.report.story import Story


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """One of the runs."""

    side: Side
    """With its letter, A for the first."""
    story: Story
    drawn: Mapping[str, Figure]
    page: Path
    """Of its own report."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """A run held against the first."""

    other: Told
    comparison: Comparison | None
    """None where nothing of the two may be compared."""
    refusal: str
    """Why; "" where something may."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Abreast:
    """All of them."""

    runs: tuple[Told, ...]
    held: tuple[Held, ...]

    @property
    def simulated(self) -> bool:
        """Tell whether all are simulated."""
        return all(told.story.simulated for told in self.runs)

    @property
    def some_simulated(self) -> bool:
        """Tell whether one of them is."""
        return any(told.story.simulated for told in self.runs)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Name the dimensions that some run scored."""
        return tuple(dict.fromkeys(name for told in self.runs for name in told.story.results.plan.dimensions))
