"""Where it matters who the patient is: means by stratum, contrasts, and models that differ in them.

A contrast is one level less all others that are known. Adjusted for how many are asked: in one dimension, all
contrasts of all strata and models are one family, all interactions another. Nothing here knows what a stratum
stands for, nor that one may be confounded with another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from rubrics.numbers.means import Means, group
from rubrics.numbers.multiple import hochberg
from rubrics.numbers.table import Factor, Table
from rubrics.numbers.values import Basis, Estimate, estimate, surprise
from rubrics.scores import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumMean:
    """How one model did on one level of a stratum; n counts conversations."""

    stratum: str
    level: str
    model: str
    dimension: str
    mean: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One level less the others, in one model, or in one model beyond all others."""

    stratum: str
    level: str
    against: str
    """The other level, or "others"."""
    model: str
    """Or "all": the mean over models, each weighing the same."""
    interaction: bool
    """The model's contrast less the mean contrast of all other models."""
    dimension: str
    difference: Estimate
    p: float | None
    adjusted: float | None
    """p after Benjamini and Hochberg."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strata:
    """All there is to say about strata."""

    means: tuple[StratumMean, ...]
    contrasts: tuple[Contrast, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gap:
    """A contrast before it is read: M models, K columns."""

    value: Floats
    """(M, K)"""
    influence: Floats
    """(G, M, K)"""
    freedom: Floats
    """(M, K) degrees of freedom after Satterthwaite."""
    count: Floats
    """(4, M, K) n, clusters, missing, abstained."""


def stratify(table: Table) -> Strata:
    """Give means, contrasts and interactions for every stratum."""
    means: list[StratumMean] = []
    contrasts: list[Contrast] = []
    for name, stratum in table.strata.items():
        levels, models = len(stratum.names), len(table.models)
        known = stratum.index >= 0
        cells = group(table, np.where(known, stratum.index * models + table.model.index, -1), levels * models)
        means += _means(table, name, stratum, cells)
        for level in range(1 if levels == 2 else levels if levels > 2 else 0):
            other = np.where(stratum.index == level, 0, 1)
            two = group(table, np.where(known, other * models + table.model.index, -1), 2 * models)
            against = stratum.names[1] if levels == 2 else "others"
            contrasts += _contrasts(table, part_gap(two, models), (name, stratum.names[level], against))
    return Strata(means=tuple(means), contrasts=tuple(_adjust(contrasts, table.dimensions)))


def _means(table: Table, name: str, stratum: Factor, cells: Means) -> Iterator[StratumMean]:
    for cell, row in enumerate(cells.estimates()):
        level, model = divmod(cell, len(table.models))
        for dimension, mean in zip(table.dimensions, row, strict=True):
            yield StratumMean(
                stratum=name,
                level=stratum.names[level],
                model=table.models[model],
                dimension=dimension,
                mean=mean,
            )


def part_gap(two: Means, models: int) -> Gap:
    """Take the second half of the groups from the first."""
    error = two.error**2
    with np.errstate(divide="ignore", invalid="ignore"):
        each = error**2 / np.maximum(two.clusters - 1, 1)
        freedom = (error[:models] + error[models:]) ** 2 / (each[:models] + each[models:])
    count = np.stack([two.n, two.clusters, two.missing, two.abstained])
    enough = (two.clusters[:models] > 1) & (two.clusters[models:] > 1)
    return Gap(
        value=two.value[:models] - two.value[models:],
        influence=two.influence[:, :models] - two.influence[:, models:],
        freedom=np.where(enough, np.nan_to_num(freedom), 0.0),
        count=count[:, :models] + count[:, models:],
    )


def _contrasts(table: Table, gap: Gap, names: tuple[str, str, str]) -> Iterator[Contrast]:
    """Read a contrast for each model, for all of them, and for each beyond the others."""
    stratum, level, against = names
    plain = np.eye(len(table.models))
    weights = [(name, False, plain[m]) for m, name in enumerate(table.models)]
    # A model without a score on a level must not cost the others their comparison.
    scored = (~np.isnan(gap.value)).any(axis=1).astype(float)
    if scored.sum() > 1:
        weights.append(("all", False, scored / scored.sum()))
        weights += [
            (table.models[m], True, plain[m] - (scored - plain[m]) / (scored.sum() - 1))
            for m in np.flatnonzero(scored)
        ]
    for model, interaction, weight in weights:
        for d, dimension in enumerate(table.dimensions):
            difference, p = read_gap(gap, weight, d)
            yield Contrast(
                stratum=stratum,
                level=level,
                against=against,
                model=model,
                interaction=interaction,
                dimension=dimension,
                difference=difference,
                p=p,
                adjusted=None,
            )


def read_gap(gap: Gap, weight: Floats, column: int) -> tuple[Estimate, float | None]:
    """Give a weighted sum of the models' contrasts; NaN when one that has a weight is not known."""
    used = weight != 0
    value = float(weight[used] @ gap.value[used, column])
    error = float(np.sqrt(((gap.influence[:, used, column] @ weight[used]) ** 2).sum()))
    freedom = float(gap.freedom[used, column].min())
    n, _, missing, abstained = gap.count[:, used, column].sum(axis=1)
    clusters = gap.count[1, used, column].max()  # the models share their cases
    basis = Basis(n=int(n), clusters=int(clusters), missing=int(missing), abstained=int(abstained))
    return estimate(value, error, freedom, basis=basis), surprise(value, error, freedom)


def _adjust(contrasts: list[Contrast], dimensions: tuple[str, ...]) -> list[Contrast]:
    for dimension in dimensions:
        for interaction in (False, True):
            at = [
                place
                for place, row in enumerate(contrasts)
                if row.dimension == dimension and row.interaction is interaction
            ]
            for place, value in zip(at, hochberg([contrasts[p].p for p in at]), strict=True):
                contrasts[place] = replace(contrasts[place], adjusted=value)
    return contrasts
