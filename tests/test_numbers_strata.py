"""Strata, repeats and gaps: contrasts find what is planted there, and nothing missing is ever a number."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rubrics.numbers.gaps import complete, reweigh
from rubrics.numbers.repeats import repeat
from rubrics.numbers.strata import Contrast, stratify
from rubrics.numbers.table import OVERALL
from rubrics.scores import Floats
from tests.numbered import crossed


def contrasts(points: Floats, **strata: list[str | None]) -> dict[tuple[str, str, bool], Contrast]:
    """Give the overall contrasts by level, model and whether it is an interaction."""
    rows = stratify(crossed(points, strata=strata)).contrasts
    return {(row.level, row.model, row.interaction): row for row in rows if row.dimension == OVERALL}


def test_a_contrast_with_one_conversation_a_case_is_welchs():
    points = np.random.default_rng(1).normal(3, 0.5, (50, 1, 1, 1))
    dark = ["dark" if s < 18 else "light" for s in range(50)]
    row = contrasts(points, tone=dark)["dark", "m0", False]
    welch = stats.ttest_ind(points[:18, 0, 0, 0], points[18:, 0, 0, 0], equal_var=False)
    interval = welch.confidence_interval()
    assert row.against == "light"
    assert (row.difference.low, row.difference.high) == pytest.approx((interval.low, interval.high))
    assert row.p == pytest.approx(welch.pvalue)


def test_an_effect_on_one_model_is_found_as_an_interaction_of_that_model():
    generator = np.random.default_rng(2)
    points = generator.normal(3, 0.4, (120, 4, 1, 2))
    points[:60] -= 0.3
    points[:60, 2] -= 0.7
    rows = contrasts(points, tone=["dark" if s < 60 else "light" for s in range(120)])
    assert rows["dark", "all", False].difference.value == pytest.approx(-0.475, abs=0.1)
    assert rows["dark", "m2", True].adjusted < 0.001
    assert rows["dark", "m2", True].difference.value == pytest.approx(-0.7, abs=0.15)


def test_three_levels_are_each_held_against_the_others_and_an_unknown_one_is_left_out():
    points = np.random.default_rng(3).normal(3, 0.4, (40, 1, 1, 1))
    levels = [None if s >= 30 else "abc"[s % 3] for s in range(40)]
    rows = contrasts(points, kind=levels)
    assert [key[0] for key in rows] == ["a", "b", "c"]
    assert rows["a", "m0", False].against == "others"
    assert rows["a", "m0", False].difference.basis.n == 30


def test_a_stratum_of_one_level_has_means_and_no_contrast():
    found = stratify(crossed(np.full((4, 1, 1, 2), 3.0), strata={"kind": ["a"] * 4}))
    assert [row.mean.value for row in found.means] == [3.0, 3.0]
    assert found.contrasts == ()


def test_the_more_contrasts_are_asked_the_more_each_must_show():
    generator = np.random.default_rng(4)
    points = generator.normal(3, 0.5, (60, 1, 1, 1))
    points[:30] -= 0.3
    strata = {f"x{k}": [str(level) for level in generator.integers(2, size=60)] for k in range(9)}
    strata["real"] = ["a"] * 30 + ["b"] * 30
    rows = stratify(crossed(points, strata=strata)).contrasts
    real = next(row for row in rows if row.stratum == "real")
    assert real.adjusted > real.p


def test_repeats_give_the_worst_of_k_and_pass_to_the_k():
    # Two scenarios, four repeats: 5 4 3 5 and 4 4 4 4.
    points = np.array([[5.0, 4, 3, 5], [4, 4, 4, 4]])[:, None, :, None]
    row = repeat(crossed(points), 2)[0]
    # Of the six pairs of 5 4 3 5, three have 3 as the lower, two 4 and one 5; three pass both times.
    assert row.worst.value == pytest.approx(((3 * 3 + 2 * 4 + 5) / 6 + 4) / 2)
    assert row.passed.value == pytest.approx((3 / 6 + 1) / 2)
    assert row.spread == pytest.approx(np.sqrt((2.75 + 0) / 6))
    assert (row.mean.value, row.mean.basis.n) == (4.125, 2)


def test_a_scenario_with_too_few_repeats_is_missing_and_not_a_pass():
    points = np.full((3, 1, 3, 1), 5.0)
    points[0, 0, 1:] = np.nan
    row = repeat(crossed(points), 3)[0]
    assert (row.passed.value, row.passed.basis.n, row.passed.basis.missing) == (1.0, 2, 1)
    with pytest.raises(ValueError, match="from 2 on, not 1"):
        repeat(crossed(points), 1)


def test_bounds_hold_whatever_the_missing_would_have_been():
    points = np.full((10, 1, 1, 2), 4.0)
    points[:2] = np.nan
    row = complete(crossed(points))[1]
    assert (row.planned, row.n, row.missing, row.abstained) == (10, 8, 2, 4)
    assert (row.worst, row.mean, row.best) == pytest.approx(((32 + 2) / 10, 4.0, (32 + 10) / 10))
    assert row.causes == {"failed": 4}
    assert row.notable


def test_a_level_that_is_often_missing_weighs_as_planned():
    points = np.concatenate([np.full((10, 1, 1, 2), 2.0), np.full((10, 1, 1, 2), 4.0)])
    points[:6] = np.nan
    row = reweigh(crossed(points, strata={"photo": ["harsh"] * 10 + ["plain"] * 10}))[1]
    assert row.plain == pytest.approx(48 / 14)
    assert row.mean.value == pytest.approx(3.0)
    points[:10] = np.nan
    assert reweigh(crossed(points, strata={"photo": ["harsh"] * 10 + ["plain"] * 10}))[1].mean.value is None
