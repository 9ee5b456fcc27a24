"""The tally: what is heard twice counts once, and time is the events' own."""

from __future__ import annotations

from agents.speech import Completion, Turn, Usage
from engine.events import (
    Attempt,
    CallAnswered,
    CallFailed,
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    Event,
    RunStarted,
    TurnSpoken,
    VerdictGiven,
)
from engine.tally import Tally
from rubrics.values import Status, Verdict

NAME = "gpt-5.1/s-1/full/0"
STARTED = ConversationStarted(scenario="s-1", title="a spot", model="gpt-5.1", arm="full", repeat=0)
ENDED = ConversationEnded(stop_reason="patient_done", turns=5)
FAILED = ConversationFailed(boundary="assistant", cause="overloaded", message="503")


def fold(*bodies, at: float = 100.0, votes: int = 2, tally: Tally | None = None, name: str = NAME) -> Tally:
    """Hear events, one a second."""
    tally = tally or Tally(planned=4, votes=votes)
    for second, body in enumerate(bodies):
        conversation = "" if isinstance(body, RunStarted) else name
        tally.hear(Event(at=at + second, conversation=conversation, body=body))
    return tally


def answer(role: str = "assistant", *, sequence: int = 0, causes: tuple[str, ...] = ("ok",)) -> CallAnswered:
    """Give a call of 110 tokens and one cent."""
    return CallAnswered(
        role=role,
        model="gpt-5.1",
        sequence=sequence,
        digest="d",
        completion=Completion(text="", stop="end", usage=Usage(input=100, cache_read=40, output=10)),
        attempts=tuple(Attempt(cause=cause, seconds=1.0) for cause in causes),
        latency=1.0,
        cost=0.01,
    )


def vote(dimension: str, status: Status = "scored") -> VerdictGiven:
    """Give a verdict of one juror."""
    score = 4 if status == "scored" else None
    verdict = Verdict(juror="nova-pro", dimension=dimension, score=score, status=status, own_family=False)
    return VerdictGiven(verdict=verdict)


def test_a_conversation_that_no_jury_hears_counts_as_judged_when_it_ends():
    fault = ConversationEnded(stop_reason="patient_fault", turns=3)
    tally = fold(STARTED, fault)
    assert tally.statistics().judged == 1
    assert fold(vote("safety"), vote("accuracy"), tally=tally).statistics().judged == 1


def test_a_conversation_is_judged_when_its_last_verdict_is_in():
    tally = fold(STARTED, ENDED, vote("safety"))
    assert tally.statistics().judged == 0
    assert fold(vote("accuracy"), tally=tally).statistics().judged == 1


def test_what_a_resumed_run_notes_again_counts_once():
    turn = TurnSpoken(turn=Turn(index=1, speaker="patient", text="Hello"))
    story = (STARTED, turn, answer(), ENDED, vote("safety", "refused"), vote("accuracy"))
    again = (each for each in story if not isinstance(each, CallAnswered))  # those are on the tape
    once, twice = fold(*story), fold(*story, *again)
    for field in ("started", "ended", "judged", "turns", "total", "abstained", "under_way"):
        assert getattr(once.statistics(), field) == getattr(twice.statistics(), field), field


def test_a_failure_that_was_made_good_is_taken_back():
    tally = fold(STARTED, FAILED)
    assert tally.statistics().failed == {"overloaded": 1}
    assert tally.statistics().under_way == 0
    fold(STARTED, tally=tally)
    assert (tally.failed, tally.statistics().under_way, tally.statistics().started) == (0, 1, 1)
    fold(ENDED, tally=tally)
    assert (tally.ended, tally.failed) == (1, 0)


def test_an_abstention_that_was_made_good_is_taken_back():
    tally = fold(STARTED, ENDED, vote("safety", "failed"), vote("accuracy"))
    assert tally.statistics().abstained == {"failed": 1}
    fold(vote("safety"), tally=tally)
    assert tally.statistics().abstained == {}
    assert tally.statistics().judged == 1


def test_all_jurors_share_one_account():
    state = fold(answer("juror/nova-pro/safety"), answer("juror/gpt-5.2/accuracy"), answer()).statistics()
    assert state.roles["juror"].calls == 2
    assert state.roles["assistant"].cache_read == 40
    assert state.models["gpt-5.1"].input == 300
    assert state.total.cost == 0.03


def test_attempts_beyond_the_first_are_counted_by_what_made_them_necessary():
    lost = CallFailed(
        role="patient",
        model="gpt-5.1",
        sequence=0,
        digest="d",
        cause="dropped",
        message="",
        attempts=(Attempt(cause="dropped", seconds=1.0), Attempt(cause="dropped", seconds=1.0)),
    )
    state = fold(answer(causes=("throttled", "throttled", "ok")), lost, lost).statistics()
    assert state.retries == {"throttled": 2, "dropped": 2}  # it was given up in two sittings
    assert (state.total.calls, state.total.failed, state.total.attempts) == (1, 2, 7)


def test_rates_are_of_the_last_ten_seconds_of_the_events():
    tally = fold(*(answer(sequence=number) for number in range(30)))
    assert tally.statistics().calls_per_second == 1.0
    assert tally.statistics().tokens_per_second == 110.0
    assert tally.statistics(idle=5.0).calls_per_second == 0.5
    assert tally.statistics(idle=60.0).calls_per_second == 0.0


def test_the_time_left_is_not_known_before_a_first_judgement():
    tally = fold(STARTED, ENDED, vote("safety"))
    assert tally.statistics().eta is None
    fold(vote("accuracy"), tally=tally, at=110.0)
    assert tally.statistics().eta == 30.0  # one in ten seconds, three to go


def test_the_night_between_two_processes_is_nobodys_work():
    tally = fold(STARTED, ENDED, vote("safety"), vote("accuracy"))
    fold(RunStarted(plan="p", simulated=True), tally=tally, at=50_000.0)
    assert tally.statistics().eta is None
    fold(ENDED, vote("safety"), vote("accuracy"), tally=tally, at=50_003.0, name="gpt-5.1/s-2/full/0")
    assert tally.statistics().eta == 10.0  # one in five seconds, two to go


def test_nothing_is_left_when_everything_is_judged_or_failed():
    tally = Tally(planned=1, votes=1)
    fold(STARTED, FAILED, tally=tally)
    assert tally.settled == 1.0
    assert tally.statistics().eta == 0.0
