"""How far two samples are apart: Kolmogorov-Smirnov and Wasserstein, with intervals from resampled clusters.

The one idea: a resample is a vector of cluster weights over values sorted once, so every draw is a weighted
cumulative sum. Values of one dialogue belong together and are drawn together, and together they change sides when
it is asked how far apart equal samples come by chance. Tried on samples of 40 to 155 against 57 dialogues of 3 to 8
turns, alike within a dialogue by 0 to 0.6: the intervals hold the truth in 88 to 97 of 100, also where there is no
distance. Nothing here knows what is measured.
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


LIKELY = 0.95
"""Quantile of the distances between shuffled clusters up to which a distance may be none."""


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

    Two equal samples are still a little apart, by chance: where shuffled dialogues come as far apart in more than
    one of twenty draws, the interval begins at zero.
    """
    sides = [{name: values for name, values in side.items() if len(values)} for side in (one, other)]
    if min(map(len, sides)) < 2:
        return None
    grid = np.unique(np.concatenate([np.asarray(v, float) for side in sides for v in side.values()]))
    counts = [_counts(list(side.values()), grid) for side in sides]
    first, second = (_functions(one, generator) for one in counts)
    drawn, dealt = np.abs(first - second), _shuffled(*counts, generator)
    widths = np.diff(grid)
    return Apart(
        ks=_interval(drawn.max(axis=1), dealt.max(axis=1), 1.0),
        wasserstein=_interval(drawn[:, :-1] @ widths, dealt[:, :-1] @ widths, np.inf),
    )


def _counts(values: list[Sequence[float]], grid: Floats) -> Floats:
    """Give how often each cluster has each value, (clusters, grid)."""
    counts = np.zeros((len(values), len(grid)))
    for row, sample in zip(counts, values, strict=True):
        np.add.at(row, np.searchsorted(grid, np.asarray(sample, float)), 1.0)
    return counts


def _shuffled(one: Floats, other: Floats, generator: np.random.Generator) -> Floats:
    """Give the gaps between two sides that the clusters of both are dealt to at random, (DRAWS, grid)."""
    pooled = np.concatenate([one, other])
    side = np.arange(len(pooled)) < len(one)
    weights = np.array([generator.permutation(side) for _ in range(DRAWS)], dtype=float)
    steps = [np.cumsum(weight @ pooled, axis=1) for weight in (weights, 1.0 - weights)]
    return np.abs(steps[0] / steps[0][:, -1:] - steps[1] / steps[1][:, -1:])


def _functions(counts: Floats, generator: np.random.Generator) -> Floats:
    """Give the distribution function on the grid, (1 + DRAWS, grid): as it is, then of every draw of clusters."""
    many = len(counts)
    weights = np.ones((1 + DRAWS, many))
    for row in weights[1:]:
        row[:] = np.bincount(generator.integers(many, size=many), minlength=many)
    steps = np.cumsum(weights @ counts, axis=1)
    return steps / steps[:, -1:]


def _interval(draws: Floats, dealt: Floats, most: float) -> Interval:
    value, reach = float(draws[0]), REACH * float(draws[1:].std())
    chance = value <= float(np.quantile(dealt, LIKELY))
    return Interval(
        value=value, low=0.0 if chance else max(value - reach, 0.0), high=min(value + reach, most)
    )
