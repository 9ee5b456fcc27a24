"""The planted truth of calibration, small: with fixed seeds intervals cover and the map keeps its word."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from tests.benchmarks.run_calibration import Tally, World, observe

RUNS = 60


@pytest.fixture(scope="module")
def seen() -> Tally:
    """Give what was right and wrong in some simulated runs of a world with known answers."""
    total: Tally = defaultdict(list)
    for seed in range(RUNS):
        for question, answers in observe(seed, World(scenarios=90)).items():
            total[question] += answers
    return total


@pytest.mark.parametrize("name", ["corrected mean", "labels alone", "bias of the jury"])
def test_intervals_cover_the_planted_truth_as_often_as_they_claim(seen, name):
    assert 0.91 <= np.mean(seen[f"{name}: interval holds it"]) <= 0.99


def test_a_model_the_jury_flatters_keeps_its_praise_until_it_is_corrected(seen):
    off = {
        name: np.mean(seen[f"flattered model: {name} mean less true"])
        for name in ("jury", "calibrated", "corrected")
    }
    assert off["jury"] > 1
    assert off["calibrated"] > 0.3
    assert abs(off["corrected"]) < 0.06


def test_the_error_that_is_told_is_the_error_on_labels_nobody_gave(seen):
    told, fresh = (
        np.mean(seen[name]) for name in ("mean error after, out of fold", "the same on labels nobody gave")
    )
    assert told == pytest.approx(fresh, abs=0.03)
    assert fresh < np.mean(seen["mean error before"]) - 0.1


def test_the_jury_saves_labels(seen):
    assert np.mean(seen["width of corrected interval, labels' = 1"]) < 0.97


def test_a_stratum_the_jury_treats_as_any_other_is_seldom_called_odd(seen):
    assert np.mean(seen["stratum bias: p < 0.05"]) <= 0.13
