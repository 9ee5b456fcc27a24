"""Accounts: calls, tokens and money, and how fast they go.

Sums and nothing else; nothing here knows which role or model an account is of.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass

from engine.events import CallAnswered, CallFailed

SPAN = 10
"""Seconds that rates are taken over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTotals:
    """What a role or a model has used."""

    calls: int = 0
    """Answered ones."""
    repeats: int = 0
    """Attempts beyond the first."""
    failed: int = 0
    """Calls given up for good."""
    input: int = 0
    """Tokens, cached ones included."""
    cache_read: int = 0
    """Tokens."""
    output: int = 0
    """Tokens."""
    cost: float = 0.0
    """USD; what it would have cost, where simulated."""


@dataclass(slots=True)
class Account:
    """A running sum of calls."""

    calls: int = 0
    repeats: int = 0
    failed: int = 0
    input: int = 0
    cache_read: int = 0
    output: int = 0
    cost: float = 0.0

    def charge(self, answered: CallAnswered) -> None:
        """Add an answered call."""
        usage = answered.completion.usage
        self.calls += 1
        self.repeats += len(answered.attempts) - 1
        self.input += usage.input
        self.cache_read += usage.cache_read
        self.output += usage.output
        self.cost += answered.cost

    def miss(self, failed: CallFailed) -> None:
        """Add a call that was given up."""
        self.failed += 1
        self.repeats += len(failed.attempts) - 1

    def totals(self) -> CallTotals:
        """Give the sum as it stands."""
        return CallTotals(**asdict(self))


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
