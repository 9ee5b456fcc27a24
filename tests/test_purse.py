"""The purse: whatever calls cost and in whatever order they come, the cap holds and what fits is made."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from fractions import Fraction

import anyio
import looptime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.purse import DOLLAR, GRACE, NOTHING, Cost, Curfew, Purse, cost_of
from engine.stage import open_stage

pytestmark = pytest.mark.looptime


@dataclass(frozen=True)
class Call:
    """One call as it might be."""

    worst: int
    share: float
    """Of the worst case that it costs in truth, 0 to 1."""
    cut: bool
    comes: int
    takes: int
    """Seconds."""
    priority: int


@dataclass
class Play:
    """What became of calls."""

    purse: Purse
    made: list[int] = field(default_factory=list)

    async def call(self, at: int, call: Call) -> None:
        await asyncio.sleep(call.comes)
        async with self.purse.hold(Cost(call.worst, call.worst), call.priority) as share:
            self.made.append(at)
            self.check()
            await asyncio.sleep(call.takes)
            true = int(call.worst * call.share)
            share.doubt() if call.cut else share.settle(Cost(true, true))
        self.check()

    def check(self) -> None:
        state = self.purse.statistics()
        assert (state.known + state.doubtful + state.aside).within(state.cap)
        assert state.out >= 0


def play(calls: list[Call], cap: Cost) -> Play:
    """Make all calls that the purse lets through, in virtual time."""

    async def all_of() -> Play:
        played = Play(Purse(cap))
        async with open_stage() as stage:
            for at, call in enumerate(calls):
                stage.enter(played.call, at, call, name=f"call {at}")
            with anyio.move_on_after(1_000):
                await played.purse.ended()
            stage.clear()
        return played

    loop = looptime.new_event_loop()
    try:
        return loop.run_until_complete(all_of())
    finally:
        loop.close()


CALLS = st.builds(
    Call,
    worst=st.integers(1, 50),
    share=st.floats(0, 1),
    cut=st.booleans(),
    comes=st.integers(0, 3),
    takes=st.integers(0, 5),
    priority=st.integers(0, 3),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(CALLS, max_size=25), st.integers(0, 300), st.booleans())
def test_the_cap_is_never_passed_and_what_fits_is_made(calls, cap, money):
    calls = [Call(**{**call.__dict__, "comes": 0}) for call in calls]
    played = play(calls, Cost(cap, 10**9) if money else Cost(10**9, cap))
    left = cap - (played.purse.spent.picos if money else played.purse.spent.tokens)
    assert left >= 0
    refused = [call for at, call in enumerate(calls) if at not in played.made]
    assert all(call.worst > left for call in refused)
    assert played.purse.statistics().out == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(CALLS, max_size=25), st.integers(0, 300))
def test_calls_that_come_at_any_time_pass_no_cap_and_only_an_end_refuses_what_fits(calls, cap):
    played = play(calls, Cost(cap, cap))
    assert played.purse.spent.within(Cost(cap, cap))
    assert len(set(played.made)) == len(played.made)
    if len(played.made) < len(calls):
        assert played.purse.cheapest is not None
        assert played.purse.cheapest.picos + played.purse.spent.picos > cap


async def test_a_large_call_that_will_fit_is_not_starved_by_small_ones():
    purse, made = Purse(Cost(100, 100)), []

    async def call(name: str, worst: int, true: int, seconds: float) -> None:
        async with purse.hold(Cost(worst, worst)) as share:
            made.append(name)
            await asyncio.sleep(seconds)
            share.settle(Cost(true, true))

    async with asyncio.timeout(100), asyncio.TaskGroup() as group:
        group.create_task(call("first", 60, 1, 5))
        group.create_task(call("large", 80, 1, 1))
        await asyncio.sleep(0.1)
        for _ in range(5):
            group.create_task(call("small", 10, 1, 1))
    assert made == ["first", "large", *["small"] * 5]


async def test_the_older_conversation_is_served_first():
    purse, made = Purse(Cost(10, 10)), []

    async def call(priority: int) -> None:
        async with purse.hold(Cost(10, 10), priority) as share:
            made.append(priority)
            await asyncio.sleep(1)
            share.settle(NOTHING)

    async with asyncio.timeout(100), asyncio.TaskGroup() as group:
        group.create_task(call(0))
        await asyncio.sleep(0.1)
        for priority in (3, 1, 2):
            group.create_task(call(priority))
    assert made == [0, 1, 2, 3]


async def test_whoever_leaves_the_queue_leaves_no_money_behind():
    purse = Purse(Cost(10, 10))

    async def call() -> None:
        async with purse.hold(Cost(10, 10)):
            await asyncio.sleep(1)

    async with asyncio.timeout(100), asyncio.TaskGroup() as group:
        _, second, third = (group.create_task(call()) for _ in range(3))
        await asyncio.sleep(0.5)
        second.cancel()
        await asyncio.sleep(0.6)
        third.cancel()
    state = purse.statistics()
    assert (state.aside, state.out, state.known, state.waiting) == (NOTHING, 0, NOTHING, 0)


async def test_it_ends_only_when_nothing_is_out_and_nobody_came_who_fits():
    purse, clock = Purse(Cost(100, 100)), asyncio.get_running_loop().time

    async def call(worst: int, true: int, seconds: float) -> None:
        async with purse.hold(Cost(worst, worst)) as share:
            await asyncio.sleep(seconds)
            share.settle(Cost(true, true))

    began = clock()
    async with asyncio.timeout(100), asyncio.TaskGroup() as group:
        one = group.create_task(call(90, 60, 7))
        await asyncio.sleep(0.1)
        other = group.create_task(call(90, 1, 1))
        await purse.ended()
        assert clock() - began == pytest.approx(7 + GRACE, abs=0.01)
        assert one.done()
        assert not other.done()
        assert purse.cheapest == Cost(90, 90)
        late = group.create_task(call(1, 1, 0))
        await asyncio.sleep(5)
        assert not late.done()  # ended is ended
        other.cancel()
        late.cancel()


async def test_what_earlier_sittings_used_counts_and_so_does_what_was_cut_off():
    purse = Purse(Cost(100, 100), known=Cost(50, 50), doubtful=Cost(30, 30))
    assert not purse.empty
    assert purse.spent == Cost(80, 80)
    async with purse.hold(Cost(20, 20)) as share:
        share.doubt()
    assert purse.empty
    assert purse.statistics().doubtful == Cost(50, 50)


async def test_a_million_costs_add_up_exactly():
    purse, dollars = Purse(), 0.000123456789
    for _ in range(100_000):
        purse._settle(NOTHING, cost_of(dollars, 3), NOTHING)
    assert purse.spent.picos == 100_000 * 123_456_789
    assert Fraction(purse.spent.picos, DOLLAR) == 100_000 * Fraction(123_456_789, 10**12)


async def test_a_call_is_late_by_the_slowest_answer_of_its_model_so_far():
    curfew = Curfew(asyncio.get_running_loop().time() + 10)
    assert not curfew.late("quick")
    curfew.hear("quick", 1.0)
    curfew.hear("slow", 6.0)
    curfew.hear("slow", 2.0)
    await asyncio.sleep(5)
    assert (curfew.late("quick"), curfew.late("slow"), curfew.late("unheard of")) == (False, True, True)
    await asyncio.sleep(4.5)
    assert curfew.late("quick")
    assert not Curfew().late("quick")
