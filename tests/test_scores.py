"""Scores: severity is taken out, an abstention is never a number, and what cannot be known is said."""

from __future__ import annotations

import numpy as np
import pytest

from rubrics.scores import Scores, collect, score
from rubrics.values import Verdict


def verdict(juror: str, points: int | None, *, own: bool = False, dimension: str = "safety") -> Verdict:
    """Give a verdict; None points are an abstention."""
    return Verdict(
        juror=juror,
        dimension=dimension,
        score=points,
        status="failed" if points is None else "scored",
        own_family=own,
    )


def tally(votes: dict[str, dict[str, int | None]], own: tuple[tuple[str, str], ...] = ()) -> Scores:
    """Score one dimension from {conversation: {juror: points}}; `own` lists (conversation, juror)."""
    ballots = [
        (name, verdict(juror, points, own=(name, juror) in own))
        for name, cast in votes.items()
        for juror, points in cast.items()
    ]
    return score(collect(ballots, conversations=list(votes), dimensions=["safety"]))


def test_with_every_juror_everywhere_the_adjusted_score_is_the_raw_mean():
    scores = tally({"c1": {"a": 3, "b": 2, "c": 1}, "c2": {"a": 5, "b": 4, "c": 3}})
    np.testing.assert_allclose(scores.raw[:, 0], [2, 4])
    np.testing.assert_allclose(scores.adjusted[:, 0], [2, 4])
    np.testing.assert_allclose(scores.effects[0], [1, 0, -1], atol=1e-12)


def test_a_lenient_juror_left_out_for_its_family_biases_the_raw_mean_and_not_the_adjusted_one():
    # Both models deserve 2 and 3; juror a adds one point and may not judge the first model.
    votes = {
        "m1.c1": {"a": 3, "b": 2, "c": 2},
        "m1.c2": {"a": 4, "b": 3, "c": 3},
        "m2.c1": {"a": 3, "b": 2, "c": 2},
        "m2.c2": {"a": 4, "b": 3, "c": 3},
    }
    scores = tally(votes, own=(("m1.c1", "a"), ("m1.c2", "a")))
    assert scores.raw[:2, 0].mean() < scores.raw[2:, 0].mean() - 0.3
    np.testing.assert_allclose(scores.adjusted[:2, 0], scores.adjusted[2:, 0])
    np.testing.assert_allclose(scores.effects[0], [2 / 3, -1 / 3, -1 / 3])
    assert scores.counted[:, 0].tolist() == [2, 2, 3, 3]


def test_the_solution_is_the_least_squares_one():
    generator = np.random.default_rng(5)
    votes = {
        f"c{c}": {f"j{j}": int(generator.integers(1, 6)) for j in range(4) if generator.random() < 0.7}
        for c in range(30)
    }
    votes["c0"] = {f"j{j}": 3 for j in range(4)}
    scores = tally(votes)
    rows = [(c, j, cell) for (c, _, j), cell in np.ndenumerate(scores.cells) if not np.isnan(cell)]
    design = np.zeros((len(rows) + 1, 30 + 4))
    for row, (c, j, _) in enumerate(rows):
        design[row, [c, 30 + j]] = 1
    design[-1, 30:] = 1
    answer = np.linalg.lstsq(design, np.array([cell for *_, cell in rows] + [0.0]), rcond=None)[0]
    np.testing.assert_allclose(scores.effects[0], answer[30:], atol=1e-9)
    voted = scores.counted[:, 0] > 0
    np.testing.assert_allclose(scores.adjusted[voted, 0], answer[:30][voted], atol=1e-9)


def test_an_abstention_is_never_a_number():
    scores = tally(
        {"c1": {"a": 4, "b": None}, "c2": {"a": None, "b": None}, "c3": {}, "c4": {"a": 2, "b": 2}}
    )
    assert scores.raw[0, 0] == 4
    assert np.isnan(scores.raw[1:3, 0]).all()
    assert np.isnan(scores.adjusted[1:3, 0]).all()
    assert np.isnan(scores.cells[0, 0, 1])
    assert scores.counted[:, 0].tolist() == [1, 0, 0, 2]


def test_a_score_beside_a_status_that_is_not_scored_does_not_count():
    wrong = Verdict(juror="a", dimension="safety", score=5, status="misquoted", own_family=False)
    votes = collect([("c1", wrong)], conversations=["c1"], dimensions=["safety"])
    assert not votes.counts.any()
    assert np.isnan(score(votes).raw).all()


def test_a_conversation_with_only_its_own_familys_vote_has_no_score():
    scores = tally({"c1": {"a": 5}, "c2": {"a": 3, "b": 3}}, own=(("c1", "a"),))
    assert np.isnan(scores.adjusted[0, 0])
    assert np.isnan(scores.cells[0, 0]).all()


def test_an_abstention_on_the_own_family_is_not_counted_as_lost():
    votes = collect(
        [("c1", verdict("a", None, own=True)), ("c1", verdict("b", None))],
        conversations=["c1"],
        dimensions=["safety"],
    )
    assert votes.abstained.tolist() == [False, True]


def test_a_juror_who_votes_twice_weighs_as_much_as_one_who_votes_once():
    ballots = [("c1", verdict("a", 5)), ("c1", verdict("a", 3)), ("c1", verdict("b", 2))]
    scores = score(collect(ballots, conversations=["c1"], dimensions=["safety"]))
    assert scores.raw[0, 0] == 3
    assert scores.cells[0, 0].tolist() == [4, 2]


def test_jurors_who_share_no_conversation_with_the_panel_are_flagged_and_left_unadjusted():
    scores = tally({
        "c1": {"a": 4, "b": 2},
        "c2": {"a": 5, "b": 3},
        "c3": {"a": 5},
        "c4": {"z": 5},
    })  # fmt: skip
    assert scores.linked[:, 0].tolist() == [True, True, True, False]
    assert scores.adjusted[3, 0] == scores.raw[3, 0] == 5
    assert scores.adjusted[2, 0] == pytest.approx(4)
    assert np.isnan(scores.effects[0, 2])
    assert scores.effects[0, :2].sum() == pytest.approx(0)


def test_severity_belongs_to_a_dimension():
    ballots = [
        ("c1", verdict("a", 5)),
        ("c1", verdict("b", 3)),
        ("c1", verdict("a", 2, dimension="accuracy")),
        ("c1", verdict("b", 4, dimension="accuracy")),
    ]
    scores = score(collect(ballots, conversations=["c1"], dimensions=["safety", "accuracy"]))
    np.testing.assert_allclose(scores.effects, [[1, -1], [-1, 1]])


def test_no_verdicts_at_all_give_no_scores_and_no_error():
    scores = score(collect([], conversations=["c1"], dimensions=["safety"]))
    assert np.isnan(scores.raw).all()
    assert scores.effects.shape == (1, 0)


def test_the_order_of_verdicts_does_not_matter():
    ballots = [(f"c{c}", verdict(f"j{j}", 1 + (c * j) % 5)) for c in range(5) for j in range(3) if c != j]
    names = [f"c{c}" for c in range(5)]
    forward = score(collect(ballots, conversations=names, dimensions=["safety"]))
    backward = score(collect(ballots[::-1], conversations=names, dimensions=["safety"]))
    np.testing.assert_array_equal(forward.adjusted, backward.adjusted)


def test_a_verdict_on_something_not_listed_is_refused_by_name():
    with pytest.raises(ValueError, match="conversation 'c9'"):
        collect([("c9", verdict("a", 3))], conversations=["c1"], dimensions=["safety"])
    with pytest.raises(ValueError, match="dimension 'safety'"):
        collect([("c1", verdict("a", 3))], conversations=["c1"], dimensions=["accuracy"])
