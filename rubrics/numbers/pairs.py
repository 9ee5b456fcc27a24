"""Models against each other on the scenarios both have.

The one idea: pairing. A difference within a scenario holds the scenario's difficulty still, so it needs far
fewer of them; how many fewer is the correlation beside it. Nothing here knows what a model is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import stdtr
from scipy.stats import rankdata, wilcoxon

from rubrics.numbers.flips import DRAWS, flip
from rubrics.numbers.means import Means, average, parts
from rubrics.numbers.multiple import holm
from rubrics.numbers.table import Table
from rubrics.numbers.values import ROUNDING, Estimate
from rubrics.scores import Floats, Indices, gather, ratio

MARGIN = 0.2
"""Points; a smaller difference is "no worse"."""
FEW = 13
"""Cases up to which ranks are tested by every flip of them."""
DIGITS = 9
"""Of a case's part in points, by which cases are ranked."""


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
    """Scores by unit (a scenario) and group, as a model, the mean over repeats. U units, M groups, K columns."""

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
    table: Table,
    generator: np.random.Generator,
    *,
    draws: int = DRAWS,
    margin: float = MARGIN,
    couples: Sequence[tuple[int, int]] | None = None,
) -> tuple[Pair, ...]:
    """Compare every two models in every dimension, or these couples only; both have one arm, select it first."""
    found = list(combinations(range(len(table.models)), 2) if couples is None else couples)
    if not found:
        return ()
    grid = lattice(table, table.model.index, len(table.models))
    made = [_differ(table, grid, a, b) for a, b in found]
    differences, summed = [means for means, _ in made], [sums for _, sums in made]
    chances = flip(np.concatenate(summed, axis=1), generator, draws).reshape(len(found), -1)
    rows = []
    for d, dimension in enumerate(table.dimensions):
        known = [None if np.isnan(p) else float(p) for p in chances[:, d]]
        for pair, means, sums, p, adjusted in zip(
            found, differences, summed, known, holm(known), strict=True
        ):
            rows.append(
                Pair(
                    model=table.models[pair[0]],
                    against=table.models[pair[1]],
                    dimension=dimension,
                    difference=means.estimates()[0][d],
                    p=p,
                    holm=adjusted,
                    ranks=_ranks(sums[:, d], generator),
                    correlation=correlate(*(grid.value[:, model, d] for model in pair)),
                    **_margins(means, d, margin),
                )
            )
    return tuple(rows)


def lattice(table: Table, index: Indices, groups: int) -> Grid:
    """Lay the scores out by scenario and group; `index` (C,) says each conversation's group."""
    units = len(table.scenario.names)
    cell = table.scenario.index * groups + index
    known = ~np.isnan(table.points)
    count = gather(known.astype(float), cell, units * groups)
    total = gather(np.where(known, table.points, 0.0), cell, units * groups)
    share = gather(table.share * known[..., None], cell, units * groups)
    wide = (units, groups, table.points.shape[1])
    case = np.zeros(units, dtype=np.int64)
    case[table.scenario.index] = table.case.index
    return Grid(
        value=ratio(total, count).reshape(wide),
        share=(share / np.maximum(count, 1)[..., None]).reshape(*wide, share.shape[2]),
        planned=np.bincount(cell, minlength=units * groups).reshape(wide[:2]).astype(float),
        abstained=gather(table.abstained.astype(float), cell, units * groups).reshape(wide),
        case=case,
    )


def _differ(table: Table, grid: Grid, model: int, against: int) -> tuple[Means, Floats]:
    """Average one pair's differences, and give each case's part of them, (G, K), which add up to the mean.

    A scenario planned for either model is one that should be there, scored or not.
    """
    planned = grid.planned[:, [model, against]].sum(axis=1) > 0
    values = grid.value[:, model] - grid.value[:, against]
    index = np.where(planned, 0, -1)
    means = average(
        table,
        values,
        case=grid.case,
        index=index,
        groups=1,
        share=grid.share[:, model] - grid.share[:, against],
        abstained=grid.abstained[:, model] + grid.abstained[:, against],
    )
    return means, parts(means, values, case=grid.case, index=index)[:, 0]


def _ranks(sums: Floats, generator: np.random.Generator) -> float | None:
    """Test whether the cases' parts lie evenly about zero; None with fewer than two that are not zero."""
    # In points and rounded: cases that are tied stay so, whatever the arithmetic left in the last bit.
    apart = np.round(sums * len(sums), DIGITS)
    present = apart[apart != 0]
    if len(present) < 2:
        return None
    if len(present) > FEW:
        return float(wilcoxon(present).pvalue)
    # With ties scipy tries every flip as well, but one by one, which takes it seconds a pair.
    ranks = np.sign(present) * rankdata(np.abs(present))
    return float(flip(ranks[:, None], generator)[0])


def correlate(first: Floats, second: Floats) -> float | None:
    """Correlate scores over the scenarios that have both; None with fewer than three, or without spread."""
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
