"""The console of a terminal: one conversation as it is spoken, the others as they pass, how far the run is.

Hearing an event only changes what will be drawn; the screen is drawn a few times a second, whatever happens.
Only the followed conversation's calls get a listener, so only these are streamed. The console knows no model,
no limiter and no journal: it is told.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.style import Style

from engine.console import frame
from engine.console.clean import clean, flatten
from engine.console.scene import PLAIN, Line, Scene, recall, recount
from engine.console.spotlight import Spotlight
from engine.events import (
    CallAnswered,
    CallFailed,
    ConversationEnded,
    ConversationFailed,
    Event,
    InterviewGiven,
    TurnSpoken,
    VerdictGiven,
)
from engine.limiter import LimiterStatistics
from engine.tally import Tally

QUICK = 1 / 8
"""Seconds between two drawings while the followed conversation grows."""
SLOW = 1 / 2
"""Seconds between two drawings of numbers alone."""
KEPT = 16
"""Lines of the ticker."""
LONGEST = 240
"""Characters of a line of it."""
NOTES = 64
"""Sentences that are left on the screen at the end; of more, the first half and the latest."""
BORDERS = {True: Style.parse("yellow"), False: Style.parse("dim")}


class Drawing:
    """Finished lines, as rich wants them."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for number, line in enumerate(self.lines):
            if number:
                yield Segment.line()
            yield from map(_harmless, line)


def _harmless(part: Segment) -> Segment:
    """Give the piece as it may reach the terminal; what was cleaned where it came in is itself."""
    words = clean(part.text)
    return part if words == part.text else Segment(flatten(words), part.style)


class LiveConsole:
    """Shows a run on a terminal."""

    def __init__(
        self,
        tally: Tally,
        *,
        title: str,
        simulated: bool,
        folder: str = "",
        follow: str | None = None,
        limits: Callable[[], dict[str, LimiterStatistics]] | None = None,
        terminal: Console | None = None,
    ) -> None:
        self._tally = tally
        self._title = flatten(title)
        self._folder = flatten(folder)
        self._simulated = simulated
        self._limits = limits
        self._terminal = terminal or Console(highlight=False)
        self._spotlight = Spotlight(follow)
        self._scene = Scene()
        self._news: deque[frame.News] = deque(maxlen=KEPT)
        self._notes: list[str] = []
        self._table: dict[str, LimiterStatistics] = {}
        self._sampled = self._heard = self._drawn = 0.0
        self._live: Live | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> LiveConsole:
        """Take the screen."""
        self._live = Live(console=self._terminal, screen=True, auto_refresh=False, redirect_stdout=False)
        self._live.start()
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None  # then the events alone drive the drawing
        self._tick()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the screen back and leave on it how things stood."""
        live, self._live = self._live, None
        if live:
            live.stop()
            self._terminal.print(Drawing(self._closing()))

    def say(self, text: str) -> None:
        """Show a sentence for the user, and leave it on the screen at the end."""
        self._notes.append(flatten(text))
        if len(self._notes) > NOTES:
            del self._notes[NOTES // 2]
        self._news.append(("", "", "", text))

    def listen(self, conversation: str, role: str) -> Callable[[str], None] | None:
        """Give who hears the pieces of a turn: for the followed conversation only."""
        if self._live is None or role not in ("patient", "assistant"):
            return None
        self._spotlight.claim(conversation)
        if not self._spotlight.lit(conversation):
            return None
        scene = self._set(conversation)
        scene.speak(role)
        return scene.hear

    def hear(self, event: Event) -> None:
        """Take an event in."""
        self._spotlight.hear(event)
        if self._spotlight.lit(event.conversation):
            self._stage(event)
        else:
            self._overhear(event)
        self._heard = time.monotonic()
        # The limiters' clock is that of the task that brings the event; the ticks below have none.
        if self._limits and self._heard - self._sampled > QUICK:
            self._table, self._sampled = self._limits(), self._heard
        if self._loop is None:
            self._beat()

    def _set(self, conversation: str) -> Scene:
        if self._scene.conversation != conversation:
            self._scene = Scene(conversation)
        return self._scene

    def _stage(self, event: Event) -> None:
        """Put what belongs to the followed conversation on the scene."""
        scene, body = self._set(event.conversation), event.body
        if isinstance(body, TurnSpoken):
            scene.add_turn(body.turn)
        elif isinstance(body, VerdictGiven):
            scene.add_verdict(body.verdict)
        elif isinstance(body, InterviewGiven):
            scene.add_notice(f"asked when the patient had left: {recall(body.interview)}")
        elif isinstance(body, CallAnswered | CallFailed):
            if words := recount(body):
                scene.add_notice(words)
        elif isinstance(body, ConversationEnded):
            scene.add_notice(f"ended after {body.turns} turns: {body.stop_reason.replace('_', ' ')}")
        elif isinstance(body, ConversationFailed):
            scene.speak("")
            scene.add_notice(f"failed: {body.boundary}, {body.cause}: {body.message}", failed=True)

    def _overhear(self, event: Event) -> None:
        """Keep one line about another conversation for the ticker."""
        body = event.body
        if isinstance(body, TurnSpoken):
            # Few of these are ever drawn: more than can be shown is not kept, and cleaning waits.
            who, words = body.turn.speaker, body.turn.text[:LONGEST]
        elif isinstance(body, ConversationEnded):
            who, words = "done", f"{body.turns} turns, {body.stop_reason.replace('_', ' ')}"
        elif isinstance(body, ConversationFailed):
            who, words = "failed", f"{body.boundary}, {body.cause}: {body.message}"[:LONGEST]
        else:
            return
        self._news.append((*self._spotlight.names(event.conversation), who, words))

    def _tick(self) -> None:
        """Draw if it is time to, and come back: what is on the screen must not wait for the next event."""
        if self._live is None:
            return
        self._beat()
        if self._loop:
            self._loop.call_later(QUICK, self._tick)

    def _beat(self) -> None:
        now = time.monotonic()
        if self._live is None or now - self._drawn < (QUICK if self._scene.changed else SLOW):
            return
        self._drawn, self._scene.changed = now, False
        try:
            self._live.update(Drawing(self._draw(now)), refresh=True)
        except OSError:
            self._live = None  # the terminal has gone; that is no reason to stop a run

    def _draw(self, now: float) -> list[Line]:
        """Give the whole screen."""
        width, height = self._terminal.size
        state = self._tally.statistics(idle=now - self._heard if self._heard else 0.0)
        top = frame.header(self._title, self._folder, self._simulated, width)
        foot = frame.progress(state, self._simulated, width)
        table = frame.limits(self._aged(now), width=width, height=height // 5)
        table = [[], *table] if table else []
        high = max(3, height // 7)
        news = frame.ticker(list(self._news)[-high:], width)
        news += [[]] * (high - len(news))
        middle = max(3, height - len(top) - high - len(table) - len(foot) - 1)
        lines = [*top, *self._box(width, middle), *news, *table, [], *foot]
        return [Segment.adjust_line_length(line, width) for line in lines[:height]]

    def _box(self, width: int, height: int) -> list[Line]:
        model, title = self._spotlight.names(self._scene.conversation)
        lines = self._scene.draw(width - 4, height - 2)
        if not self._scene.conversation:
            title, lines = "waiting for the first word", []
        colour = BORDERS[self._simulated]
        return frame.boxed(lines, title=title, name=model, colour=colour, width=width, height=height)

    def _aged(self, now: float) -> dict[str, LimiterStatistics]:
        """Give the limits with the pauses shortened by the time since they were looked up."""
        age = now - self._sampled
        return {
            name: replace(stand, paused=max(0.0, stand.paused - age)) if stand.paused else stand
            for name, stand in self._table.items()
        }

    def _closing(self) -> list[Line]:
        """Give what stays on the terminal; a conversation that was all there was stays whole."""
        width = self._terminal.width
        state = self._tally.statistics()
        lines = frame.header(self._title, self._folder, self._simulated, width)
        if state.started == 1:
            words = self._scene.draw(width - 4, None)
            model, title = self._spotlight.names(self._scene.conversation)
            lines += [[], [Segment(f" {title} · {model}", frame.BOLD)], [], *words, []]
        lines += [[Segment(f" {note}", PLAIN)] for note in self._notes]
        return [*lines, *frame.progress(state, self._simulated, width), []]
