"""What to buy next: how small a difference the same run would see with twice the scenarios, repeats or jurors.

From the variance components of the verdicts themselves. Two components that the data could not tell apart are one
number; whether buying helps is known only where both would shrink alike. Nothing here knows prices.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rubrics.numbers.components import Component, sum_up
from rubrics.numbers.power import Plan, see
from rubrics.numbers.repeats import most
from rubrics.numbers.spread import Part
from rubrics.numbers.table import Table

Thing = Literal["nothing", "scenarios", "repeats", "jurors"]
SHRINKS: dict[Part, frozenset[str]] = {
    "scenario_model": frozenset(),
    "repeat": frozenset({"repeats"}),
    "scenario_model_juror": frozenset({"jurors"}),
    "residual": frozenset({"repeats", "jurors"}),
}
"""What makes a component smaller, beside scenarios, of those that are in a difference of two models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What twice as much of something would show in one dimension."""

    dimension: str
    twice: Thing
    """"nothing" is the run as it is."""
    scenarios: int
    repeats: int
    jurors: int
    """Whose votes count, in a conversation on average, rounded."""
    error: float
    """Standard error of the difference of two models, points."""
    detects: float
    """Smallest difference of two models found in 80 of 100 such runs, at 5 % two-sided, one pair, points."""
    founded: bool
    """False when the data cannot tell what more of it would bring."""


def size(table: Table) -> Plan:
    """Give the plan that a table looks like."""
    counted = table.scores.counted[table.scores.counted > 0]
    return Plan(
        scenarios=len(np.unique(table.scenario.index)),
        repeats=max(most(table), 1),
        jurors=max(round(float(counted.mean())), 1) if len(counted) else 1,
    )


def offer(table: Table, components: Sequence[Component]) -> tuple[Purchase, ...]:
    """Say for every dimension what twice as much would show; nothing for a table too small to tell."""
    plan, rows = size(table), []
    for dimension in estimated(table, components) if plan.scenarios > 1 else ():
        spread, silent = sum_up(components, dimension), unfounded(components, dimension)
        for twice, more in _doubled(plan):
            sight = see(spread, more)
            rows.append(
                Purchase(
                    dimension=dimension,
                    twice=twice,
                    scenarios=more.scenarios,
                    repeats=more.repeats,
                    jurors=more.jurors,
                    error=sight.error,
                    detects=sight.detects,
                    founded=twice not in silent,
                )
            )
    return tuple(rows)


def estimated(table: Table, components: Sequence[Component]) -> tuple[str, ...]:
    """Give the dimensions in which the difference of two models can be planned for.

    How much scenarios differ in it must be known, be it as part of what scatters beside: of one juror and one repeat.
    """
    met = np.unique(np.column_stack([table.scenario.index, table.model.index]), axis=0)
    if len(met) == len(np.unique(met[:, 0])):
        return ()  # no two models have a scenario in common
    known = {(row.dimension, row.part) for row in components if row.variance.value is not None}
    return tuple(
        row.dimension
        for row in components
        if row.part == "scenario_model"
        and (row.within is None or row.within in SHRINKS)
        and (row.dimension, row.within or row.part) in known
    )


def unfounded(components: Sequence[Component], dimension: str) -> set[str]:
    """Give what the data cannot tell the use of."""
    silent: set[str] = set()
    for row in components:
        if row.dimension == dimension and row.part in SHRINKS and row.within in SHRINKS:
            silent |= SHRINKS[row.part] ^ SHRINKS[row.within]
    return silent


def _doubled(plan: Plan) -> Iterable[tuple[Thing, Plan]]:
    yield "nothing", plan
    yield "scenarios", Plan(scenarios=2 * plan.scenarios, repeats=plan.repeats, jurors=plan.jurors)
    yield "repeats", Plan(scenarios=plan.scenarios, repeats=2 * plan.repeats, jurors=plan.jurors)
    yield "jurors", Plan(scenarios=plan.scenarios, repeats=plan.repeats, jurors=2 * plan.jurors)
