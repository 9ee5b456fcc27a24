"""What a plan can see, and the cheapest plan that sees enough.

The standard error of a difference between two models follows from the variance components and how many
scenarios, repeats and jurors there are (a decision study: Brennan 2001; the smallest difference: Miller 2024,
arXiv 2411.00640). Pairing has taken the scenarios' own difficulty out. Nothing here knows what was run.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from math import sqrt
from typing import Literal

from scipy.special import stdtrit

from rubrics.numbers.spread import Part, Spread

Panel = Literal["same", "another"]
FEWEST = 10
"""Scenarios below which no plan is offered: an interval over fewer is hardly one."""
LONGEST = 100_000
"""Scenarios beyond which no plan is sought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is run."""

    scenarios: int
    repeats: int = 1
    jurors: int = 3


LEAST = Plan(scenarios=FEWEST, repeats=1, jurors=1)
MOST = Plan(scenarios=LONGEST, repeats=10, jurors=9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What it costs, in any one currency."""

    conversation: float
    vote: float
    """One juror on one dimension."""
    models: int = 2
    dimensions: int = 3

    def total(self, plan: Plan) -> float:
        """Price a plan."""
        conversations = plan.scenarios * plan.repeats * self.models
        return conversations * (self.conversation + plan.jurors * self.dimensions * self.vote)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a plan is for."""

    level: float = 0.05
    """Chance of a finding where there is nothing, two-sided; divide it by the pairs where there are several."""
    power: float = 0.8
    """Chance of finding what is there."""
    panel: Panel = "same"
    """Whether the answer is to hold for these jurors alone, or for any such panel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a plan sees."""

    plan: Plan
    error: float
    """Standard error of the difference of two models, points."""
    detects: float
    """Smallest difference it finds with the goal's power, points."""
    cost: float | None
    """None without prices."""
    unknown: tuple[Part, ...]
    """Components the data could not tell from others: what is said of buying more of them is unfounded."""


def see(spread: Spread, plan: Plan, goal: Goal | None = None, *, prices: Prices | None = None) -> Sight:
    """Say what a plan can see.

    Raises ValueError for a plan without scenarios to compare by (2), repeats or jurors.
    """
    if plan.scenarios < 2 or min(plan.repeats, plan.jurors) < 1:
        raise ValueError(f"a plan needs two scenarios, a repeat and a juror, not {plan}")
    goal = goal or Goal()
    error = sqrt(_noise(spread, plan, goal.panel))
    return Sight(
        plan=plan,
        error=error,
        detects=_reach(goal, plan.scenarios) * error,
        cost=prices.total(plan) if prices else None,
        unknown=spread.unknown,
    )


def buy(
    spread: Spread,
    detect: float,
    prices: Prices,
    *,
    goal: Goal | None = None,
    most: Plan | None = None,
    least: Plan | None = None,
) -> Sight | None:
    """Find the cheapest plan that sees `detect` points; None when none from `least` to `most` does."""
    goal = goal or Goal()
    return _cheapest(
        spread, lambda n: detect / _reach(goal, n), prices, goal=goal, most=most or MOST, least=least or LEAST
    )


def aim(
    spread: Spread, error: float, prices: Prices, *, goal: Goal | None = None, most: Plan | None = None
) -> Sight | None:
    """Find the cheapest plan whose standard error of a difference is at most `error` points, or None."""
    return _cheapest(spread, lambda _: error, prices, goal=goal or Goal(), most=most or MOST, least=LEAST)


def _noise(spread: Spread, plan: Plan, panel: Panel = "same") -> float:
    """Give the variance of the difference of two models' means over the same scenarios and jurors."""
    scenarios, repeats, jurors = plan.scenarios, plan.repeats, plan.jurors
    one = spread.scenario_model / scenarios
    one += spread.repeat / (scenarios * repeats)
    one += spread.scenario_model_juror / (scenarios * jurors)
    one += spread.residual / (scenarios * repeats * jurors)
    if panel == "another":
        one += spread.model_juror / jurors
    return 2 * one


def _reach(goal: Goal, scenarios: int) -> float:
    """Give how many standard errors a difference must have, by Student's t."""
    freedom = scenarios - 1
    return float(stdtrit(freedom, 1 - goal.level / 2) + stdtrit(freedom, goal.power))


def _cheapest(
    spread: Spread, allowed: Callable[[int], float], prices: Prices, *, goal: Goal, most: Plan, least: Plan
) -> Sight | None:
    """Try every number of repeats and jurors with as few scenarios as will do.

    `allowed` is the largest standard error, points, that a number of scenarios may have.
    """
    offers = []
    for repeats, jurors in product(
        range(least.repeats, most.repeats + 1), range(least.jurors, most.jurors + 1)
    ):

        def fails(scenarios: int, repeats: int = repeats, jurors: int = jurors) -> bool:
            plan = Plan(scenarios=scenarios, repeats=repeats, jurors=jurors)
            return sqrt(_noise(spread, plan, goal.panel)) > allowed(scenarios)

        if most.scenarios >= least.scenarios and not fails(most.scenarios):
            fewest = bisect_left(
                range(most.scenarios + 1), True, lo=least.scenarios, key=lambda n: not fails(n)
            )
            offers.append(Plan(scenarios=fewest, repeats=repeats, jurors=jurors))
    if not offers:
        return None
    best = min(offers, key=lambda plan: (prices.total(plan), plan.scenarios))
    return see(spread, best, goal, prices=prices)
