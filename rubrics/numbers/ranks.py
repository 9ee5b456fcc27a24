"""Ranks with intervals that hold for all models at once.

A rank is a statement about every other model, so its interval comes from the differences between all of them:
a model is surely above those it beats beyond what chance does to the largest of all differences. Ranks as
resampled would be wrong for models that are alike; this is not (Mogstad, Romano, Shaikh and Wilhelm 2024,
Review of Economic Studies 91). Nothing here knows the scores, only means and influences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rubrics.numbers.flips import DRAWS
from rubrics.numbers.means import Means
from rubrics.numbers.values import CONFIDENCE, ROUNDING, Estimate
from rubrics.scores import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """Where one model stands among all in one dimension."""

    model: str
    dimension: str
    rank: int
    """1 is best; models equal to the last digit share one."""
    low: int
    """Best rank it may have; the intervals of all models hold together, in 95 of 100 runs."""
    high: int
    mean: Estimate


def rank(
    means: Means,
    *,
    models: Sequence[str],
    dimensions: Sequence[str],
    generator: np.random.Generator,
    draws: int = DRAWS,
) -> tuple[Rank, ...]:
    """Rank the models in every dimension, best first; one without a score has no rank and is left out."""
    estimates, rows = means.estimates(), []
    for d, dimension in enumerate(dimensions):
        known = np.flatnonzero(~np.isnan(means.value[:, d]))
        value = means.value[known, d]
        above = _above(
            value, means.influence[:, known, d], means.clusters[known, d], generator=generator, draws=draws
        )
        for at in np.argsort(-value, kind="stable"):
            rows.append(
                Rank(
                    model=models[known[at]],
                    dimension=dimension,
                    rank=1 + int((value > value[at] + ROUNDING).sum()),
                    low=1 + int(above[:, at].sum()),
                    high=len(known) - int(above[at].sum()),
                    mean=estimates[known[at]][d],
                )
            )
    return tuple(rows)


def _above(
    value: Floats, influence: Floats, clusters: Floats, *, generator: np.random.Generator, draws: int
) -> Floats:
    """Tell which models (row) are surely above which (column).

    The bootstrap multiplies each case's influence by a normal number (Chernozhukov, Chetverikov and Kato 2013).
    Such sums are normal with the influences' covariance, so they are drawn from that, whatever the number of
    cases; the errors' own uncertainty makes them Student's t.
    """
    models, first, second = len(value), *np.triu_indices(len(value), 1)
    above = np.zeros((models, models), dtype=bool)
    if not len(first) or clusters.min() < 2:
        return above
    covariance = influence.T @ influence
    spread = np.diag(covariance)
    error = np.sqrt(np.maximum(spread[first] + spread[second] - 2 * covariance[first, second], 0.0))
    told = error > ROUNDING
    if not told.any():
        return above
    roots, axes = np.linalg.eigh(covariance)
    moved = generator.standard_normal((draws, models)) @ (axes * np.sqrt(np.maximum(roots, 0.0))).T
    freedom = clusters.min() - 1
    scale = np.sqrt(generator.chisquare(freedom, size=draws) / freedom)
    apart = np.abs(moved[:, first[told]] - moved[:, second[told]]) / error[told]
    reach = np.quantile(apart.max(axis=1) / scale, CONFIDENCE)
    gap = value[first] - value[second]
    sure = told & (np.abs(gap) > reach * error)
    above[first[sure & (gap > 0)], second[sure & (gap > 0)]] = True
    above[second[sure & (gap < 0)], first[sure & (gap < 0)]] = True
    return above
