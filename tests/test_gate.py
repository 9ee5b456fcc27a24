"""The gate: recorded before heard, retried as the provider wants, answered from the tape while it matches."""

from __future__ import annotations

import asyncio

import pytest

from agents.speech import Completion, Message, Prompt, Usage
from engine.catalog import read_catalog
from engine.charges import Forecast
from engine.errors import Denied, Diverged, Dropped, Throttled
from engine.gate import Gate, Line
from engine.journal import open_journal, read_journal
from engine.limiter import Limiter
from engine.providers import Reply
from engine.rates import Allowance, Rates
from engine.retry import ATTEMPTS
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


async def through(folder, provider, *prompts, tape=None, limiter=None, forecast=None):
    """Ask each prompt in turn on one line; give the answers."""
    async with open_journal(folder) as journal:
        gate = Gate(
            model=MODEL,
            provider=provider,
            limiter=limiter or Limiter(MODEL.limits),
            journal=journal,
            tape=tape or Tape(),
            forecast=forecast or Forecast(),
        )
        ask = gate.ask(Line(conversation="c", role="assistant", priority=0))
        return [await ask(each) for each in prompts]


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
