"""The same scenario again: how far the answers scatter, and how bad the worst of several is.

A patient meets the model once, so a mean over repeats hides what matters: with k tries, the worst. Each
quantity is computed within a scenario and averaged over them, clustered by case. Nothing here knows why
repeats differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import comb

from rubrics.numbers.means import average
from rubrics.numbers.table import Table
from rubrics.numbers.values import ROUNDING, Estimate
from rubrics.scores import Floats, Indices, gather, ratio

PASS = 4.0
"""Points from which a conversation passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """How one model does when a scenario is repeated; n counts scenarios with k repeats or more."""

    model: str
    dimension: str
    k: int
    spread: float | None
    """Standard deviation within a scenario, points; None without a scenario that has two repeats."""
    mean: Estimate
    """Mean over scenarios of the mean over their repeats, of those that count here."""
    worst: Estimate
    """Expected lowest of k repeats."""
    passed: Estimate
    """pass^k: the share of scenarios whose k repeats would all pass, 0 to 1."""


def repeat(table: Table, k: int, *, line: float = PASS) -> tuple[Stability, ...]:
    """Say how stable each model is over k repeats, 2 or more.

    Over the n repeats there are, the expected lowest of k is the mean over all choices of k, and so is the chance
    that all k pass, C(c, k) / C(n, k) for c that do (Yao et al. 2024, arXiv 2406.12045).
    Raises ValueError when k is below 2.
    """
    if k < 2:
        raise ValueError(f"repeats are compared from 2 on, not {k}")
    unit, names, case = _units(table)
    stacked = _stack(table.points, unit, len(names))
    n = (~np.isnan(stacked)).sum(axis=1)
    enough = n >= k
    passing = comb((stacked >= line - ROUNDING).sum(axis=1), k)
    columns = [ratio(np.nansum(stacked, axis=1), n), _lowest(stacked, n, k), ratio(passing, comb(n, k))]
    lost = gather(table.abstained.astype(float), unit, len(names))
    mean, worst, passed = (
        average(
            table,
            np.where(enough, column, np.nan),
            case=case,
            index=names,
            groups=len(table.models),
            abstained=lost,
        ).estimates()
        for column in columns
    )
    pooled = _scatter(stacked, n, names, len(table.models))
    return tuple(
        Stability(
            model=model,
            dimension=dimension,
            k=k,
            spread=None if np.isnan(pooled[m, d]) else float(pooled[m, d]),
            mean=mean[m][d],
            worst=worst[m][d],
            passed=passed[m][d],
        )
        for m, model in enumerate(table.models)
        for d, dimension in enumerate(table.dimensions)
    )


def most(table: Table) -> int:
    """Give the most repeats any scenario has with one model."""
    unit, names, _ = _units(table)
    return int(np.bincount(unit, minlength=1).max()) if len(names) else 0


def _units(table: Table) -> tuple[Indices, Indices, Indices]:
    """Give each conversation's unit, (C,), and each unit's model and case: a unit is a scenario with a model."""
    cell = table.scenario.index * len(table.models) + table.model.index
    found, first, unit = np.unique(cell, return_index=True, return_inverse=True)
    return unit, found % max(len(table.models), 1), table.case.index[first]


def _stack(values: Floats, unit: Indices, units: int) -> Floats:
    """Lay repeats side by side, (U, R, K), NaN where a unit has fewer."""
    order = np.argsort(unit, kind="stable")
    counts = np.bincount(unit, minlength=units)
    place = np.arange(len(unit)) - np.repeat(np.cumsum(counts) - counts, counts)
    stacked = np.full((units, int(counts.max(initial=0)), values.shape[1]), np.nan)
    stacked[unit[order], place] = values[order]
    return stacked


def _scatter(stacked: Floats, n: Indices, index: Indices, models: int) -> Floats:
    """Give the standard deviation within a unit, pooled over each model's, (M, K)."""
    squares = np.nansum((stacked - ratio(np.nansum(stacked, axis=1), n)[:, None]) ** 2, axis=1)
    freedom = gather(np.maximum(n - 1, 0).astype(float), index, models)
    return np.sqrt(ratio(gather(squares, index, models), freedom))


def _lowest(stacked: Floats, n: Indices, k: int) -> Floats:
    """Give the expected lowest of k, (U, K): in order, a value is it when all others chosen stand above."""
    ordered = np.sort(stacked, axis=1)
    place = np.arange(1, stacked.shape[1] + 1)[None, :, None]
    above = comb(np.maximum(n[:, None] - place, 0), k - 1)
    return ratio(np.nansum(ordered * above, axis=1), np.maximum(comb(n, k), 1))
