"""Means of groups: the error is what leaving cases out shows, severities included, and every count is there."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rubrics.numbers.means import group
from rubrics.numbers.table import OVERALL, Columns, factor, lay, select
from rubrics.scores import Floats, points, score
from tests.numbered import ballots, crossed


def uneven(seed: int) -> tuple[Floats, Floats]:
    """Give (S, M, 1, J) points with holes, the first juror barred from the first model, and who is barred."""
    generator = np.random.default_rng(seed)
    cells = generator.normal(3, 0.7, (40, 1, 1, 1)) + generator.normal(0, 0.5, (40, 3, 1, 3))
    cells = cells + np.array([0.6, 0.0, -0.4])
    cells[generator.random(cells.shape) < 0.15] = np.nan
    own = np.zeros((3, 3), dtype=bool)
    own[0, 0] = True
    return cells, own


def test_the_error_is_the_one_that_leaving_out_each_case_shows():
    cells, own = uneven(1)
    means = group(table := crossed(cells, own=own), table.model.index, 3)
    left = []
    for case in range(40):
        rest = select(table, table.case.index != case)
        left.append(group(rest, rest.model.index, 3).value)
    spread = np.array(left)
    jackknife = np.sqrt(39 / 40 * ((spread - spread.mean(axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose(means.error, jackknife, rtol=0.05)


def test_a_severity_that_is_itself_a_guess_widens_the_interval():
    # The first model always got a 3, and always from the one juror: all that is unsure is how lenient that one is.
    points = np.random.default_rng(2).normal(3, 0.6, (20, 2, 1, 3))
    points[:, 0] = np.nan
    points[:, 0, :, 0] = 3.0
    table = crossed(points)
    error = group(table, table.model.index, 2).error[0, 1]
    apart = points[:, 1, 0, 0] - points[:, 1, 0].mean(axis=1)
    assert error == pytest.approx(apart.std(ddof=1) / np.sqrt(20), rel=0.05)


def test_with_one_juror_the_interval_is_the_closed_clustered_formula():
    generator = np.random.default_rng(3)
    case = np.repeat(np.arange(25), 4)
    values = 3 + generator.normal(0, 0.5, 25)[case] + generator.normal(0, 0.4, 100)
    table = crossed(values[:, None, None, None], case=[f"case {c}" for c in case])
    mean = group(table, table.model.index, 1).estimates()[0][1]
    sums = np.bincount(case, weights=values - values.mean())
    half = stats.t.ppf(0.975, 24) * np.sqrt((sums**2).sum()) / 100 * np.sqrt(25 / 24)
    assert mean.value == pytest.approx(values.mean())
    assert (mean.high - mean.low) / 2 == pytest.approx(half)


def test_every_mean_says_how_much_it_rests_on():
    cells = np.full((5, 1, 2, 2), 3.0)
    cells[0, 0, 0] = np.nan
    cells[1, 0, 0, 1] = np.nan
    table = crossed(cells)
    basis = group(table, table.model.index, 1).basis(0, 1)
    assert (basis.n, basis.clusters, basis.missing, basis.abstained) == (9, 5, 1, 3)


def test_a_group_without_a_score_has_no_mean_and_one_without_spread_no_interval():
    table = crossed(np.stack([np.full((6, 1, 2), 4.0), np.full((6, 1, 2), np.nan)], axis=1))
    flat, empty = (row[1] for row in group(table, table.model.index, 2).estimates())
    assert (flat.value, flat.low, flat.high) == (4.0, None, None)
    assert (empty.value, empty.low, empty.basis.n, empty.basis.missing) == (None, None, 0, 6)


def test_overall_needs_every_dimension_and_comes_first():
    cells = np.array([[[2.0], [4.0]], [[3.0], [np.nan]]])
    table = lay(ballots(cells), Columns(model=["m", "m"], case=["a", "b"], scenario=["a", "b"]))
    assert table.dimensions == (OVERALL, "d0", "d1")
    np.testing.assert_array_equal(table.points, points(score(ballots(cells))))
    assert table.points[0].tolist() == [3.0, 2.0, 4.0]
    assert np.isnan(table.points[1, [0, 2]]).all()


def test_selecting_conversations_is_scoring_them_alone():
    cells, own = uneven(4)
    table = crossed(cells, own=own, arm=["full", "no-image"] * 60)
    rest = select(table, table.arm.index == table.arm.names.index("no-image"))
    assert len(rest.scores.votes.conversations) == 60
    keep = [name for name, arm in zip(table.scores.votes.conversations, ["full", "no-image"] * 60, strict=True)
            if arm == "no-image"]  # fmt: skip
    assert rest.scores.votes.conversations == tuple(keep)
    np.testing.assert_array_equal(rest.scores.cells, table.scores.cells[1::2])


def test_a_level_that_is_not_known_is_in_no_group():
    assert factor(["b", None, "a"]).index.tolist() == [1, -1, 0]


def test_a_column_of_the_wrong_length_is_refused_by_name():
    columns = Columns(model=["m"], case=["a"], scenario=["a"], covariates={"tokens": [1.0, 2.0]})
    with pytest.raises(ValueError, match="'tokens' has 2 rows for 1 conversations"):
        lay(ballots(np.full((1, 1, 1), 3.0)), columns)
