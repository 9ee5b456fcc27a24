"""Limits: what one model of one account may be sent, and in which order.

One orderly queue stands in front of the buckets. Only its head may wait for room, so that a large prompt is not
starved by small ones (aiolimiter alone serves whoever fits first), and the head is the most urgent, then the
oldest. What a call came to, good or bad, is learnt when its permit is given back. Nothing here knows what a
call is for.

    async with limiter.hold(estimate, priority) as permit:
        ...
        permit.settle(usage)
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType

from agents.speech import Usage
from engine.buckets import Bucket
from engine.catalog import Limits
from engine.charges import ChargingRule, bill
from engine.errors import CallError, Overloaded, Throttled
from engine.rates import Rates
from engine.recovery import Recovery

Estimate = Usage | Callable[[], Usage]
KINDS = ("requests", "input_tokens", "output_tokens", "tokens")
"""Of limits, by their names in Limits and Rates."""
PLAIN = ChargingRule()
FLOOD = 10
"""Overloads on end, with no answer between them, that are a reason to send less."""


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
    share: float = 1.0
    """Of the models file's limits that may be used now; below 1 after a refusal, or when headers tell less."""
    episodes: int = 0
    """Times that the provider refused after all had been well."""
    refusals: int = 0
    """Calls refused for the sake of a limit."""
    told: Rates | None = None
    """What the provider's headers said last; a limit above the models file's is shown here and used nowhere."""


class CallPermit:
    """Leave to make one call."""

    __slots__ = ("_cost", "_estimate", "_limiter", "_priority", "_settled", "sent")

    def __init__(self, limiter: Limiter, estimate: Estimate, priority: int) -> None:
        self._limiter = limiter
        self._cost: dict[str, float] = {}
        self._estimate = estimate
        self._priority = priority
        self._settled = False
        self.sent = 0.0
        """By the loop's clock."""

    async def __aenter__(self) -> CallPermit:
        self.sent = await self._limiter._admit(self._price, self._priority)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._settled and self._limiter.rule.reserves:  # the call is over: nothing stays booked
            self._correct(replace(self._estimate, output=0))
        if isinstance(error, CallError):
            self._limiter._fail(error, self.sent, self._cost)
        self._limiter._leave()

    def settle(self, usage: Usage, rates: Rates | None = None) -> None:
        """Correct the estimate by what the provider counted, and the limits by what it told."""
        self._limiter._succeed(self.sent)
        if usage.input or usage.output:  # a server of one's own may not count at all
            self._settled = True
            self._correct(usage)
        if rates is not None:
            self._limiter.learn(rates)

    def _price(self) -> dict[str, float]:
        if not isinstance(self._estimate, Usage):
            self._estimate = self._estimate()
        self._cost = bill(self._limiter.rule, self._estimate)
        return self._cost

    def _correct(self, usage: Usage) -> None:
        cost = bill(self._limiter.rule, usage)
        self._limiter._settle(self._cost, cost)
        self._cost = cost


class Limiter:
    """The limits of one model, and the queue in front of them."""

    def __init__(self, limits: Limits, rule: ChargingRule = PLAIN) -> None:
        self.rule = rule
        self._buckets = {kind: Bucket(limit) for kind in KINDS if (limit := getattr(limits, kind))}
        self._recovery = Recovery()
        self._told: Rates | None = None
        self._marks: dict[str, float] = {}
        self._overloads = 0
        self._room = limits.in_flight
        self._queue: list[tuple[int, int, asyncio.Future[None]]] = []
        self._ticket = 0
        self._busy = False
        self._in_flight = 0
        self._sent = 0
        self._closed: asyncio.Event | None = None

    def hold(self, estimate: Estimate, priority: int = 0) -> CallPermit:
        """Wait for leave to make one call; lower priority numbers first, first come first served within one.

        `estimate` may be a function, asked when the call's turn has come: more is known then than when it queued up.
        """
        return CallPermit(self, estimate, priority)

    def close(self) -> None:
        """Give leave to nobody any more; whoever waits, waits until cancelled."""
        self._closed = self._closed or asyncio.Event()

    async def drained(self) -> None:
        """Wait, after `close`, until no call is out."""
        if self._closed and self._in_flight:
            await self._closed.wait()

    def pause(self, seconds: float) -> None:
        """Send nothing for so long."""
        self._recovery.pause(seconds, _now())

    @property
    def paused(self) -> float:
        """Seconds of cool-down left; 0 when there is none."""
        return max(0.0, self._recovery.resume_at - _now())

    def learn(self, rates: Rates) -> None:
        """Hold to the limits a provider told."""
        if self._hear(rates):
            self._recovery.restart(_now())
            self._mark()

    def statistics(self) -> LimiterStatistics:
        """Give how the limiter stands now."""
        told = min(bucket.limit / bucket.most for bucket in self._buckets.values())
        return LimiterStatistics(
            waiting=sum(not turn.done() for _, _, turn in self._queue),
            in_flight=self._in_flight,
            requests=self._sent,
            paused=self.paused,
            load=max(bucket.load() for bucket in self._buckets.values()),
            share=told * self._recovery.share(_now()),
            episodes=self._recovery.episodes,
            refusals=self._recovery.refusals,
            told=self._told,
        )

    async def _admit(self, price: Callable[[], dict[str, float]], priority: int) -> float:
        """Wait for a turn and for room; give the time at which the call may be sent."""
        if self._busy or self._queue or self._in_flight >= self._room:
            await self._line_up(priority)
        self._busy = True
        try:
            cost, share = price(), self._recovery.share(_now())
            for kind, bucket in self._buckets.items():
                await bucket.take(cost[kind], share)
            if self._recovery.resume_at > _now():
                await self._rest()
            if self._closed:
                await asyncio.Event().wait()
            self._in_flight += 1
            self._sent += 1
        finally:
            self._busy = False
            self._call_next()
        return _now()

    async def _rest(self) -> None:
        """Wait for the end of the cool-down, which may grow meanwhile, and begin at the rate, without a burst."""
        while (rest := self._recovery.resume_at - _now()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(rest)
        for bucket in self._buckets.values():
            bucket.drain()

    async def _line_up(self, priority: int) -> None:
        """Wait until it is this call's turn to be the head."""
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

    def _leave(self) -> None:
        self._in_flight -= 1
        self._call_next()
        if self._closed and not self._in_flight:
            self._closed.set()

    def _settle(self, before: dict[str, float], after: dict[str, float]) -> None:
        share = self._recovery.share(_now())
        for kind, bucket in self._buckets.items():
            if difference := after[kind] - before[kind]:
                bucket.settle(difference, share)

    def _succeed(self, sent: float) -> None:
        self._overloads = 0
        self._recovery.answer(sent)

    def _fail(self, error: CallError, sent: float, cost: dict[str, float]) -> None:
        """Learn from a failure; what was refused stays paid in our buckets, as OpenAI counts it too."""
        now, begins = _now(), False
        lowered = error.rates is not None and self._hear(error.rates)
        if isinstance(error, Throttled):
            for kind, bucket in self._buckets.items():
                bucket.spent -= 60 * cost[kind] / bucket.limit
            begins = self._recovery.refuse(sent, error.retry_after, now, taken=self._taken(), lowered=lowered)
            for bucket in self._buckets.values() if begins else ():
                bucket.drain()
        elif isinstance(error, Overloaded):
            self._overloads += 1
            if error.retry_after is not None:
                self._recovery.pause(error.retry_after, now)
            if self._overloads >= FLOOD:
                self._overloads, begins = 0, self._recovery.flood(sent, now)
        if lowered and not begins:
            self._recovery.restart(now)
        if begins or lowered:
            self._mark()

    def _hear(self, rates: Rates) -> bool:
        """Take over the limits told; say whether one is less than was known."""
        self._told, lowered = rates, False
        share = self._recovery.share(_now())
        for kind in self.rule.kinds:
            told = getattr(rates, kind)
            if told is None:
                continue
            if (bucket := self._buckets.get(kind)) is None:
                if told.limit > 0:  # the models file names none; there is one
                    self._buckets = self._buckets | {kind: Bucket(told.limit, told=True)}
                continue
            rounding = 1 if kind == "requests" else self.rule.rounding
            lowered |= bucket.learn(told, share, rounding=rounding)
        return lowered

    def _mark(self) -> None:
        self._marks = {kind: bucket.spent for kind, bucket in self._buckets.items()}

    def _taken(self) -> float | None:
        """Give the seconds' worth of the tightest limit that was used since the last cut; None before the first."""
        spent = (bucket.spent - self._marks.get(kind, 0.0) for kind, bucket in self._buckets.items())
        return max(spent) if self._marks else None


def _now() -> float:
    return asyncio.get_running_loop().time()
