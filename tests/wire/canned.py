"""Answers from memory, in the place of aiohttp's session: whatever pieces of bytes, under whatever status.

Everything above the session is the real thing: our channel with its bounds, the SDKs, their readers of streams. It
knows HTTP's outline and no protocol.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from multidict import CIMultiDict

from engine.providers import signing, transport
from engine.providers.channel import Channel


class CannedAnswer:
    """One answer, of which is known how much was taken."""

    def __init__(self, pieces: Iterable[bytes], kind: str, status: int = 200, **headers: str) -> None:
        self.status = status
        self.content_type = kind
        self.headers = CIMultiDict({"content-type": kind, **headers})
        self.raw_headers = tuple((name.encode(), value.encode()) for name, value in self.headers.items())
        self.content = self
        self.closed = False
        self.taken = 0
        """Bytes."""
        self._pieces = pieces

    async def iter_any(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self.taken += len(piece)
            yield piece

    def close(self) -> None:
        self.closed = True


class CannedSession:
    """Gives the next answer to whatever is posted."""

    answer: CannedAnswer

    async def post(self, *_: Any, **__: Any) -> CannedAnswer:
        return self.answer


@contextmanager
def canned() -> Iterator[CannedSession]:
    """Put the session into every provider that is opened meanwhile."""
    session = CannedSession()

    @asynccontextmanager
    async def opening(*_: object) -> AsyncIterator[Channel]:
        yield Channel(session, None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "open_channel", opening)
        patch.setattr(signing, "open_channel", opening)
        yield session
