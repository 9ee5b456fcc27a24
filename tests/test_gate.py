"""The gate: recorded before heard, retried as the provider wants, answered from the tape while it matches."""

from __future__ import annotations

import asyncio

import pytest

from agents.speech import Completion, Message, Prompt, Usage
from engine.catalog import read_catalog
from engine.charges import Forecast
from engine.errors import Denied, Diverged, Dropped, Overdue, Overloaded, Throttled
from engine.events import CallAnswered, Event
from engine.gate import LEFT, Clock, Gate, Line
from engine.journal import open_journal
from engine.limiter import Limiter
from engine.providers import Reply
from engine.purse import NOTHING, Cost, Curfew, Purse, cost_of
from engine.rates import Allowance, Rates
from engine.retry import ATTEMPTS
from engine.segments import read_journal
from engine.tape import Tape

MODEL = read_catalog().models["gpt-5.1"]
SAID = Completion(
    text="hello", stop="end", usage=Usage(input=1_000_000, cache_read=500_000, output=1_000_000)
)


class Scripted:
    """A provider that answers or fails by script."""

    def __init__(self, *script: Completion | Reply | Exception) -> None:
        self.script, self.times = list(script), []

    async def ask(self, prompt, model, listen=None) -> Reply:
        self.times.append(asyncio.get_running_loop().time())
        item = self.script.pop(0)
        if isinstance(item, Exception):
            raise item
        return item if isinstance(item, Reply) else Reply(completion=item)


def prompt(text: str = "hi") -> Prompt:
    return Prompt(system="s", messages=(Message(author="user", text=text),), max_tokens=30)


async def through(folder, provider, *prompts, **more):
    """Ask each prompt in turn on one line; give the answers."""
    async with open_journal(folder) as journal:
        return await through_to(journal, provider, *prompts, **more)


async def through_to(journal, provider, *prompts, limiter=None, clock=None, **more):
    gate = Gate(
        model=MODEL,
        provider=provider,
        limiter=limiter or Limiter(MODEL.limits),
        journal=journal,
        **{"tape": Tape()} | more,
    )
    ask = gate.ask(Line(conversation="c", role="assistant", priority=0, clock=clock or Clock()))
    return [await ask(each) for each in prompts]


class Paper:
    """A journal that is written at once: of what a thread does, a virtual clock knows nothing."""

    def __init__(self) -> None:
        self.calls = []

    def note(self, body, conversation="") -> None:
        self.calls.append(body)

    async def record(self, body, conversation="") -> None:
        self.note(body)


def calls(folder):
    return [event.body for event in read_journal(folder)]


async def test_an_answer_is_recorded_with_role_digest_usage_cost_and_attempts(tmp_path):
    assert await through(tmp_path, Scripted(SAID), prompt()) == [SAID]
    (call,) = calls(tmp_path)
    assert (call.role, call.model, call.sequence, call.digest) == ("assistant", "gpt-5.1", 0, prompt().digest)
    assert call.completion == SAID
    assert [attempt.cause for attempt in call.attempts] == ["ok"]
    assert call.cost == pytest.approx(0.5 * 1.25 + 0.5 * 0.125 + 10.0)


@pytest.mark.looptime
async def test_retry_after_is_honoured_to_the_second_and_every_attempt_is_kept(tmp_path):
    provider = Scripted(Throttled("slow", retry_after=7.0), Dropped("gone"), SAID)
    await through(tmp_path, provider, prompt())
    assert provider.times[1] - provider.times[0] == pytest.approx(7.0, abs=0.1)
    assert [a.cause for a in calls(tmp_path)[0].attempts] == ["throttled", "dropped", "ok"]


@pytest.mark.looptime
async def test_a_transient_error_that_lasts_is_given_up_and_recorded(tmp_path):
    provider = Scripted(*[Dropped("gone")] * 20)
    with pytest.raises(Dropped):
        await through(tmp_path, provider, prompt())
    (call,) = calls(tmp_path)
    assert (call.kind, call.cause, len(call.attempts)) == ("call_failed", "dropped", ATTEMPTS)


async def test_a_final_error_is_not_tried_again(tmp_path):
    provider = Scripted(Denied("no key"), SAID)
    with pytest.raises(Denied):
        await through(tmp_path, provider, prompt())
    assert len(provider.times) == 1


async def test_the_tape_answers_what_it_recorded_and_falls_through_at_its_end(tmp_path):
    await through(tmp_path, Scripted(SAID), prompt("one"))
    provider = Scripted(Completion(text="new", stop="end"))
    answers = await through(
        tmp_path, provider, prompt("one"), prompt("two"), tape=Tape(read_journal(tmp_path))
    )
    assert [answer.text for answer in answers] == ["hello", "new"]
    assert len(provider.times) == 1
    assert [call.sequence for call in calls(tmp_path)] == [0, 1]


async def test_a_tape_that_meets_another_prompt_names_it(tmp_path):
    await through(tmp_path, Scripted(SAID), prompt("one"))
    with pytest.raises(Diverged, match="call 0 of the assistant in c"):
        await through(tmp_path, Scripted(SAID), prompt("other"), tape=Tape(read_journal(tmp_path)))


@pytest.mark.looptime
async def test_the_headers_of_answers_and_of_failures_correct_the_limiter(tmp_path):
    told = Rates(requests=Allowance(limit=MODEL.limits.requests // 2))
    less = Rates(requests=Allowance(limit=MODEL.limits.requests // 4))
    limiter = Limiter(MODEL.limits)
    provider = Scripted(
        Reply(completion=SAID, rates=told), Throttled("slow", retry_after=1.0, rates=less), SAID
    )
    await through(tmp_path, provider, prompt(), limiter=limiter)
    assert limiter.statistics().told == told
    await through(tmp_path, provider, prompt(), limiter=limiter)
    assert limiter.statistics().told == less
    assert limiter.statistics().share == pytest.approx(0.25, abs=0.08)


@pytest.mark.looptime
async def test_the_pause_after_each_attempt_is_kept_with_it(tmp_path):
    provider = Scripted(Throttled("slow", retry_after=7.0), Dropped("gone"), SAID)
    await through(tmp_path, provider, prompt())
    slow, gone, fine = calls(tmp_path)[0].attempts
    assert (slow.pause, fine.pause) == (pytest.approx(7.0, abs=0.01), 0.0)
    assert gone.pause > 0
    assert (
        gone.pause <= provider.times[2] - provider.times[1] < gone.pause + 0.5
    )  # and the limiter's own pace


@pytest.mark.looptime
async def test_what_calls_of_a_role_cost_is_learnt(tmp_path):
    cheap = Completion(text="hello", stop="end", usage=Usage(input=4, output=2))
    gate_forecast = Forecast()
    await through(tmp_path, Scripted(cheap), prompt(), forecast=gate_forecast)
    assert gate_forecast.guess("assistant", prompt()).expect() == Usage(input=0, output=2)
    assert gate_forecast.guess("patient", prompt()).expect() == Usage(input=0, output=10)


def test_two_prompts_have_one_digest_only_if_they_are_equal():
    assert prompt().digest == prompt().digest
    assert len({prompt().digest, prompt("ho").digest}) == 2


BRIEF = Completion(text="yes", stop="end", usage=Usage(input=100, output=10))


class Slow:
    """A provider that takes its time over each answer, in seconds."""

    def __init__(self, *seconds: float) -> None:
        self.seconds, self.asked, self.done = list(seconds), 0, 0

    async def ask(self, prompt, model, listen=None) -> Reply:
        self.asked += 1
        await asyncio.sleep(self.seconds.pop(0))
        self.done += 1
        return Reply(completion=BRIEF)


@pytest.mark.looptime
async def test_a_conversation_that_waits_too_long_for_its_providers_ends_with_a_cause():
    paper = Paper()
    provider = Slow(4, 4, 4)
    with pytest.raises(Overdue, match="the 10 s that a conversation has"):
        await through_to(paper, provider, prompt("a"), prompt("b"), prompt("c"), clock=Clock(10))
    assert asyncio.get_running_loop().time() == pytest.approx(10, abs=0.1)
    assert (provider.asked, provider.done) == (3, 2)
    *_, last = paper.calls
    assert (last.kind, last.cause) == ("call_failed", "deadline")
    assert last.attempts[0].most > 0  # it was cut off, and may be billed


@pytest.mark.looptime
async def test_pauses_count_and_the_wait_in_our_own_queue_does_not():
    paper = Paper()
    limiter = Limiter(MODEL.limits)
    limiter.pause(1_000)
    said = await through_to(paper, Slow(4, 4), prompt("a"), prompt("b"), limiter=limiter, clock=Clock(10))
    assert said == [BRIEF, BRIEF]
    provider = Scripted(Overloaded("busy", retry_after=20.0), SAID)
    with pytest.raises(Overdue):
        await through_to(paper, provider, prompt(), clock=Clock(10))
    assert len(provider.times) == 1


@pytest.mark.looptime
async def test_an_answer_is_paid_for_and_one_that_was_cut_off_stays_set_aside():
    paper = Paper()
    purse = Purse(cost_of(1_000, 10**9))
    await through_to(
        paper,
        Scripted(Throttled("slow"), Dropped("gone"), Overloaded("busy"), SAID),
        prompt(),
        purse=purse,
    )
    state, (call,) = purse.statistics(), paper.calls
    assert state.known == cost_of(call.cost, 2_000_000)
    assert [attempt.most > 0 for attempt in call.attempts] == [False, True, False, False]
    assert state.doubtful == cost_of(call.attempts[1].most, call.attempts[1].most_tokens)
    assert (state.aside, state.out) == (NOTHING, 0)


@pytest.mark.looptime
async def test_an_answer_that_nobody_counted_may_have_cost_all_that_was_set_aside():
    paper = Paper()
    purse = Purse()
    await through_to(paper, Scripted(Completion(text="uncounted", stop="end")), prompt(), purse=purse)
    (call,) = paper.calls
    assert (call.cost, call.attempts[0].cause) == (0, "ok")
    assert purse.statistics().doubtful.tokens == call.attempts[0].most_tokens > 0


@pytest.mark.looptime
async def test_what_the_tape_answers_costs_nothing(tmp_path):
    await through(tmp_path, Scripted(SAID), prompt("one"))
    purse, tape = Purse(Cost(0, 0)), Tape(read_journal(tmp_path))
    assert await through(tmp_path, Scripted(), prompt("one"), tape=tape, purse=purse) == [SAID]
    assert purse.spent == NOTHING


@pytest.mark.looptime
async def test_a_call_that_is_left_behind_is_written_down_since_it_may_be_billed():
    paper = Paper()
    purse = Purse()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await through_to(paper, Slow(1, 60), prompt("a"), prompt("b"), purse=purse)
    first, left = paper.calls
    assert (first.kind, left.kind, left.cause, left.sequence) == ("call_answered", "call_failed", LEFT, 1)
    assert [attempt.cause for attempt in left.attempts] == [LEFT]
    state = purse.statistics()
    assert state.doubtful == cost_of(left.attempts[0].most, left.attempts[0].most_tokens)
    assert (state.aside, state.out) == (NOTHING, 0)


@pytest.mark.looptime
async def test_whoever_leaves_before_the_call_was_sent_leaves_nothing_behind():
    paper = Paper()
    limiter = Limiter(MODEL.limits)
    limiter.pause(60)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await through_to(paper, Slow(1), prompt(), limiter=limiter)
    assert paper.calls == []


@pytest.mark.looptime
async def test_no_call_is_sent_that_would_come_home_after_the_curfew():
    paper = Paper()
    now = asyncio.get_running_loop().time
    limiter, purse, curfew, provider = Limiter(MODEL.limits), Purse(), Curfew(now() + 10), Slow(4, 4, 4)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(60):
            many = [prompt(text) for text in "abc"]
            await through_to(paper, provider, *many, limiter=limiter, purse=purse, curfew=curfew)
    assert (provider.asked, provider.done) == (2, 2)
    assert limiter.statistics().in_flight == 0
    await asyncio.wait_for(purse.ended(), 1)
    assert [call.kind for call in paper.calls] == ["call_answered"] * 2


def on_tape(*recorded: tuple[str, int, str]) -> Tape:
    """Give the tape of one conversation on which these answers stand: role, sequence, digest."""
    key = {"model": "m", "attempts": (), "latency": 0.0, "cost": 0.0}
    return Tape(
        Event(
            at=1.0,
            conversation="c",
            body=CallAnswered(
                role=role,
                sequence=sequence,
                digest=digest,
                completion=Completion(text=digest, stop="end"),
                **key,
            ),
        )
        for role, sequence, digest in recorded
    )


def said(tape: Tape, role: str, sequence: int, digest: str) -> str | None:
    answer = tape.answer(("c", role, sequence), digest)
    return answer.text if answer else None


def test_what_follows_an_answer_that_a_damaged_journal_lost_may_take_another_course():
    recorded = ("patient", 0, "a"), ("patient", 1, "c"), ("assistant", 1, "d"), ("juror/m/safety", 0, "e")
    tape = on_tape(*recorded)
    assert said(tape, "patient", 0, "a") == "a"
    assert said(tape, "assistant", 0, "b") is None  # lost: it is asked anew, and may answer otherwise
    assert said(tape, "patient", 1, "otherwise") is None
    assert said(tape, "assistant", 1, "d") == "d"
    assert said(tape, "juror/m/safety", 0, "otherwise") is None
    with pytest.raises(Diverged):
        said(on_tape(*recorded), "patient", 0, "otherwise")


def test_the_other_course_goes_on_as_such_when_it_is_stopped_again():
    tape = on_tape(("patient", 0, "a"), ("patient", 1, "c"), ("assistant", 1, "d"), ("assistant", 0, "b"))
    assert [said(tape, "patient", 0, "a"), said(tape, "assistant", 0, "b")] == ["a", "b"]
    assert said(tape, "patient", 1, "otherwise") is None
    with pytest.raises(Diverged):
        said(on_tape(("patient", 0, "a"), ("assistant", 0, "b"), ("patient", 1, "c")), "patient", 1, "x")


def test_a_vote_that_is_missing_is_no_reason_to_ask_another_juror_anew():
    tape = on_tape(("patient", 0, "a"), ("juror/m/safety", 0, "e"))
    assert said(tape, "patient", 0, "a") == "a"
    assert said(tape, "juror/n/safety", 0, "f") is None
    with pytest.raises(Diverged):
        said(tape, "juror/m/safety", 0, "otherwise")
