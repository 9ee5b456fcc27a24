"""Retries, in virtual time: what passes by itself is tried again, as often and as long as is reasonable."""

from __future__ import annotations

import asyncio

import pytest

from agents.speech import Completion, Message, Prompt, Usage
from engine.errors import CallError, Denied, Dropped, Overloaded, Rejected, Throttled, Unknown
from engine.limiter import Limiter
from engine.models import Limits
from engine.retry import ATTEMPTS, LONGEST, PATIENCE, Tries, retried

pytestmark = [pytest.mark.asyncio, pytest.mark.looptime(noop_cycles=2)]
SAID = Completion(text="hello", stop="end", usage=Usage(input=1, output=1))


def now() -> float:
    return asyncio.get_running_loop().time()


def prompt(text: str = "hi") -> Prompt:
    return Prompt(system="", messages=(Message(author="user", text=text),), max_tokens=30)


class Line:
    """A call that goes through a limiter and fails by script, with the retrier around it."""

    def __init__(self, *script: Exception) -> None:
        self.script, self.times, self.tries = list(script), [], Tries()
        self.limiter = Limiter(Limits(requests=10**6, in_flight=10))
        self.ask = retried(self._provider, self.tries, self.limiter, model="m")

    async def _provider(self, asked: Prompt) -> Completion:
        async with self.limiter.hold(Usage()) as permit:
            self.times.append(now())
            if self.script:
                raise self.script.pop(0)
            permit.settle(SAID.usage)
            return SAID

    @property
    def causes(self) -> list[str]:
        return [attempt.cause for attempt in self.tries.made]


@pytest.mark.parametrize("error", [Denied("key"), Unknown("model"), Rejected("size")], ids=lambda e: e.cause)
async def test_a_final_error_stops_at_once(error):
    line = Line(error)
    with pytest.raises(type(error)):
        await line.ask(prompt())
    assert (line.causes, now()) == ([error.cause], pytest.approx(0, abs=1e-3))


async def test_a_final_error_after_a_transient_one_stops_too():
    line = Line(Dropped("gone"), Rejected("size"))
    with pytest.raises(Rejected):
        await line.ask(prompt())
    assert line.causes == ["dropped", "rejected"]
    assert line.tries.made[-1].pause == 0


async def test_a_drop_is_tried_again_after_pauses_that_grow():
    line = Line(*[Dropped("gone")] * (ATTEMPTS - 1))
    assert await line.ask(prompt()) == SAID
    pauses = [attempt.pause for attempt in line.tries.made[:-1]]
    assert all(0.25 * 2**n <= pause <= 0.75 * 2**n for n, pause in enumerate(pauses))
    assert now() == pytest.approx(sum(pauses), abs=0.01)


async def test_calls_that_failed_together_come_back_apart():
    pauses = set()
    for text in ("one", "two", "three", "four"):
        line = Line(Dropped("gone"))
        await line.ask(prompt(text))
        pauses.add(line.tries.made[0].pause)
    assert len(pauses) == 4


async def test_the_same_call_pauses_alike_in_every_run():
    pauses = set()
    for _ in range(2):
        line = Line(Dropped("gone"))
        await line.ask(prompt())
        pauses.add(line.tries.made[0].pause)
    assert len(pauses) == 1


async def test_a_failure_that_lasts_is_given_up_after_some_attempts():
    line = Line(*[Overloaded("busy")] * 20)
    with pytest.raises(Overloaded):
        await line.ask(prompt())
    assert line.causes == ["overloaded"] * ATTEMPTS
    assert now() < ATTEMPTS * LONGEST


@pytest.mark.parametrize("error", [Throttled("slow", retry_after=3.25), Overloaded("busy", retry_after=3.25)])
async def test_a_pause_that_the_provider_names_is_kept_exactly(error):
    line = Line(error)
    await line.ask(prompt())
    assert line.times[1] - line.times[0] == pytest.approx(3.25, abs=0.001)
    assert line.tries.made[0].pause == 3.25


async def test_refusals_for_the_rate_use_up_no_attempts():
    line = Line(*[Throttled("slow", retry_after=1.0)] * (3 * ATTEMPTS))
    assert await line.ask(prompt()) == SAID
    assert line.causes == ["throttled"] * 3 * ATTEMPTS + ["ok"]


async def test_refusals_without_end_are_given_up_when_patience_ends():
    line = Line(*[Throttled("slow")] * 1000)
    with pytest.raises(Throttled):
        await line.ask(prompt())
    assert PATIENCE - 2 * LONGEST < now() <= PATIENCE


async def test_a_pause_longer_than_our_patience_is_not_waited_for():
    line = Line(Overloaded("busy", retry_after=PATIENCE + 1))
    with pytest.raises(CallError):
        await line.ask(prompt())
    assert now() < 1


async def test_every_call_begins_with_a_clean_slate():
    line = Line(Dropped("gone"))
    await line.ask(prompt())
    await line.ask(prompt())
    assert line.causes == ["ok"]
