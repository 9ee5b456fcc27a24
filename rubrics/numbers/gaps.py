"""What is missing, why, and how far it could move the means.

Missing is missing, never a zero. The bounds say what the mean would be had every missing conversation been the
worst, or the best, on the scale (Manski 1989): an assumption-free answer that widens as data go. Nothing here
knows how a conversation fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rubrics.leaderboard import HIGHEST, LOWEST
from rubrics.numbers.means import group
from rubrics.numbers.table import Table
from rubrics.numbers.values import Estimate, estimate
from rubrics.scores import STATUSES, gather, ratio

NOTICE = 0.01
"""Share of conversations missing from which bounds belong beside the mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """What one model has of what was planned, in one dimension."""

    model: str
    dimension: str
    planned: int
    """Conversations."""
    n: int
    """Of these, with a score."""
    missing: int
    unjudged: int
    """Of the missing, those without a single vote in the dimension: they never ended, or nobody judged them."""
    votes: int
    """Votes that count."""
    abstained: int
    causes: Mapping[str, int]
    """Of the abstained votes, by status, those of no cause left out."""
    mean: float | None
    """Adjusted, of what there is."""
    worst: float | None
    """Were every missing conversation scored 1."""
    best: float | None
    """Were every missing conversation scored 5."""

    @property
    def notable(self) -> bool:
        """Tell whether so much is missing that the bounds belong beside the mean."""
        return self.missing > NOTICE * self.planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Reweighted:
    """A mean in which every level of a stratum weighs as planned, however much of it is missing.

    Far from the plain mean, it says that what is missing is not missing by chance: as when jurors refuse
    photographs of some kind.
    """

    stratum: str
    model: str
    dimension: str
    plain: float | None
    mean: Estimate


def complete(table: Table) -> tuple[Completeness, ...]:
    """Say for every model and dimension, overall first, what is missing and why."""
    votes, models = table.scores.votes, len(table.models)
    wide = (models, len(votes.dimensions), len(STATUSES))
    causes = np.zeros(wide, dtype=np.int64)
    lost = votes.abstained
    model = table.model.index[votes.conversation]
    np.add.at(causes, (model[lost], votes.dimension[lost], votes.status[lost]), 1)
    counted = np.zeros(wide[:2], dtype=np.int64)
    np.add.at(counted, (model[votes.counts], votes.dimension[votes.counts]), 1)
    asked = np.zeros((len(table.points), wide[1]), dtype=bool)
    asked[votes.conversation, votes.dimension] = True
    silent = np.column_stack([~asked.any(axis=1), ~asked]).astype(float)
    known = ~np.isnan(table.points)
    n = gather(known.astype(float), table.model.index, models)
    total = gather(np.where(known, table.points, 0.0), table.model.index, models)
    unjudged = gather(silent, table.model.index, models).astype(int)
    planned = np.bincount(table.model.index, minlength=models)
    causes = np.concatenate([causes.sum(axis=1, keepdims=True), causes], axis=1)
    counted = np.column_stack([counted.sum(axis=1), counted])
    return tuple(
        Completeness(
            model=name,
            dimension=dimension,
            planned=int(planned[m]),
            n=int(n[m, d]),
            missing=int(planned[m] - n[m, d]),
            unjudged=int(unjudged[m, d]),
            votes=int(counted[m, d]),
            abstained=int(causes[m, d].sum()),
            causes={cause: int(k) for cause, k in zip(STATUSES, causes[m, d], strict=True) if k},
            **_bounds(total[m, d], n[m, d], planned[m]),
        )
        for m, name in enumerate(table.models)
        for d, dimension in enumerate(table.dimensions)
    )


def reweigh(table: Table) -> tuple[Reweighted, ...]:
    """Weigh each conversation by how rare a score is on its level, for every stratum, model and dimension.

    A level without any score cannot be made up for: the mean is then None.
    """
    rows, models = [], len(table.models)
    plain = group(table, table.model.index, models)
    for name, stratum in table.strata.items():
        levels = len(stratum.names)
        known = stratum.index >= 0
        cell = np.where(known, stratum.index * models + table.model.index, -1)
        cells = group(table, cell, levels * models)
        wide = (levels, models, len(table.dimensions))
        planned = np.bincount(cell[known], minlength=levels * models).reshape(*wide[:2], 1)
        weight = ratio(planned, planned.sum(axis=0, keepdims=True))
        mean = np.where(weight != 0, weight * cells.value.reshape(wide), 0.0).sum(axis=0)
        influence = (cells.influence.reshape(-1, *wide) * weight).sum(axis=1)
        error = np.sqrt((influence**2).sum(axis=0))
        for m, d in np.ndindex(*wide[1:]):
            basis = plain.basis(m, d)
            rows.append(
                Reweighted(
                    stratum=name,
                    model=table.models[m],
                    dimension=table.dimensions[d],
                    plain=None if np.isnan(plain.value[m, d]) else float(plain.value[m, d]),
                    mean=estimate(mean[m, d], error[m, d], basis.clusters - 1, basis=basis),
                )
            )
    return tuple(rows)


def _bounds(total: float, n: float, planned: int) -> dict[str, float | None]:
    """Give the mean and its bounds; an adjusted score may leave the scale, a bound never does."""
    if not planned:
        return {"mean": None, "worst": None, "best": None}
    ends = {"worst": LOWEST, "best": HIGHEST}
    filled = {
        name: float(np.clip((total + end * (planned - n)) / planned, LOWEST, HIGHEST))
        for name, end in ends.items()
    }
    return {"mean": float(total / n) if n else None, **filled}
