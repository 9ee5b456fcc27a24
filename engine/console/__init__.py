"""The console: what the engine expects of whoever shows a run, and the choice of one.

A console hears every event and may listen to a call as it is answered. Whether there is a terminal, and one
that can be drawn on, is decided here and nowhere else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from rich.console import Console as Terminal

from engine.console.live import LiveConsole
from engine.console.plain import PlainConsole
from engine.events import Event
from engine.limiter import LimiterStatistics
from engine.plan import Plan
from engine.tally import Tally

SMALLEST = (60, 16)
"""Columns and rows below which lines are better than a picture."""


class Console(Protocol):
    """Shows a run."""

    def hear(self, event: Event) -> None:
        """Take an event in."""
        ...

    def listen(self, conversation: str, role: str) -> Callable[[str], None] | None:
        """Give who hears the pieces of an answer; None when nobody does and the call need not be streamed."""
        ...

    def say(self, text: str) -> None:
        """Tell the user something in one sentence."""
        ...


def open_console(
    tally: Tally,
    plan: Plan,
    folder: Path,
    *,
    follow: str | None = None,
    quiet: bool = False,
    full: bool = False,
    limits: Callable[[], dict[str, LimiterStatistics]] | None = None,
) -> AbstractContextManager[LiveConsole | PlainConsole]:
    """Choose the console for where stdout goes; `full` is for one conversation, to be read to its votes."""
    simulated, title = plan.simulated, str(folder)
    if quiet or not drawable():
        return PlainConsole(tally, title=title, simulated=simulated, follow=follow, quiet=quiet, full=full)
    return LiveConsole(tally, title=title, simulated=simulated, follow=follow, limits=limits)


def drawable() -> bool:
    """Tell whether stdout is a terminal that knows cursor movements and the characters we draw with."""
    terminal = Terminal()
    roomy = terminal.width >= SMALLEST[0] and terminal.height >= SMALLEST[1]
    utf = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf8")
    return sys.stdout.isatty() and not terminal.is_dumb_terminal and roomy and utf
