"""How far two samples are apart: Kolmogorov-Smirnov and Wasserstein, with intervals from resampled clusters.

The one idea: a resample is a vector of cluster weights over values sorted once, so every draw is a weighted
cumulative sum. Values of one dialogue belong together and are drawn together. Nothing here knows what is measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DRAWS = 300
REACH = 1.96
"""Standard errors to either end of a 95 % interval. Percentiles would not do: a resample is always further from the
other side than the sample is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """How far apart two samples are."""

    ks: Interval
    """Largest difference of the two distribution functions, 0 to 1."""
    wasserstein: Interval
    """Mean distance a value has to be moved, in the feature's own unit."""


def apart(
    one: Mapping[str, Sequence[float]], other: Mapping[str, Sequence[float]], generator: np.random.Generator
) -> Apart | None:
    """Compare two samples given by cluster; None where one has fewer than two clusters with a value.

    Two equal samples are still a little apart, by chance: an interval far above zero says more than the value.
    """
    sides = [{name: values for name, values in side.items() if len(values)} for side in (one, other)]
    if min(map(len, sides)) < 2:
        return None
    grid = np.unique(np.concatenate([np.asarray(v, float) for side in sides for v in side.values()]))
    first, second = (_functions(list(side.values()), grid, generator) for side in sides)
    gaps = np.abs(first - second)
    ks = gaps.max(axis=1)
    moved = gaps[:, :-1] @ np.diff(grid)
    return Apart(ks=_interval(ks, 1.0), wasserstein=_interval(moved, np.inf))


def _functions(values: list[Sequence[float]], grid: Floats, generator: np.random.Generator) -> Floats:
    """Give the distribution function on the grid, (1 + DRAWS, grid): as it is, then of every draw of clusters."""
    many = len(values)
    counts = np.zeros((many, len(grid)))
    for row, sample in zip(counts, values, strict=True):
        np.add.at(row, np.searchsorted(grid, np.asarray(sample, float)), 1.0)
    weights = np.ones((1 + DRAWS, many))
    for row in weights[1:]:
        row[:] = np.bincount(generator.integers(many, size=many), minlength=many)
    steps = np.cumsum(weights @ counts, axis=1)
    return steps / steps[:, -1:]


def _interval(draws: Floats, most: float) -> Interval:
    value, reach = float(draws[0]), REACH * float(draws[1:].std())
    return Interval(value=value, low=max(value - reach, 0.0), high=min(value + reach, most))
