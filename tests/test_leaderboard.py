"""The leaderboard: planted truths are found, and intervals are as wide as they claim."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from rubrics.leaderboard import OVERALL, Standing, severities, tabulate
from rubrics.scores import Floats, score
from tests.numbered import ballots


def rank(
    cells: Floats, models: list[str], clusters: list[str], *, own: Floats | None = None, draws: int = 500
) -> dict[tuple[str, str], Standing]:
    """Tabulate with a fixed seed, by model and dimension."""
    generator = np.random.default_rng(11)
    table = tabulate(
        score(ballots(cells, own=own)), models=models, clusters=clusters, generator=generator, draws=draws
    )
    return {(row.model, row.dimension): row for row in table}


def test_a_lenient_juror_barred_from_one_model_does_not_cost_that_model_points():
    generator = np.random.default_rng(1)
    worth = np.tile(generator.normal(3, 0.5, 60), 2)
    cells = worth[:, None, None] + np.array([0.8, 0.0, -0.2]) + generator.normal(0, 0.1, (120, 1, 3))
    own = np.zeros(cells.shape, dtype=bool)
    own[:60, :, 0] = True
    table = rank(cells, ["barred"] * 60 + ["other"] * 60, [f"s{i % 60}" for i in range(120)], own=own)
    barred, other = table["barred", "d0"], table["other", "d0"]
    assert other.raw - barred.raw > 0.25
    assert abs(other.mean - barred.mean) < 0.05


def test_intervals_cover_the_planted_mean_as_often_as_they_claim():
    generator = np.random.default_rng(7)
    clusters = [f"s{i // 3}" for i in range(120)]
    hits = 0
    for _ in range(200):
        worth = 3 + np.repeat(generator.normal(0, 0.4, 40), 3) + generator.normal(0, 0.3, 120)
        cells = worth[:, None, None] + np.array([0.4, 0.0, -0.4]) + generator.normal(0, 0.3, (120, 1, 3))
        cells[generator.random(cells.shape) < 0.2] = np.nan
        row = rank(cells, ["m"] * 120, clusters, draws=200)["m", "d0"]
        hits += row.low <= 3 <= row.high
    assert 0.90 <= hits / 200 <= 0.98


def test_with_one_juror_the_interval_is_the_closed_clustered_formula():
    generator = np.random.default_rng(3)
    case = np.repeat(np.arange(25), 4)
    points = 3 + generator.normal(0, 0.5, 25)[case] + generator.normal(0, 0.4, 100)
    row = rank(points[:, None, None], ["m"] * 100, [f"s{c}" for c in case], draws=20_000)["m", "d0"]
    sums = np.bincount(case, weights=points - points.mean())
    half = stats.t.ppf(0.975, 24) * np.sqrt((sums**2).sum()) / 100 * np.sqrt(25 / 24)
    assert row.mean == pytest.approx(points.mean())
    assert (row.high - row.low) / 2 == pytest.approx(half, rel=0.03)


def test_twins_in_one_cluster_widen_the_interval():
    generator = np.random.default_rng(4)
    worth = np.tile(generator.normal(3, 0.6, 40), 2)
    cells = worth[:, None, None] + generator.normal(0, 0.1, (80, 1, 2))
    twins = rank(cells, ["m"] * 80, [f"s{i % 40}" for i in range(80)])["m", "d0"]
    strangers = rank(cells, ["m"] * 80, [f"s{i}" for i in range(80)])["m", "d0"]
    assert twins.mean == pytest.approx(strangers.mean)
    assert (twins.clusters, strangers.clusters) == (40, 80)
    assert twins.high - twins.low > 1.25 * (strangers.high - strangers.low)


def test_abstentions_are_counted_and_never_scored():
    cells = np.full((6, 1, 2), 4.0)
    cells[0, 0] = np.nan
    cells[1, 0, 1] = np.nan
    row = rank(cells, ["m"] * 6, list("abcdef"))["m", "d0"]
    assert (row.mean, row.raw, row.n, row.missing, row.abstained) == (4.0, 4.0, 5, 1, 3)


def test_a_model_without_any_score_has_none_and_comes_last():
    cells = np.full((4, 1, 2), 2.0)
    cells[2:] = np.nan
    votes = score(ballots(cells))
    table = tabulate(
        votes, models=["b", "b", "a", "a"], clusters=list("xyxy"), generator=np.random.default_rng(0)
    )
    assert [row.model for row in table] == ["b", "b", "a", "a"]
    last = table[-1]
    assert (last.mean, last.low, last.high, last.raw, last.n, last.missing) == (None, None, None, None, 0, 2)


def test_overall_needs_every_dimension_of_a_conversation():
    cells = np.array([[[2.0], [4.0]], [[3.0], [np.nan]], [[4.0], [4.0]]])
    table = rank(cells, ["m"] * 3, list("abc"))
    assert (table["m", OVERALL].n, table["m", OVERALL].missing) == (2, 1)
    assert table["m", OVERALL].mean == pytest.approx(3.5)
    assert table["m", OVERALL].abstained == 1
    assert table["m", "d0"].mean == pytest.approx(3.0)


def test_one_cluster_gives_a_mean_without_an_interval():
    row = rank(np.array([[[2.0]], [[4.0]]]), ["m", "m"], ["s", "s"])["m", "d0"]
    assert (row.mean, row.low, row.high, row.clusters) == (3.0, None, None, 1)


def test_means_and_intervals_stay_on_the_scale():
    cells = np.full((10, 1, 2), 5.0)
    cells[0] = 1.0
    row = rank(cells, ["m"] * 10, [f"s{i}" for i in range(10)])["m", "d0"]
    assert row.high == 5.0
    assert 1.0 <= row.low < row.mean


def test_models_are_ranked_by_their_overall_mean():
    cells = np.repeat([2.0, 4.0, 3.0], 5)[:, None, None] + np.zeros((15, 2, 2))
    table = rank(cells, ["low"] * 5 + ["high"] * 5 + ["mid"] * 5, [f"s{i % 5}" for i in range(15)])
    assert [model for model, dimension in table if dimension == OVERALL] == ["high", "mid", "low"]
    assert [dimension for model, dimension in table if model == "mid"] == [OVERALL, "d0", "d1"]


def test_the_same_seed_gives_the_same_table_and_another_seed_the_same_means():
    cells = np.random.default_rng(2).integers(1, 6, (40, 2, 3)).astype(float)
    votes, models, clusters = score(ballots(cells)), ["m", "k"] * 20, [f"s{i // 2}" for i in range(40)]
    first, second, other = (
        tabulate(votes, models=models, clusters=clusters, generator=np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )
    assert first == second
    assert [row.mean for row in first] == [row.mean for row in other]
    assert first != other


def test_the_mean_is_that_of_the_conversations_adjusted_scores():
    cells = np.random.default_rng(6).integers(1, 6, (50, 3, 4)).astype(float)
    cells[np.random.default_rng(8).random(cells.shape) < 0.3] = np.nan
    scores = score(ballots(cells))
    table = rank(cells, ["m"] * 50, [f"s{i}" for i in range(50)])
    for d in range(3):
        assert table["m", f"d{d}"].mean == pytest.approx(np.nanmean(scores.adjusted[:, d]))
        assert table["m", f"d{d}"].raw == pytest.approx(np.nanmean(scores.raw[:, d]))
    full = ~np.isnan(scores.adjusted).any(axis=1)
    assert table["m", OVERALL].mean == pytest.approx(scores.adjusted[full].mean())


def test_a_design_that_falls_apart_is_flagged():
    cells = np.full((4, 1, 3), np.nan)
    cells[:3, 0, :2] = [4.0, 2.0]
    cells[3, 0, 2] = 5.0
    table = rank(cells, ["ok", "ok", "ok", "adrift"], list("abcd"))
    assert table["ok", "d0"].linked
    assert table["ok", OVERALL].linked
    assert not table["adrift", "d0"].linked
    assert not table["adrift", OVERALL].linked
    assert table["adrift", "d0"].mean == 5.0


def test_juror_effects_are_listed_with_their_votes():
    cells = np.array([[[5.0, 3.0]], [[4.0, 2.0]], [[4.0, np.nan]]])
    lenient, severe = severities(score(ballots(cells)))
    assert dataclasses.astuple(lenient) == ("j0", "d0", pytest.approx(1.0), 3, 0)
    assert dataclasses.astuple(severe) == ("j1", "d0", pytest.approx(-1.0), 2, 1)


def test_a_juror_without_votes_has_no_effect_rather_than_none_at_all():
    effects = severities(score(ballots(np.array([[[3.0, np.nan]]]))))
    assert [row.effect for row in effects] == [0.0, None]


def test_no_conversations_give_an_empty_table():
    empty = score(ballots(np.empty((0, 1, 2))))
    assert tabulate(empty, models=[], clusters=[], generator=np.random.default_rng(0)) == ()


def test_as_many_models_and_clusters_as_conversations_are_asked_for():
    scores = score(ballots(np.full((2, 1, 1), 3.0)))
    with pytest.raises(ValueError, match="1 models and 2 clusters for 2 conversations"):
        tabulate(scores, models=["m"], clusters=["a", "b"], generator=np.random.default_rng(0))


def test_scores_that_never_differ_give_a_mean_without_an_interval():
    place = rank(np.full((6, 1, 3), 4.0), ["m"] * 6, [f"s{i}" for i in range(6)])["m", "d0"]
    assert (place.mean, place.low, place.high) == (4.0, None, None)
