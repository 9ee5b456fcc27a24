"""Mailboxes: how actors are spoken to.

A bounded queue that one or several actors read; a full one makes the sender wait, which is how a slow jury
holds back new conversations. Nothing here knows what is in a letter.

anyio's memory streams do the same, at a tenth of a call's whole cost a letter (tests/benchmarks/run_calls.py): each
passes through the event loop twice even when a letter is there. asyncio's own queue cannot be closed before 3.13.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import anyio

Letter = TypeVar("Letter")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxStatistics:
    """How a mailbox stands."""

    letters: int
    """Waiting to be taken."""
    readers: int
    """Waiting for a letter."""
    writers: int
    """Waiting for room."""


class Mailbox(Generic[Letter]):
    """A bounded queue of letters."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._letters: deque[Letter] = deque()
        self._readers: deque[asyncio.Future[None]] = deque()
        self._writers: deque[asyncio.Future[None]] = deque()
        self._closed = False

    async def put(self, letter: Letter) -> None:
        """Leave a letter, waiting while the box is full; anyio.ClosedResourceError when it is closed."""
        while len(self._letters) >= self._capacity and not self._closed:
            await _queue_up(self._writers)
        if self._closed:
            raise anyio.ClosedResourceError
        self._letters.append(letter)
        _call_next(self._readers)

    async def take(self) -> Letter:
        """Take the oldest letter, waiting for one; anyio.EndOfStream when the box is closed and empty."""
        while not self._letters:
            if self._closed:
                raise anyio.EndOfStream
            await _queue_up(self._readers)
        letter = self._letters.popleft()
        _call_next(self._writers)
        return letter

    async def __aiter__(self) -> AsyncIterator[Letter]:
        """Take letters until the box is closed and empty; several readers share them out."""
        while True:
            try:
                letter = await self.take()
            except anyio.EndOfStream:
                return
            yield letter

    def close(self) -> None:
        """Accept no more letters; readers end when they have taken the rest."""
        self._closed = True
        for line in (self._readers, self._writers):
            while line:
                _call_next(line)

    def statistics(self) -> MailboxStatistics:
        """Give how many letters wait and how many actors wait to read or write."""
        return MailboxStatistics(
            letters=len(self._letters),
            readers=sum(not turn.done() for turn in self._readers),
            writers=sum(not turn.done() for turn in self._writers),
        )


async def _queue_up(line: deque[asyncio.Future[None]]) -> None:
    """Wait at the end of a line to be called."""
    turn = asyncio.get_running_loop().create_future()
    line.append(turn)
    try:
        await turn
    except asyncio.CancelledError:
        if not turn.cancelled():  # called and cancelled in one breath: the next one's turn
            _call_next(line)
        raise


def _call_next(line: deque[asyncio.Future[None]]) -> None:
    """Call the first in a line; whoever gave up is passed over."""
    while line:
        turn = line.popleft()
        if not turn.done():
            turn.set_result(None)
            return
