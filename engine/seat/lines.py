"""Lines from a keyboard or a pipe, read beside the loop and never in its way.

The one idea: a thread of its own waits for what is typed, and is left waiting when nobody wants it any more: it
holds nothing that the end of the program needs. Nothing here knows what a line means.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
import threading
from typing import Protocol

import anyio

from engine.mailbox import Mailbox

CHUNK = 1 << 16
"""Bytes that are read at once; a line that is longer is told in pieces."""
WAITING = 64
"""Lines that are read ahead."""


class Lines(Protocol):
    """Where lines come from."""

    typed: bool
    """Whether somebody sees on a screen what they type."""

    async def next(self) -> str | None:
        """Give the next line without its end; None when there are no more."""
        ...


class InputLines:
    """The lines of stdin."""

    def __init__(self, descriptor: int | None = None) -> None:
        """Read from stdin, or from another file that is open."""
        self._file = sys.stdin.fileno() if descriptor is None else descriptor
        self.typed = os.isatty(self._file)
        self._loop = asyncio.get_running_loop()
        self._box: Mailbox[str] = Mailbox(WAITING)
        self._thread: threading.Thread | None = None

    async def next(self) -> str | None:
        """Give the next line without its end; None when there are no more."""
        if self._thread is None:
            # Read by the descriptor: a daemon that held the lock of sys.stdin would break the program's end.
            self._thread = threading.Thread(target=self._read, name="stdin", daemon=True)
            self._thread.start()
        try:
            return await self._box.take()
        except anyio.EndOfStream:
            return None

    def _read(self) -> None:
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        held = ""
        try:
            while data := self._next_chunk():
                *lines, held = (held + decode(data)).split("\n")
                if len(held) > CHUNK:
                    lines, held = [*lines, held], ""
                for line in lines:
                    self._put(line.removesuffix("\r"))
            if held:
                self._put(held)
            self._loop.call_soon_threadsafe(self._box.close)
        except RuntimeError:  # the loop has ended, and nobody listens any more
            pass

    def _next_chunk(self) -> bytes:
        try:
            return os.read(self._file, CHUNK)
        except OSError:  # the terminal has gone
            return b""

    def _put(self, line: str) -> None:
        asyncio.run_coroutine_threadsafe(self._box.put(line), self._loop).result()


def nobody_there() -> bool:
    """Tell whether no line can ever come: there is no stdin, or it is the device that is always empty."""
    try:
        file = sys.stdin.fileno() if sys.stdin else -1
        return file < 0 or os.fstat(file).st_rdev == os.stat(os.devnull).st_rdev
    except (OSError, ValueError):  # a stdin that was closed, or is none
        return True
