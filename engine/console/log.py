"""What the engine logs while it runs, told by the console in plain words, and not too often.

Everything that matters is in the journal; this is for the person who wonders why nothing moves. Nothing here
knows who logs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from structlog.typing import EventDict

QUIET = 10.0
"""Seconds in which the same thing is not said again."""


class Sparse:
    """A processor that lets the same words about the same thing pass once in a while."""

    def __init__(self, seconds: float = QUIET) -> None:
        self._seconds = seconds
        self._told: dict[tuple[object, ...], float] = {}

    def __call__(self, logger: object, method: str, event: EventDict) -> EventDict:
        """Pass the event on; structlog.DropEvent when it was told a moment ago."""
        key, now = (event["event"], event.get("model"), event.get("cause")), time.monotonic()
        if now - self._told.get(key, -self._seconds) < self._seconds:
            raise structlog.DropEvent
        self._told[key] = now
        return event


def phrase(logger: object, method: str, event: EventDict) -> str:
    """Write an event as one line: what happened, then what it was about."""
    words = str(event.pop("event"))
    about = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in event.items())
    return f"{words}: {about}" if about else words


@contextmanager
def speaking(say: Callable[[str], None]) -> Iterator[None]:
    """Give what is logged inside the block to `say`, and to nobody after it."""

    class Voice:
        """The logger behind structlog's: every level is said alike."""

        info = warning = error = staticmethod(say)

    structlog.configure(
        processors=[Sparse(), phrase],
        logger_factory=lambda *names: Voice(),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.reset_defaults()
        structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
