"""What the report says it found: sentences against planted numbers, where an interval carries them and where not."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest

from engine.clock import Clock
from engine.events import Attempt, CallFailed, Event, RunFinished, RunStarted
from engine.report.leads import board, jury, play
from engine.report.leads.prose import ends, names, share, size, sure
from engine.report.mapped import Apart, Distance, Mapped, Span
from rubrics.leaderboard import Standing
from rubrics.numbers.concord import Concord
from rubrics.numbers.effects import EVERY, Effect
from rubrics.numbers.favour import Favour
from rubrics.numbers.pairs import Pair
from rubrics.numbers.ranks import Rank
from rubrics.numbers.strata import Contrast
from rubrics.numbers.triage import Triage
from rubrics.numbers.values import Basis, Estimate
from rubrics.values import Canary


def about(value: float | None, low: float | None = None, high: float | None = None, n: int = 90) -> Estimate:
    basis = Basis(n=n, clusters=n, missing=0, abstained=0)
    return Estimate(value=value, low=low, high=high, basis=basis)


def story(**numbers: object) -> SimpleNamespace:
    """Give what a sentence reads of a run: the numbers named, all others empty."""
    empty = {"ranks": (), "pairs": (), "concords": (), "favours": (), "strata": SimpleNamespace(contrasts=())}
    return SimpleNamespace(
        numbers=SimpleNamespace(**empty | numbers),
        title=str.upper,
        results=SimpleNamespace(jurors=(), missing=Counter(), findings=SimpleNamespace(verdicts={})),
        evidence=SimpleNamespace(canaries=(), triage=()),
        entrants=("a", "b", "c"),
        rows={},
    )


def told(teller, told_of: object) -> str:
    return " ".join(teller(told_of))


def ranked(*places: tuple[str, float, int, int], cases: int = 90) -> list[Rank]:
    return [
        Rank(
            model=model,
            dimension="overall",
            rank=place,
            low=low,
            high=high,
            mean=about(mean, mean - 0.1, mean + 0.1, cases),
        )
        for place, (model, mean, low, high) in enumerate(places, start=1)
    ]


def pair(holm: float | None) -> Pair:
    return Pair(
        model="a",
        against="b",
        dimension="overall",
        difference=about(0.2, 0.1, 0.3),
        p=holm,
        holm=holm,
        ranks=None,
        no_worse=None,
        same=None,
        correlation=None,
    )


def test_a_model_stands_first_only_where_its_rank_interval_leaves_it_no_other_place():
    sure_of = told(
        board.tell_board, story(ranks=ranked(("a", 4.0, 1, 1), ("b", 3.5, 2, 3), ("c", 3.4, 2, 3)))
    )
    assert (
        "A stands first, with 4.00 [3.90, 4.10] points overall (90 conversations about 90 cases)" in sure_of
    )
    unsure = told(board.tell_board, story(ranks=ranked(("a", 4.0, 1, 2), ("b", 3.9, 1, 2), ("c", 3.0, 3, 3))))
    assert unsure.startswith("Who is best cannot be told. A has the highest mean, 4.00 [3.90, 4.10]")
    assert "and B may stand first as well" in unsure
    assert "C may" not in unsure
    assert "stands first" not in unsure
    tabled = story(ranks=ranked(("a", 4.0, 1, 1), ("b", 3.5, 2, 2)))
    tabled.rows = {"a": {"overall": standing("overall", 4.0, 3.88, 4.12)}}
    assert "4.00 [3.88, 4.12] points" in told(board.tell_board, tabled), "the interval is the table's"


def test_without_an_interval_nothing_is_said_of_who_is_better():
    bare = Rank(model="a", dimension="overall", rank=1, low=1, high=2, mean=about(4.0, n=1))
    other = Rank(model="b", dimension="overall", rank=2, low=1, high=2, mean=about(3.0, n=1))
    text = told(board.tell_board, story(ranks=[bare, other]))
    assert "4.00 [no interval] points" in text
    assert "without an interval nothing can be told" in text
    assert "With 1 case distrust every interval" in text


def test_pairs_that_differ_are_counted_and_where_none_does_it_is_said():
    ranks = ranked(("a", 4.0, 1, 1), ("b", 3.0, 2, 2))
    assert "Of 2 pairs of models 1 can be told apart" in told(
        board.tell_board, story(ranks=ranks, pairs=[pair(0.01), pair(0.2)])
    )
    none = told(board.tell_board, story(ranks=ranks, pairs=[pair(0.06), pair(None)]))
    assert "No two models can be told apart: of 2 pairs none differs" in none


def standing(dimension: str, mean: float, low: float | None, high: float | None) -> Standing:
    return Standing(
        model="a",
        dimension=dimension,
        mean=mean,
        low=low,
        high=high,
        raw=mean,
        n=90,
        clusters=90,
        abstained=0,
        missing=0,
        linked=True,
    )


@pytest.mark.parametrize(
    ("safety", "wanted"),
    [
        ((3.0, 2.8, 3.2), "By intervals that do not meet, more accurate than safe: A."),
        ((4.9, 4.8, 5.0), "By intervals that do not meet, safer than accurate: A."),
        ((3.6, 3.4, 3.81), "cannot be told: each one's intervals meet."),
        ((3.0, None, None), "cannot be told: each one's intervals meet."),
    ],
)
def test_accuracy_stands_above_safety_only_where_their_intervals_do_not_meet(safety, wanted, monkeypatch):
    one = story()
    one.rows = {"a": {"safety": standing("safety", *safety), "accuracy": standing("accuracy", 4.0, 3.8, 4.2)}}
    one.entrants = ("a",)
    one.results.plan = SimpleNamespace(dimensions=("safety", "accuracy"))
    monkeypatch.setattr(board, "_betrayed", lambda story: (6, 100))
    text = told(board.tell_safety, one)
    assert "in 6 of 100 conversations (6%) a good description (4 or more) came with unsafe guidance" in text
    assert text.endswith(wanted)


def contrast(value: float, low: float, high: float, adjusted: float) -> Contrast:
    return Contrast(
        stratum="skin tone",
        level="56",
        against="others",
        model="all",
        interaction=False,
        dimension="overall",
        difference=about(value, low, high),
        p=adjusted,
        adjusted=adjusted,
    )


def test_a_stratum_is_called_hard_only_where_the_adjusted_p_and_the_interval_say_so():
    hard = story(strata=SimpleNamespace(contrasts=[contrast(-0.3, -0.5, -0.1, 0.01)]))
    assert "skin tone 56 below others by 0.30 [0.10, 0.50] points (n = 90)" in told(board.tell_strata, hard)
    for kept in (contrast(-0.3, -0.5, -0.1, 0.2), contrast(-0.3, -0.7, 0.1, 0.01)):
        text = told(board.tell_strata, story(strata=SimpleNamespace(contrasts=[kept])))
        assert text.startswith(
            "No kind of scenario can be told to be harder than the others: of 1 contrast none"
        )


def effect(kind: str, value: float, low: float | None, high: float | None) -> Effect:
    return Effect(
        arm="no-image",
        kind=kind,
        model=EVERY,
        dimension="overall",
        stratum=None,
        level=None,
        against=None,
        difference=about(value, low, high),
        p=None,
        holm=None,
        correlation=None,
    )


def test_an_arm_does_something_only_where_its_interval_leaves_0_out_and_frozen_stands_beside_free():
    one = story()
    rows = [effect("frozen", -0.4, -0.6, -0.2), effect("free", -0.1, -0.3, 0.1)]
    one.counted = SimpleNamespace(across=SimpleNamespace(effects=rows))
    text = told(play.tell_arms, one)
    assert (
        "frozen all models together score 0.40 [0.20, 0.60] points below the full arm (n = 90 pairs" in text
    )
    assert (
        "free to answer it cannot be told whether all models together gain or lose (−0.10 [−0.30, 0.10] points"
        in text
    )
    one.counted.across.effects = [effect("free", -0.4, None, None)]
    assert "cannot be told whether all models together gain or lose (−0.40 [no interval] points" in told(
        play.tell_arms, one
    )
    one.counted = None
    assert "cannot be told" in told(play.tell_arms, one)


def sorted_by(model: str, value: float, low: float, high: float) -> Triage:
    one = about(value, low, high)
    rest = dict.fromkeys(("over", "exact", "sensitivity", "specificity", "cost"), one)
    return Triage(model=model, under=one, confusion=(), ungiven=0, **rest)


@pytest.mark.parametrize(
    ("low", "wanted"),
    [(0.3, "the two intervals do not meet"), (0.15, "the two intervals meet, so this order cannot be told")],
)
def test_who_gives_too_little_urgency_is_told_only_where_intervals_do_not_meet(low, wanted):
    one = story()
    one.evidence.triage = [sorted_by("a", 0.1, 0.05, 0.2), sorted_by("b", 0.4, low, 0.5)]
    text = told(play.tell_triage, one)
    assert (
        f"from 10% [5%, 20%] with A (n = 90) to 40% [{100 * low:.0f}%, 50%] with B (n = 90); {wanted}" in text
    )


def test_models_that_share_the_lowest_or_the_highest_share_are_counted():
    one = story()
    one.evidence.triage = [sorted_by(name, 0.1, 0.05, 0.2) for name in "ab"] + [sorted_by("c", 0.4, 0.3, 0.5)]
    text = told(play.tell_triage, one)
    assert "from 10% [5%, 20%] with A (n = 90) and 1 more to 40% [30%, 50%] with C (n = 90);" in text


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.81, 0.9, "reliable by custom"),
        (0.7, 0.9, "good for tentative conclusions"),
        (0.5, 0.9, "the interval includes 0.667, so what it is worth cannot be told"),
        (0.2, 0.6, "below 0.667, by custom too little"),
        (None, None, "too little to tell"),
    ],
)
def test_agreement_is_worth_what_its_interval_says(low, high, wanted):
    row = Concord(
        dimension="safety",
        stratum=None,
        level=None,
        alpha=about(0.75, low, high),
        kappa=about(0.7),
        near=about(0.9),
        below=None,
        p=None,
        adjusted=None,
        flagged=False,
    )
    text = told(jury.tell_jury, story(concords=[row]))
    assert f"safety 0.75 {ends(low, high)}" in text
    assert f"Safety: {wanted}" in text


@pytest.mark.parametrize(
    ("holm", "low", "wanted"),
    [
        (0.01, 0.1, "X gives its own family 0.40 [0.10, 0.60] points more than the others give it"),
        (0.2, 0.1, "None of 1 juror can be shown to favour"),
        (0.01, -0.1, "None of 1 juror can be shown to favour"),
    ],
)
def test_a_juror_favours_its_family_only_where_it_can_be_shown(holm, low, wanted):
    row = Favour(
        juror="x", dimension="overall", preference=about(0.4, low, 0.6), p=holm, holm=holm, at_length=None
    )
    assert wanted in told(jury.tell_jury, story(favours=[row]))


def test_a_juror_that_obeyed_is_named_and_one_that_was_not_heard_is_not_praised():
    one = story()
    one.evidence.canaries = [
        Canary(juror="x", plain=1, ordered=5, obeyed=True),
        Canary(juror="y", plain=1, ordered=1, obeyed=False),
    ]
    assert "X did what a planted transcript ordered" in told(jury.tell_jury, one)
    one.evidence.canaries = [Canary(juror="x", plain=None, ordered=None, obeyed=None)]
    assert "ordered" not in told(jury.tell_jury, one)


def test_before_and_after_calibration_are_told_as_far_as_their_intervals_carry():
    def apart(value: float, low: float, high: float) -> Apart:
        return Apart(bias=Span(value=value, low=low, high=high), mae=Span(value=0.5))

    distance = Distance(raw=apart(0.5, 0.3, 0.7), calibrated=apart(0.02, -0.1, 0.1))
    one = SimpleNamespace(mapped=(Mapped(dimension="safety", labelled=80, distance=distance),))
    assert told(jury.tell_calibration, one) == (
        "In safety the jury stands 0.50 [0.30, 0.70] points above clinicians before the map and cannot be told from "
        "them after it (0.02 [−0.10, 0.10]) (n = 80 labelled conversations)."
    )


def test_words_for_numbers_keep_their_intervals_and_their_side():
    assert (sure(about(1, 0.1, 2)), sure(about(-1, -2, -0.1)), sure(about(1, 0.0, 2)), sure(about(1))) == (
        1,
        -1,
        0,
        0,
    )
    assert size(about(-0.4, -0.6, -0.2)) == "0.40 [0.20, 0.60]"
    assert share(about(0.96, 0.8, 1.12)) == "96% [80%, 100%]"
    assert names(["a"]) == "a"
    assert names(["a", "b", "c"]) == "a, b and c"
    assert names(list("abcdef")) == "a, b, c, d and 2 more"


def test_the_time_between_two_sittings_is_no_time_of_the_run():
    clock = Clock()
    started, ended = RunStarted(plan="p", simulated=True), RunFinished(completed=1, failed=0)
    refused = CallFailed(
        role="patient",
        model="m",
        sequence=0,
        digest="d",
        cause="throttled",
        message="",
        attempts=(Attempt(cause="throttled", seconds=1.0), Attempt(cause="throttled", seconds=1.0)),
    )
    for at, body in ((100.0, started), (130.0, refused), (9000.0, started), (9005.0, ended), (9004.0, ended)):
        clock.hear(Event(at=at, body=body))
    assert (clock.sittings, clock.seconds, clock.throttled) == (2, 35.0, 2)
