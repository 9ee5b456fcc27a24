"""Limits: what one model of one account may be sent, and in which order.

One orderly queue stands in front of the buckets. Only its head may wait for room, so that a large prompt is not
starved by small ones (aiolimiter alone serves whoever fits first), and the head is the most urgent, then the
oldest. Nothing here knows what a call is for.

    async with limiter.hold(estimate, priority) as permit:
        ...
        permit.settle(usage)
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
from aiolimiter import AsyncLimiter

from agents.speech import Usage
from engine.catalog import Limits

BURST = 1.0
"""Seconds' worth of a minute's allowance that may be spent at once: aiolimiter's bucket starts full, and a
bucket of a whole minute would let twice the rate through in the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimiterStatistics:
    """How a limiter stands."""

    waiting: int
    """Calls in the queue."""
    in_flight: int
    requests: int
    """Sent so far."""
    paused: float
    """Seconds of cool-down left; 0 when there is none."""
    load: float
    """Share of the tightest limit used over the burst window, 0 to 1."""


class Bucket:
    """An allowance per minute, with room for corrections: a call is charged by estimate and settled by usage."""

    def __init__(self, per_minute: int) -> None:
        self._window = max(BURST, 60 / per_minute)
        self._limiter = AsyncLimiter(per_minute * self._window / 60, self._window)
        self._owed = 0.0

    async def take(self, amount: float) -> None:
        """Wait until `amount` and what earlier calls still owe may be spent; larger than the bucket, in slices."""
        due, self._owed = amount + self._owed, 0.0
        if due < 0:  # earlier estimates were too high by more than this call costs
            self._owed = due
            return
        while due > 0:
            portion = min(due, self._limiter.max_rate)
            await self._limiter.acquire(portion)
            due -= portion

    def settle(self, difference: float) -> None:
        """Charge (or, below zero, return) what an estimate was wrong by."""
        self._owed += difference

    def load(self) -> float:
        """Give the share of the bucket in use, 0 to 1."""
        if self._limiter.has_capacity(self._limiter.max_rate):
            return 0.0
        low, high = 0.0, 1.0
        for _ in range(6):  # aiolimiter tells only whether an amount fits
            middle = (low + high) / 2
            fits = self._limiter.has_capacity(self._limiter.max_rate * (1 - middle))
            low, high = (low, middle) if fits else (middle, high)
        return high


class Permit:
    """Leave to make one call."""

    def __init__(self, limiter: Limiter, estimate: Usage) -> None:
        self._limiter = limiter
        self._estimate = estimate

    def settle(self, usage: Usage) -> None:
        """Correct the estimate by what the provider counted; cached input is not charged against the limit."""
        charged = usage.input - usage.cache_read
        self._limiter.input_tokens.settle(charged - self._estimate.input)
        self._limiter.output_tokens.settle(usage.output - self._estimate.output)


class Limiter:
    """The limits of one model, and the queue in front of them."""

    def __init__(self, limits: Limits) -> None:
        self.requests = Bucket(limits.requests)
        self.input_tokens = Bucket(limits.input_tokens or limits.tokens or 10**9)
        self.output_tokens = Bucket(limits.output_tokens or limits.tokens or 10**9)
        self._room = limits.in_flight
        self._queue: list[tuple[int, int, asyncio.Future[None]]] = []
        self._ticket = 0
        self._busy = False
        self._in_flight = 0
        self._sent = 0
        self._resume_at = 0.0
        self._closed: anyio.Event | None = None

    @asynccontextmanager
    async def hold(self, estimate: Usage, priority: int = 0) -> AsyncIterator[Permit]:
        """Wait for leave to make one call; lower priority numbers first, first come first served within one."""
        await self._reach_head(priority)
        try:
            await self._pass(estimate)
        finally:
            self._busy = False
            self._call_next()
        try:
            yield Permit(self, estimate)
        finally:
            self._in_flight -= 1
            self._call_next()
            if self._closed and not self._in_flight:
                self._closed.set()

    def close(self) -> None:
        """Give leave to nobody any more; whoever waits, waits until cancelled."""
        self._closed = self._closed or anyio.Event()

    async def drained(self) -> None:
        """Wait, after `close`, until no call is out."""
        if self._closed and self._in_flight:
            await self._closed.wait()

    def pause(self, seconds: float) -> None:
        """Send nothing for so long: the provider asked for it, or said no."""
        self._resume_at = max(self._resume_at, anyio.current_time() + seconds)

    def statistics(self) -> LimiterStatistics:
        """Give how the limiter stands now."""
        return LimiterStatistics(
            waiting=sum(not turn.done() for _, _, turn in self._queue),
            in_flight=self._in_flight,
            requests=self._sent,
            paused=max(0.0, self._resume_at - anyio.current_time()),
            load=max(b.load() for b in (self.requests, self.input_tokens, self.output_tokens)),
        )

    async def _reach_head(self, priority: int) -> None:
        if not self._busy and not self._queue and self._in_flight < self._room:
            self._busy = True
            return
        self._ticket += 1
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (priority, self._ticket, turn))
        self._call_next()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # called and cancelled in one breath: the next one's turn
                self._busy = False
                self._call_next()
            raise

    def _call_next(self) -> None:
        """Give the head of the queue its turn; whoever gave up is passed over."""
        while self._queue and not self._busy and self._in_flight < self._room:
            _, _, turn = heapq.heappop(self._queue)
            if not turn.done():
                self._busy = True
                turn.set_result(None)

    async def _pass(self, estimate: Usage) -> None:
        """Wait, at the head of the queue, for the cool-down and for room in every bucket."""
        while self._resume_at > anyio.current_time():  # noqa: ASYNC110 – a pause may grow while it lasts
            await anyio.sleep_until(self._resume_at)
        await self.requests.take(1)
        await self.input_tokens.take(estimate.input)
        await self.output_tokens.take(estimate.output)
        if self._closed:
            await anyio.sleep_forever()
        self._in_flight += 1
        self._sent += 1
