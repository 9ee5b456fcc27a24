"""The simulator's own rate limits: up to four token buckets a model, by each provider's own rule.

Anthropic counts each direction by itself, bills an answer once it is given and gives cache reads free. OpenAI
counts both directions in one bucket: the prompt at admission, the answer when it is given (whether it books the
longest answer first is not confirmed). Bedrock counts both in one bucket too, and books the prompt and the
longest possible answer before it begins; what was not used is given back.

A bucket holds a few seconds of its rate, so a client that keeps to the rate is never refused and one that sends
a minute's worth at once is. `remaining` is what the bucket holds now: far below the limit even in idleness.
Nothing here knows a protocol's words; the clock is the caller's, in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.simulator.served import ServedModel
from engine.simulator.tokens import TokenUsage

KINDS = ("requests", "input_tokens", "output_tokens", "tokens")
GRAIN = 1e-6
"""Tokens; less is a rounding error of the clock, and no reason to refuse whoever waited as long as told."""


class Exceeded(Exception):
    """A limit is used up: its kind, its size a minute, and the seconds until there is room."""

    def __init__(self, kind: str, limit: int, seconds: float) -> None:
        super().__init__(f"{kind}: {limit} a minute")
        self.kind = kind
        self.limit = limit
        self.seconds = seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketLevel:
    """One limit, as a header tells it."""

    limit: int
    """Per minute."""
    remaining: int
    full_in: float
    """Seconds."""


class TokenBucket:
    """A level that rises with time and falls with use; it may fall below zero when a bill comes late."""

    __slots__ = ("_at", "_level", "limit", "rate", "size")

    def __init__(self, limit: int, now: float, *, burst: float) -> None:
        """Begin full; `burst` is the seconds of its rate that it holds."""
        self.limit = limit
        self.rate = limit / 60
        self.size = max(1.0, burst * self.rate)
        self._level = self.size
        self._at = now

    def level(self, now: float) -> float:
        """Give what the bucket holds now."""
        self._level = min(self.size, self._level + (now - self._at) * self.rate)
        self._at = now
        return self._level

    def wait(self, amount: float, now: float) -> float:
        """Give the seconds until this amount is there; what is larger than the bucket needs a full one."""
        short = min(amount, self.size) - self.level(now)
        return short / self.rate if short > GRAIN else 0.0

    def take(self, amount: float, now: float) -> None:
        """Take an amount out, or put it back when it is negative."""
        self._level = min(self.size, self.level(now) - amount)


class ModelLimits:
    """The limits of one model."""

    def __init__(self, served: ServedModel, now: float) -> None:
        self._buckets = {
            kind: TokenBucket(limit, now, burst=served.burst)
            for kind in KINDS
            if (limit := getattr(served, kind))
        }
        self._free_reads = served.protocol == "anthropic"
        self._reserves = served.protocol == "bedrock"

    def admit(self, usage: TokenUsage, longest: int, now: float) -> None:
        """Take what the call costs before it is answered; Exceeded when there is no room.

        `longest` is the most tokens the answer may have.
        """
        sent = usage.input - (usage.read if self._free_reads else 0)
        booked = longest if self._reserves else 0
        costs = {"requests": 1, "input_tokens": sent, "output_tokens": booked, "tokens": sent + booked}
        for kind, bucket in self._buckets.items():
            # An answer that is billed later is admitted whenever the last ones are paid.
            if (wait := bucket.wait(max(costs[kind], 1), now)) > 0:
                raise Exceeded(kind, bucket.limit, wait)
        for kind, bucket in self._buckets.items():
            bucket.take(costs[kind], now)

    def settle(self, output: int, longest: int, now: float) -> None:
        """Bill the answer that was given; what was booked for it and not used is given back."""
        due = output - (longest if self._reserves else 0)
        for kind in ("output_tokens", "tokens"):
            if bucket := self._buckets.get(kind):
                bucket.take(due, now)

    def levels(self, now: float) -> dict[str, BucketLevel]:
        """Give the levels by kind, of those limits that there are."""
        found = {}
        for kind, bucket in self._buckets.items():
            level = bucket.level(now)
            full_in = (bucket.size - level) / bucket.rate
            found[kind] = BucketLevel(limit=bucket.limit, remaining=max(0, int(level)), full_in=full_in)
        return found
