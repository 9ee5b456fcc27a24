"""The limiter against the simulator's own buckets, in virtual time: right limits are used up and never overrun,
wrong ones heal by themselves.

Without `noop_cycles`, looptime would wait at every step for input that cannot come.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace

import anyio
import pytest

from agents.speech import Usage
from engine.charges import RULES
from engine.errors import Throttled
from engine.limiter import Limiter
from engine.models import Limits
from engine.rates import Allowance, Rates
from engine.recovery import CUT, FIRST, JUST_BELOW, Recovery
from engine.simulator.limits import Exceeded, ModelLimits
from engine.simulator.served import load_served
from engine.simulator.tokens import TokenUsage
from personas.seeds import uniform

SERVED = {"anthropic": "claude-haiku-4-5-20251001", "openai": "gpt-5.1", "bedrock": "us.amazon.nova-pro-v1:0"}
NONE = dict.fromkeys(("requests", "input_tokens", "output_tokens", "tokens"))
LONGEST = 500


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass(slots=True)
class Account:
    """A provider's side of one account: exact limits, a short burst, jitter on the way."""

    protocol: str
    true: dict[str, int]
    tells: bool = True
    burst: float = 1.0
    limits: ModelLimits = field(init=False)
    sent: list[float] = field(default_factory=list)
    """Times at which admitted calls were sent."""
    refused: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.enforce(1.0)

    def enforce(self, share: float) -> None:
        """From now on, allow this share of the limits."""
        true = {kind: int(limit * share) for kind, limit in self.true.items()}
        served = replace(load_served()[SERVED[self.protocol]], burst=self.burst, **(NONE | true))
        self.limits = ModelLimits(served, now())

    def rates(self) -> Rates | None:
        if not self.tells:
            return None
        levels = self.limits.levels(now()).items()
        return Rates(**{kind: Allowance(limit=at.limit, remaining=at.remaining) for kind, at in levels})

    async def ask(self, limiter: Limiter, estimate: Usage, name: str, priority: int = 0) -> None:
        """Make one call, again and again until it is admitted."""
        real = Usage(
            input=int(estimate.input * (0.8 + 0.4 * uniform(name, "input"))),
            output=int(150 * (0.3 + 1.4 * uniform(name, "output"))),
        )
        while True:
            try:
                async with limiter.hold(estimate, priority) as permit:
                    began, limits = now(), self.limits
                    await anyio.sleep(0.02 * uniform(name, "way"))
                    self.admit(real, began)
                    await anyio.sleep(1 + uniform(name, "latency"))
                    limits.settle(real.output, LONGEST, now())
                    permit.settle(real, self.rates())
                    return
            except Throttled:
                continue

    def admit(self, real: Usage, began: float) -> None:
        try:
            self.limits.admit(TokenUsage(fresh=real.input, read=0, written=0), LONGEST, now())
        except Exceeded as exceeded:
            self.refused.append(now())
            pause = {"anthropic": max(1, round(exceeded.seconds)), "openai": exceeded.seconds}
            raise Throttled("full", retry_after=pause.get(self.protocol), rates=self.rates()) from None
        self.sent.append(began)

    def empty(self) -> None:
        """Let somebody else on the account use what there is."""
        with suppress(Exceeded):
            while True:
                self.limits.admit(TokenUsage(fresh=0, read=0, written=0), LONGEST, now())

    def rate(self, start: float, stop: float) -> float:
        """Give the calls admitted per second between two times."""
        return sum(start <= at < stop for at in self.sent) / (stop - start)


async def play(account: Account, file: dict[str, int], *, conversations: int, depth: int, tokens: int = 1000):
    """Hold conversations of dependent calls through one limiter; give it and the seconds they took."""
    limiter = Limiter(Limits(in_flight=500, **file), RULES[account.protocol])
    estimate = Usage(input=tokens, output=LONGEST if account.protocol == "bedrock" else 150)

    async def converse(conversation: int) -> None:
        for turn in range(depth):
            await account.ask(limiter, estimate, f"{conversation}.{turn}")

    async with anyio.create_task_group() as group:
        for conversation in range(conversations):
            group.start_soon(converse, conversation)
    return limiter.statistics()


RIGHT = {
    "requests": ("openai", {"requests": 1200}, 20.0),
    "input": ("anthropic", {"requests": 6000, "input_tokens": 1_200_000, "output_tokens": 10**6}, 20.0),
    "output": ("anthropic", {"requests": 6000, "input_tokens": 10**8, "output_tokens": 180_000}, 20.0),
    "both": ("openai", {"requests": 6000, "tokens": 1_380_000}, 20.0),
    "booked": ("bedrock", {"requests": 6000, "tokens": 1_380_000}, 20.0),
}


@pytest.mark.looptime(noop_cycles=2)
@pytest.mark.parametrize("kind", RIGHT)
async def test_a_right_limit_is_used_up_and_never_overrun(kind):
    protocol, limits, allowed = RIGHT[kind]
    account = Account(protocol, limits)
    stands = await play(account, limits, conversations=60, depth=15)
    assert (account.refused, stands.episodes, stands.share) == ([], 0, 1.0)
    assert account.rate(10, 40) >= 0.97 * allowed
    assert now() <= 1.05 * (60 * 15 / allowed) + 2


@pytest.mark.looptime(noop_cycles=2)
async def test_an_hour_of_mixed_prompts_keeps_to_both_limits_and_starves_nobody():
    limits = {"requests": 120, "tokens": 120_000}
    account, waits = Account("openai", limits, burst=10.0), []
    limiter = Limiter(Limits(in_flight=100, **limits))

    async def one(number: int) -> None:
        size = 12_000 if number % 40 == 0 else 1_000
        began = now()
        await account.ask(limiter, Usage(input=size, output=150), str(number))
        waits.append(now() - began)

    async with anyio.create_task_group() as group:
        for number in range(3500):
            group.start_soon(one, number)
            await anyio.sleep(1.03)
    assert account.refused == []
    assert now() == pytest.approx(3605, abs=30)
    assert max(waits) < 60


WRONG = ("openai", True), ("anthropic", True), ("openai", False), ("anthropic", False), ("bedrock", False)


@pytest.mark.looptime(noop_cycles=2)
@pytest.mark.parametrize(("protocol", "tells"), WRONG)
async def test_a_limit_twice_too_high_heals_within_ten_seconds(protocol, tells):
    account = Account(protocol, {"requests": 1200}, tells)
    await play(account, {"requests": 2400}, conversations=60, depth=20)
    assert len(account.refused) < 0.02 * (len(account.sent) + len(account.refused))
    assert account.rate(10, 50) >= 0.9 * 20
    assert not [at for at in account.refused if 5 < at < 15]


@pytest.mark.looptime(noop_cycles=2)
@pytest.mark.parametrize(("protocol", "tells"), WRONG)
async def test_a_limit_that_is_silently_halved_is_found_again(protocol, tells):
    account = Account(protocol, {"requests": 1200}, tells)
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: play(account, {"requests": 1200}, conversations=60, depth=20))
        await anyio.sleep(20)
        account.enforce(0.5)
    assert len(account.refused) < 0.02 * (len(account.sent) + len(account.refused))
    assert account.rate(30, 80) >= 0.9 * 10


@pytest.mark.looptime(noop_cycles=2)
async def test_a_limit_ten_times_too_high_heals_too():
    account = Account("bedrock", {"requests": 1200}, tells=False)
    await play(account, {"requests": 12_000}, conversations=60, depth=15)
    assert account.rate(10, 35) >= 0.9 * 20


@pytest.mark.looptime(noop_cycles=2)
async def test_a_limit_that_was_halved_for_a_while_is_used_whole_again():
    account = Account("bedrock", {"requests": 1200}, tells=False)
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: play(account, {"requests": 1200}, conversations=60, depth=90))
        await anyio.sleep(10)
        account.enforce(0.5)
        await anyio.sleep(30)
        account.enforce(1.0)
        await anyio.sleep(180)
        assert account.rate(now() - 20, now()) >= 0.95 * 20


@pytest.mark.looptime(noop_cycles=2)
async def test_one_refusal_out_of_the_blue_costs_seconds_and_not_the_run():
    account = Account("openai", {"requests": 1200})
    limiter_file = {"requests": 1200}
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: play(account, limiter_file, conversations=60, depth=15))
        await anyio.sleep(10)
        account.empty()
    assert 1 <= len(account.refused) <= 3
    assert account.rate(15, 40) >= 0.9 * 20


async def test_the_share_grows_fast_to_just_below_where_it_was_refused_and_slowly_beyond():
    recovery = Recovery()
    recovery.refuse(1.0, 0.0, 1.0, taken=None)
    assert recovery.share(1.0) == pytest.approx(CUT)
    assert recovery.share(4.0) == pytest.approx(JUST_BELOW, abs=0.01)
    assert recovery.share(6.0) == pytest.approx(JUST_BELOW, abs=0.02)
    assert recovery.share(60.0) == 1.0


async def test_what_was_taken_between_two_refusals_is_the_providers_rate():
    recovery = Recovery()
    recovery.refuse(0.0, None, 0.0, taken=None)
    recovery.refuse(1.5, 0.0, 2.0, taken=0.9)  # seconds' worth of our limits, in two seconds
    assert recovery.share(4.0) == pytest.approx(0.45, abs=0.02)


async def test_a_second_refusal_within_a_second_says_nothing_of_the_rate():
    recovery = Recovery()
    recovery.refuse(1.0, 0.0, 1.0, taken=None)
    recovery.refuse(1.1, 0.0, 1.3, taken=0.1)
    assert recovery.share(1.3) == pytest.approx(CUT * CUT, abs=0.03)
    assert recovery.share(8.0) > 0.9 * JUST_BELOW


async def test_what_was_taken_in_idleness_is_nobodys_rate():
    recovery = Recovery()
    recovery.refuse(0.0, None, 0.0, taken=None)
    recovery.refuse(500.0, None, 500.0, taken=1.0)
    assert recovery.share(510.0) > 0.9


async def test_a_cool_down_holds_the_growth_back():
    recovery = Recovery()
    recovery.refuse(0.0, None, 0.0, taken=None)
    assert recovery.resume_at == FIRST
    assert recovery.share(FIRST) == pytest.approx(CUT)
