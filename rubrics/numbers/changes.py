"""The same models twice: what they scored the second time less the first, on the scenarios both times had.

The one idea: what is compared decides what may be said. Under one instrument (one rubric, one jury) both times lie
in one table, and a change is tested like any pair. Under two instruments each time is scored by its own, and the
change is of instruments: it has an interval and no test. Nothing here knows runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rubrics.numbers.flips import DRAWS
from rubrics.numbers.means import Means, average
from rubrics.numbers.pairs import Grid, compare, lattice
from rubrics.numbers.table import Table
from rubrics.numbers.values import Estimate
from rubrics.scores import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One model's second time less its first in one dimension, the mean over scenarios; n counts scenarios."""

    model: str
    dimension: str
    first: float | None
    """Mean over the scenarios that have a score both times."""
    second: float | None
    difference: Estimate
    p: float | None
    """Two-sided, by flipping the signs of whole cases; None when no scenario differs, and for two instruments."""
    holm: float | None
    """The same, adjusted for all models of the dimension."""
    no_worse: float | None
    """One-sided p of the second time being worse by `pairs.MARGIN` or more: small means no worse."""
    same: float | None
    """p of the two one-sided tests: small means within the margin either way."""
    tested: bool
    """False for two instruments."""


def follow(
    table: Table,
    couples: Mapping[str, tuple[int, int]],
    generator: np.random.Generator,
    *,
    draws: int = DRAWS,
) -> tuple[Change, ...]:
    """Compare under one instrument; `couples` gives, by model, the places in `table.models` of both times."""
    grid = lattice(table, table.model.index, len(table.models))
    pairs = compare(table, generator, draws=draws, couples=[(two, one) for one, two in couples.values()])
    names = {table.models[two]: model for model, (_, two) in couples.items()}
    changes = []
    for pair in pairs:
        model, column = names[pair.model], table.dimensions.index(pair.dimension)
        first, second = _both(*(grid.value[:, place, column] for place in couples[model]))
        changes.append(
            Change(
                model=model,
                dimension=pair.dimension,
                first=_mean(first),
                second=_mean(second),
                difference=pair.difference,
                p=pair.p,
                holm=pair.holm,
                no_worse=pair.no_worse,
                same=pair.same,
                tested=True,
            )
        )
    return tuple(changes)


def contrast(first: Table, second: Table, models: Sequence[str]) -> tuple[Change, ...]:
    """Hold two instruments against each other; both tables have the same scenarios, cases and dimensions."""
    grids = [lattice(table, table.model.index, len(table.models)) for table in (first, second)]
    changes: dict[tuple[int, str], Change] = {}
    for model in models:
        places = (first.models.index(model), second.models.index(model))
        values = _both(*(grid.value[:, place] for grid, place in zip(grids, places, strict=True)))
        sides = [
            _average(table, grid, place, value)
            for table, grid, place, value in zip((first, second), grids, places, values, strict=True)
        ]
        for d, gap in enumerate(_less(*sides).estimates()[0]):
            changes[d, model] = Change(
                model=model,
                dimension=first.dimensions[d],
                first=_mean(values[0][:, d]),
                second=_mean(values[1][:, d]),
                difference=gap,
                p=None,
                holm=None,
                no_worse=None,
                same=None,
                tested=False,
            )
    return tuple(changes[d, model] for d in range(len(first.dimensions)) for model in models)


def _average(table: Table, grid: Grid, model: int, values: Floats) -> Means:
    return average(
        table,
        values,
        case=grid.case,
        index=np.where(grid.planned[:, model] > 0, 0, -1),
        groups=1,
        share=grid.share[:, model],
        abstained=grid.abstained[:, model],
    )


def _less(first: Means, second: Means) -> Means:
    """Subtract means of the same units: a difference of numbers has the difference of influences."""
    return replace(
        second,
        value=second.value - first.value,
        influence=second.influence - first.influence,
        missing=np.maximum(first.missing, second.missing),
        abstained=first.abstained + second.abstained,
    )


def _both(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Keep what is known both times."""
    known = ~np.isnan(first) & ~np.isnan(second)
    return np.where(known, first, np.nan), np.where(known, second, np.nan)


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
