"""The limiter, in virtual time: nothing over the limit, nobody starved, first come first served."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from agents.speech import Usage
from engine.charges import RULES
from engine.errors import Overloaded, Throttled
from engine.limiter import FLOOD, Limiter
from engine.models import Limits
from engine.rates import Allowance, Rates

pytestmark = [pytest.mark.asyncio, pytest.mark.looptime(noop_cycles=2)]


def limits(**changes: int) -> Limits:
    generous = {"requests": 10**6, "input_tokens": 10**9, "output_tokens": 10**9, "in_flight": 5000}
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


async def test_cached_input_is_not_charged_where_the_provider_does_not():
    limiter = Limiter(limits(input_tokens=60_000), RULES["anthropic"])
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


async def test_a_pause_ends_at_the_rate_and_not_in_a_burst():
    limiter, log = Limiter(limits(requests=6000)), []
    limiter.pause(10)
    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(call, limiter, log, number)
    assert log[0][1] == pytest.approx(10, abs=0.01)
    assert sum(at < 10.1 for _, at in log) <= 12


async def test_both_directions_share_one_limit_where_the_provider_counts_so():
    limiter = Limiter(limits(tokens=60_000))
    for _ in range(20):
        async with limiter.hold(Usage(input=600, output=400)) as permit:
            permit.settle(Usage(input=600, cache_read=600, output=400))
    assert now() == pytest.approx(19, abs=1)


async def test_the_longest_answer_is_booked_where_the_provider_does_and_given_back():
    limiter = Limiter(limits(tokens=60_000), RULES["bedrock"])
    for _ in range(20):
        async with limiter.hold(Usage(input=100, output=900)) as permit:
            permit.settle(Usage(input=100, output=50))
    assert now() == pytest.approx(19 * 0.15, abs=1.5)


async def test_what_was_booked_for_an_answer_that_never_came_is_given_back_too():
    limiter = Limiter(limits(tokens=60_000), RULES["bedrock"])
    for _ in range(FLOOD - 1):
        with pytest.raises(Overloaded):
            async with limiter.hold(Usage(input=100, output=900)):
                raise Overloaded("trouble")
    assert now() == pytest.approx((FLOOD - 1) * 0.1, abs=1)


async def test_a_usage_that_the_server_does_not_tell_is_taken_as_estimated():
    limiter = Limiter(limits(tokens=60_000))
    for _ in range(20):
        async with limiter.hold(Usage(input=1000)) as permit:
            permit.settle(Usage())
    assert now() == pytest.approx(19, abs=1)


async def test_a_lower_limit_that_headers_tell_holds_at_once():
    limiter, log = Limiter(limits(requests=6000)), []
    limiter.learn(Rates(requests=Allowance(limit=60)))
    async with anyio.create_task_group() as group:
        for number in range(60):
            group.start_soon(call, limiter, log, number)
    assert log[-1][1] == pytest.approx(60, abs=4)
    assert limiter.statistics().share == pytest.approx(0.01)


async def test_a_higher_limit_that_headers_tell_is_shown_and_not_used():
    limiter, log, told = Limiter(limits(requests=60)), [], Rates(requests=Allowance(limit=6000))
    limiter.learn(told)
    async with anyio.create_task_group() as group:
        for number in range(30):
            group.start_soon(call, limiter, log, number)
    assert log[-1][1] == pytest.approx(29, abs=1.5)
    assert (limiter.statistics().share, limiter.statistics().told) == (1.0, told)


async def test_a_limit_that_headers_raise_again_is_used_again():
    limiter, log = Limiter(limits(requests=600)), []
    limiter.learn(Rates(requests=Allowance(limit=60)))
    limiter.learn(Rates(requests=Allowance(limit=600)))
    await anyio.sleep(10)
    async with anyio.create_task_group() as group:
        for number in range(100):
            group.start_soon(call, limiter, log, number)
    assert log[-1][1] - 10 == pytest.approx(10, abs=0.5)


async def test_a_limit_that_only_headers_tell_holds_too():
    limiter, log = Limiter(Limits(requests=10**6, in_flight=100)), []
    limiter.learn(Rates(tokens=Allowance(limit=60_000)))
    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(lambda number=number: call(limiter, log, number, input=1000))
    assert log[-1][1] == pytest.approx(19, abs=1)


async def test_what_headers_say_remains_corrects_what_we_believe_to_have():
    limiter, log = Limiter(limits(requests=60_000)), []
    limiter.learn(Rates(requests=Allowance(limit=60_000, remaining=0)))
    async with anyio.create_task_group() as group:
        for number in range(100):
            group.start_soon(call, limiter, log, number)
    assert log[-1][1] == pytest.approx(0.1, abs=0.02)


async def test_tokens_told_in_round_thousands_are_not_mistaken_for_none():
    limiter, log = Limiter(limits(input_tokens=180_000), RULES["anthropic"]), []
    limiter.learn(Rates(input_tokens=Allowance(limit=180_000, remaining=0)))
    await call(limiter, log, "first", input=300)
    assert log == [("first", pytest.approx(0, abs=1e-3))]


async def refused(limiter: Limiter, takes: float, error: Exception) -> None:
    with pytest.raises(type(error)):
        async with limiter.hold(Usage()):
            await anyio.sleep(takes)
            raise error


async def test_refusals_of_calls_sent_before_the_cut_belong_to_one_episode():
    limiter = Limiter(limits())
    async with anyio.create_task_group() as group:
        for takes in (1, 1, 1.2, 1.5):
            group.start_soon(refused, limiter, takes, Throttled("slow", retry_after=0.1))
    stands = limiter.statistics()
    assert (stands.episodes, stands.refusals) == (1, 4)
    assert stands.share == pytest.approx(0.7, abs=0.05)
    assert stands.paused == pytest.approx(0.1, abs=0.01)


async def test_a_refusal_of_a_call_sent_after_the_cut_begins_another_episode():
    limiter = Limiter(limits())
    await refused(limiter, 0, Throttled("slow"))
    await refused(limiter, 0, Throttled("slow"))
    assert limiter.statistics().episodes == 2


async def test_a_cool_down_that_nobody_named_grows_until_a_call_is_answered():
    limiter, pauses = Limiter(limits()), []
    for number in range(4):
        if number == 3:
            async with limiter.hold(Usage()) as permit:
                permit.settle(Usage(input=1))
        await refused(limiter, 0.01, Throttled("slow"))
        pauses.append(round(limiter.statistics().paused, 2))
    assert pauses == [1, 2, 4, 1]


async def test_a_retry_after_of_days_is_not_obeyed():
    limiter = Limiter(limits())
    await refused(limiter, 0, Throttled("slow", retry_after=1e6))
    assert limiter.statistics().paused <= 300


async def test_a_flood_of_overloads_slows_us_and_pauses_nobody():
    limiter = Limiter(limits())
    for _ in range(FLOOD):
        await refused(limiter, 0.01, Overloaded("busy"))
    stands = limiter.statistics()
    assert (stands.episodes, stands.paused) == (0, 0)
    assert stands.share == pytest.approx(0.7, abs=0.02)


async def test_now_and_then_an_overload_slows_nobody():
    limiter = Limiter(limits())
    for _ in range(3 * FLOOD):
        await refused(limiter, 0.01, Overloaded("busy"))
        async with limiter.hold(Usage()) as permit:
            permit.settle(Usage(input=1))
    assert limiter.statistics().share == 1


async def test_an_overload_that_names_a_pause_holds_back_everyone():
    limiter = Limiter(limits())
    await refused(limiter, 0, Overloaded("busy", retry_after=7))
    assert limiter.statistics().paused == pytest.approx(7, abs=0.01)


async def test_an_estimate_may_be_made_when_the_turn_has_come():
    limiter, log, known = Limiter(limits(in_flight=1, tokens=60_000)), [], [30_000]
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: call(limiter, log, "running", takes=5))
        await anyio.sleep(0.1)

        async def late() -> None:
            async with limiter.hold(lambda: Usage(input=known[0])):
                log.append(("late", now()))

        group.start_soon(late)
        await anyio.sleep(0.1)
        known[0] = 100
    assert log[1] == ("late", pytest.approx(5, abs=0.1))


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
