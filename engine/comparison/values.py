"""A comparison as a value: what a page or a machine is told. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.comparison.differs import Difference
from engine.comparison.ground import Ground
from engine.comparison.sides import Side
from rubrics.leaderboard import Standing
from rubrics.numbers.changes import Change


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """Two runs held against each other."""

    first: Side
    second: Side
    differences: tuple[Difference, ...]
    ground: Ground
    changes: Mapping[str, tuple[Change, ...]]
    """By arm: the second run less the first."""
    standings: Mapping[str, tuple[Standing, ...]]
    """By arm, the leaderboard of both; empty where they may not be pooled."""

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.first, self.second

    @property
    def simulated(self) -> bool:
        return self.first.results.simulated
