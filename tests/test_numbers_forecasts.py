"""Forecasts: scores by hand, formulas written down another way, and forecasters whose truth is planted."""

from __future__ import annotations

import itertools
import math
from statistics import mean

import numpy as np
import pytest

from rubrics.numbers.confidence import auroc, ece, selective
from rubrics.numbers.forecasts import Foretold, forecast, reliability
from rubrics.numbers.table import factor

NAN = float("nan")


def told(*rows: tuple[float, float, float, float, float]) -> Foretold:
    """Lay out rows of true, first, squares, rest and place."""
    columns = zip(*rows, strict=True) if rows else [()] * 5
    return Foretold(**dict(zip(("true", "first", "squares", "rest", "place"), columns, strict=True)))


def sure(percents: list[int], right: list[bool], rest: float = 0.0) -> Foretold:
    """Give forecasts of a single possibility, which is the truth or is not."""
    rows = [(p / 100 * r, p / 100, 0.0 if r else (p / 100) ** 2, rest or 1 - p / 100, float(r))
            for p, r in zip(percents, right, strict=True)]  # fmt: skip
    return told(*rows)


def scored(
    columns: Foretold, model: list[str] | None = None, case: list[str] | None = None, draws: int = 400
):
    many = len(columns.true)
    rows = forecast(
        columns,
        factor(model or ["m"] * many),
        factor(case or [f"case {at}" for at in range(many)]),
        np.random.default_rng(1),
        draws=draws,
    )
    return rows[0] if model is None else rows


def counted(percents: list[int], right: list[bool]) -> tuple[np.ndarray, np.ndarray]:
    hits = [p for p, r in zip(percents, right, strict=True) if r]
    return tuple(np.bincount(each, minlength=101).astype(float) for each in (percents, hits))


def test_a_truth_that_was_named_is_scored_over_all_that_was_said():
    # melanoma 0.6 (true), mole 0.3, something else 0.1
    row = scored(told((0.6, 0.6, 0.09, 0.1, 1)))
    assert row.brier.value == pytest.approx(0.4**2 + 0.3**2 + 0.1**2)
    assert row.brier_strict.value == pytest.approx(0.4**2 + 0.3**2)
    assert row.log.value == pytest.approx(-math.log(0.6))
    assert (row.top_1.value, row.top_3.value) == (1.0, 1.0)
    assert row.overconfidence.value == pytest.approx(-0.4)


def test_a_truth_that_was_not_named_is_something_else_and_costs_the_floor_of_the_log():
    # mole 0.5, wart 0.2, something else 0.3
    row = scored(told((0.0, 0.5, 0.29, 0.3, 0)))
    assert row.brier.value == pytest.approx(0.29 + 0.7**2)
    assert row.brier_strict.value == pytest.approx(1.29)
    assert row.log.value == pytest.approx(math.log(100))
    assert (row.top_1.value, row.top_3.value) == (0.0, 0.0)


def test_saying_nothing_wins_one_score_and_not_the_one_beside_it():
    vague, honest = scored(told((0.0, 0.01, 0.0001, 0.99, 0))), scored(told((0.3, 0.5, 0.25, 0.2, 2)))
    assert vague.brier.value < 0.001 < honest.brier.value
    assert vague.brier_strict.value > honest.brier_strict.value


def test_the_third_place_counts_among_three_and_the_fourth_does_not():
    rows = [(0.1, 0.5, 0.3, 0.1, place) for place in (1, 2, 3, 4, 0)]
    row = scored(told(*rows))
    assert (row.top_1.value, row.top_3.value) == (0.2, 0.6)
    assert 0 < row.top_1.low < 0.2 < row.top_1.high


def test_calibration_error_and_bins_are_what_they_are_by_hand():
    percents, right = [5, 15, 15, 95, 100, 100], [True, False, True, True, False, True]
    # bins: 0-10: 1 of 1 right at 0.05; 10-20: 1 of 2 at 0.15; 90-100: 2 of 3 at 0.98333
    by_hand = 1 / 6 * 0.95 + 2 / 6 * 0.35 + 3 / 6 * abs(2 / 3 - 2.95 / 3)
    row = scored(sure(percents, right))
    assert row.ece.value == pytest.approx(by_hand)
    bins = reliability(sure(percents, right), factor(["m"] * 6), factor(list("abcdef")))
    assert [each.right.basis.n for each in bins] == [1, 2, 0, 0, 0, 0, 0, 0, 0, 3]
    assert (bins[-1].low, bins[-1].confidence) == (0.9, pytest.approx(2.95 / 3))
    assert bins[-1].right.value == pytest.approx(2 / 3)
    assert (bins[4].confidence, bins[4].right.value) == (None, None)


def test_the_bins_edges_belong_to_the_bin_above():
    bins = reliability(sure([10, 20, 89, 90], [True] * 4), factor(["m"] * 4), factor(list("abcd")))
    assert [each.right.basis.n for each in bins] == [0, 1, 1, 0, 0, 0, 0, 0, 1, 1]


def test_auroc_is_the_share_of_pairs_that_are_in_order():
    generator = np.random.default_rng(2)
    for _ in range(20):
        percents = generator.integers(0, 101, 30).tolist()
        right = (generator.random(30) < 0.5).tolist()
        pairs = [(a > b) + 0.5 * (a == b) for (a, ra), (b, rb) in
                 itertools.product(zip(percents, right, strict=True), repeat=2) if ra and not rb]  # fmt: skip
        assert auroc(*counted(percents, right)) == pytest.approx(mean(pairs))


def test_auroc_of_only_right_or_only_wrong_answers_is_not_known():
    for right in (True, False):
        row = scored(sure([50, 60, 70], [right] * 3))
        assert (row.auroc.value, row.auroc.low, row.auroc.basis.n) == (None, None, 3)


def test_selective_accuracy_takes_the_surest_and_shares_out_the_edge():
    # Of ten the surest eight: 90 (right), 80 (right), then 6 of the 8 at 50, of which half were right.
    percents, right = [90, 80, *[50] * 8], [True, True, *[True, False] * 4]
    assert selective(*counted(percents, right)) == pytest.approx((2 + 6 * 0.5) / 8)
    assert selective(*counted([10, 20, 30, 40, 50], [False, True, True, True, True])) == 1.0
    row = scored(sure([10, 20, 30, 40, 50], [False, True, True, True, True]))
    assert row.selective.value == 1.0
    assert row.selective.low < 0.7  # nobody is sure of always being right after five


def test_a_missing_interview_is_missing_in_every_number():
    rows = [(0.6, 0.6, 0.09, 0.1, 1), (NAN,) * 5, (0.2, 0.7, 0.5, 0.0, 2)]
    row = scored(told(*rows))
    for name in (
        "brier",
        "brier_strict",
        "log",
        "top_1",
        "top_3",
        "ece",
        "auroc",
        "overconfidence",
        "selective",
    ):
        basis = getattr(row, name).basis
        assert (basis.n, basis.missing, basis.clusters) == (2, 1, 2), name


def test_a_model_that_was_never_asked_has_no_number():
    gave, never = scored(told((0.6, 0.6, 0.0, 0.4, 1), (NAN,) * 5), ["a", "b"])
    assert gave.brier.value is not None
    assert (never.brier.value, never.ece.value, never.ece_chance, never.selective.value) == (None,) * 4
    assert never.brier.basis.missing == 1
    assert forecast(told(), factor([]), factor([]), np.random.default_rng(1)) == ()


def test_one_model_is_not_changed_by_another():
    alone = scored(sure([60, 70, 80, 20], [True, False, True, False]))
    columns = sure([60, 70, 80, 20, 5, 99], [True, False, True, False, True, False])
    both = scored(columns, [*"mmmm", *"nn"], [*"abcd", *"ab"])
    for name in ("brier", "log", "ece", "auroc", "overconfidence", "selective", "ece_chance"):
        one, other = getattr(alone, name), getattr(both[0], name)
        assert getattr(one, "value", one) == pytest.approx(getattr(other, "value", other))


def test_conversations_about_one_case_are_worth_fewer():
    percents, right = [80] * 20 + [60] * 20, ([True] * 8 + [False] * 2) * 4
    apart = scored(sure(percents, right))
    together = scored(sure(percents, right), case=[f"case {r} {at % 2}" for at, r in enumerate(right)])
    for name in ("brier", "overconfidence", "top_1"):
        one, other = getattr(apart, name), getattr(together, name)
        assert one.value == pytest.approx(other.value)
        assert other.high - other.low > one.high - one.low


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ((1.2, 0.5, 0.1, 0.1, 1), "'true' holds a number that is no chance"),
        ((0.5, NAN, 0.1, 0.1, 1), "'first' is not missing where 'true' is"),
    ],
)
def test_what_is_no_forecast_is_refused_by_its_column(row, said):
    with pytest.raises(ValueError, match=said):
        scored(told(row))


def test_a_column_of_another_length_is_refused_by_its_name():
    with pytest.raises(ValueError, match="'rest' has 0 rows"):
        scored(Foretold(true=[0.5], first=[0.5], squares=[0.1], rest=[], place=[1]))


def planted(generator: np.random.Generator, many: int, bold: float) -> Foretold:
    """Draw forecasts that are right as often as they say, less `bold`."""
    percents = generator.integers(25, 96, many)
    right = generator.random(many) < percents / 100 - bold
    return sure(percents.tolist(), right.tolist())


def test_who_means_what_they_say_is_found_calibrated_in_about_95_of_100_draws():
    generator = np.random.default_rng(3)
    rows = [scored(planted(generator, 155, 0.0), draws=300) for _ in range(200)]
    inside = sum(row.overconfidence.low <= 0 <= row.overconfidence.high for row in rows)
    assert 180 <= inside <= 198
    assert mean(row.ece.value for row in rows) == pytest.approx(
        mean(row.ece_chance for row in rows), abs=0.008
    )
    assert sum(row.ece.low == 0 for row in rows) >= 176
    assert mean(row.auroc.value for row in rows) > 0.6


def test_who_is_bolder_than_right_is_found_out():
    generator = np.random.default_rng(4)
    rows = [scored(planted(generator, 155, 0.2), draws=300) for _ in range(60)]
    assert sum(row.overconfidence.low > 0 for row in rows) >= 58
    assert sum(row.overconfidence.low <= 0.2 <= row.overconfidence.high for row in rows) >= 53
    assert sum(row.ece.low <= 0.2 <= row.ece.high for row in rows) >= 55
    assert sum(row.ece.low > 0 for row in rows) >= 50


def test_no_other_forecast_scores_better_than_what_is_believed():
    # Over 0.7 / 0.2 / 0.1 with the truth drawn from just that, the expectation of each proper score is computed.
    belief = (0.7, 0.2, 0.1)

    def expected(said: tuple[float, float, float], score: str) -> float:
        first = max(said)
        rows = [(said[k], first, sum(s * s for j, s in enumerate(said) if j != k), 0.0,
                 float(sorted(said, reverse=True).index(said[k]) + 1)) for k in range(3)]  # fmt: skip
        return sum(p * getattr(scored(told(row)), score).value for p, row in zip(belief, rows, strict=True))

    for score in ("brier", "brier_strict", "log"):
        honest = expected(belief, score)
        for other in ((0.9, 0.05, 0.05), (0.5, 0.3, 0.2), (0.2, 0.7, 0.1), (0.6, 0.2, 0.2)):
            assert honest < expected(other, score)


def test_the_same_seed_gives_the_same_numbers():
    columns = planted(np.random.default_rng(5), 60, 0.1)
    assert scored(columns) == scored(columns)


def test_calibration_error_agrees_with_a_loop():
    generator = np.random.default_rng(6)
    percents = generator.integers(0, 101, 80).tolist()
    right = (generator.random(80) < 0.6).tolist()
    total = 0.0
    for low in range(10):
        inside = [at for at, p in enumerate(percents) if min(p // 10, 9) == low]
        if inside:
            gap = mean(right[at] for at in inside) - mean(percents[at] / 100 for at in inside)
            total += len(inside) / 80 * abs(gap)
    assert ece(*counted(percents, right)) == pytest.approx(total)
