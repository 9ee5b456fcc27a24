"""The gate: recorded before heard, retried as the provider wants, answered from the tape while it matches."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from agents.speech import Completion, Message, Prompt, Usage
from engine.catalog import read_catalog
from engine.errors import Denied, Diverged, Dropped, Throttled
from engine.gate import Gate, Line, estimate
from engine.journal import open_journal, read_journal
from engine.limiter import Limiter
from engine.providers import Reply
from engine.retry import ATTEMPTS
from engine.tape import Tape

MODEL = read_catalog().models["gpt-5.1"]
SAID = Completion(
    text="hello", stop="end", usage=Usage(input=1_000_000, cache_read=500_000, output=1_000_000)
)


@pytest.fixture(autouse=True)
async def a_clock_that_never_stands_still(monkeypatch):
    loop, looks = asyncio.get_running_loop(), itertools.count()
    real = loop.time
    monkeypatch.setattr(loop, "time", lambda: real() + next(looks) * 1e-9)


class Scripted:
    """A provider that answers or fails by script."""

    def __init__(self, *script: Completion | Exception) -> None:
        self.script, self.times = list(script), []

    async def ask(self, prompt, model, listen=None) -> Reply:
        self.times.append(asyncio.get_running_loop().time())
        item = self.script.pop(0)
        if isinstance(item, Exception):
            raise item
        return Reply(completion=item)


def prompt(text: str = "hi") -> Prompt:
    return Prompt(system="s", messages=(Message(author="user", text=text),), max_tokens=30)


async def through(folder, provider, *prompts, tape: Tape | None = None):
    """Ask each prompt in turn on one line; give the answers."""
    async with open_journal(folder) as journal:
        gate = Gate(
            model=MODEL,
            provider=provider,
            limiter=Limiter(MODEL.limits),
            journal=journal,
            tape=tape or Tape(),
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


def test_the_estimate_counts_words_and_the_reply():
    guess = estimate(prompt("x" * 399))
    assert (guess.input, guess.output) == (100, 10)


def test_two_prompts_have_one_digest_only_if_they_are_equal():
    assert prompt().digest == prompt().digest
    assert len({prompt().digest, prompt("ho").digest}) == 2
