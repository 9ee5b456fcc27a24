"""Models against each other on the scenarios both have.

The one idea: pairing. A difference within a scenario holds the scenario's difficulty still, so it needs far
fewer of them; how many fewer is the correlation beside it. Nothing here knows what a model is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import stdtr
from scipy.stats import wilcoxon

from rubrics.numbers.flips import DRAWS, flip
from rubrics.numbers.means import Means, average
from rubrics.numbers.multiple import holm
from rubrics.numbers.table import Table
from rubrics.numbers.values import ROUNDING, Estimate
from rubrics.scores import Floats, Indices, gather, ratio

MARGIN = 0.2
"""Points; a smaller difference is "no worse"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One model less another in one dimension, the mean over scenarios; n counts scenarios."""

    model: str
    against: str
    dimension: str
    difference: Estimate
    p: float | None
    """Two-sided, by flipping the signs of whole cases; None when no scenario differs."""
    holm: float | None
    """The same, adjusted for all pairs of the dimension."""
    ranks: float | None
    """Wilcoxon's signed-rank p over the cases' mean differences: a check, not adjusted."""
    no_worse: float | None
    """One-sided p of the model being worse by the margin or more: small means no worse."""
    same: float | None
    """p of the two one-sided tests (Schuirmann 1987): small means within the margin either way."""
    correlation: float | None
    """Of the two models' scores over scenarios: the share of variance that pairing saves, if spreads are alike."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Scores by unit (a scenario) and model, the mean over repeats. U units, M models, K columns."""

    value: Floats
    """(U, M, K)"""
    share: Floats
    """(U, M, K, D·J)"""
    planned: Floats
    """(U, M) conversations there should be."""
    abstained: Floats
    """(U, M, K)"""
    case: Indices
    """(U,)"""


def compare(
    table: Table, generator: np.random.Generator, *, draws: int = DRAWS, margin: float = MARGIN
) -> tuple[Pair, ...]:
    """Compare every two models in every dimension; both have one arm, select it first."""
    found = list(combinations(range(len(table.models)), 2))
    if not found:
        return ()
    grid = lattice(table)
    made = [_differ(table, grid, a, b) for a, b in found]
    differences, parts = [means for means, _ in made], [sums for _, sums in made]
    chances = flip(np.concatenate(parts, axis=1), generator, draws).reshape(len(found), -1)
    rows = []
    for d, dimension in enumerate(table.dimensions):
        known = [None if np.isnan(p) else float(p) for p in chances[:, d]]
        for pair, means, sums, p, adjusted in zip(found, differences, parts, known, holm(known), strict=True):
            rows.append(
                Pair(
                    model=table.models[pair[0]],
                    against=table.models[pair[1]],
                    dimension=dimension,
                    difference=means.estimates()[0][d],
                    p=p,
                    holm=adjusted,
                    ranks=_ranks(sums[:, d]),
                    correlation=_correlate(*(grid.value[:, model, d] for model in pair)),
                    **_margins(means, d, margin),
                )
            )
    return tuple(rows)


def lattice(table: Table) -> Grid:
    """Lay the scores out by scenario and model."""
    models, units = len(table.models), len(table.scenario.names)
    cell = table.scenario.index * models + table.model.index
    known = ~np.isnan(table.points)
    count = gather(known.astype(float), cell, units * models)
    total = gather(np.where(known, table.points, 0.0), cell, units * models)
    share = gather(table.share * known[..., None], cell, units * models)
    wide = (units, models, table.points.shape[1])
    case = np.zeros(units, dtype=np.int64)
    case[table.scenario.index] = table.case.index
    return Grid(
        value=ratio(total, count).reshape(wide),
        share=(share / np.maximum(count, 1)[..., None]).reshape(*wide, share.shape[2]),
        planned=np.bincount(cell, minlength=units * models).reshape(wide[:2]).astype(float),
        abstained=gather(table.abstained.astype(float), cell, units * models).reshape(wide),
        case=case,
    )


def _differ(table: Table, grid: Grid, model: int, against: int) -> tuple[Means, Floats]:
    """Average one pair's differences, and give each case's part of them, (G, K), which add up to the mean.

    A scenario planned for either model is one that should be there, scored or not.
    """
    planned = grid.planned[:, [model, against]].sum(axis=1) > 0
    values = grid.value[:, model] - grid.value[:, against]
    means = average(
        table,
        values,
        case=grid.case,
        index=np.where(planned, 0, -1),
        groups=1,
        share=grid.share[:, model] - grid.share[:, against],
        abstained=grid.abstained[:, model] + grid.abstained[:, against],
    )
    weight = gather((~np.isnan(values)).astype(float), grid.case, table.cases) / np.maximum(means.n[0], 1)
    clusters = np.maximum(means.clusters[0], 2)
    moved = means.influence[:, 0] * np.sqrt((clusters - 1) / clusters)
    return means, moved + weight * np.nan_to_num(means.value[0])


def _ranks(parts: Floats) -> float | None:
    """Test whether the cases' parts lie evenly about zero; None with fewer than two that are not zero."""
    present = parts[np.abs(parts) > ROUNDING / max(len(parts), 1)]
    return float(wilcoxon(present).pvalue) if len(present) > 1 else None


def _correlate(first: Floats, second: Floats) -> float | None:
    both = ~np.isnan(first) & ~np.isnan(second)
    first, second = first[both], second[both]
    if len(first) < 3 or min(first.std(), second.std()) < ROUNDING:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _margins(means: Means, column: int, margin: float) -> dict[str, float | None]:
    """Give the p values of being no worse, and the same, by a margin in points."""
    value, error = means.value[0, column], means.error[0, column]
    freedom = means.clusters[0, column] - 1
    if not error > ROUNDING or freedom < 1:
        return {"no_worse": None, "same": None}
    above = float(stdtr(freedom, -(value + margin) / error))
    below = float(stdtr(freedom, (value - margin) / error))
    return {"no_worse": above, "same": max(above, below)}
