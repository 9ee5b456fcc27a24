"""Length and hedging as confounds: does a score follow how long an answer is rather than how good?

Within a scenario and beside the model, how a score moves with each covariate, all others held still; and what
the models' means would be were their answers alike in them. A covariate may be a cause of quality and not a
confound: the adjusted mean answers a question, it does not correct the headline. Nothing here knows what a
covariate measures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rubrics.numbers.means import average, within
from rubrics.numbers.table import Table
from rubrics.numbers.values import ROUNDING, Basis, Estimate, estimate
from rubrics.scores import Flags, Floats, gather, ratio

LOGGED = frozenset({"tokens", "length", "words"})
"""Covariates that count by doublings: their effect is per factor of two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confound:
    """How scores follow one covariate in one dimension; n counts conversations."""

    covariate: str
    dimension: str
    correlation: Estimate
    """Partial, -1 to 1: model, scenario and the other covariates held still."""
    slope: Estimate
    """Points per unit, per doubling for a length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedMean:
    """What a model's mean would be with the covariates of the average answer."""

    model: str
    dimension: str
    plain: float | None
    """Mean of the same conversations without the adjustment."""
    mean: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What covariates explain."""

    confounds: tuple[Confound, ...]
    means: tuple[AdjustedMean, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """Scores of one dimension on E covariates, over the conversations that have all of them."""

    slope: Floats
    """(E,)"""
    influence: Floats
    """(G, E) what each case moves the slopes by."""
    left: Floats
    """(n,) scores with all else taken out."""
    swept: Floats
    """(n, E) each covariate with all else, the other covariates too, taken out."""


def confound(table: Table) -> Style:
    """Hold the scores against every covariate; empty without covariates."""
    names = tuple(table.covariates)
    if not names:
        return Style(confounds=(), means=())
    values = np.column_stack([_scale(name, table.covariates[name]) for name in names])
    confounds: list[Confound] = []
    means: list[AdjustedMean] = []
    for d, dimension in enumerate(table.dimensions):
        known = ~np.isnan(table.points[:, d]) & ~np.isnan(values).any(axis=1)
        fit = _fit(table, values, known=known, column=d)
        confounds += [
            _confound(table, fit, (e, name, dimension), known=known) for e, name in enumerate(names)
        ]
        means += _means(table, values, fit, known=known, column=d)
    return Style(confounds=tuple(confounds), means=tuple(means))


def _scale(name: str, column: Floats) -> Floats:
    """Count lengths by doublings; an empty answer has no length."""
    if name not in LOGGED:
        return column
    return np.log2(np.where(column > 0, column, np.nan))


def _fit(table: Table, values: Floats, *, known: Flags, column: int) -> Fit:
    scenario, case = table.scenario.index[known], table.case.index[known]
    dummies = np.eye(len(table.models))[table.model.index[known]]
    inside = within(np.column_stack([table.points[known, column], values[known], dummies]), scenario)
    score, covariates, models = (
        inside[:, 0],
        inside[:, 1 : values.shape[1] + 1],
        inside[:, values.shape[1] + 1 :],
    )
    score, covariates = _sweep(models, score[:, None])[:, 0], _sweep(models, covariates)
    normal = np.linalg.pinv(covariates.T @ covariates, rcond=ROUNDING, hermitian=True)
    slope = normal @ (covariates.T @ score)
    off = covariates * (score - covariates @ slope)[:, None]
    others = [np.delete(covariates, e, axis=1) for e in range(covariates.shape[1])]
    lean = np.einsum("ce,cx->ex", covariates, table.share[known, column])
    influence = (gather(off, case, table.cases) - table.pull @ lean.T) @ normal
    swept = [_sweep(rest, covariates[:, [e]])[:, 0] for e, rest in enumerate(others)]
    left = [_sweep(rest, score[:, None])[:, 0] for rest in others]
    clusters = len(np.unique(case))
    return Fit(
        slope=slope,
        influence=influence * np.sqrt(clusters / max(clusters - 1, 1)),
        left=np.column_stack(left),
        swept=np.column_stack(swept),
    )


def _confound(table: Table, fit: Fit, at: tuple[int, str, str], *, known: Flags) -> Confound:
    place, name, dimension = at
    case = table.case.index[known]
    clusters = len(np.unique(case))
    basis = Basis(
        n=int(known.sum()),
        clusters=clusters,
        missing=int((~known).sum()),
        abstained=int(table.abstained[:, table.dimensions.index(dimension)].sum()),
    )
    nothing = estimate(np.nan, 0.0, 0, basis=basis)
    first, second = fit.left[:, place], fit.swept[:, place]
    size = np.sqrt((first @ first) * (second @ second))
    if not size > ROUNDING * max(len(first), 1):
        return Confound(covariate=name, dimension=dimension, correlation=nothing, slope=nothing)
    error = float(np.sqrt((fit.influence[:, place] ** 2).sum()))
    value = float(first @ second / size)
    first, second = first / np.sqrt(first @ first), second / np.sqrt(second @ second)
    # The delta method for a correlation of standardised residuals.
    moved = gather((first * second - value * (first**2 + second**2) / 2)[:, None], case, table.cases)
    wide = float(np.sqrt((moved**2).sum() * clusters / max(clusters - 1, 1)))
    return Confound(
        covariate=name,
        dimension=dimension,
        correlation=estimate(value, wide, clusters - 1, basis=basis),
        slope=estimate(float(fit.slope[place]), error, clusters - 1, basis=basis),
    )


def _means(table: Table, values: Floats, fit: Fit, *, known: Flags, column: int) -> list[AdjustedMean]:
    """Move every conversation to the average covariates; the slopes' own uncertainty goes with it."""
    many = len(table.models)
    centred = np.where(known[:, None], values - values[known].mean(axis=0), np.nan) if known.any() else values
    index = table.model.index
    share = table.share[:, [column]]
    scores = table.points[:, [column]]
    lost = table.abstained[:, [column]]
    given = np.where(known[:, None], scores, np.nan)
    case = table.case.index
    plain = average(table, given, case=case, index=index, groups=many)
    moved = average(
        table,
        given - (centred @ fit.slope)[:, None],
        case=case,
        index=index,
        groups=many,
        share=share,
        abstained=lost,
    )
    away = ratio(gather(np.nan_to_num(centred), index, many), plain.n)
    influence = moved.influence[:, :, 0] - fit.influence @ np.nan_to_num(away).T
    error = np.sqrt((influence**2).sum(axis=0))
    return [
        AdjustedMean(
            model=model,
            dimension=table.dimensions[column],
            plain=None if np.isnan(plain.value[m, 0]) else float(plain.value[m, 0]),
            mean=estimate(moved.value[m, 0], error[m], moved.clusters[m, 0] - 1, basis=moved.basis(m, 0)),
        )
        for m, model in enumerate(table.models)
    ]


def _sweep(design: Floats, values: Floats) -> Floats:
    """Take out of the values what the design explains."""
    normal = np.linalg.pinv(design.T @ design, rcond=ROUNDING, hermitian=True)
    return values - design @ (normal @ (design.T @ values))
