"""Was the urgency right: who was sent too late, who too early, and what that costs.

A mean hides that under-triage harms and over-triage annoys, so the two rates stand apart, each with an interval
that does not collapse at zero. Levels are 0 (self-care) to 5 (emergency now). Nothing here knows how a level
was read from a conversation, nor what a level means clinically; soon and costs are data
(`triage.toml`), a draft for clinicians.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError
from scipy.special import ndtri

from rubrics.errors import Unusable
from rubrics.nearest import nearest
from rubrics.numbers.means import Means, average
from rubrics.numbers.table import Table
from rubrics.numbers.values import CONFIDENCE, ROUNDING, Estimate
from rubrics.scores import Flags, Floats

LEVELS = 6
FILE = Path(__file__).with_name("triage.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageRule:
    """What counts as soon, and what a wrong level costs."""

    status: str
    """Who has agreed to it."""
    soon: int
    """Lowest level that must be seen within two weeks."""
    costs: tuple[tuple[float, ...], ...]
    """A row for each true level 0 to 5, a column for each level given; in any unit."""
    __pydantic_config__ = ConfigDict(extra="forbid")


RULES = TypeAdapter(TriageRule)
KEYS = tuple(field.name for field in fields(TriageRule))
UNKNOWN = "unexpected_keyword_argument"
"""What pydantic calls a key that is not known."""


def read_rule(path: Path | None = None) -> TriageRule:
    """Read a file of costs, ours without one; raise Unusable naming what is wrong in it."""
    path = path or FILE
    try:
        rule = RULES.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise Unusable(f"{path}: cannot be read ({error.strerror}); give a file of triage costs.") from error
    except ValidationError as error:
        raise Unusable(f"{path}: {_mistake(error)}") from error
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, a number too long, tables too deep
        raise Unusable(f"{path}: is no TOML: {error}.") from error
    shape = [len(row) for row in rule.costs]
    if shape != [LEVELS] * LEVELS or not np.isfinite(rule.costs).all() or np.min(rule.costs) < 0:
        raise Unusable(f"{path}: costs must be {LEVELS} rows of {LEVELS} numbers, none below 0.")
    if not 0 < rule.soon < LEVELS:
        raise Unusable(f"{path}: soon is {rule.soon}, which is not one of 1 to {LEVELS - 1}.")
    return rule


def _mistake(error: ValidationError) -> str:
    """Say what is wrong first; a key that is not known before all else."""
    first = min(error.errors(include_input=False, include_url=False), key=lambda one: one["type"] != UNKNOWN)
    place = ".".join(map(str, first["loc"]))
    if first["type"] == UNKNOWN:
        return f"unknown key {place!r}; {nearest(place, KEYS)}"
    return f"{place}: {first['msg']}; it needs {', '.join(KEYS[:-1])} and {KEYS[-1]}."


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


def triage(table: Table, rule: TriageRule | None = None) -> tuple[Triage, ...]:
    """Confront the levels given with the truth, for every model, by our rule when none is given.

    Raises ValueError for a level that is not 0 to 5.
    """
    rule = rule or read_rule()
    truth, given = table.truth, table.given
    both = ~np.isnan(truth) & ~np.isnan(given)
    for name, levels in (("truth", truth), ("given", given)):
        if wrong := [x for x in levels[~np.isnan(levels)] if x not in range(LEVELS)]:
            raise ValueError(f"{name} holds urgency {wrong[0]:g}, which is not one of 0 to {LEVELS - 1}")
    asked = ~np.isnan(truth)
    soon, told = truth >= rule.soon, given >= rule.soon
    price = np.full(len(truth), np.nan)
    price[both] = np.array(rule.costs)[truth[both].astype(int), given[both].astype(int)]
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
            cost=_paid(cost[m][0]),
            confusion=tuple(tuple(int(k) for k in row) for row in confusion[m]),
            ungiven=int((asked & ~both & (table.model.index == m)).sum()),
        )
        for m, model in enumerate(table.models)
    )


def _paid(cost: Estimate) -> Estimate:
    """No mean cost is below zero, nor the end of its interval."""
    return cost if cost.low is None else replace(cost, low=max(cost.low, 0.0))


def wilson(means: Means, group: int, column: int = 0) -> Estimate:
    """Give a share with Wilson's interval (1927), for as many conversations as the clusters are worth.

    Conversations about one case are alike: n is divided by the design effect, the clustered variance over that
    of as many independent ones (Korn and Graubard 1998), never below one for fear of luck; where no variance can
    be seen, at 0 or 1, n is the number of cases.
    """
    share, basis = means.value[group, column], means.basis(group, column)
    if np.isnan(share):
        return Estimate(value=None, low=None, high=None, basis=basis)
    spread, error = share * (1 - share), means.error[group, column]
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
