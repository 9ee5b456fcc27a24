"""Accounts: calls, tokens and money by who used them, and how fast they go.

The one idea: an account is a value, and accounts add up; the ledger keeps one per role and model, and every
other total is a sum of these. A call is priced when it is answered. What a failed attempt cost no provider
says, so it counts as nothing, and the numbers are the least that was spent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from sys import intern

from engine.events import CallAnswered, CallFailed, Event

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
        )

    @property
    def cached(self) -> float | None:
        """Give the share of input tokens read from cache, 0 to 1; None before any."""
        return self.cache_read / self.input if self.input else None


class Ledger:
    """The accounts of a run. A call that is told twice, as a resumed run may tell one it gave up, counts once."""

    def __init__(self) -> None:
        self._accounts: dict[tuple[str, str], Account] = {}
        self._heard: dict[tuple[str, str, type], int] = {}  # calls, by conversation, role and kind of event

    def hear(self, event: Event) -> bool:
        """Take a call in; False when the event is none, or one that was already counted."""
        body = event.body
        if not isinstance(body, CallAnswered | CallFailed):
            return False
        key = (event.conversation, intern(body.role), type(body))
        if body.sequence < self._heard.get(key, 0):
            return False
        self._heard[key] = body.sequence + 1
        place = (body.role.partition("/")[0], body.model)
        self._accounts[place] = self._accounts.get(place, Account()) + _bill(body)
        return True

    @property
    def total(self) -> Account:
        """Give everything together."""
        return sum(self._accounts.values(), Account())

    def roles(self) -> dict[str, Account]:
        """Give the accounts by patient, assistant, juror; all jurors share one."""
        return self._by(lambda role, model: role)

    def models(self) -> dict[str, Account]:
        """Give the accounts by model, in whatever roles it was called."""
        return self._by(lambda role, model: model)

    def _by(self, group: Callable[[str, str], str]) -> dict[str, Account]:
        sums: dict[str, Account] = {}
        for place, account in self._accounts.items():
            name = group(*place)
            sums[name] = sums.get(name, Account()) + account
        return sums


def _bill(body: CallAnswered | CallFailed) -> Account:
    if isinstance(body, CallFailed):
        return Account(failed=1, attempts=len(body.attempts))
    usage = body.completion.usage
    return Account(
        calls=1,
        attempts=len(body.attempts),
        input=usage.input,
        cache_read=usage.cache_read,
        cache_write=usage.cache_write,
        output=usage.output,
        reasoning=usage.reasoning,
        cost=body.cost,
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
