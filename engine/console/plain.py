"""The console where there is no terminal: whole lines, and not one control code.

The followed conversation is printed turn by turn, every other one as a line when it is over, and now and then
how far the run is. Nobody listens to calls here, so none is streamed. Nothing here knows where the lines go.
"""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import TextIO

from engine.cells import picture_of
from engine.console.clean import clean, flatten
from engine.console.outlet import emit
from engine.console.scene import describe, fold, recall, recount
from engine.console.spotlight import Spotlight, dollars, remaining
from engine.events import (
    CallAnswered,
    CallFailed,
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    Event,
    InterviewGiven,
    TurnSpoken,
    VerdictGiven,
)
from engine.tally import Tally

EVERY = 10.0
"""Seconds of the run between two lines of progress."""
STEPS = 10
"""Parts of the run after each of which there is one in any case."""
GUTTER = 13
"""Characters for the first word of a line."""
ALIKE = 5
"""Losses of one kind that are printed one by one."""
WIDEST = 86
"""Cells of a line of speech in a conversation that is printed to be read."""
WARNING = "SIMULATED: invented minds answer, and no number here is about a real model."


class PlainConsole:
    """Shows a run as lines of text."""

    def __init__(
        self,
        tally: Tally,
        *,
        title: str,
        simulated: bool,
        stream: TextIO | None = None,
        follow: str | None = None,
        quiet: bool = False,
        full: bool = False,
    ) -> None:
        """Print to `stream` or stdout; `quiet` prints failures only, `full` adds retries and verdicts, wrapped."""
        self._tally = tally
        self._title = flatten(title)
        self._simulated = simulated
        self._stream = stream
        self._spotlight = Spotlight(follow)
        self._quiet = quiet
        self._full = full
        self._told_at = 0.0
        self._step = 0
        self._losses = Counter[str]()

    def __enter__(self) -> PlainConsole:
        """Say what this is."""
        if not self._quiet:
            self._print("run", f"{self._title}, conversations planned: {self._tally.planned:,}")
            self._warn()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say how far it came, and what was lost."""
        for kind, count in self._losses.items():
            if count > ALIKE:
                self._print("lost", f"{flatten(kind)}: {count:,} in all")
        if not self._quiet:
            if not self._full:
                self._report()
            self._warn()

    def say(self, text: str) -> None:
        """Print a sentence for the user."""
        if not self._quiet:
            self._print("note", flatten(text))

    def listen(self, conversation: str, role: str) -> None:
        """Listen to nobody."""

    def hear(self, event: Event) -> None:
        """Print what an event has to say, if anything."""
        self._spotlight.hear(event)
        self._mourn(event)
        if self._quiet:
            return
        if self._spotlight.lit(event.conversation):
            self._recite(event)
        elif isinstance(event.body, ConversationEnded):
            self._print("done", f"{self._name(event)}  {_ending(event.body)}")
        self._advance(event)

    def _mourn(self, event: Event) -> None:
        """Print what failed; the one thing that is never kept quiet."""
        body = event.body
        if isinstance(body, ConversationFailed):
            model = event.conversation.partition("/")[0]
            cause = flatten(f"{body.boundary}, {body.cause}: {body.message}")
            self._lose(f"{body.boundary} of {model}, {body.cause}", "failed", f"{self._name(event)}  {cause}")
        elif isinstance(body, VerdictGiven) and body.verdict.status == "failed":
            verdict = body.verdict
            words = flatten(f"{verdict.juror} on {verdict.dimension}: {verdict.reasoning}")
            self._lose(f"votes of {verdict.juror}", "no vote", f"{self._name(event)}  {words}")

    def _lose(self, kind: str, word: str, text: str) -> None:
        """Print a loss, until there were enough of its kind: a dead provider has thousands."""
        self._losses[kind] += 1
        if self._losses[kind] <= ALIKE:
            self._print(word, text)
        elif self._losses[kind] == ALIKE + 1:
            self._print(word, f"{flatten(kind)}: more of the same are counted, and told at the end")

    def _recite(self, event: Event) -> None:
        """Print the followed conversation."""
        body = event.body
        if isinstance(body, ConversationStarted):
            self._print("following", self._name(event))
        elif isinstance(body, TurnSpoken):
            photo = f"[{picture_of(event.conversation)}]\n" if body.turn.photo else ""
            self._print(body.turn.speaker, photo + clean(body.turn.text))
        elif isinstance(body, ConversationEnded):
            self._print("done", f"{self._name(event)}  {_ending(body)}")
        elif isinstance(body, CallAnswered | CallFailed):
            if self._full and (words := recount(body)):
                self._print("asked again", words)
        elif isinstance(body, InterviewGiven):
            self._print("afterwards", recall(body.interview))
        elif isinstance(body, VerdictGiven) and self._full:
            dimension, result, reasoning = describe(body.verdict)
            self._print(dimension, f"{result}\n{reasoning}" if reasoning else result)

    def _advance(self, event: Event) -> None:
        """Print how far the run is, when it is time to."""
        self._told_at = self._told_at or event.at
        if self._full:
            return
        step = int(self._tally.settled * STEPS + 1e-9)
        if event.at - self._told_at >= EVERY or self._step < step < STEPS:  # the end has its own line
            self._told_at, self._step = event.at, step
            self._report()

    def _report(self) -> None:
        state = self._tally.statistics()
        parts = [
            f"{state.judged:,}/{state.planned:,} judged",
            f"{self._tally.failed} failed",
            f"{state.calls_per_second:,.1f} calls/s",
            f"{state.tokens_per_second:,.0f} tokens/s",
            dollars(state.total.cost, self._simulated),
            remaining(state.eta),
        ]
        self._print("progress", ", ".join(part for part in parts if part))

    def _warn(self) -> None:
        if self._simulated:
            self._print("", WARNING)

    def _name(self, event: Event) -> str:
        return "  ".join(part for part in self._spotlight.names(event.conversation) if part)

    def _print(self, word: str, text: str) -> None:
        rows = fold(text, WIDEST) if self._full else text.split("\n")
        lines = [f"{word:<{GUTTER}}{rows[0] if rows else ''}", *(" " * GUTTER + row for row in rows[1:])]
        emit("\n".join(line.rstrip() for line in lines) + "\n", self._stream)


def _ending(ended: ConversationEnded) -> str:
    return f"{ended.turns} turns, {ended.stop_reason}"
