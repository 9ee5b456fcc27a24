"""Agreement: the published answers come out, and what cannot be known is said."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from rubrics.agreement.alpha import LEVELS, alpha, alphas
from rubrics.agreement.chance import (
    ALIKE,
    NO_PAIR,
    ONE_RATER,
    brennan_prediger,
    category_kappas,
    fleiss_kappa,
    fleiss_z,
    gwet_ac,
    percent_agreement,
    specific_agreement,
)
from rubrics.agreement.icc import CONSTANT, FLAT, INCOMPLETE, correlate, two_way
from rubrics.agreement.kappa import CROWD, cohen_kappa, cross_tabulate
from rubrics.agreement.ratings import RatingTable, squeeze
from rubrics.agreement.survey import survey

SHARED = Path(__file__).parents[2] / "shared" / "data"
EXAMPLES = SHARED / "agreement" / "worked_examples.json"
real = pytest.mark.skipif(not EXAMPLES.is_file(), reason=f"needs the worked examples at {EXAMPLES}")
BY_WEIGHTS = {
    "gwet_ac": gwet_ac,
    "fleiss_kappa": fleiss_kappa,
    "brennan_prediger": brennan_prediger,
}
WEIGHTINGS = {
    "identity": "unweighted",
    "linear": "linear",
    "quadratic": "quadratic",
    "ordinal": "ordinal",
}
ICCS = {
    "ICC1": "(1,1)",
    "ICC2": "(2,1)",
    "ICC3": "(3,1)",
    "ICC1k": "(1,k)",
    "ICC2k": "(2,k)",
    "ICC3k": "(3,k)",
}


def example(name: str) -> dict:
    return next(e for e in json.loads(EXAMPLES.read_text())["examples"] if e["id"] == name)


def ratings(name: str, **more) -> RatingTable:
    """Give the table of an example, units in rows."""
    found = example(name)
    data = np.array(found["data"], dtype=float)
    return RatingTable.of(
        data.T if found["layout"].startswith(("rows=raters", "rows=observers")) else data, **more
    )


def crossed(counts: list[list[int]]) -> RatingTable:
    """Give the ratings of two raters from their contingency table."""
    size = len(counts)
    rows = [pair for pair in product(range(size), repeat=2) for _ in range(counts[pair[0]][pair[1]])]
    return RatingTable.of(rows, scale=range(size))


def generator() -> np.random.Generator:
    return np.random.default_rng(5)


def near(value: float | None, published: float, digits: int | None = None) -> bool:
    """Tell whether a value, rounded as the published one is, is the published one."""
    shown = len(str(published).partition(".")[2]) if digits is None else digits
    return value is not None and abs(value - published) <= 0.5000001 * 10**-shown


@real
@pytest.mark.parametrize("level", LEVELS)
def test_krippendorffs_own_example_gives_his_alphas(level):
    found = alpha(ratings("krippendorff_4x12"), level, generator())
    assert near(found.value, example("krippendorff_4x12")["published"]["krippendorff_alpha"][level])
    assert (found.units, found.raters, found.values) == (11, 4, 40)


@real
def test_krippendorffs_own_example_gives_the_other_coefficients_of_other_packages():
    table, known = ratings("krippendorff_4x12"), example("krippendorff_4x12")["irrCAC"]
    for name, coefficient in BY_WEIGHTS.items():
        for weighting, ours in WEIGHTINGS.items():
            assert near(coefficient(table, ours).value, known[name][weighting], 3), (name, weighting)


@real
@pytest.mark.parametrize(("name", "form"), ICCS.items())
def test_shrout_and_fleiss_give_their_six_correlations(name, form):
    known = example("shrout_fleiss_1979_6x4")
    found = {one.form: one for one in correlate(ratings("shrout_fleiss_1979_6x4"))}[form]
    assert near(found.value, known["published"]["icc"][name])
    low, high = known["cross_check"]["icc"][name]["ci95"]
    assert near(found.low, low, 2)
    assert near(found.high, high, 2)


@real
def test_shrout_and_fleiss_give_their_mean_squares():
    squares = two_way(ratings("shrout_fleiss_1979_6x4"))
    known = example("shrout_fleiss_1979_6x4")["published"]["anova"]
    found = (squares.between, squares.judges, squares.error, squares.within)
    assert all(near(f, known[name]) for f, name in zip(found, ("BMS", "JMS", "EMS", "WMS"), strict=True))


@real
def test_fleiss_gives_his_kappa_its_z_and_the_kappa_of_every_diagnosis():
    table, known = ratings("fleiss_1971_diagnoses_30x6"), example("fleiss_1971_diagnoses_30x6")["published"]
    assert near(fleiss_kappa(table).value, 0.430)
    assert near(fleiss_kappa(table).value, known["irr_kappam_fleiss"])
    assert near(fleiss_z(table), known["z"])
    for found, published in zip(category_kappas(table), known["kappa_by_category"], strict=True):
        assert near(found, published, 3)


@real
@pytest.mark.parametrize(
    ("weighting", "prefix", "value"),
    [("unweighted", "", "cohen_kappa"), ("linear", "weighted_", "weighted_kappa_linear")],
)
def test_the_printout_of_sas_gives_kappa_with_its_error_and_interval(weighting, prefix, value):
    known = example("sas_freq_kappa_3x3")
    found = cohen_kappa(crossed(known["data"]), weighting)
    assert near(found.value, known["published"][value])
    assert near(found.error, known["published"][f"{prefix}ase"])
    low, high = known["published"][f"{prefix}ci95"]
    assert near(found.low, low)
    assert near(found.high, high)


@real
@pytest.mark.parametrize(
    ("weighting", "name"), [("unweighted", "unweighted"), ("linear", "equal"), ("quadratic", "squared")]
)
def test_the_anxiety_ratings_give_irrs_kappas_when_levels_nobody_used_are_dropped(weighting, name):
    pair = np.array(example("irr_anxiety_20x3")["data"])[:, 1:]
    levels = np.unique(pair, return_inverse=True)[1].reshape(pair.shape)
    published = example("irr_anxiety_20x3")["published"]["kappa2_raters_2_3"][name]
    assert cohen_kappa(RatingTable.of(levels), weighting).value == pytest.approx(published, abs=1e-7)


@real
@pytest.mark.parametrize(("weighting", "name"), [("linear", "linear"), ("quadratic", "quadratic")])
def test_the_anxiety_ratings_by_their_values_are_those_with_every_level(weighting, name):
    known = example("irr_anxiety_20x3")["cross_check"]["sklearn_all_labels_1_6"][name]
    pair = ratings("irr_anxiety_20x3").pick(1, 2)
    assert cohen_kappa(pair, weighting).value == pytest.approx(known)
    whole = RatingTable.of(pair.values, scale=range(1, 7))
    assert cohen_kappa(whole, weighting).value == pytest.approx(known)


@real
def test_the_anxiety_ratings_give_the_correlations_and_alphas_of_other_packages():
    table, known = ratings("irr_anxiety_20x3"), example("irr_anxiety_20x3")["cross_check"]
    names = ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)")
    for found, name in zip(correlate(table), names, strict=True):
        assert near(found.value, known["icc"][name])
    for found, level in zip(
        alphas(table, ("ordinal", "interval"), generator()), ("ordinal", "interval"), strict=True
    ):
        assert near(found.value, known["krippendorff"][level])
    assert near(fleiss_kappa(table).value, known["fleiss_kappa"])


@real
def test_gwets_five_observers_give_alpha_with_its_published_error():
    known = example("gwet_5observers_15units")["published"]
    found = alpha(ratings("gwet_5observers_15units"), "nominal", generator())
    assert near(found.value, known["krippendorff_alpha_nominal"])
    assert near(found.error, known["se"])


@real
@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("name", BY_WEIGHTS)
def test_gwets_five_observers_give_every_coefficient_with_error_and_interval(name, weighting):
    known = example("gwet_5observers_15units")["cross_check"]["irrCAC"][weighting][name]
    found = BY_WEIGHTS[name](ratings("gwet_5observers_15units"), WEIGHTINGS[weighting])
    assert found.value == pytest.approx(known["value"], abs=5.1e-5)
    assert found.error == pytest.approx(known["se"], abs=5.1e-5)
    assert [found.low, found.high] == pytest.approx(known["ci95"], abs=1.1e-4)


@real
@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_gwets_five_observers_give_the_alphas_of_another_package(level):
    known = example("gwet_5observers_15units")["cross_check"]["krippendorff"][level]
    assert near(alpha(ratings("gwet_5observers_15units"), level, generator()).value, known)


@real
def test_high_agreement_on_a_rare_finding_is_the_paradox_of_kappa():
    case = next(c for c in example("degenerate_cases")["cases"] if c["name"].startswith("prevalence"))
    table, known = crossed(case["table"]), case["computed_here"]
    assert near(cohen_kappa(table).value, known["cohen_kappa"])
    assert near(percent_agreement(table).value, known["percent_agreement"])
    assert near(gwet_ac(table).value, known["gwet_ac1"])


@pytest.mark.parametrize("coefficient", [cohen_kappa, fleiss_kappa])
def test_ratings_that_are_all_the_same_leave_nothing_to_agree_about(coefficient):
    found = coefficient(RatingTable.of(np.full((3, 2), 3.0)))
    assert (found.value, found.low, found.why) == (None, None, ALIKE)


def test_ratings_that_are_all_the_same_have_neither_alpha_nor_correlation():
    table = RatingTable.of(np.full((3, 2), 3.1))
    assert {(one.value, one.why) for one in alphas(table, LEVELS, generator())} == {(None, ALIKE)}
    assert {(one.value, one.why) for one in correlate(table)} == {(None, CONSTANT)}
    assert percent_agreement(table).value == 1
    assert gwet_ac(table).value is None
    assert gwet_ac(RatingTable.of(np.full((3, 2), 3.0), scale=range(1, 6))).value == 1


def test_perfect_agreement_on_two_values_is_one_and_has_no_interval():
    table = RatingTable.of([[1, 1], [2, 2], [1, 1]])
    found = [*alphas(table, LEVELS, generator()), cohen_kappa(table), fleiss_kappa(table), gwet_ac(table)]
    assert {one.value for one in found} == {1.0}
    assert {one.low for one in found} == {None}
    assert all(one.why.startswith("no interval") for one in found)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([[1], [2], [3]], ONE_RATER),
        ([[1, np.nan], [np.nan, 2]], NO_PAIR),
        ([[1, np.nan], [2, np.nan]], ONE_RATER),
    ],
)
def test_where_nobody_rates_what_another_rated_every_coefficient_says_so(rows, reason):
    table = RatingTable.of(rows)
    found = [
        *alphas(table, LEVELS, generator()),
        *correlate(table),
        *(one(table) for one in (cohen_kappa, fleiss_kappa, gwet_ac, brennan_prediger, percent_agreement)),
    ]
    assert {(one.value, one.why) for one in found} == {(None, reason)}
    assert survey(table, "ordinal", ["1", "2", "3"][: len(table.scale)], generator()).missing == reason


def test_a_unit_with_one_rating_changes_neither_alpha_nor_percent_agreement():
    rows = [[1, 2, 1], [2, 2, np.nan], [3, 3, 3], [1, 1, 2]]
    more = [*rows, [np.nan, 3, np.nan]]
    for level in LEVELS:
        values = {alpha(RatingTable.of(r), level, generator()).value for r in (rows, more)}
        assert len(values) == 1
    assert percent_agreement(RatingTable.of(rows)) == percent_agreement(RatingTable.of(more))


def test_the_order_of_units_and_raters_does_not_matter():
    random = generator()
    rows = random.integers(1, 6, (30, 4)).astype(float)
    rows[random.random(rows.shape) < 0.2] = np.nan
    forward, backward = RatingTable.of(rows), RatingTable.of(rows[::-1, ::-1])
    for level in LEVELS:
        assert alpha(forward, level, generator()).value == pytest.approx(
            alpha(backward, level, generator()).value
        )
    for coefficient in (cohen_kappa, fleiss_kappa, gwet_ac):
        assert coefficient(forward, "linear").value == pytest.approx(coefficient(backward, "linear").value)


@pytest.mark.parametrize("level", LEVELS)
def test_alpha_is_the_textbook_sum_over_all_pairs(level):
    random = generator()
    rows = random.integers(0, 7, (25, 4)).astype(float)
    rows[random.random(rows.shape) < 0.3] = np.nan
    assert alpha(RatingTable.of(rows), level, generator()).value == pytest.approx(slowly(rows, level))


def slowly(rows: np.ndarray, level: str) -> float:
    """Compute alpha pair by pair, as Krippendorff writes it."""
    units = [row[~np.isnan(row)] for row in rows]
    units = [unit for unit in units if len(unit) > 1]
    every = np.concatenate(units)

    def far(a: float, b: float) -> float:
        if level == "nominal":
            return float(a != b)
        if level == "interval":
            return (a - b) ** 2
        if level == "ratio":
            return ((a - b) / (a + b)) ** 2 if a + b else 0.0
        low, high = min(a, b), max(a, b)
        between = ((every >= low) & (every <= high)).sum()
        return float(between - ((every == low).sum() + (every == high).sum()) / 2) ** 2 if a != b else 0.0

    seen = sum(sum(far(a, b) for a in unit for b in unit) / (len(unit) - 1) for unit in units) / len(every)
    dealt = sum(far(a, b) for a in every for b in every) / (len(every) * (len(every) - 1))
    return 1 - seen / dealt


def test_measures_so_small_that_their_squares_vanish_have_an_alpha_and_correlations_too():
    rows = generator().normal(0, 1, (20, 3)) + np.arange(20)[:, None]
    large, small = (RatingTable.of(rows * factor) for factor in (1.0, 1e-9))
    assert alpha(small, "interval", generator()).value == pytest.approx(
        alpha(large, "interval", generator()).value
    )
    for one, other in zip(correlate(small), correlate(large), strict=True):
        assert (one.value, one.low) == pytest.approx((other.value, other.low))


def test_large_numbers_do_not_swallow_small_distances():
    rows = generator().integers(0, 5, (20, 3)).astype(float)
    near_zero, far_out = (RatingTable.of(rows + shift) for shift in (0, 1e6))
    values = [alpha(table, "interval", generator()).value for table in (near_zero, far_out)]
    assert values[0] == pytest.approx(values[1])
    assert [c.value for c in correlate(near_zero)] == pytest.approx(
        [c.value for c in correlate(far_out)], abs=1e-6
    )


def test_the_same_seed_gives_the_same_interval():
    table = RatingTable.of(generator().integers(1, 6, (40, 3)))
    first, second = (alpha(table, "ordinal", np.random.default_rng(1)) for _ in range(2))
    other = alpha(table, "ordinal", np.random.default_rng(2))
    assert first == second
    assert (first.value, first.error) == (other.value, other.error)
    assert first.low != other.low


def test_the_bootstrap_of_patterns_is_the_bootstrap_of_units():
    rows = np.repeat(generator().integers(1, 4, (12, 2)), 40, axis=0).astype(float)
    crowded = alpha(RatingTable.of(rows), "ordinal", generator())
    apart = alpha(RatingTable.of(rows + np.arange(480)[:, None] * 1e-9), "interval", generator())
    alike = alpha(RatingTable.of(rows), "interval", generator())
    assert crowded.value != alike.value
    assert (alike.low, alike.high) == pytest.approx((apart.low, apart.high), abs=0.01)


def planted(random: np.random.Generator, units: int) -> RatingTable:
    """Give three raters' scores from 1 to 5, a tenth missing."""
    rows = np.clip(np.round(3 + random.normal(0, 0.85, (units, 1)) + random.normal(0, 0.7, (units, 3))), 1, 5)
    rows[random.random(rows.shape) < 0.1] = np.nan
    return RatingTable.of(rows, scale=range(1, 6))


def test_intervals_cover_what_was_planted_about_as_often_as_they_claim():
    random = generator()
    truth = planted(random, 200_000)
    measures = {
        "alpha": lambda table: alpha(table, "ordinal", random, draws=600),
        "AC2": lambda table: gwet_ac(table, "linear"),
        "kappa": lambda table: cohen_kappa(table, "quadratic"),
        "ICC": lambda table: correlate(table)[1],
    }
    wanted = {name: measure(truth).value for name, measure in measures.items()}
    hits = dict.fromkeys(measures, 0)
    for _ in range(200):
        table = planted(random, 120)
        for name, measure in measures.items():
            found = measure(table)
            hits[name] += found.low <= wanted[name] <= found.high
    assert all(0.90 <= count / 200 <= 0.985 for count in hits.values()), hits


def test_units_of_one_cluster_are_drawn_together_and_widen_the_interval():
    rows = np.repeat(planted(generator(), 40).values, 4, axis=0)
    cluster = np.repeat(np.arange(40), 4)
    clustered, free = RatingTable.of(rows, cluster=cluster), RatingTable.of(rows)
    for coefficient in (
        lambda table: alpha(table, "interval", generator()),
        lambda table: gwet_ac(table, "linear"),
        lambda table: cohen_kappa(table, "quadratic"),
    ):
        together, apart = coefficient(clustered), coefficient(free)
        assert together.value == pytest.approx(apart.value)
        assert together.high - together.low == pytest.approx(2 * (apart.high - apart.low), rel=0.15)


def test_raters_nobody_knows_leave_what_does_not_ask_for_them():
    table = RatingTable.of([[1, 1, 2], [2, 2, 2], [3, 3, 1]], raters=())
    assert fleiss_kappa(table).value is not None
    assert fleiss_kappa(table).raters == 0
    assert cohen_kappa(table).value is None
    singles = {one.form: one.value is None for one in correlate(table)}
    assert singles == {
        "(1,1)": False,
        "(2,1)": True,
        "(3,1)": True,
        "(1,k)": False,
        "(2,k)": True,
        "(3,k)": True,
    }


def test_correlations_of_two_ways_need_units_that_every_rater_rated():
    found = correlate(RatingTable.of([[1, 2, np.nan], [np.nan, 3, 4], [5, 5, 4]]))
    assert found[0].value is not None
    assert found[1].why == INCOMPLETE


def test_units_whose_means_are_the_same_have_no_correlation_of_means():
    found = {one.form: one for one in correlate(RatingTable.of([[1, 3], [3, 1], [2, 2]]))}
    assert found["(1,1)"].value == -1
    assert (found["(1,k)"].value, found["(1,k)"].why) == (None, FLAT)


def test_two_raters_who_share_no_unit_make_the_mean_over_pairs_undefined_and_are_named():
    table = RatingTable.of([[1, 2, np.nan], [2, 2, np.nan], [np.nan, 1, 1]], raters=["Ann", "Bo", "Cy"])
    assert cohen_kappa(table).why == "Ann and Cy: there is no unit that both rated"


def test_too_many_raters_are_not_paired_one_by_one():
    assert cohen_kappa(RatingTable.of(generator().integers(0, 2, (9, 26)))).why == CROWD


def test_the_mean_over_pairs_is_the_mean_of_the_pairs():
    table = RatingTable.of(generator().integers(1, 4, (30, 3)))
    pairs = [cohen_kappa(table.pick(*pair)).value for pair in ((0, 1), (0, 2), (1, 2))]
    assert cohen_kappa(table).value == pytest.approx(np.mean(pairs))


def test_two_raters_are_crossed_as_they_are_and_more_both_ways_round():
    assert cross_tabulate(RatingTable.of([[1, 2], [1, 2], [2, 2]])).tolist() == [[0, 2], [0, 1]]
    assert cross_tabulate(RatingTable.of([[1, 2, 2]])).tolist() == [[0, 2], [2, 2]]


def test_positive_and_negative_agreement_part_where_one_value_is_rare():
    negative, positive = specific_agreement(crossed([[118, 5], [2, 0]]))
    assert (negative, positive) == (pytest.approx(236 / 243), 0)


def test_a_value_off_the_scale_is_refused():
    with pytest.raises(ValueError, match=r"the value 3\.5 is not on the scale"):
        RatingTable.of([[1, 3.5]], scale=range(1, 6))
    with pytest.raises(ValueError, match="2 units, 1 raters"):
        RatingTable.of([[1, 2], [1, 2]], raters=["one"])


def test_ratings_by_anybody_are_laid_side_by_side():
    laid = squeeze(np.array([1, 0, 1, 1]), np.array([5.0, 4.0, 3.0, 2.0]), 3)
    np.testing.assert_array_equal(laid, [[4, np.nan, np.nan], [5, 3, 2], [np.nan, np.nan, np.nan]])


@pytest.mark.parametrize("level", LEVELS)
def test_the_krippendorff_package_says_the_same(level):
    package = pytest.importorskip("krippendorff", reason="GPL: a test oracle only, not a dependency")
    random = generator()
    for _ in range(5):
        rows = random.integers(0, 6, (40, 4)).astype(float)
        rows[random.random(rows.shape) < 0.3] = np.nan
        theirs = package.alpha(reliability_data=rows.T, level_of_measurement=level)
        assert alpha(RatingTable.of(rows), level, random, draws=200).value == pytest.approx(theirs)


@pytest.mark.parametrize("weighting", ["unweighted", "linear", "quadratic"])
def test_scikit_learn_says_the_same(weighting):
    metrics = pytest.importorskip("sklearn.metrics", reason="not installed here")
    rows = generator().integers(1, 6, (60, 2))
    theirs = metrics.cohen_kappa_score(
        *rows.T, weights=None if weighting == "unweighted" else weighting, labels=range(1, 6)
    )
    assert cohen_kappa(RatingTable.of(rows, scale=range(1, 6)), weighting).value == pytest.approx(theirs)
