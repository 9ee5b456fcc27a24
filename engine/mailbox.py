"""Mailboxes: how actors are spoken to.

A bounded queue that one or several actors read; a full one makes the sender wait, which is how a slow jury
holds back new conversations. Nothing here knows what is in a letter.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Generic, TypeVar

import anyio
from anyio.streams.memory import MemoryObjectStreamStatistics

Letter = TypeVar("Letter")


class Mailbox(Generic[Letter]):
    """A bounded queue of letters."""

    def __init__(self, capacity: int) -> None:
        self._inlet, self._outlet = anyio.create_memory_object_stream[Letter](capacity)

    async def put(self, letter: Letter) -> None:
        """Leave a letter, waiting while the box is full."""
        await self._inlet.send(letter)

    async def take(self) -> Letter:
        """Take the oldest letter, waiting for one; anyio.EndOfStream when the box is closed and empty."""
        return await self._outlet.receive()

    async def __aiter__(self) -> AsyncIterator[Letter]:
        """Take letters until the box is closed and empty; several readers share them out."""
        while True:
            try:
                letter = await self._outlet.receive()
            except anyio.EndOfStream:
                return
            yield letter

    def close(self) -> None:
        """Accept no more letters; readers end when they have taken the rest."""
        self._inlet.close()

    def statistics(self) -> MemoryObjectStreamStatistics:
        """Give how many letters wait and how many actors wait to read or write."""
        return self._outlet.statistics()
