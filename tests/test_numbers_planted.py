"""The planted truth, small: with a fixed seed, intervals cover, tests hold their level, adjustment adjusts."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from rubrics.numbers.everything import number
from tests.benchmarks import planted_arms
from tests.benchmarks.planted import Tally, World, observe, plant

RUNS = 60
FEW = 30
"""Runs with arms, which hold five times as much."""


@pytest.fixture(scope="module")
def seen() -> Tally:
    """Give what was right and wrong in some simulated runs of a world with known answers."""
    total: Tally = defaultdict(list)
    for seed in range(RUNS):
        for question, answers in observe(seed, World(scenarios=60)).items():
            total[question] += answers
    return total


@pytest.mark.parametrize(
    "question",
    [
        "mean: interval holds it",
        "difference: interval holds it",
        "stratum contrast: interval holds it",
        "stratum interaction: interval holds it",
        "self-preference: interval holds it",
    ],
)
def test_intervals_cover_the_planted_truth_as_often_as_they_claim(seen, question):
    assert 0.91 <= np.mean(seen[question]) <= 0.99


@pytest.mark.parametrize(
    "question",
    [
        "equal models: sign-flip p < 0.05",
        "equal models: Wilcoxon p < 0.05",
        "stratum contrast of none: p < 0.05",
        "juror without preference: p < 0.05",
    ],
)
def test_tests_find_nothing_where_nothing_is_but_once_in_twenty(seen, question):
    assert 0.01 <= np.mean(seen[question]) <= 0.11


def test_all_ranks_hold_at_once(seen):
    assert np.mean(seen["ranks: all intervals hold at once"]) >= 0.9


def test_the_raw_mean_charges_a_model_for_its_jurors_and_the_adjusted_one_does_not(seen):
    raw = [abs(np.mean(seen[f"model {m}: raw mean less true"])) for m in range(6)]
    adjusted = [abs(np.mean(seen[f"model {m}: adjusted mean less true"])) for m in range(6)]
    assert max(raw) > 0.15
    assert max(adjusted) < 0.04


def test_the_lenient_and_the_self_preferring_juror_are_found(seen):
    assert np.mean(seen["lenient juror: most lenient of all"]) == 1.0
    assert np.mean(seen["self-preferring juror: found, Holm p < 0.05"]) > 0.6
    assert abs(np.mean(seen["self-preferring juror: estimate less planted 0.40"])) < 0.06


def test_every_table_of_a_run_is_the_same_for_the_same_seed():
    table = plant(World(scenarios=30), np.random.default_rng(1))
    first, second = (number(table, np.random.SeedSequence(3), draws=200) for _ in range(2))
    assert first == second
    assert len(first.pairs) == 15 * 2
    assert first.stability == ()
    assert first.triage == ()
    assert {row.dimension for row in first.components} == {"d0"}


@pytest.fixture(scope="module")
def armed() -> Tally:
    """Give what was right and wrong in some simulated runs with arms, second readings and biased jurors."""
    total: Tally = defaultdict(list)
    for seed in range(FEW):
        for question, answers in planted_arms.one(seed, 60).items():
            total[question] += answers
    return total


def test_intervals_of_effects_and_second_readings_cover_as_often_as_they_claim(armed):
    held = {
        question: np.mean(answers) for question, answers in armed.items() if question.endswith("holds it")
    }
    assert len(held) == 15
    many = {question: share for question, share in held.items() if len(armed[question]) >= 120}
    assert all(0.90 <= share <= 0.99 for share in many.values()), many
    assert all(share >= 0.8 for share in held.values()), held


def test_an_arm_that_does_nothing_is_found_to_do_something_once_in_twenty(armed):
    shares = {question: np.mean(answers) for question, answers in armed.items() if "of none: p" in question}
    assert {question.split(" of none")[0] for question in shares} >= {
        "free",
        "frozen",
        "carried",
        "interaction",
    }
    assert all(share <= 0.12 for share in shares.values()), shares
    every = [one for question in shares for one in armed[question]]
    assert 0.02 <= np.mean(every) <= 0.08
    assert np.mean(armed["an arm of none: any model, Holm p < 0.05"]) <= 0.08


def test_jurors_that_drift_are_off_or_favour_their_own_are_found_and_the_others_left_alone(armed):
    assert np.mean(armed["drifting juror: found, interval of the shift above 0"]) > 0.9
    assert abs(np.mean(armed["second reading, vote's own error less true"])) < 0.05
    assert (
        np.mean(armed["juror off on a fifth of cases: level found"]) > 0.3
    )  # of twelve cases, in so small a run
    assert np.mean(armed["nobody off: any level flagged"]) < 0.1
    assert np.mean(armed["own family +1: juror found, Holm p < 0.05"]) == 1.0
    assert np.mean(armed["own family +1: any other juror accused, Holm p < 0.05"]) < 0.15
    assert np.mean(armed["lenient juror beside it: most lenient of all"]) == 1.0
