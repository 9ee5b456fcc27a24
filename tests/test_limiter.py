"""The limiter, in virtual time: nothing over the limit, nobody starved, first come first served."""

from __future__ import annotations

import asyncio
import itertools

import anyio
import pytest

from agents.speech import Usage
from engine.catalog import Limits
from engine.limiter import Limiter

pytestmark = [pytest.mark.asyncio, pytest.mark.looptime]


@pytest.fixture(autouse=True)
async def a_clock_that_never_stands_still(monkeypatch):
    """Let every look at the virtual clock take a nanosecond, as a real one does.

    aiolimiter sets its timer for the very moment there is room, and looks again when rounding made it a
    hair too early; on a clock that stands still between two looks it would look for ever.
    """
    loop, looks = asyncio.get_running_loop(), itertools.count()
    real = loop.time
    monkeypatch.setattr(loop, "time", lambda: real() + next(looks) * 1e-9)


def limits(**changes: int) -> Limits:
    generous = {"requests": 10**6, "input_tokens": 10**9, "output_tokens": 10**9, "in_flight": 10**4}
    return Limits(**(generous | changes))


def now() -> float:
    return asyncio.get_running_loop().time()


async def call(
    limiter: Limiter, log: list, name: object, *, takes: float = 0.0, priority: int = 0, **tokens: int
):
    async with limiter.hold(Usage(**tokens), priority):
        log.append((name, now()))
        await anyio.sleep(takes)


async def test_an_hour_of_requests_stays_within_the_rate_and_uses_it():
    limiter, log = Limiter(limits(requests=600)), []
    async with anyio.create_task_group() as group:
        for number in range(3600):
            group.start_soon(call, limiter, log, number)
    times = sorted(at for _, at in log)
    assert times[-1] == pytest.approx(360, abs=2)
    busiest = max(sum(start <= at < start + 60 for at in times) for start in range(0, 300, 7))
    assert busiest <= 610


async def test_calls_are_served_first_come_first_served():
    limiter, log = Limiter(limits(requests=60)), []
    async with anyio.create_task_group() as group:
        for number in range(30):
            group.start_soon(call, limiter, log, number)
    assert [name for name, _ in log] == list(range(30))


async def test_a_large_prompt_is_not_starved_by_small_ones():
    limiter, log = Limiter(limits(input_tokens=60_000)), []
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: call(limiter, log, "first", input=1000))
        group.start_soon(lambda: call(limiter, log, "large", input=30_000))
        for number in range(50):
            group.start_soon(lambda number=number: call(limiter, log, number, input=100))
    assert [name for name, _ in log][:3] == ["first", "large", 0]
    assert log[1][1] == pytest.approx(30, abs=2)


async def test_older_conversations_go_before_newer_ones():
    limiter, log = Limiter(limits(in_flight=1)), []
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: call(limiter, log, "running", takes=1))
        await anyio.sleep(0.1)
        for number in (5, 3, 4):
            group.start_soon(lambda number=number: call(limiter, log, number, priority=number))
    assert [name for name, _ in log] == ["running", 3, 4, 5]


async def test_no_more_calls_are_in_flight_than_allowed():
    limiter, log, most = Limiter(limits(in_flight=7)), [], [0]

    async def watched(number: int) -> None:
        async with limiter.hold(Usage()):
            most[0] = max(most[0], limiter.statistics().in_flight)
            await anyio.sleep(1)
            log.append(number)

    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(watched, number)
    assert len(log) == 50
    assert most[0] == 7
    assert now() == pytest.approx(8, abs=0.1)


async def test_an_estimate_that_was_too_high_is_given_back():
    limiter, log = Limiter(limits(output_tokens=6000)), []
    for number in range(20):
        async with limiter.hold(Usage(output=100)) as permit:
            log.append(number)
            permit.settle(Usage(output=10))
    assert now() == pytest.approx(2, abs=1.5)


async def test_an_estimate_that_was_too_low_is_paid_by_the_next_calls():
    limiter = Limiter(limits(output_tokens=6000))
    for _ in range(20):
        async with limiter.hold(Usage(output=10)) as permit:
            permit.settle(Usage(output=100))
    assert now() == pytest.approx(19 * 100 / 100, abs=2)


async def test_cached_input_is_not_charged():
    limiter = Limiter(limits(input_tokens=60_000))
    for _ in range(20):
        async with limiter.hold(Usage(input=1000)) as permit:
            permit.settle(Usage(input=1000, cache_read=1000))
    assert now() < 2


async def test_a_pause_holds_back_everyone_for_as_long_as_the_provider_said():
    limiter, log = Limiter(limits()), []
    limiter.pause(12.5)
    async with anyio.create_task_group() as group:
        for number in range(5):
            group.start_soon(call, limiter, log, number)
    assert {round(at, 3) for _, at in log} == {12.5}


async def test_a_caller_who_gives_up_while_waiting_blocks_nobody():
    limiter, log = Limiter(limits(in_flight=1)), []
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: call(limiter, log, "running", takes=5))
        await anyio.sleep(0.1)
        with anyio.move_on_after(1):
            await call(limiter, log, "impatient")
        await call(limiter, log, "patient")
    assert [name for name, _ in log] == ["running", "patient"]


async def test_a_crowd_that_gives_up_at_once_breaks_nothing():
    limiter, log = Limiter(limits(in_flight=1)), []
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: call(limiter, log, "running", takes=5))
        await anyio.sleep(0.1)
        with anyio.move_on_after(1):
            async with anyio.create_task_group() as crowd:
                for number in range(50):
                    crowd.start_soon(call, limiter, log, number)
        assert limiter.statistics().waiting == 0
        await call(limiter, log, "after")
    assert [name for name, _ in log] == ["running", "after"]


async def test_a_closed_limiter_lets_calls_come_home_and_starts_no_other():
    limiter, log = Limiter(limits()), []
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: call(limiter, log, "out", takes=3))
        await anyio.sleep(0.1)
        limiter.close()
        group.start_soon(lambda: call(limiter, log, "late"))
        await limiter.drained()
        assert now() == pytest.approx(3, abs=0.01)
        group.cancel_scope.cancel()
    assert [name for name, _ in log] == ["out"]


async def test_statistics_tell_how_the_limiter_stands():
    limiter = Limiter(limits(requests=60, in_flight=1))
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: call(limiter, [], 1, takes=5))
        group.start_soon(lambda: call(limiter, [], 2))
        await anyio.sleep(0.1)
        stands = limiter.statistics()
    assert (stands.waiting, stands.in_flight, stands.requests) == (1, 1, 1)
    assert stands.load > 0.8
