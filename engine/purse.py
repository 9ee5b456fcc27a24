"""The purse: what a run may use of money, tokens and time, and what of it is used, set aside, or left.

The one idea: before a call is sent its worst case is set aside, and the rest comes back when it is answered, so that
no answer, however long, can pass the cap. Who does not fit waits for what comes back; when nothing is out any more,
nobody gets leave again and the purse says that it has ended. Money is counted in whole picodollars (1e-12 USD), which
add up exactly. Nothing here knows what a call is for, or how its worst case was found.

    async with purse.hold(worst, priority) as share:
        ...
        share.settle(cost)
"""

from __future__ import annotations

import asyncio
import heapq
import math
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple

DOLLAR = 10**12
"""Picodollars."""
GRACE = 1.0
"""Seconds that a purse with nothing out waits for somebody who fits, before it ends: whoever was just answered is
about to ask for more, and perhaps for less than those who wait."""


class Cost(NamedTuple):
    """What calls take: picodollars, and tokens in both directions together."""

    picos: float = 0
    """Whole; inf for a cap that is none. A price of one digit after the sixth is cut there."""
    tokens: float = 0

    def __add__(self, other: Cost) -> Cost:  # a tuple by name only, which is made in a third of the time
        return Cost(self.picos + other.picos, self.tokens + other.tokens)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.picos - other.picos, self.tokens - other.tokens)

    def __bool__(self) -> bool:
        return bool(self.picos or self.tokens)

    def within(self, cap: Cost) -> bool:
        """Tell whether neither is more than the cap's."""
        return self.picos <= cap.picos and self.tokens <= cap.tokens

    @property
    def dollars(self) -> float:
        """Give the money in USD."""
        return self.picos / DOLLAR


NOTHING = Cost()
BOUNDLESS = Cost(math.inf, math.inf)


def cost_of(dollars: float, tokens: float) -> Cost:
    """Give a cost; `dollars` in USD, rounded to the picodollar."""
    return Cost(dollars if math.isinf(dollars) else round(dollars * DOLLAR), tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurseStatistics:
    """How a purse stands."""

    cap: Cost
    known: Cost
    """What answers cost, those of earlier sittings included."""
    doubtful: Cost
    """What answers that were cut off may have cost, at most."""
    aside: Cost
    """The worst case of what is out."""
    out: int
    """Calls for which something is set aside."""
    waiting: int
    """Calls for which there will be room once others come home, or never."""


class Share:
    """What is set aside for one call."""

    __slots__ = ("_doubt", "_priority", "_purse", "_settled", "_true", "worst")

    def __init__(self, purse: Purse, worst: Cost, priority: int) -> None:
        self._purse = purse
        self._priority = priority
        self._settled = False
        self._doubt, self._true = NOTHING, NOTHING
        self.worst = worst

    async def __aenter__(self) -> Share:
        await self._purse._give(self.worst, self._priority)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back()

    def settle(self, cost: Cost) -> None:
        """Say what the answer cost."""
        self._true = cost

    def doubt(self) -> Cost:
        """Say that it may have cost all that is set aside, which is given back: what began was not heard whole."""
        self._doubt = self.worst
        return self.worst

    async def bar(self) -> None:
        """Give everything back and wait until the run ends: it is too late for this call."""
        self._give_back()
        await self._purse._bar(self.worst)

    def _give_back(self) -> None:
        if not self._settled:
            self._settled = True
            self._purse._settle(self.worst, self._true, self._doubt)


class Purse:
    """What a run may use."""

    def __init__(self, cap: Cost = BOUNDLESS, *, known: Cost = NOTHING, doubtful: Cost = NOTHING) -> None:
        """`known` and `doubtful` are of earlier sittings, which count."""
        self._cap = cap
        self._known, self._doubtful, self._aside = known, doubtful, NOTHING
        self._out = 0
        self._queue: list[tuple[int, int, Cost, asyncio.Future[None]]] = []
        self._ticket = 0
        self._barred: list[Cost] = []
        self._ended = asyncio.Event()
        self._ending: asyncio.TimerHandle | None = None

    @property
    def spent(self) -> Cost:
        """What is gone, be it known or doubtful."""
        return self._known + self._doubtful

    @property
    def empty(self) -> bool:
        """Tell whether nothing at all may be used."""
        return self.spent.picos >= self._cap.picos or self.spent.tokens >= self._cap.tokens

    @property
    def cheapest(self) -> Cost | None:
        """Give the worst case of the cheapest call that was refused; None when none was."""
        return min(self._barred, key=lambda cost: (cost.picos, cost.tokens), default=None)

    def hold(self, worst: Cost, priority: int = 0) -> Share:
        """Set aside what a call may cost at most, waiting for room; lower priority numbers first.

        A call for which there can be room keeps its place before smaller ones; one that can never fit is passed over,
        and its wait ends with the run.
        """
        return Share(self, worst, priority)

    def end(self) -> None:
        """Give leave to nobody any more; whoever waits, waits until cancelled."""
        self._ended.set()

    async def ended(self) -> None:
        """Wait until nothing is out and something was refused, or until `end`."""
        await self._ended.wait()

    def statistics(self) -> PurseStatistics:
        """Give how the purse stands now."""
        return PurseStatistics(
            cap=self._cap,
            known=self._known,
            doubtful=self._doubtful,
            aside=self._aside,
            out=self._out,
            waiting=sum(not turn.done() for *_, turn in self._queue) + len(self._barred),
        )

    async def _give(self, worst: Cost, priority: int) -> None:
        if not (self._queue or self._ended.is_set()) and (self.spent + self._aside + worst).within(self._cap):
            self._put(worst)
            return
        turn = asyncio.get_running_loop().create_future()
        self._ticket += 1
        heapq.heappush(self._queue, (priority, self._ticket, worst, turn))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # served and cancelled in one breath
                self._settle(worst, NOTHING, NOTHING)
            raise

    async def _bar(self, worst: Cost) -> None:
        self._barred.append(worst)
        self._look()
        await asyncio.Event().wait()

    def _put(self, worst: Cost) -> None:
        self._aside += worst
        self._out += 1

    def _settle(self, worst: Cost, true: Cost, doubt: Cost) -> None:
        self._aside -= worst
        self._out -= 1
        self._known += true
        self._doubtful += doubt
        if self._queue:
            self._serve()
        self._look()

    def _serve(self) -> None:
        """Give leave in order, as far as it goes; put aside for good whoever can never fit."""
        while self._queue and not self._ended.is_set():
            _, _, worst, turn = self._queue[0]
            if not turn.done():
                if (self.spent + self._aside + worst).within(self._cap):
                    self._put(worst)
                    turn.set_result(None)
                elif (self.spent + worst).within(self._cap):
                    return  # it will fit when others have come home
                else:
                    self._barred.append(worst)
            heapq.heappop(self._queue)
        self._look()

    def _look(self) -> None:
        """End soon, when nothing can come home any more for somebody who waits."""
        if self._barred and not self._out and self._ending is None:
            self._ending = asyncio.get_running_loop().call_later(GRACE, self._close)

    def _close(self) -> None:
        self._ending = None
        if not self._out:
            self._ended.set()


class Curfew:
    """When a sitting ends: no call is begun that would come home later, going by the slowest answer so far."""

    def __init__(self, ends: float = math.inf) -> None:
        """`ends` is by the loop's clock."""
        self.ends = ends
        self._slowest: dict[str, float] = {}
        self._any = 0.0

    def hear(self, model: str, seconds: float) -> None:
        """Learn how long an answer took."""
        if seconds > self._slowest.get(model, 0.0):
            self._slowest[model] = seconds
            self._any = max(self._any, seconds)

    def late(self, model: str) -> bool:
        """Tell whether a call begun now would come home too late; a model unheard of is as slow as any."""
        if self.ends == math.inf:
            return False
        return asyncio.get_running_loop().time() + self._slowest.get(model, self._any) > self.ends
