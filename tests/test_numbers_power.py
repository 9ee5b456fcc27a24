"""Variance and what it costs: components are those of the analysis of variance, plans keep what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rubrics.numbers.components import Component, decompose, sum_up
from rubrics.numbers.power import Goal, Plan, Prices, aim, buy, see
from rubrics.numbers.spread import Spread
from rubrics.scores import Floats
from tests.numbered import crossed

SPREAD = Spread(scenario_model=0.2, repeat=0.1, scenario_model_juror=0.05, residual=0.3, model_juror=0.01)
PRICES = Prices(conversation=0.05, vote=0.005)


def parts(points: Floats) -> dict[str, Component]:
    """Decompose one dimension."""
    return {row.part: row for row in decompose(crossed(points))}


def planted(generator: np.random.Generator, shape: tuple[int, int, int, int], **variance: float) -> Floats:
    """Give points with normal effects; a component is named by its axes, as "sm"."""
    points = np.full(shape, 3.0)
    for axes, value in variance.items():
        size = [n if axis in axes else 1 for axis, n in zip("smrj", shape, strict=True)]
        points = points + generator.normal(0, np.sqrt(value), size)
    return points


def test_for_a_balanced_design_the_components_are_those_of_the_analysis_of_variance():
    points = planted(np.random.default_rng(1), (12, 5, 1, 4), s=0.3, m=0.1, j=0.1, sm=0.2, mj=0.05, smj=0.3)
    y = points[:, :, 0]
    s, m, j = y.shape
    mean = {
        axes: y.mean(axis=axes, keepdims=True)
        for axes in [(0, 1, 2), (1, 2), (0, 2), (0, 1), (2,), (1,), (0,)]
    }
    rest = y - mean[2,] - mean[1,] - mean[0,] + mean[1, 2] + mean[0, 2] + mean[0, 1] - mean[0, 1, 2]
    error = (rest**2).sum() / ((s - 1) * (m - 1) * (j - 1))
    pair = mean[2,] - mean[1, 2] - mean[0, 2] + mean[0, 1, 2]
    both = j * (pair**2).sum() / ((s - 1) * (m - 1))
    found = parts(points)
    assert found["residual"].variance.value == pytest.approx(error)
    assert found["scenario_model"].variance.value == pytest.approx((both - error) / j)


def test_planted_components_are_found_though_votes_are_missing():
    generator = np.random.default_rng(2)
    plan = {"s": 0.3, "sm": 0.2, "smr": 0.15, "sj": 0.1, "smj": 0.08, "smrj": 0.25}
    points = planted(generator, (150, 6, 3, 3), **plan)
    points[generator.random(points.shape) < 0.3] = np.nan
    found = parts(points)
    for part, axes in {"scenario": "s", "scenario_model": "sm", "repeat": "smr", "residual": "smrj"}.items():
        variance = found[part].variance
        assert variance.low < plan[axes] < variance.high, part
        assert variance.value == pytest.approx(plan[axes], abs=0.08)


def test_without_repeats_a_repeats_variance_is_said_to_be_in_scenario_by_model():
    found = parts(planted(np.random.default_rng(3), (30, 3, 1, 3), s=0.3, smr=0.3, smrj=0.2))
    assert found["repeat"].variance.value is None
    assert found["repeat"].within == "scenario_model"
    assert found["scenario_model_juror"].within == "residual"
    assert found["scenario_model"].variance.value == pytest.approx(0.3, abs=0.12)


def test_one_model_and_one_juror_leave_what_can_be_told():
    found = parts(planted(np.random.default_rng(4), (200, 1, 2, 1), s=0.4, smrj=0.2))
    assert found["model"].variance.value is None
    assert found["scenario"].variance.value == pytest.approx(0.4, abs=0.1)
    assert found["residual"].variance.value == pytest.approx(0.2, abs=0.05)


def test_no_votes_at_all_give_no_components_and_no_error():
    assert all(row.variance.value is None for row in decompose(crossed(np.full((3, 2, 1, 2), np.nan))))


def test_what_a_plan_sees_is_the_textbook_formula():
    sight = see(Spread(scenario_model=0.5), Plan(scenarios=100), Goal())
    assert sight.error == pytest.approx(np.sqrt(2 * 0.5 / 100))
    assert sight.detects == pytest.approx((stats.t.ppf(0.975, 99) + stats.t.ppf(0.8, 99)) * sight.error)


def test_more_of_anything_sees_more_and_another_panel_is_a_stronger_claim():
    base = see(SPREAD, Plan(scenarios=155, repeats=1, jurors=3)).detects
    for better in (Plan(scenarios=310), Plan(scenarios=155, repeats=2), Plan(scenarios=155, jurors=5)):
        assert see(SPREAD, better).detects < base
    assert see(SPREAD, Plan(scenarios=155), Goal(panel="another")).detects > base


def test_the_cheapest_plan_sees_what_is_asked_and_no_neighbour_is_cheaper():
    sight = buy(SPREAD, 0.2, PRICES)
    assert sight.detects <= 0.2
    assert sight.cost == pytest.approx(PRICES.total(sight.plan))
    one = sight.plan
    for repeats in (1, 2, 3, 4):
        for jurors in (1, 2, 3, 4, 5):
            for scenarios in range(10, 1_000, 3):
                plan = Plan(scenarios=scenarios, repeats=repeats, jurors=jurors)
                if PRICES.total(plan) < sight.cost * 0.999:
                    assert see(SPREAD, plan).detects > 0.2, (plan, one)


def test_few_scenarios_are_made_up_for_by_repeats_and_jurors():
    sight = buy(SPREAD, 0.2, PRICES, most=Plan(scenarios=155, repeats=10, jurors=9))
    assert sight.plan.scenarios <= 155
    assert sight.plan.repeats * sight.plan.jurors > 1


def test_what_no_plan_can_see_is_not_offered():
    assert buy(SPREAD, 0.01, PRICES, goal=Goal(panel="another")) is None
    assert aim(SPREAD, 0.001, PRICES, most=Plan(scenarios=155, repeats=3, jurors=3)) is None


def test_a_handful_of_scenarios_is_no_plan_at_all():
    assert buy(SPREAD, 3.0, PRICES).plan.scenarios == 10
    assert buy(SPREAD, 3.0, PRICES, most=Plan(scenarios=9)) is None


def test_a_plan_for_a_standard_error_reaches_it():
    sight = aim(SPREAD, 0.05, PRICES)
    assert sight.error <= 0.05
    fewer = Plan(scenarios=sight.plan.scenarios - 1, repeats=sight.plan.repeats, jurors=sight.plan.jurors)
    assert see(SPREAD, fewer).error > 0.05


def test_components_from_a_run_carry_what_it_could_not_tell():
    table = crossed(planted(np.random.default_rng(5), (40, 3, 1, 3), s=0.3, sm=0.2, smrj=0.2))
    spread = sum_up(decompose(table), "d0")
    assert spread.unknown == ("repeat", "scenario_model_juror")
    assert see(spread, Plan(scenarios=155)).unknown == spread.unknown
    assert min(spread.scenario, spread.model, spread.juror, spread.scenario_juror) >= 0


def test_a_plan_without_anything_to_compare_is_refused():
    with pytest.raises(ValueError, match="two scenarios, a repeat and a juror"):
        see(SPREAD, Plan(scenarios=1))
