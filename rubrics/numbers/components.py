"""Where the variance comes from: scenario, model, juror, repeat, and what they do together.

Method of moments. Two votes that agree in some factors differ only by the effects of the others, so half their
squared difference is, on average, the sum of those components. Summing over all pairs that agree in a set of
factors gives one linear equation, exact whatever is missing or unbalanced; for a balanced design the answer is
that of the analysis of variance (Koch 1968, Technometrics 10; Brennan, Generalizability Theory, 2001). No pair
is ever formed: sums and sums of squares by group are enough. Nothing here knows what to buy with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from rubrics.numbers.spread import Part, Spread
from rubrics.numbers.table import Table
from rubrics.numbers.values import Basis, Estimate, estimate
from rubrics.scores import Flags, Floats, Indices

PARTS: tuple[Part, ...] = get_args(Part)
FACTORS: dict[Part, frozenset[str]] = {
    "scenario": frozenset("s"),
    "model": frozenset("m"),
    "juror": frozenset("j"),
    "scenario_model": frozenset("sm"),
    "scenario_juror": frozenset("sj"),
    "model_juror": frozenset("mj"),
    "repeat": frozenset("smc"),
    "scenario_model_juror": frozenset("smj"),
    "residual": frozenset("smcj"),
}
"""What a component belongs to: s a scenario, m a model, j a juror, c a conversation (within s and m)."""
BLOCKS = 20
"""Groups of cases left out in turn for the jackknife."""
SMALLEST = 1e-10
"""Share of the largest singular value below which equations do not tell components apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One source of variance in one dimension."""

    part: Part
    dimension: str
    variance: Estimate
    """Points squared, negative estimates as they come; the interval leaves out cases in turn, models and jurors
    as they are. None where the data cannot tell it apart; n counts votes."""
    within: Part | None
    """The component that holds this one too, when the design cannot part them: without repeats, a repeat's is in
    scenario × model."""
    share: float | None
    """Of the total, 0 to 1, negative estimates taken as 0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Votes of one dimension with their groups."""

    value: Floats
    """(n,) centred."""
    group: dict[frozenset[str], Indices]
    """(n,) index of the group that agrees in a set of factors, for each set that occurs."""
    case: Indices
    """(n,)"""


def decompose(table: Table) -> tuple[Component, ...]:
    """Estimate the components of every dimension from the votes that count; one arm, select it first."""
    rows: list[Component] = []
    for d, dimension in enumerate(table.scores.votes.dimensions):
        votes = _rows(table, d)
        kept, holder = _alias(votes)
        found = _solve(votes, kept, np.ones(len(votes.value), dtype=bool))
        blocks = min(BLOCKS, len(np.unique(votes.case)))
        error = _jackknife(votes, kept, blocks)
        total = np.maximum(found, 0).sum()
        basis = _basis(table, votes, d)
        for part in PARTS:
            at = kept.index(part) if part in kept else None
            value = np.nan if at is None else found[at]
            rows.append(
                Component(
                    part=part,
                    dimension=dimension,
                    variance=estimate(value, 0.0 if at is None else error[at], blocks - 1, basis=basis),
                    within=holder.get(part),
                    share=None if np.isnan(value) or not total > 0 else float(max(value, 0) / total),
                )
            )
    return tuple(rows)


def sum_up(components: Sequence[Component], dimension: str) -> Spread:
    """Give the components of one dimension as planning wants them: none negative, an unknown one zero."""
    values = {
        row.part: max(row.variance.value or 0.0, 0.0) for row in components if row.dimension == dimension
    }
    held = tuple(row.part for row in components if row.dimension == dimension and row.within)
    return Spread(**values, unknown=held)


def _rows(table: Table, dimension: int) -> Rows:
    cells = table.scores.cells[:, dimension]
    conversation, juror = np.nonzero(~np.isnan(cells))
    value = cells[conversation, juror]
    codes = {
        "s": table.scenario.index[conversation],
        "m": table.model.index[conversation],
        "j": juror,
        "c": conversation,
    }
    sets = {first | second for first in FACTORS.values() for second in FACTORS.values()} | {frozenset()}
    group = {}
    for factors in sets:
        code = np.zeros(len(value), dtype=np.int64)
        for letter in sorted(factors):
            code = code * (int(codes[letter].max(initial=0)) + 1) + codes[letter]
        group[factors] = np.unique(code, return_inverse=True)[1]
    centre = value.mean() if len(value) else 0.0
    return Rows(value=value - centre, group=group, case=table.case.index[conversation])


def _alias(rows: Rows) -> tuple[list[Part], dict[Part, Part]]:
    """Give the components the design can tell apart, and which one holds each of the others.

    Two are one when they part the votes alike; one that parts nothing, as the model's with a single model, is
    nowhere. The finest grouping that parts every vote is the residual.
    """
    size = {factors: int(place.max(initial=-1)) + 1 for factors, place in rows.group.items()}
    kept: list[Part] = []
    holder: dict[Part, Part] = {}
    for part in PARTS:
        own = FACTORS[part]
        if part != "residual" and size[own] == size[FACTORS["residual"]]:
            holder[part] = "residual"
            continue
        twins = [k for k in kept if size[own | FACTORS[k]] == size[own] == size[FACTORS[k]]]
        if twins:
            holder[part] = twins[-1]
        elif size[own] > 1:
            kept.append(part)
    return kept, holder


def _solve(rows: Rows, kept: list[Part], keep: Flags) -> Floats:
    """Solve the moments' equations over some of the votes; NaN throughout where they do not suffice."""
    squares = {factors: _squares(group[keep]) for factors, group in rows.group.items()}
    value = rows.value[keep]
    agree = [frozenset(), *(FACTORS[part] for part in kept if part != "residual")]
    apart = np.array([_apart(value, rows.group[factors][keep]) for factors in agree])
    design = np.array(
        [[squares[f] - squares[f | FACTORS[part]] for part in kept] for f in agree], dtype=float
    )
    if not kept or design.shape[0] != design.shape[1]:
        return np.full(len(kept), np.nan)
    scale = np.maximum(design.max(axis=1), 1.0)
    roots = np.linalg.svd(design / scale[:, None], compute_uv=False)
    if roots[-1] <= SMALLEST * roots[0]:
        return np.full(len(kept), np.nan)
    return np.linalg.solve(design / scale[:, None], apart / scale)


def _squares(group: Indices) -> float:
    """Count the pairs, each way round and with itself, that share a group."""
    return float((np.bincount(group).astype(float) ** 2).sum())


def _apart(value: Floats, group: Indices) -> float:
    """Sum half the squared differences over all pairs that share a group, each way round."""
    count = np.bincount(group)
    total, square = np.bincount(group, weights=value), np.bincount(group, weights=value**2)
    return float((count * square - total**2).sum())


def _jackknife(rows: Rows, kept: list[Part], blocks: int) -> Floats:
    """Give standard errors by leaving out blocks of cases in turn."""
    if blocks < 2:
        return np.zeros(len(kept))
    block = np.unique(rows.case, return_inverse=True)[1] % blocks
    found = np.array([_solve(rows, kept, block != b) for b in range(blocks)])
    return np.sqrt((blocks - 1) / blocks * ((found - found.mean(axis=0)) ** 2).sum(axis=0))


def _basis(table: Table, rows: Rows, dimension: int) -> Basis:
    lost = int(table.abstained[:, dimension + 1].sum())
    unscored = int(np.isnan(table.points[:, dimension + 1]).sum())
    return Basis(n=len(rows.value), clusters=len(np.unique(rows.case)), missing=unscored, abstained=lost)
