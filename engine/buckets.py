"""A bucket: one limit of one model, so many a minute, over aiolimiter's.

What is told to be less than the models file says, and the share that a refusal cut us to, make everything dearer
instead of the bucket smaller, so that it is never rebuilt under those who wait at it. Nothing here knows what
is counted, or in which order calls come.
"""

from __future__ import annotations

import asyncio

from aiolimiter import AsyncLimiter

from engine.rates import Allowance

BURST = 0.25
"""Seconds' worth of the rate that may be spent at once: aiolimiter's bucket starts full. A provider that holds
one second of it never refuses us for arriving unevenly, and a loop that is late by less loses no rate."""
LATE = 0.05
"""Seconds by which the loop may be late without loss, where the rate is so low that one call fills the bucket."""
CREDIT = 0.5
"""Seconds' worth of the rate that estimates which were too high may give back at once, on top of the burst."""


class Bucket:
    """An allowance per minute, with room for corrections: a call is charged by estimate and settled by usage."""

    __slots__ = ("_least", "_limiter", "_owed", "_size", "_told", "limit", "most", "spent")

    def __init__(self, per_minute: int, *, told: bool = False) -> None:
        rate = per_minute / 60
        self.most = per_minute
        """The ceiling: what the models file allows, whatever the provider tells; where the file is silent, what
        the provider told first, and no ceiling."""
        self.limit = per_minute
        """What holds now."""
        self._least = per_minute
        self._told = told  # by the provider alone: a higher limit counts as well
        self.spent = 0.0
        """Seconds of the limit that were used so far."""
        self._size = max(BURST * rate, 1 + LATE * rate)
        self._limiter = AsyncLimiter(self._size, self._size / rate)
        self._owed = 0.0

    async def take(self, amount: float, share: float) -> None:
        """Wait until `amount` and what earlier calls still owe may be spent, at this share of the limit."""
        self.spent += 60 * amount / self.limit
        own = amount * self._price(share)
        due, self._owed = own + self._owed, 0.0
        if due < 0:  # earlier estimates were too high by more than this call costs
            self._owed = due
            return
        # What is large goes in slices of half the bucket: the other half is for a loop that wakes us late.
        slice_ = self._size / 2
        try:
            while due > slice_:
                await self._limiter.acquire(slice_)
                due -= slice_
            await self._limiter.acquire(due)
        except asyncio.CancelledError:  # this call is not made; what earlier ones owe is still owed
            self._owed += max(0.0, due - own)
            raise

    def settle(self, difference: float, share: float) -> None:
        """Charge (or, below zero, return) what an estimate was wrong by."""
        self.spent += 60 * difference / self.limit
        due = difference * self._price(share)
        self._owed = max(self._owed + due, min(due, -CREDIT * self.most / 60))

    def learn(self, told: Allowance, share: float, *, rounding: int = 1) -> bool:
        """Hold to what the provider told, within the file's limit if any; say whether that is less than ever.

        What it says remains was rounded down to a multiple of `rounding`.
        """
        if told.limit <= 0:
            return False
        self.limit = told.limit if self._told else min(self.most, told.limit)
        if told.remaining is not None:
            room = (told.remaining + rounding - 1) * self._price(share)
            if room < self._size:
                self._owed += max(0.0, self._left() - room)
        least, self._least = self._least, min(self._least, self.limit)
        return self._least < least

    def drain(self) -> None:
        """Take what is left: the provider has said that there is nothing."""
        self._owed += max(0.0, self._left())

    def load(self) -> float:
        """Give the share of the bucket in use, 0 to 1."""
        if self._limiter.has_capacity(self._size):
            return 0.0
        low, high = 0.0, 1.0
        for _ in range(6):  # aiolimiter tells only whether an amount fits
            middle = (low + high) / 2
            fits = self._limiter.has_capacity(self._size * (1 - middle))
            low, high = (low, middle) if fits else (middle, high)
        return high

    def _left(self) -> float:
        return self._size * (1 - self.load()) - self._owed

    def _price(self, share: float) -> float:
        return self.most / (self.limit * share)
