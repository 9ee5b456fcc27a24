"""Would a smaller panel have said the same: ranks without one juror, or without one family of them.

Severities are fitted anew for each panel, and ranks come with the intervals that hold for all models, so a
change of rank can be told from noise. Nothing here knows why a juror differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rubrics.numbers.flips import DRAWS
from rubrics.numbers.means import group
from rubrics.numbers.ranks import Rank, rank
from rubrics.numbers.table import Table, hear, heed


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One model's rank when part of the panel is silent."""

    without: str
    """Name of the juror or of the family."""
    kind: Literal["juror", "family"]
    before: int
    """Rank with the whole panel."""
    now: Rank

    @property
    def contradicts(self) -> bool:
        """Tell whether the rank with the whole panel lies outside what the smaller one allows."""
        return not self.now.low <= self.before <= self.now.high


def standing(table: Table, generator: np.random.Generator, *, draws: int = DRAWS) -> tuple[Rank, ...]:
    """Rank the models by the whole panel."""
    return rank(
        group(table, table.model.index, len(table.models)),
        models=table.models,
        dimensions=table.dimensions,
        generator=generator,
        draws=draws,
    )


def shrink(table: Table, generator: np.random.Generator, *, draws: int = DRAWS) -> tuple[Shift, ...]:
    """Leave out each juror, and each family that has several, in turn; nothing for a panel of one."""
    before = {(row.model, row.dimension): row.rank for row in standing(table, generator, draws=draws)}
    votes, rows = table.scores.votes, []
    for name, kind, silent in _silences(table):
        smaller = hear(table, heed(votes, ~np.isin(votes.juror, silent)))
        rows += [
            Shift(without=name, kind=kind, before=before[row.model, row.dimension], now=row)
            for row in standing(smaller, generator, draws=draws)
        ]
    return tuple(rows)


def _silences(table: Table) -> Iterator[tuple[str, Literal["juror", "family"], list[int]]]:
    jurors = table.scores.votes.jurors
    if len(jurors) < 2:
        return
    families: dict[str, list[int]] = {}
    for j, juror in enumerate(jurors):
        yield juror, "juror", [j]
        if juror in table.family:
            families.setdefault(table.family[juror], []).append(j)
    for family, members in families.items():
        if 1 < len(members) < len(jurors):
            yield family, "family", members
