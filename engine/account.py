"""Accounts: calls, tokens and money by who used them, and how fast they go.

The one idea: an account is a value, and accounts add up; the ledger keeps one per role and model, and every
other total is a sum of these. A call is priced when it is answered. What an attempt cost that was cut off no provider
says: it counts as nothing, and what it can have cost stands beside, so that the bill lies between the two.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

from agents.speech import Usage
from engine.events import CallAnswered, CallFailed, Event

UNUSED = Usage()
SPAN = 10
"""Seconds that rates are taken over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What somebody has used."""

    calls: int = 0
    """Answered ones."""
    attempts: int = 0
    """Of answered calls and of those given up."""
    failed: int = 0
    """Calls given up."""
    input: int = 0
    """Tokens, cached ones included."""
    cache_read: int = 0
    """Tokens of the input."""
    cache_write: int = 0
    """Tokens of the input."""
    output: int = 0
    """Tokens, reasoning included."""
    reasoning: int = 0
    """Tokens of the output."""
    cost: float = 0.0
    """USD by the dated prices, of answered calls; what it would have cost, where simulated."""
    cut: int = 0
    """Attempts in which an answer may have begun that was not heard whole."""
    most: float = 0.0
    """USD that these cost at most, beside `cost`."""
    most_tokens: int = 0
    """Tokens likewise."""

    def __add__(self, other: Account) -> Account:
        return Account(
            calls=self.calls + other.calls,
            attempts=self.attempts + other.attempts,
            failed=self.failed + other.failed,
            input=self.input + other.input,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
            output=self.output + other.output,
            reasoning=self.reasoning + other.reasoning,
            cost=self.cost + other.cost,
            cut=self.cut + other.cut,
            most=self.most + other.most,
            most_tokens=self.most_tokens + other.most_tokens,
        )

    @property
    def cached(self) -> float | None:
        """Give the share of input tokens read from cache, 0 to 1; None before any."""
        return self.cache_read / self.input if self.input else None


Answered = Literal["first", "again", "never"]
"""At which attempt a call was answered: the first one, a later one, none."""


class Ledger:
    """The accounts of a run. Every call that is told counts: one that was made twice was paid twice."""

    def __init__(self) -> None:
        self.accounts: dict[tuple[str, str, Answered], Account] = {}
        """By role (all jurors share one), model, and at which attempt the calls were answered."""

    def hear(self, event: Event) -> bool:
        """Take a call in; False when the event is none."""
        body = event.body
        if not isinstance(body, CallAnswered | CallFailed):
            return False
        again: Answered = "first" if len(body.attempts) < 2 else "again"
        place = (body.role.partition("/")[0], body.model, "never" if isinstance(body, CallFailed) else again)
        self.accounts[place] = self.accounts.get(place, Account()) + bill(body)
        return True

    @property
    def total(self) -> Account:
        """Give everything together."""
        return sum(self.accounts.values(), Account())

    def roles(self) -> dict[str, Account]:
        """Give the accounts by patient, assistant, juror; all jurors share one."""
        return self._by(0)

    def models(self) -> dict[str, Account]:
        """Give the accounts by model, in whatever roles it was called."""
        return self._by(1)

    def attempts(self) -> dict[str, Account]:
        """Give the accounts by the attempt at which calls were answered: first, again, never."""
        return self._by(2)

    def _by(self, part: int) -> dict[str, Account]:
        sums: dict[str, Account] = {}
        for place, account in self.accounts.items():
            sums[place[part]] = sums.get(place[part], Account()) + account
        return sums


def bill(body: CallAnswered | CallFailed) -> Account:
    """Give what one call took."""
    cut = [attempt for attempt in body.attempts if attempt.most_tokens]
    answered = isinstance(body, CallAnswered)
    usage = body.completion.usage if answered else UNUSED
    return Account(
        calls=int(answered),
        attempts=len(body.attempts),
        failed=int(not answered),
        input=usage.input,
        cache_read=usage.cache_read,
        cache_write=usage.cache_write,
        output=usage.output,
        reasoning=usage.reasoning,
        cost=body.cost if answered else 0.0,
        cut=len(cut),
        most=sum(attempt.most for attempt in cut),
        most_tokens=sum(attempt.most_tokens for attempt in cut),
    )


class RateWindow:
    """Calls and tokens of the last seconds, in buckets of one second."""

    def __init__(self) -> None:
        self._buckets: deque[list[int]] = deque()  # [second, calls, tokens]
        self._calls = 0
        self._tokens = 0

    def add(self, at: float, tokens: int) -> None:
        """Count one call; one from before the latest second, as another writer may bring it, counts there."""
        if not self._buckets or self._buckets[-1][0] < int(at):
            self._buckets.append([int(at), 0, 0])
            self._forget(at)
        self._buckets[-1][1] += 1
        self._buckets[-1][2] += tokens
        self._calls += 1
        self._tokens += tokens

    def rates(self, now: float, since: float) -> tuple[float, float]:
        """Give calls and tokens per second at `now`, in a run that goes on `since` then (Unix seconds)."""
        self._forget(now)
        seconds = min(float(SPAN), max(1.0, now - since))
        return self._calls / seconds, self._tokens / seconds

    def _forget(self, now: float) -> None:
        while self._buckets and self._buckets[0][0] <= now - SPAN:
            _, calls, tokens = self._buckets.popleft()
            self._calls -= calls
            self._tokens -= tokens
