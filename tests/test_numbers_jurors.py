"""Jurors: one who favours its own is found, one who is only lenient is not, and style is told from quality."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rubrics.numbers.favour import Favour, favour
from rubrics.numbers.panels import shrink
from rubrics.numbers.style import confound
from rubrics.numbers.table import OVERALL, Columns, lay
from rubrics.scores import Floats
from tests.numbered import ballots, crossed


def biased(preference: float, lenience: float) -> tuple[Floats, Floats]:
    """Give (S, M, 1, J) points in which the first juror is of the first model's family, and who is of whose."""
    generator = np.random.default_rng(1)
    points = generator.normal(3, 0.5, (100, 4, 1, 1)) + generator.normal(0, 0.3, (100, 4, 1, 3))
    points[..., 0] += lenience
    points[:, 0, :, 0] += preference
    own = np.zeros((4, 3), dtype=bool)
    own[0, 0] = own[1, 1] = True
    return points, own


def preferences(points: Floats, own: Floats, **columns: object) -> dict[str, Favour]:
    """Give the overall self-preference by juror."""
    rows = favour(crossed(points, own=own, **columns))
    return {row.juror: row for row in rows if row.dimension == OVERALL}


def test_a_juror_who_favours_its_family_is_found_with_how_much():
    rows = preferences(*biased(0.5, 0.0))
    assert rows["j0"].preference.value == pytest.approx(0.5, abs=0.1)
    assert rows["j0"].preference.low > 0.3
    assert rows["j0"].holm < 0.001
    assert rows["j1"].preference.low < 0 < rows["j1"].preference.high


def test_a_juror_who_is_lenient_with_everybody_does_not_favour():
    row = preferences(*biased(0.0, 1.0))["j0"]
    assert row.preference.low < 0 < row.preference.high


def test_an_answer_that_is_truly_better_is_not_favoured():
    points, own = biased(0.0, 0.3)
    points[:, 0] += 1.5
    row = preferences(points, own)["j0"]
    assert row.preference.low < 0 < row.preference.high


def test_a_juror_without_a_model_of_its_family_has_no_preference_to_estimate():
    row = preferences(*biased(0.5, 0.0))["j2"]
    assert (row.preference.value, row.p, row.preference.basis.n) == (None, None, 0)


def test_preference_for_long_answers_is_not_preference_for_the_family():
    points, own = biased(0.0, 0.0)
    tokens = np.random.default_rng(2).lognormal(6, 0.3, (100, 4, 1))
    tokens[:, 0] *= 2
    points[..., 0] += 0.8 * np.log(tokens / 400)
    row = preferences(points, own, covariates={"tokens": tokens.ravel()})["j0"]
    assert row.preference.low > 0.3
    assert row.at_length.low < 0 < row.at_length.high


def test_leaving_a_juror_out_shows_whose_ranks_hang_on_it():
    generator = np.random.default_rng(3)
    points = 3 + generator.normal(0, 0.2, (60, 2, 1, 3))
    points[:, 0, :, 1] += 1.5  # one juror alone puts the first model first
    points[:, 1, :, [0, 2]] += 0.2
    rows = [row for row in shrink(crossed(points), np.random.default_rng(1)) if row.now.dimension == OVERALL]
    changed = {(row.without, row.now.model) for row in rows if row.contradicts}
    assert changed == {("j1", "m0"), ("j1", "m1")}


def test_a_family_of_several_jurors_is_left_out_as_one():
    points = np.random.default_rng(4).normal(3, 0.5, (20, 2, 1, 3))
    table = crossed(points, family={"j0": "A", "j1": "A", "j2": "B", "m0": "A"})
    assert {(row.without, row.kind) for row in shrink(table, np.random.default_rng(1), draws=100)} == {
        ("j0", "juror"),
        ("j1", "juror"),
        ("j2", "juror"),
        ("A", "family"),
    }


def test_a_panel_of_one_has_nobody_to_leave_out():
    assert shrink(crossed(np.full((3, 2, 1, 1), 3.0)), np.random.default_rng(1)) == ()


def test_length_that_buys_points_is_found_and_taken_out_of_the_means():
    generator = np.random.default_rng(5)
    tokens = generator.lognormal(6, 0.5, (80, 2, 1))
    tokens[:, 0] *= 2
    points = generator.normal(3, 0.3, (80, 1, 1, 1)) + 0.4 * np.log2(tokens / 400)[..., None]
    points = points + generator.normal(0, 0.2, (80, 2, 1, 2))
    style = confound(crossed(points, covariates={"tokens": tokens.ravel()}))
    slope = next(row for row in style.confounds if row.dimension == OVERALL)
    assert slope.slope.low < 0.4 < slope.slope.high
    assert slope.correlation.low > 0.5
    long, short = (row for row in style.means if row.dimension == OVERALL)
    assert long.plain - short.plain > 0.3
    assert abs(long.mean.value - short.mean.value) < 0.1


def test_the_partial_correlation_is_the_textbook_one():
    generator = np.random.default_rng(6)
    first, second = generator.normal(size=(2, 300))
    points = 3 + first + 0.5 * second + generator.normal(size=300)
    table = lay(
        ballots(points[:, None, None]),
        Columns(
            model=["m"] * 300,
            case=[f"c{i}" for i in range(300)],
            scenario=["s"] * 300,
            covariates={"hedges": first, "questions": second},
        ),
    )
    row = confound(table).confounds[0]
    r = np.linalg.inv(np.corrcoef([points, first, second]))
    assert row.correlation.value == pytest.approx(-r[0, 1] / np.sqrt(r[0, 0] * r[1, 1]))
    assert row.slope.value == pytest.approx(np.polyfit(*_without(second, first, points), 1)[0])


def _without(other: Floats, *columns: Floats) -> list[Floats]:
    """Take a straight line in `other` out of each column."""
    fits = [stats.linregress(other, column) for column in columns]
    return [c - fit.intercept - fit.slope * other for c, fit in zip(columns, fits, strict=True)]
