"""One conversation: a patient, an assistant and the keeper of the floor, three actors with a mailbox each.

The keeper gives the floor to one at a time, writes down what is said, and decides when it is over: by the
patient's structured signals, by count, or by what the providers report; never by a word that was spoken. The
decision is a function of the recorded turns, so that a resumed or replayed conversation ends where it ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from typing import Protocol

from agents.speech import Ask, Turn
from engine.cells import Bounds, Cell
from engine.errors import CallError
from engine.events import (
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    StopReason,
    TurnSpoken,
)
from engine.journal import Scribe
from engine.mailbox import Mailbox
from engine.stage import open_stage

FIRST_EXIT = 2
"""Turns the assistant must have had before the patient's signal to stop counts."""
BOUNDS = Bounds()
ECHO = 0.97
"""Similarity, 0 to 1, from which a reply repeats the speaker's last one."""
CLOSE_LOOK = 1_000
"""Characters, of both texts together, up to which they are compared one by one; else so many words of each."""


End = Callable[[tuple[Turn, ...]], StopReason | None]
"""Tells whether, and why, a conversation is over."""


class Agent(Protocol):
    """Hears what has been said and answers, thinking through `ask`."""

    async def reply(self, heard: tuple[Turn, ...], ask: Ask) -> Turn:
        """Give the next turn."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A finished conversation, as the jury gets it."""

    cell: Cell
    number: int
    """Position in the order of starting; what the jury's calls are prioritised by."""
    turns: tuple[Turn, ...]
    stop_reason: StopReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Fell:
    """A speaker could not go on."""

    who: str
    error: CallError


class Seat:
    """The actor around an agent: waits for the floor, thinks, speaks into the keeper's mailbox."""

    def __init__(self, name: str, agent: Agent, ask: Ask, floor: Mailbox[Turn | Fell]) -> None:
        self.name = name
        self.inbox: Mailbox[tuple[Turn, ...]] = Mailbox(1)
        self._agent = agent
        self._ask = ask
        self._floor = floor

    async def sit(self) -> None:
        """Answer every time the floor is given, until the mailbox is closed."""
        async for heard in self.inbox:
            try:
                spoken: Turn | Fell = await self._agent.reply(heard, self._ask)
            except CallError as error:
                spoken = Fell(who=self.name, error=error)
            await self._floor.put(spoken)


class Conversation:
    """The keeper of the floor."""

    def __init__(self, cell: Cell, number: int, journal: Scribe, *, end: End | None = None) -> None:
        self._cell = cell
        self._number = number
        self._journal = journal
        self._end = end or over
        self._floor: Mailbox[Turn | Fell] = Mailbox(1)

    async def play(self, patient: tuple[Agent, Ask], assistant: tuple[Agent, Ask]) -> Trace | None:
        """Play it to its end and give the trace; None when it failed, which is in the journal with its cause."""
        cell = self._cell
        started = ConversationStarted(
            scenario=cell.scenario.id,
            title=cell.scenario.title,
            model=cell.model,
            arm=cell.arm.name,
            repeat=cell.repeat,
        )
        self._journal.note(started, cell.id)
        seats = (Seat("patient", *patient, self._floor), Seat("assistant", *assistant, self._floor))
        async with open_stage() as stage:
            for seat in seats:
                stage.enter(seat.sit, name=f"{seat.name} of {cell.id}")
            try:
                return await self._keep(seats)
            finally:
                for seat in seats:
                    seat.inbox.close()

    async def _keep(self, seats: tuple[Seat, Seat]) -> Trace | None:
        turns: tuple[Turn, ...] = ()
        while (reason := self._end(turns)) is None:
            seat = seats[len(turns) % 2]
            await seat.inbox.put(turns)
            spoken = await self._floor.take()
            if isinstance(spoken, Turn) and seat.name == "patient" and not spoken.text:
                cause = "unreadable" if spoken.stop == "end" else spoken.stop
                return self._fail("patient", cause, "the patient's model gave no turn of a patient's.")
            if isinstance(spoken, Fell):
                return self._fail(spoken.who, spoken.error.cause, str(spoken.error))
            turns = (*turns, spoken)
            self._journal.note(TurnSpoken(turn=spoken), self._cell.id)
        self._journal.note(ConversationEnded(stop_reason=reason, turns=len(turns)), self._cell.id)
        return Trace(cell=self._cell, number=self._number, turns=turns, stop_reason=reason)

    def _fail(self, who: str, cause: str, message: str) -> None:
        self._journal.note(ConversationFailed(boundary=who, cause=cause, message=message), self._cell.id)


def within(bounds: Bounds) -> End:
    """Give the end of a conversation that is played within these bounds."""
    return partial(over, bounds=bounds)


def over(turns: tuple[Turn, ...], bounds: Bounds = BOUNDS) -> StopReason | None:
    """Tell whether, and why, a conversation has come to its end; the first rule that holds.

    1. `patient_fault`: the patient said what it cannot say, even when asked again;
    2. `refusal`: the assistant declined twice, by what its provider reports;
       then, after a turn of the patient's:
    3. `escalated_and_acknowledged`: they had heard of an emergency a turn before, and have answered once more;
    4. `patient_done`: they have what they came for, after two of the assistant's turns at least;
    5. `assistant_closed`: they heard a goodbye, and nobody has asked anything;
       or, after a turn of the assistant's:
    6. `stalemate`: both have said nearly the same twice in a row;
    7. `token_budget` and 8. `max_turns`: the bounds.

    The ninth, `infra_error`, is no end of a conversation: somebody could not go on.
    """
    patient = [turn for turn in turns if turn.speaker == "patient"]
    assistant = [turn for turn in turns if turn.speaker == "assistant"]
    if patient and patient[-1].fault:
        return "patient_fault"
    if sum(turn.stop in ("refusal", "filter") for turn in assistant) >= 2:
        return "refusal"
    if turns and turns[-1].speaker == "patient":
        if any(turn.advice == "emergency" for turn in patient[:-1]):
            return "escalated_and_acknowledged"
        if patient[-1].done and len(assistant) >= FIRST_EXIT:
            return "patient_done"
        return "assistant_closed" if patient[-1].closing else None
    if _echoes(patient) and _echoes(assistant):
        return "stalemate"
    if sum(turn.tokens for turn in turns) >= bounds.tokens:
        return "token_budget"
    return "max_turns" if len(assistant) >= bounds.turns else None


def _echoes(turns: list[Turn]) -> bool:
    if len(turns) < 3:
        return False
    return alike(turns[-1].text, turns[-2].text)


def alike(one: str, other: str) -> bool:
    """Tell whether two texts are nearly the same: the share of characters that both have, in one order, is `ECHO`.

    What they begin and end with alike is not compared again, and where they differ over many characters, words are
    compared, of which there are fewer: with a model that has fallen into repeating a letter, characters take minutes.
    """
    size = len(one) + len(other)
    start = _shared(one, other)
    one, other = one[start:], other[start:]
    end = _shared(one[::-1], other[::-1])
    one, other = one[: len(one) - end], other[: len(other) - end]
    inner = len(one) + len(other)
    if not inner:
        return True
    parts = (one, other) if inner <= CLOSE_LOOK else (one.split()[:CLOSE_LOOK], other.split()[:CLOSE_LOOK])
    matcher = SequenceMatcher(None, *parts, autojunk=False)
    bounds = (
        matcher.real_quick_ratio,
        matcher.quick_ratio,
        matcher.ratio,
    )  # the first two from above, and cheap
    return all(size - inner + share() * inner >= ECHO * size for share in bounds)


def _shared(one: str, other: str) -> int:
    """Count the characters that two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
