"""Changes: the same models twice, tested under one instrument and only shown under two."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rubrics.leaderboard import OVERALL
from rubrics.numbers.changes import Change, contrast, follow
from rubrics.scores import Floats
from tests.numbered import crossed


def twice(points: Floats, **columns: object) -> Change:
    """Follow one model, the first column of (S, 2, R, J) before and the second after, overall."""
    table = crossed(points, **columns)
    found = follow(table, {"m": (0, 1)}, np.random.default_rng(1), draws=2_000)
    return next(row for row in found if row.dimension == OVERALL)


def test_the_change_is_the_mean_of_the_differences_within_scenarios():
    points = np.random.default_rng(5).normal(3, 1, (50, 2, 1, 1))
    row = twice(points)
    gaps = points[:, 1, 0, 0] - points[:, 0, 0, 0]
    assert row.difference.value == pytest.approx(gaps.mean())
    assert (row.first, row.second) == (pytest.approx(points[:, 0].mean()), pytest.approx(points[:, 1].mean()))
    assert row.p == pytest.approx(stats.ttest_1samp(gaps, 0).pvalue, abs=0.02)
    low, high = stats.ttest_1samp(gaps, 0).confidence_interval()
    assert (row.difference.low, row.difference.high) == (pytest.approx(low), pytest.approx(high))
    assert row.no_worse == pytest.approx(stats.ttest_1samp(gaps, -0.2, alternative="greater").pvalue)
    assert row.tested


def test_the_same_votes_twice_differ_by_exactly_nothing():
    once = np.random.default_rng(6).integers(1, 6, (30, 1, 1, 3)).astype(float)
    row = twice(np.concatenate([once, once], axis=1))
    assert row.difference.value == 0.0
    assert (row.p, row.holm, row.no_worse, row.same) == (None,) * 4


def test_a_scenario_scored_once_only_is_missing_and_in_neither_mean():
    points = np.random.default_rng(7).normal(3, 1, (12, 2, 1, 1))
    points[:4, 1] = np.nan
    row = twice(points)
    assert (row.difference.basis.n, row.difference.basis.missing) == (8, 4)
    assert row.first == pytest.approx(points[4:, 0].mean())


def test_holm_counts_the_models_that_were_followed_and_no_others():
    points = np.random.default_rng(8).normal(3, 1, (40, 6, 1, 1))
    points[:, 1] += 0.6
    table = crossed(points)
    alone = follow(table, {"a": (0, 1)}, np.random.default_rng(1))
    both = follow(table, {"a": (0, 1), "b": (2, 3)}, np.random.default_rng(1))
    assert [row.holm for row in alone] == [row.p for row in alone]
    overall = {row.model: row for row in both if row.dimension == OVERALL}
    assert min(row.p for row in overall.values()) * 2 == pytest.approx(min(r.holm for r in overall.values()))


def test_a_juror_left_out_as_own_family_does_not_pass_for_a_change():
    """The lenient juror hears the model the first time only, and others both times: severity is in one table."""
    truth = np.random.default_rng(9).normal(3, 0.5, (60, 1, 1, 1))
    lenient = np.array([0.0, 0.0, 1.5])
    points = np.broadcast_to(truth + lenient, (60, 4, 1, 3)).copy()
    own = np.zeros((4, 3), dtype=bool)
    own[1, 2] = True
    row = twice(points, own=own)
    assert row.difference.value == pytest.approx(0.0, abs=1e-9)
    raw = np.nanmean(points[:, 1, 0, :2]) - points[:, 0].mean()
    assert raw == pytest.approx(-0.5)


def test_two_instruments_give_the_difference_of_their_own_means_and_no_test():
    rng = np.random.default_rng(10)
    first, second = (crossed(rng.normal(3 + shift, 1, (40, 2, 1, 3))) for shift in (0.0, 0.7))
    (row, _) = (one for one in contrast(first, second, ["m0", "m1"]) if one.dimension == OVERALL)
    mine, other = (table.points[table.model.index == 0, 0] for table in (first, second))
    assert row.difference.value == pytest.approx(other.mean() - mine.mean())
    low, high = stats.ttest_rel(other, mine).confidence_interval()
    assert (row.difference.low, row.difference.high) == (
        pytest.approx(low, abs=0.05),
        pytest.approx(high, abs=0.05),
    )
    assert (row.p, row.holm, row.no_worse, row.same, row.tested) == (None, None, None, None, False)


def test_two_instruments_are_held_on_what_both_scored():
    rng = np.random.default_rng(11)
    points = rng.normal(3, 1, (20, 1, 1, 1))
    other = points + 1
    points[:5], other[15:] = np.nan, np.nan
    (row, *_) = contrast(crossed(points), crossed(other), ["m0"])
    assert row.difference.value == pytest.approx(1.0)
    assert (row.difference.basis.n, row.difference.basis.missing) == (10, 10)


def test_intervals_of_two_instruments_cover_as_often_as_they_say():
    """Of 400 pairs of tables with a planted change of 0.5, about 95 in 100 intervals hold it."""
    held = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        hard = rng.normal(3, 0.6, (40, 1, 1, 1))
        first, second = (crossed(hard + shift + rng.normal(0, 0.7, (40, 3, 1, 3))) for shift in (0.0, 0.5))
        gap = contrast(first, second, ["m0"])[0].difference
        held += gap.low <= 0.5 <= gap.high
    assert 0.92 <= held / 400 <= 0.98
