"""Memory: what a run wrote down, laid out so that the run made again can be held against it.

A call is found by its key, and everything else by its conversation and its place in it. What a resumed run said
again is there once; of a call that failed and was made good, both. Nothing here knows what should have been said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from agents.speech import Completion
from engine.events import (
    Body,
    CallAnswered,
    CallFailed,
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    Event,
    InterviewGiven,
    PhotoFitted,
    RunFinished,
    RunStarted,
    TurnSpoken,
    VerdictGiven,
)
from engine.frozen import Recorded
from engine.jury import seat_of
from engine.segments import RECORDED, read_journal
from engine.tape import Key

BEGINNING, END, INTERVIEW = "beginning", "end", "interview"
PLACES: dict[type, Callable[..., str]] = {
    ConversationStarted: lambda body: BEGINNING,
    TurnSpoken: lambda body: f"turn {body.turn.index}",
    ConversationEnded: lambda body: END,
    ConversationFailed: lambda body: END,
    InterviewGiven: lambda body: INTERVIEW,
    VerdictGiven: lambda body: seat_of(body.verdict.juror, body.verdict.dimension, body.verdict.reading),
}
"""Where in its conversation an event belongs, of those that follow from the answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a call."""

    model: str
    digest: str
    """Of its prompt."""
    completion: Completion | None = None
    """None where no answer came."""
    cause: str = ""
    message: str = ""
    """Why none came."""


@dataclass(slots=True)
class Memory:
    """What a run wrote down."""

    calls: dict[Key, list[Outcome]] = field(default_factory=dict)
    """In the order of being made; an answer is the last there is."""
    lent: dict[Key, Outcome] = field(default_factory=dict)
    """Votes that were asked for by the run whose conversations are judged again; they may be asked otherwise here."""
    told: dict[str, dict[str, list[Body]]] = field(default_factory=dict)
    """By conversation and place."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Why each conversation that ended did."""
    sent: set[str] = field(default_factory=set)
    """sha-256 of photographs that were made smaller for some model."""
    finished: bool = False
    """Everything that was planned had been tried when the last process ended."""
    damage: list[str] = field(default_factory=list)
    """A sentence for each line that is not an event."""

    @property
    def conversations(self) -> set[str]:
        """Give the names of all of which something is recorded."""
        return self.told.keys() | {conversation for conversation, _, _ in self.calls}

    def place(self, conversation: str, place: str) -> list[Body]:
        """Give what was told of one place of a conversation, different things only."""
        return self.told.get(conversation, {}).get(place, [])

    def whole(self, conversation: str) -> bool:
        """Tell whether a conversation came to its end and each of its turns is there."""
        ends = [body for body in self.place(conversation, END) if isinstance(body, ConversationEnded)]
        return bool(ends) and all(
            self.place(conversation, f"turn {index}") for index in range(1, ends[-1].turns + 1)
        )

    def recorded(self, conversation: str) -> Recorded:
        """Give a whole conversation as it can be repeated."""
        end = next(body for body in self.place(conversation, END) if isinstance(body, ConversationEnded))
        places = (self.place(conversation, f"turn {index}")[0] for index in range(1, end.turns + 1))
        return Recorded(turns=tuple(body.turn for body in places), stop_reason=end.stop_reason)

    def decided(self, conversation: str, place: str) -> bool:
        """Tell whether what is there came of answers."""
        return any(not failed(body) for body in self.place(conversation, place))


def recall(folder: Path) -> Memory:
    """Read all that a run rests on."""
    damage: list[str] = []
    taken = read_journal(folder / RECORDED, damage.append)
    memory = remember(taken, read_journal(folder / "journal", damage.append))
    memory.damage = damage
    return memory


def remember(taken: Iterable[Event], own: Iterable[Event]) -> Memory:
    """Lay out what was taken over from another run, and then what is a run's own."""
    memory = Memory()
    for event in taken:
        _hear(memory, event, own=False)
    for event in own:
        _hear(memory, event, own=True)
    return memory


def place_of(body: Body) -> str:
    """Name the place of an event in its conversation; empty for one that does not follow from answers."""
    place = PLACES.get(type(body))
    return place(body) if place else ""


def failed(body: Body) -> bool:
    """Tell whether an event says that something could not be had, which may have been made good."""
    if isinstance(body, InterviewGiven):
        return body.interview.status == "failed"
    if isinstance(body, VerdictGiven):
        return body.verdict.status == "failed"
    return isinstance(body, ConversationFailed)


def _hear(memory: Memory, event: Event, *, own: bool) -> None:
    body, name = event.body, event.conversation
    if isinstance(body, CallAnswered | CallFailed):
        _call(memory, name, body, own=own)
    elif place := place_of(body):
        there = memory.told.setdefault(name, {}).setdefault(place, [])
        if body not in there:
            there.append(body)
        if isinstance(body, ConversationEnded):
            memory.reasons[name] = body.stop_reason
    elif isinstance(body, PhotoFitted):
        memory.sent.add(body.sent.sha256)
    elif isinstance(body, RunStarted):
        memory.finished = False
    elif isinstance(body, RunFinished):
        memory.finished = True


def _call(memory: Memory, conversation: str, body: CallAnswered | CallFailed, *, own: bool) -> None:
    key = (conversation, body.role, body.sequence)
    if isinstance(body, CallAnswered):
        outcome = Outcome(model=body.model, digest=body.digest, completion=body.completion)
    else:
        outcome = Outcome(model=body.model, digest=body.digest, cause=body.cause, message=body.message)
    if not own and body.role.startswith("juror/"):
        memory.lent[key] = outcome
        return
    made = memory.calls.setdefault(key, [])
    made.append(outcome)
    made.sort(key=lambda one: one.completion is not None)  # stable: an answer, once there is one, comes last
