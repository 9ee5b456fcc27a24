"""A juror that judged twice is held against itself, and weighs no more for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from rubrics.numbers.retest import Retest, reread
from rubrics.numbers.table import OVERALL, Columns, Table, heed, lay
from rubrics.scores import STATUSES, Floats, Votes, collect, score
from rubrics.values import Verdict
from tests.numbered import ballots, weighted

MANY = 80


def twice(first: Floats, second: Floats) -> Votes:
    """Give votes of two readings, (C, D, J) each; the second NaN where it was not asked for."""
    one, two = ballots(first), ballots(second)
    asked = ~np.isnan(two.score)
    columns = ("conversation", "dimension", "juror", "score", "own", "status")
    joined = {name: np.concatenate([getattr(one, name), getattr(two, name)[asked]]) for name in columns}
    reading = np.concatenate([np.ones(len(one.score)), np.full(asked.sum(), 2)]).astype(np.int64)
    return replace(one, **joined, reading=reading)


def table(votes: Votes, *, per_case: int = 1) -> Table:
    many = len(votes.conversations)
    return lay(
        votes,
        Columns(
            model=["m"] * many,
            case=[f"c{c // per_case}" for c in range(many)],
            scenario=[f"s{c}" for c in range(many)],
        ),
    )


@pytest.fixture
def readings() -> tuple[Floats, Floats]:
    """Give two readings by two jurors in one dimension: the second drifts up, every other one is read again."""
    generator = np.random.default_rng(1)
    worth = generator.normal(3, 1, (MANY, 1, 1))
    first = np.clip(np.rint(worth + generator.normal(0, 0.5, (MANY, 1, 2))), 1, 5)
    again = np.clip(np.rint(worth + generator.normal(0, 0.5, (MANY, 1, 2)) + [0.0, 0.6]), 1, 5)
    again[::2] = np.nan
    return first, again


def found(votes: Votes, dimension: str = OVERALL, **more: int) -> dict[str, Retest]:
    return {row.juror: row for row in reread(table(votes, **more)) if row.dimension == dimension}


def test_every_figure_is_that_of_the_pairs(readings):
    row = found(twice(*readings))["j0"]
    first, second = (reading[1::2, 0, 0] for reading in readings)
    apart = second - first
    assert row.exact.basis.n == MANY // 2
    assert row.exact.value == pytest.approx((apart == 0).mean())
    assert row.distance.value == pytest.approx(np.abs(apart).mean())
    assert row.shift.value == pytest.approx(apart.mean())
    ends = stats.ttest_1samp(apart, 0).confidence_interval()
    assert (row.shift.low, row.shift.high) == pytest.approx((ends.low, ends.high))
    assert row.error == pytest.approx(np.sqrt((apart**2).mean() / 2))
    assert row.kappa.value == pytest.approx(weighted(first, second))
    assert row.kappa.low < row.kappa.value < row.kappa.high


def test_the_icc_is_that_of_the_one_way_analysis_of_variance(readings):
    row = found(twice(*readings))["j0"]
    pairs = np.stack([reading[1::2, 0, 0] for reading in readings], axis=1)
    between = 2 * pairs.mean(axis=1).var(ddof=1)
    within = pairs.var(axis=1, ddof=1).mean()
    assert row.icc.value == pytest.approx((between - within) / (between + within))  # Shrout and Fleiss 1979


def test_a_juror_that_drifts_is_found_and_one_that_does_not_is_left_alone(readings):
    rows = found(twice(*readings))
    assert rows["j1"].shift.low > 0
    assert rows["j0"].shift.low < 0 < rows["j0"].shift.high


def test_pairs_of_one_case_are_not_so_many_witnesses(readings):
    alone, together = found(twice(*readings))["j0"], found(twice(*readings), per_case=8)["j0"]
    assert together.exact.basis.clusters == MANY // 8
    assert (together.exact.low, together.exact.high) != (alone.exact.low, alone.exact.high)
    assert alone.icc.low is not None
    assert together.icc.low is None


def test_a_pair_that_lacks_a_score_is_counted_by_its_cause(readings):
    votes = twice(*readings)
    again = np.flatnonzero((votes.reading == 2) & (votes.juror == 0))
    before = np.flatnonzero(
        (votes.reading == 1) & (votes.juror == 0) & np.isin(votes.conversation, votes.conversation[again[:2]])
    )
    lost, status = votes.score.copy(), votes.status.copy()
    lost[again[5:8]], status[again[5:8]] = np.nan, STATUSES.index("refused")
    lost[before], status[before] = np.nan, STATUSES.index("filtered")
    row = found(replace(votes, score=lost, status=status))["j0"]
    assert row.causes == {"filtered": 2, "refused": 3}
    assert (row.exact.basis.n, row.exact.basis.missing) == (MANY // 2 - 5, 5)


def test_a_second_reading_without_a_first_is_absent_and_no_pair():
    votes = twice(np.full((4, 1, 1), 3.0), np.full((4, 1, 1), 3.0))
    kept = (votes.reading == 2) | (votes.conversation > 0)
    assert found(heed(votes, kept))["j0"].causes == {"absent": 1}


def test_a_second_reading_gives_a_juror_no_more_weight_and_nobody_a_say(readings):
    first, again = readings
    plain, more = score(ballots(first)), score(twice(first, again))
    assert (more.counted == plain.counted).all()
    assert more.cells[1, 0, 0] == pytest.approx((first[1, 0, 0] + again[1, 0, 0]) / 2)
    assert more.cells[0, 0, 0] == first[0, 0, 0]
    assert more.raw[1, 0] == pytest.approx(more.cells[1, 0].mean())


def test_two_votes_of_one_reading_are_their_mean_as_ever():
    first = ballots(np.array([[[2.0]], [[4.0]], [[3.0]]]))
    columns = ("conversation", "dimension", "juror", "score", "own", "status")
    doubled = replace(
        first, **{name: np.tile(getattr(first, name), 2) for name in columns}, reading=np.ones(6, int)
    )
    doubled.score[3:] = [4.0, 4.0, 3.0]
    assert score(doubled).cells[:, 0, 0].tolist() == [3.0, 4.0, 3.0]
    assert reread(table(doubled)) == ()


def test_votes_on_a_line_have_no_kappa_and_all_else():
    generator = np.random.default_rng(4)
    first = generator.uniform(1, 5, (60, 1, 1))
    row = found(twice(first, first + generator.normal(0, 0.1, first.shape)))["j0"]
    assert row.kappa.value is None
    assert row.icc.value > 0.95
    assert row.error == pytest.approx(0.07, abs=0.03)


def test_overall_takes_the_pairs_of_all_dimensions(readings):
    first, again = (np.repeat(reading, 2, axis=1) for reading in readings)
    again[:, 1] = first[:, 1]
    rows = {row.dimension: row for row in reread(table(twice(first, again))) if row.juror == "j0"}
    assert [*rows] == ["overall", "d0", "d1"]
    assert rows["overall"].exact.basis.n == rows["d0"].exact.basis.n + rows["d1"].exact.basis.n
    assert rows["d1"].exact.value == 1.0


def test_a_verdict_says_which_reading_it_is():
    verdicts = [
        ("c", Verdict(juror="j", dimension="d", score=4, status="scored", own_family=False, reading=reading))
        for reading in (1, 2)
    ]
    votes = collect(verdicts, conversations=["c"], dimensions=["d"])
    assert votes.reading.tolist() == [1, 2]
    assert ballots(np.full((1, 1, 2), 3.0)).reading.tolist() == [1, 1]
