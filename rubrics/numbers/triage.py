"""Was the urgency right: who was sent too late, who too early, and what that costs.

A mean hides that under-triage harms and over-triage annoys, so the two rates stand apart, each with an interval
that does not collapse at zero. Levels are 0 (self-care) to 5 (emergency now). Nothing here knows how a level
was read from a conversation, nor what a level means clinically; the costs are a draft for clinicians.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from rubrics.numbers.means import Means, average
from rubrics.numbers.table import Table
from rubrics.numbers.values import CONFIDENCE, ROUNDING, Estimate
from rubrics.scores import Flags, Floats

LEVELS = 6
SOON = 3
"""Lowest level that must be seen within two weeks."""
COSTS = np.array(
    [
        [3.0 * (truth - given) if given < truth else 1.0 * (given - truth) for given in range(LEVELS)]
        for truth in range(LEVELS)
    ]
)
"""Draft: a level too low costs three times a level too high. Rows are the truth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """How one model sorted its patients; rates are 0 to 1, n counts conversations with both levels known."""

    model: str
    under: Estimate
    """Share given less urgency than the case has."""
    over: Estimate
    exact: Estimate
    sensitivity: Estimate
    """Of those who must be seen within two weeks, the share told so."""
    specificity: Estimate
    """Of the others, the share not told so."""
    cost: Estimate
    """Mean cost, in the units of the cost table."""
    confusion: tuple[tuple[int, ...], ...]
    """Conversations by truth (row) and given level (column), 0 to 5."""
    ungiven: int
    """Conversations with a known truth and no level given: missing in every rate, never an error."""


def triage(table: Table, *, costs: Floats = COSTS) -> tuple[Triage, ...]:
    """Confront the levels given with the truth, for every model; `costs` is (6, 6), truth by given.

    Raises ValueError for a level that is not 0 to 5, or a cost table of another shape.
    """
    truth, given = table.truth, table.given
    both = ~np.isnan(truth) & ~np.isnan(given)
    for name, levels in (("truth", truth), ("given", given)):
        if wrong := [x for x in levels[~np.isnan(levels)] if x not in range(LEVELS)]:
            raise ValueError(f"{name} holds urgency {wrong[0]:g}, which is not one of 0 to {LEVELS - 1}")
    if costs.shape != (LEVELS, LEVELS):
        raise ValueError(f"the cost table is {costs.shape}, not {LEVELS} truths by {LEVELS} levels given")
    asked = ~np.isnan(truth)
    soon, told = truth >= SOON, given >= SOON
    price = np.full(len(truth), np.nan)
    price[both] = costs[truth[both].astype(int), given[both].astype(int)]
    means = {
        "under": _share(table, given < truth, asked),
        "over": _share(table, given > truth, asked),
        "exact": _share(table, given == truth, asked),
        "sensitivity": _share(table, told, asked & soon),
        "specificity": _share(table, ~told, asked & ~soon),
    }
    cost = _average(table, price, asked).estimates()
    confusion = np.zeros((len(table.models), LEVELS, LEVELS), dtype=int)
    np.add.at(confusion, (table.model.index[both], truth[both].astype(int), given[both].astype(int)), 1)
    return tuple(
        Triage(
            model=model,
            **{name: wilson(mean, m) for name, mean in means.items()},
            cost=cost[m][0],
            confusion=tuple(tuple(int(k) for k in row) for row in confusion[m]),
            ungiven=int((asked & ~both & (table.model.index == m)).sum()),
        )
        for m, model in enumerate(table.models)
    )


def wilson(means: Means, group: int) -> Estimate:
    """Give a share with Wilson's interval (1927), for as many conversations as the clusters are worth.

    Conversations about one case are alike: n is divided by the design effect, the clustered variance over that
    of as many independent ones (Korn and Graubard 1998), never below one for fear of luck; where no variance can
    be seen, at 0 or 1, n is the number of cases.
    """
    share, basis = means.value[group, 0], means.basis(group, 0)
    if np.isnan(share):
        return Estimate(value=None, low=None, high=None, basis=basis)
    spread, error = share * (1 - share), means.error[group, 0]
    size = spread / error**2 if error > ROUNDING else basis.clusters
    low, high = interval(share, float(np.clip(size, 1.0, basis.n)))
    return Estimate(value=float(share), low=low, high=high, basis=basis)


def interval(share: float, n: float) -> tuple[float, float]:
    """Give Wilson's 95 % interval of a share of n, which need not be whole."""
    z = ndtri((1 + CONFIDENCE) / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(max(centre - half, 0.0)), float(min(centre + half, 1.0))


def _share(table: Table, hit: Flags, asked: Flags) -> Means:
    return _average(table, np.where(np.isnan(table.given), np.nan, hit.astype(float)), asked)


def _average(table: Table, values: Floats, asked: Flags) -> Means:
    """Average over the conversations asked about; one without a value is missing."""
    return average(
        table,
        np.where(asked, values, np.nan)[:, None],
        case=table.case.index,
        index=np.where(asked, table.model.index, -1),
        groups=len(table.models),
    )
