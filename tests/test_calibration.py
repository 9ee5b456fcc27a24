"""Calibration: a map that never falls, learnt without the case it is used on, and means set right by labels."""

from __future__ import annotations

import numpy as np
import pytest

from rubrics.agreement.alpha import alpha
from rubrics.agreement.kappa import cohen_kappa
from rubrics.agreement.ratings import RatingTable
from rubrics.calibration.beside import match
from rubrics.calibration.calibrate import ENOUGH, FEWEST, calibrate
from rubrics.calibration.ceiling import compare
from rubrics.calibration.correct import correct
from rubrics.calibration.gain import weigh
from rubrics.calibration.isotonic import apply, fit, learn, pair, whole
from rubrics.calibration.slant import misjudge
from rubrics.numbers.table import Columns, lay
from tests.benchmarks.run_calibration import World, annotate, plant
from tests.numbered import ballots

SEED = np.random.SeedSequence(3)


def generator(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def labelled(many: int = 200, **world):
    """Give a planted run in which the first conversations are labelled."""
    planted = plant(World(**world), generator())
    values = np.full((len(planted.hidden), 1, 3), np.nan)
    values[:many, 0] = planted.hidden[:many, None]
    return planted.table, annotate(values)


# The map


def test_the_map_finds_a_planted_one_that_rises():
    jury = np.repeat(np.arange(1.0, 5.01, 0.25), 20)
    truth = 1 + 4 * ((jury - 1) / 4) ** 2
    pairing = pair(jury, truth, np.arange(len(jury)), generator())
    assert np.allclose(apply(pairing, learn(pairing)), truth, atol=1e-9)


def test_the_map_never_falls_whatever_the_labels():
    jury, label = generator().uniform(1, 5, 300), generator(4).uniform(1, 5, 300)
    pairing = pair(jury, label, np.arange(300), generator())
    assert (np.diff(whole(pairing)) >= -1e-12).all()
    assert (np.diff(learn(pairing), axis=1) >= -1e-12).all()


def test_violators_are_pooled_to_their_weighted_mean():
    level = np.array([1.0, 2.0, 3.0, 4.0])
    weight, label = np.array([1.0, 1.0, 3.0, 1.0]), np.array([1.0, 4.0, 2.0, 5.0])
    assert fit(level, weight, weight * label) == pytest.approx([1, 2.5, 2.5, 5])


def test_the_map_is_level_beyond_the_labels_and_straight_between_them():
    pairing_level = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    weight = np.array([0.0, 1.0, 0.0, 1.0, 0.0])
    label = np.array([0.0, 2.0, 0.0, 3.0, 0.0])
    assert fit(pairing_level, weight, label) == pytest.approx([2, 2, 2.5, 3, 3])


def test_no_calibrated_score_has_seen_a_label_of_its_own_case():
    table, annotations = labelled()
    before = calibrate(table, annotations, np.random.SeedSequence(3), draws=2)[0].found.scores
    for case in range(5):
        own = table.case.index == case
        values = annotations.values.copy()
        values[own & ~np.isnan(values[:, 0, 0])] = 5.0
        after = calibrate(table, annotate(values), np.random.SeedSequence(3), draws=2)[0].found.scores
        assert np.array_equal(before[own], after[own])
        assert not np.array_equal(before, after)


def test_all_conversations_of_a_case_lie_in_one_fold_and_labels_are_spread_over_the_folds():
    case = generator().integers(50, size=400)
    label = np.where(case < 20, 3.0, np.nan)
    pairing = pair(np.full(400, 3.0), label, case, generator())
    assert len(pairing.fold) == pairing.cases
    known = np.unique(pairing.case[pairing.labelled])
    assert set(np.bincount(pairing.fold[known], minlength=10)) == {2}


# How many labels


def test_a_dimension_is_refused_under_sixty_labelled_conversations():
    table, annotations = labelled(FEWEST - 1)
    (report,) = calibrate(table, annotations, SEED)
    assert report.found is None
    assert report.refused.startswith(f"{FEWEST - 1} labelled conversations; at least {FEWEST} are needed")


def test_sixty_will_do_with_a_warning_that_ends_at_a_hundred_and_fifty():
    for many, thin in ((FEWEST, True), (ENOUGH - 1, True), (ENOUGH, False)):
        (report,) = calibrate(*labelled(many), SEED, draws=20)
        assert (report.found is not None, report.thin) == (True, thin)


def test_labels_of_one_case_alone_teach_nothing():
    many = FEWEST + 5
    table = lay(
        ballots(np.full((many, 1, 3), 3.0)),
        Columns(model=["m"] * many, case=["c"] * many, scenario=[str(n) for n in range(many)]),
    )
    (report,) = calibrate(table, annotate(np.full((many, 1, 2), 4.0)), SEED)
    assert "about one case" in report.refused


# Means


def test_with_every_conversation_labelled_the_corrected_mean_is_the_clinicians():
    planted = plant(World(share=1.0), generator())
    (report,) = calibrate(planted.table, planted.annotations, SEED, draws=50)
    for one in report.found.correction.means:
        assert one.corrected.value == pytest.approx(one.clinicians.value)


def test_a_jury_of_noise_is_not_trusted_and_a_perfect_one_is():
    trust = {}
    for name, world in {
        "noise": World(squeeze=0.0, lift=3.0, flattery=0.0),
        "good": World(squeeze=1.0, lift=0.0, shared=0.0, juror=0.1, clinician=0.1, flattery=0.0),
    }.items():
        planted = plant(world, generator())
        (report,) = calibrate(planted.table, planted.annotations, SEED, draws=20)
        trust[name] = report.found.correction.trust
    assert trust["noise"] < 0.4
    assert trust["good"] > 0.9


def test_a_model_with_too_few_labelled_cases_has_no_corrected_mean_and_says_how_few():
    table, annotations = labelled(600)
    values = annotations.values.copy()
    last = np.flatnonzero((table.model.index == 5) & ~np.isnan(values[:, 0, 0]))
    values[last[1:]] = np.nan
    (report,) = calibrate(table, annotate(values), SEED, draws=20)
    one = report.found.correction.means[5]
    assert (one.corrected.value, one.clinicians.basis.n) == (None, 1)
    assert one.calibrated.value is not None


def test_the_interval_holds_the_labels_uncertainty_fewer_labels_make_it_wider():
    wide = []
    for share in (0.15, 0.8):
        planted = plant(World(share=share), generator())
        (report,) = calibrate(planted.table, planted.annotations, np.random.SeedSequence(1), draws=200)
        wide.append(np.mean([m.corrected.high - m.corrected.low for m in report.found.correction.means]))
    assert wide[0] > 1.5 * wide[1]


def test_conversations_of_one_case_are_drawn_together():
    planted = plant(World(case=1.2, pair=0.1, share=0.5), generator())
    raw, label = planted.table.points[:, 1], planted.annotations.means[:, 0]
    error = []
    for case in (planted.table.case.index, np.arange(len(raw))):
        pairing = pair(raw, label, case, generator())
        found = correct(
            pairing,
            np.zeros(len(raw), dtype=np.int64),
            ("all",),
            generator(),
            missing=np.zeros(1, dtype=int),
            draws=300,
        )
        (mean,) = found.means
        error.append(mean.corrected.high - mean.corrected.low)
    assert error[0] > 1.5 * error[1]


def test_labels_that_were_not_chosen_by_chance_are_suspected():
    planted = plant(World(share=1.0), generator())
    raw = planted.table.points[:, 1]
    for labelled, suspected in ((raw > 3.3, True), (generator(2).random(len(raw)) < 0.4, False)):
        values = np.where(labelled[:, None, None], planted.annotations.values, np.nan)
        (report,) = calibrate(planted.table, annotate(values), SEED, draws=10)
        assert (report.found.chosen < 0.01) == suspected


# Errors


def test_limits_of_agreement_are_the_bias_and_twice_the_spread():
    planted = plant(World(), generator())
    (report,) = calibrate(planted.table, planted.annotations, SEED, draws=20)
    gap = planted.table.points[:, 1] - planted.annotations.means[:, 0]
    gap = gap[~np.isnan(gap)]
    raw = report.found.correction.raw
    assert raw.bias.value == pytest.approx(gap.mean())
    assert raw.mae.value == pytest.approx(np.abs(gap).mean())
    assert raw.rmse.value == pytest.approx(np.sqrt((gap**2).mean()))
    assert raw.high_limit - raw.low_limit == pytest.approx(2 * 1.96 * gap.std(ddof=1))


def test_false_credit_and_blame_are_counted_among_those_that_deserve_none():
    raw = np.array([4.0, 3.0, 5.0, 2.0, 1.0, 4.0])
    label = np.array([2.0, 1.0, 5.0, 4.0, 1.5, 3.0])
    credit, blame = misjudge(raw, np.full(6, 3.0), label)[:2]
    assert (credit.kind, credit.hits, credit.n) == ("credit", 1, 3)
    assert (blame.kind, blame.hits, blame.n) == ("blame", 1, 2)


def test_no_false_credit_in_n_still_leaves_about_three_in_n():
    rate = misjudge(np.full(100, 1.0), np.full(100, 1.0), np.full(100, 1.0))[0]
    assert (rate.hits, rate.rate) == (0, 0.0)
    assert rate.upper == pytest.approx(1 - 0.05 ** (1 / 100))


# Agreement


def test_kappa_and_alpha_of_two_single_raters_are_the_usual_ones():
    first, second = (
        generator().integers(1, 6, 80).astype(float),
        generator(5).integers(1, 6, 80).astype(float),
    )
    votes, labels = first[:, None], second[:, None]
    rows = compare(
        votes, np.column_stack([first, first]), labels, np.arange(80), generator=generator(), draws=50
    )
    table = RatingTable.of(np.column_stack([first, second]))
    assert rows[0].kappa.value == pytest.approx(cohen_kappa(table, "quadratic").value)
    assert rows[0].alpha.value == pytest.approx(alpha(table, "interval", generator(), draws=200).value)


def test_two_clinicians_among_themselves_have_the_alpha_of_their_table():
    labels = generator().integers(1, 6, (60, 2)).astype(float)
    rows = compare(labels, labels, labels, np.arange(60), generator=generator(), draws=50)
    human = next(row for row in rows if row.human and row.level == "one")
    table = RatingTable.of(labels)
    assert human.alpha.value == pytest.approx(alpha(table, "interval", generator(), draws=200).value)


def test_the_jury_is_compared_with_the_ceiling_of_its_own_level():
    quality = generator().normal(3, 1, 400)
    scores = quality[:, None] + generator(8).normal(0, 0.6, (400, 6))
    rows = compare(
        scores[:, :3],
        np.column_stack([scores[:, :2].mean(axis=1)] * 2),
        scores[:, 3:],
        np.arange(400),
        generator=generator(),
        draws=300,
    )
    short = {row.who: row.short for row in rows}
    # Jurors as good as clinicians: a juror is short of nothing, nor is the mean of two of them.
    assert short["one juror"].low < 0 < short["one juror"].high
    assert short["the jury's mean"].low < 0 < short["the jury's mean"].high
    kappa = {(row.who, row.whom): row.kappa.value for row in rows}
    assert kappa["the others' mean", "one clinician"] > kappa["one clinician", "another clinician"] + 0.05


def test_without_a_conversation_scored_twice_there_is_no_ceiling():
    labels = np.full((50, 2), np.nan)
    labels[:, 0] = generator().integers(1, 6, 50)
    votes = generator(2).integers(1, 6, (50, 3)).astype(float)
    rows = compare(votes, votes[:, :2], labels, np.arange(50), generator=generator(), draws=50)
    assert [row.human for row in rows] == [False] * 3
    assert all(row.short is None for row in rows)


# The panel


def test_errors_that_jurors_share_are_found_and_the_clinicians_noise_is_not_taken_for_one():
    n = 20_000
    quality = generator().normal(3, 1, n)
    common, own = generator(1).normal(0, 0.4, (n, 1)), generator(2).normal(0, 0.6, (n, 3))
    votes = quality[:, None] + common + own
    labels = quality[:, None] + generator(4).normal(0, 0.8, (n, 2))
    gain = weigh(votes, labels, np.arange(n) // 2, generator())
    true = 0.16 / (0.16 + 0.36)
    assert gain.noise_known
    assert gain.together == pytest.approx(true, abs=0.02)
    assert gain.effective == pytest.approx(3 / (1 + 2 * true), abs=0.06)
    alone = weigh(votes, labels[:, :1], np.arange(n), generator())
    assert not alone.noise_known
    assert alone.together > true + 0.2


def test_reliability_of_more_jurors_is_that_of_spearman_and_brown():
    n = 20_000
    quality = generator().normal(0, np.sqrt(0.47), n)
    votes = quality[:, None] + generator(2).normal(0, np.sqrt(0.53), (n, 2))
    gain = weigh(votes, np.zeros((n, 1)), np.arange(n), generator())
    assert gain.sizes[3] == pytest.approx(0.73, abs=0.01)
    assert gain.sizes[5] == pytest.approx(0.82, abs=0.01)


def test_errors_within_the_clinicians_noise_say_nothing_of_the_panel():
    labels = generator().integers(1, 6, (100, 2)).astype(float)
    gain = weigh(np.column_stack([labels.mean(axis=1)] * 3), labels, np.arange(100), generator())
    assert (gain.together, gain.effective) == (None, None)


# Two versions of a rubric


def test_the_rubric_nearer_to_the_clinicians_is_found_on_the_same_conversations():
    planted = plant(World(share=0.5), generator())
    label = planted.hidden
    near = np.clip(np.rint(label[:, None] + generator(1).normal(0, 0.3, (len(label), 3))), 1, 5)
    names = planted.table.case
    second = lay(
        ballots(near[:, None]),
        Columns(
            model=["m"] * len(label),
            case=[names.names[c] for c in names.index],
            scenario=[str(c) for c in range(len(label))],
        ),
    )
    (row,) = match(planted.table, second, planted.annotations, np.random.SeedSequence(2))
    assert row.raw.high < 0
    assert row.calibrated.high < 0
    assert row.errors["second, raw"].value < row.errors["first, raw"].value
    (same,) = match(planted.table, planted.table, planted.annotations, np.random.SeedSequence(2))
    assert same.raw.value == same.calibrated.value == 0


def test_rubrics_that_share_too_few_labelled_conversations_are_not_compared():
    table, annotations = labelled(FEWEST - 10)
    (row,) = match(table, table, annotations, np.random.SeedSequence(2))
    assert "at least 60" in row.refused
