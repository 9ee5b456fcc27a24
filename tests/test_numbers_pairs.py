"""Pairs and ranks: chance is what flipping signs says, and no model is surely above one that is alike."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rubrics.numbers.flips import flip
from rubrics.numbers.multiple import hochberg, holm
from rubrics.numbers.pairs import Pair, compare
from rubrics.numbers.panels import standing
from rubrics.numbers.table import OVERALL
from rubrics.scores import Floats
from tests.numbered import crossed


def against(points: Floats, **columns: object) -> dict[tuple[str, str], Pair]:
    """Compare with a fixed seed, overall, by the two models' names."""
    pairs = compare(crossed(points, **columns), np.random.default_rng(1), draws=2_000)
    return {(row.model, row.against): row for row in pairs if row.dimension == OVERALL}


def test_with_few_cases_every_flip_is_tried_and_the_p_is_exact():
    parts = np.random.default_rng(1).normal(0.4, 1, (9, 2))
    chance = flip(parts, np.random.default_rng(2))
    for column in range(2):
        exact = stats.permutation_test(
            (parts[:, column],), np.sum, permutation_type="samples", n_resamples=np.inf
        )
        assert chance[column] == pytest.approx(exact.pvalue)


def test_with_many_cases_drawn_flips_come_near_students_t():
    parts = np.random.default_rng(3).normal(0.15, 1, (200, 1))
    chance = flip(parts, np.random.default_rng(2), 20_000)[0]
    assert chance == pytest.approx(stats.ttest_1samp(parts[:, 0], 0).pvalue, abs=0.01)


def test_a_p_is_never_zero_and_without_a_difference_there_is_none():
    parts = np.column_stack([np.ones(40), np.zeros(40)])
    sure, empty = flip(parts, np.random.default_rng(1), 999)
    assert sure == pytest.approx(1 / 1000)
    assert np.isnan(empty)


def test_holm_and_hochberg_give_the_textbook_answers():
    # Holm by hand; Benjamini and Hochberg's own fifteen, of which they reject the first four at 5 %.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    known = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
             0.6528, 0.7590, 1.0]  # fmt: skip
    assert [p < 0.05 for p in hochberg(known)] == [True] * 4 + [False] * 11


def test_a_test_that_could_not_be_made_is_not_counted_as_one():
    assert holm([0.02, None, 0.01]) == [0.02, None, 0.02]
    assert hochberg([None, None]) == [None, None]


def test_a_difference_is_taken_within_scenarios():
    generator = np.random.default_rng(5)
    hard = generator.normal(3, 1.0, (60, 1, 1, 1))
    points = hard + np.array([0.2, 0.0])[None, :, None, None] + generator.normal(0, 0.1, (60, 2, 1, 2))
    row = against(points)["m0", "m1"]
    apart = points[:, 0].mean(axis=(1, 2)) - points[:, 1].mean(axis=(1, 2))
    same = stats.ttest_1samp(apart, 0).confidence_interval()
    assert (row.difference.low, row.difference.high) == pytest.approx((same.low, same.high))
    assert row.p == pytest.approx(1 / 2001)
    assert row.correlation > 0.95
    assert row.ranks == pytest.approx(stats.wilcoxon(apart).pvalue)


def test_twin_scenarios_of_one_case_are_not_two_witnesses():
    generator = np.random.default_rng(6)
    apart = np.repeat(generator.normal(0.3, 0.8, 15), 2)
    points = 3 + np.stack([apart, np.zeros(30)], axis=1)[..., None, None] + np.zeros((30, 2, 1, 2))
    twins = against(points, case=[f"case {i // 2}" for i in range(30)])["m0", "m1"]
    strangers = against(points)["m0", "m1"]
    assert twins.difference.basis.clusters == 15
    assert twins.p > strangers.p


def test_a_scenario_that_one_model_lacks_is_missing_from_the_pair_and_said_so():
    points = np.random.default_rng(7).normal(3, 0.5, (20, 2, 1, 2))
    points[:4, 1] = np.nan
    basis = against(points)["m0", "m1"].difference.basis
    assert (basis.n, basis.missing, basis.abstained) == (16, 4, 8)


def test_no_worse_and_the_same_are_claims_with_a_margin():
    generator = np.random.default_rng(8)
    points = 3 + generator.normal(0, 0.2, (100, 3, 1, 2))
    points[:, 2] -= 0.5
    rows = against(points)
    assert rows["m0", "m1"].same < 0.01
    assert rows["m0", "m2"].no_worse < 0.01
    assert rows["m0", "m2"].same > 0.9


def test_models_that_never_differ_have_a_difference_of_zero_and_no_test():
    row = against(np.full((10, 2, 1, 2), 4.0))["m0", "m1"]
    assert (row.difference.value, row.p, row.holm, row.ranks, row.correlation) == (
        0.0,
        None,
        None,
        None,
        None,
    )


def test_ranks_part_what_can_be_parted_and_no_more():
    generator = np.random.default_rng(9)
    points = np.array([4.0, 3.0, 3.02])[None, :, None, None] + generator.normal(0, 0.5, (80, 3, 1, 2))
    ranks = standing(crossed(points), np.random.default_rng(1), draws=2_000)
    found = {row.model: (row.low, row.high) for row in ranks if row.dimension == OVERALL}
    assert found == {"m0": (1, 1), "m1": (2, 3), "m2": (2, 3)}


def test_equal_means_share_a_rank_and_a_model_without_scores_has_none():
    points = np.full((8, 3, 1, 2), 3.0)
    points[:, 2] = np.nan
    ranks = standing(crossed(points), np.random.default_rng(1))
    assert [(row.model, row.rank, row.low, row.high) for row in ranks[:2]] == [
        ("m0", 1, 1, 2),
        ("m1", 1, 1, 2),
    ]
    assert not [row for row in ranks if row.model == "m2"]


@pytest.mark.parametrize("cases", [2, 5, 9, 13, 14, 30])
@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
def test_the_ranks_are_wilcoxons_with_ties_and_without(cases, tied):
    rng = np.random.default_rng(cases)
    gaps = rng.integers(1, 4, cases) * rng.choice([-1.0, 1.0], cases) if tied else rng.normal(0.4, 1, cases)
    points = np.stack([3 + gaps, np.full(cases, 3.0)], axis=1)[:, :, None, None]
    parts = (points[:, 0] - points[:, 1]).ravel()
    assert against(points)["m0", "m1"].ranks == pytest.approx(stats.wilcoxon(parts).pvalue)


def test_only_the_couples_asked_for_are_compared_and_adjusted_for():
    table = crossed(np.random.default_rng(4).normal(3, 1, (30, 4, 1, 1)))
    (row, *_) = compare(table, np.random.default_rng(1), draws=2_000, couples=[(2, 0)])
    assert (row.model, row.against) == ("m2", "m0")
    assert row.holm == row.p
    assert compare(table, np.random.default_rng(1), couples=[]) == ()
