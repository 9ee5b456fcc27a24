"""Triage: too late and too early stand apart, and no interval collapses at zero."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from rubrics.errors import Unusable
from rubrics.numbers.table import Columns, Table, lay
from rubrics.numbers.triage import FILE, interval, read_rule, triage
from tests.numbered import ballots

NAN = float("nan")


def sorted_(truth: list[float], given: list[float], cases: list[str] | None = None) -> Table:
    """Give one model's conversations with the urgency they have and were given."""
    many = len(truth)
    names = [f"s{index}" for index in range(many)]
    columns = Columns(model=["m"] * many, case=cases or names, scenario=names, truth=truth, given=given)
    return lay(ballots(np.full((many, 1, 1), 3.0)), columns)


def test_under_and_over_are_counted_apart_and_weighed_apart():
    (row,) = triage(sorted_([5, 5, 3, 1, 0, 0], [5, 2, 3, 4, 0, 1]))
    assert (row.under.value, row.over.value, row.exact.value) == pytest.approx((1 / 6, 2 / 6, 3 / 6))
    assert (row.sensitivity.value, row.sensitivity.basis.n) == (pytest.approx(2 / 3), 3)
    assert (row.specificity.value, row.specificity.basis.n) == (pytest.approx(2 / 3), 3)
    assert row.cost.value == pytest.approx((3 * 3 + 3 + 1) / 6)
    assert row.confusion[5] == (0, 0, 1, 0, 0, 1)


def test_always_emergency_wins_sensitivity_and_loses_everything_else():
    (row,) = triage(sorted_([0, 1, 2, 3, 4, 5] * 5, [5] * 30))
    assert (row.under.value, row.sensitivity.value, row.specificity.value) == (0.0, 1.0, 0.0)
    assert row.over.value == pytest.approx(25 / 30)


def test_wilsons_interval_gives_the_published_answers():
    # Newcombe 1998, Statistics in Medicine 17, table I: 81/263, 15/148, 0/20, 1/29.
    for k, n, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
                            (1, 29, 0.0061, 0.1718)]:  # fmt: skip
        assert interval(k / n, n) == pytest.approx((low, high), abs=5e-5)


def test_no_failure_seen_is_not_no_failure():
    (row,) = triage(sorted_([3] * 40, [3] * 40))
    z = NormalDist().inv_cdf(0.975)
    assert (row.under.low, row.under.high) == (0.0, pytest.approx(z**2 / (40 + z**2)))


def test_conversations_about_one_case_are_worth_fewer():
    truth, given = [3.0] * 40, ([2.0] * 2 + [3.0] * 6) * 5
    blocks = [f"case {i // 8 if g == 3 else 'late'}" for i, g in enumerate(given)]
    (alone,) = triage(sorted_(truth, given))
    (alike,) = triage(sorted_(truth, given, blocks))
    assert alike.under.high - alike.under.low > 1.2 * (alone.under.high - alone.under.low)


def test_a_level_that_was_never_given_is_missing_and_not_an_error():
    (row,) = triage(sorted_([3, 3, NAN, 0], [3, NAN, 2, 0]))
    assert (row.under.value, row.under.basis.n, row.under.basis.missing, row.ungiven) == (0.0, 2, 1, 1)


def test_a_level_off_the_scale_is_refused_by_name():
    with pytest.raises(ValueError, match="given holds urgency 7"):
        triage(sorted_([3], [7]))


def test_the_costs_are_a_file_that_says_whose_they_are_and_another_can_be_given(tmp_path):
    assert "draft" in read_rule().status
    mine = tmp_path / "mine.toml"
    mine.write_text(FILE.read_text().replace("[15, 12, 9,  6, 3, 0]", "[99, 12, 9, 6, 3, 0]"))
    (ours,), (theirs,) = triage(sorted_([5], [0])), triage(sorted_([5], [0]), read_rule(mine))
    assert (ours.cost.value, theirs.cost.value) == (15.0, 99.0)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[15, 12, 9,  6, 3, 0],", "", "6 rows of 6 numbers"),
        ("[15, 12, 9,  6, 3, 0]", "[-1, 12, 9, 6, 3, 0]", "none below 0"),
        ("[15, 12, 9,  6, 3, 0]", '["much", 12, 9, 6, 3, 0]', "costs.5.0"),
        ("soon = 3", "soon = 6", "soon is 6"),
        ("soon = 3", "", "soon"),
        ("soon = 3", "soon = ", "no TOML"),
    ],
)
def test_a_cost_file_that_is_wrong_is_refused_by_its_place(tmp_path, old, new, said):
    mine = tmp_path / "mine.toml"
    mine.write_text(FILE.read_text().replace(old, new))
    with pytest.raises(Unusable, match=said):
        read_rule(mine)
