"""The replay: a recorded run, played back from its plan and its journal alone.

Events come in the order and at the pace in which they were recorded, whatever became of the run: what a
killed one left is shown as far as it goes. An event that a resumed run noted again is told once. Nothing here
knows a model, a provider or the simulator.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio.lowlevel import checkpoint

from engine.console import Console, open_console
from engine.errors import BadOption, BadRun
from engine.events import (
    CallAnswered,
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    Event,
)
from engine.folder import read_plan
from engine.plan import Plan
from engine.roll import Roll
from engine.segments import read_run
from engine.setting import open_setting
from engine.tally import Tally

LONGEST = 3.0
"""Seconds; no pause is longer, however long the recorded one was."""
SHORTEST = 0.01
"""Seconds below which a pause is not worth taking."""
BREATH = 256
"""Events after which others get to run, where there are no pauses."""
PIECE = 12
"""Characters that are shown at a time while a turn is spoken."""
NAMED = 3
"""Conversations that are named to whoever named none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedRun:
    """What a replay showed."""

    conversations: int
    unfinished: int
    """Of them, begun and neither ended nor failed: the run was stopped."""


async def replay(
    folder: Path, *, conversation: str | None = None, speed: float = 1.0, quiet: bool = False
) -> ReplayedRun:
    """Play a run back on the console.

    Raises BadRun when the folder is not a run, and what `open_recording` and `perform` raise.
    """
    plan = read_plan(folder)
    recording = open_recording(folder, conversation)
    planned = _planned(folder, plan) if conversation is None else 1
    tally = Tally(planned=planned, votes=len(plan.jury) * len(plan.dimensions))
    full = conversation is not None
    with open_console(tally, plan, folder, quiet=quiet, full=full) as console:
        return await perform(recording, console, tally, speed=speed)


def _planned(folder: Path, plan: Plan) -> int:
    """Count the conversations there should be, arms added since included."""
    ended = (event for event in read_run(folder) if isinstance(event.body, ConversationEnded))
    reasons = {event.conversation: event.body.stop_reason for event in ended}
    return len(open_setting(folder, plan).cells(reasons))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What is to be played."""

    folder: Path
    conversation: str | None
    """The only one to be played; None for all."""
    damage: tuple[str, ...]
    """A sentence for each line of the journal that is not an event."""


def open_recording(folder: Path, conversation: str | None = None) -> Recording:
    """Find what is to be played.

    Raises BadRun when the folder's journal holds nothing, BadOption when `conversation` is not in it or could
    be several.
    """
    damage: list[str] = []
    names = _begun(folder, damage)
    chosen = None if conversation is None else resolve(conversation, names)
    return Recording(folder=folder, conversation=chosen, damage=tuple(damage))


async def perform(recording: Recording, console: Console, tally: Tally, *, speed: float = 1.0) -> ReplayedRun:
    """Play a recording to a console and a tally; `speed` 4 is four times as fast as it was, 0 is at once.

    Raises BadOption for a speed below 0.
    """
    if not speed >= 0:
        raise BadOption(f"--speed {speed} is not a speed: give 0 (at once), 1 (as it was) or more.")
    chosen = recording.conversation
    begun: set[str] = set()
    over: set[str] = set()
    pace = Pace(speed)
    for event in _once(read_run(recording.folder)):
        if chosen and event.conversation != chosen:
            continue
        if isinstance(event.body, ConversationStarted):
            begun.add(event.conversation)
        elif isinstance(event.body, ConversationEnded | ConversationFailed):
            over.add(event.conversation)
        await pace.keep(event, console if chosen else None)
        tally.hear(event)
        console.hear(event)
    shown = ReplayedRun(conversations=len(begun), unfinished=len(begun - over))
    for sentence in (*_remarks(shown), *recording.damage):
        console.say(sentence)
    return shown


class Pace:
    """The pace of a recording."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._last: float | None = None  # event time
        self._due = anyio.current_time()
        self._breath = 0

    async def keep(self, event: Event, console: Console | None) -> None:
        """Wait until the event is due; a console is given the words of a call while they were being found."""
        gap = event.at - self._last if self._last is not None else 0.0
        self._last = event.at
        if self._speed:
            self._due += min(max(0.0, gap) / self._speed, LONGEST)
        seconds = self._due - anyio.current_time()
        if not self._speed or seconds < SHORTEST:
            self._breath += 1
            if self._breath % BREATH == 0:
                await checkpoint()
            return
        body = event.body
        if console and isinstance(body, CallAnswered):
            listener = console.listen(event.conversation, body.role)
            if listener:
                return await self._speak(body.completion.text, listener)
        await anyio.sleep(seconds)

    async def _speak(self, text: str, listener: Callable[[str], None]) -> None:
        began = anyio.current_time()
        for start in range(0, len(text), PIECE):
            share = start / len(text)
            pause = began + (self._due - began) * share - anyio.current_time()
            await anyio.sleep(max(0.0, pause))
            listener(text[start : start + PIECE])


def resolve(wanted: str, known: Sequence[str]) -> str:
    """Give the conversation meant by its name or by the beginning of no other; BadOption otherwise."""
    if wanted in known:
        return wanted
    whole = [name for name in known if f"{name}/".startswith(f"{wanted.rstrip('/')}/")]
    found = whole or [name for name in known if name.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(found[:NAMED]) + (" …" if len(found) > NAMED else "")
        raise BadOption(f"--conversation {wanted!r} could be any of {len(found)}: {some}; name one of them.")
    near = [name for name in known if wanted in name] or difflib.get_close_matches(
        wanted, known, n=NAMED, cutoff=0.3
    )
    hint = f"the nearest are {', '.join(near[:NAMED])}." if near else "this run holds nothing like it."
    raise BadOption(f"no conversation {wanted!r} in this run: {hint}")


def _begun(folder: Path, damage: list[str]) -> tuple[str, ...]:
    """Give the conversations of a journal in the order of beginning; BadRun when there is nothing to play."""
    names: dict[str, None] = {}
    empty = True
    for event in read_run(folder, damage.append):
        empty = False
        if isinstance(event.body, ConversationStarted):
            names[event.conversation] = None
    if empty:
        raise BadRun(f"{folder} holds no recorded event: name another run folder, or run this one first.")
    return tuple(names)


def _once(events: Iterable[Event]) -> Iterator[Event]:
    """Leave out what a resumed run noted again; calls are recorded once and always pass."""
    told = Roll()
    for event in events:
        if isinstance(event.body, CallAnswered) or told.add((event.conversation, event.body)):
            yield event


def _remarks(shown: ReplayedRun) -> Iterator[str]:
    if shown.unfinished:
        yield (
            f"{shown.unfinished} of {shown.conversations} conversations did not come to their end: "
            "the run was stopped, and goes on with python run.py resume."
        )
