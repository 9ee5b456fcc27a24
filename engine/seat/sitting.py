"""A sitting: what a person at a seat has before them, whoever shows it to them.

The one idea: it hears the journal's events as a console does, and is asked as a model is; what the two have told it
is all that there is to show. Whoever shows it waits for a change, looks, and hands in what was written. Nothing here
knows a terminal or a browser.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import anyio

from agents.interview import Interview
from agents.speech import Completion, Prompt, Turn
from engine.cells import Cell
from engine.conversation import FIRST_EXIT
from engine.events import (
    CallAnswered,
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    Event,
    InterviewGiven,
    TurnSpoken,
    VerdictGiven,
)
from engine.gate import Line, Way
from engine.journal import Journal
from engine.person import HUMAN, Part
from engine.plan import Plan
from engine.seat.way import PersonWay
from engine.tally import UNJUDGED
from engine.tape import Tape
from rubrics.values import Verdict


@dataclass(slots=True, kw_only=True)
class Talk:
    """One conversation, as far as it is."""

    cell: Cell
    number: int
    """Counts from 1."""
    votes: int
    """First votes that the jury will give."""
    turns: list[Turn] = field(default_factory=list)
    ended: str = ""
    """Why it came to its end; empty until it did."""
    failed: str = ""
    """What went wrong, in a sentence; empty where nothing did."""
    interview: Interview | None = None
    verdicts: dict[tuple[str, str], Verdict] = field(default_factory=dict)
    """First votes, by dimension and juror."""

    @property
    def over(self) -> bool:
        """Tell whether nothing more will come of it."""
        return bool(self.failed) or self.ended in UNJUDGED or self.judged

    @property
    def judged(self) -> bool:
        """Tell whether every vote is in, abstentions included."""
        return bool(self.ended) and len(self.verdicts) >= self.votes

    def scores(self) -> dict[str, float | None]:
        """Give the mean of the votes that count by dimension, 1 to 5; None where no juror gave one."""
        found: dict[str, list[int]] = {}
        for (dimension, _), vote in self.verdicts.items():
            counted = found.setdefault(dimension, [])
            if vote.score is not None and not vote.own_family:
                counted.append(vote.score)
        return {name: sum(votes) / len(votes) if votes else None for name, votes in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the person is asked for now."""

    talk: Talk
    role: str
    """"assistant", "patient" or "interview"."""
    place: str
    """Names it within the run, so that an answer that is sent twice counts once."""

    @property
    def may_leave(self) -> bool:
        """Tell whether a patient's goodbye would end the conversation."""
        return sum(turn.speaker == "assistant" for turn in self.talk.turns) >= FIRST_EXIT


class Sitting:
    """One person at a seat."""

    def __init__(
        self, plan: Plan, cells: Iterable[Cell], levels: Mapping[str, str], tell: Callable[[str], None]
    ) -> None:
        """`levels` are those of urgency, U0 … U5, in words; `tell` prints a sentence for whoever began the run."""
        votes = len(plan.jury) * len(plan.dimensions)
        self.part: Part = plan.person
        self.titles = {name: str(one["title"]) for name, one in (plan.models | plan.cast).items()}
        self.talks = {
            cell.id: Talk(cell=cell, number=at, votes=votes) for at, cell in enumerate(cells, start=1)
        }
        self.levels = dict(levels)
        self.dimensions = plan.dimensions
        self.question: Question | None = None
        self.present = ""
        """The conversation that was taken up last; empty before the first."""
        self.recorded: set[str] = set()
        """Places whose answers are on the disk."""
        self._tell = tell
        self._taken: set[str] = set()
        self._answer: asyncio.Future[Completion] | None = None
        self._bell = anyio.Event()
        self._left = anyio.Event()

    # As a console

    def hear(self, event: Event) -> None:
        """Take an event in."""
        talk, body = self.talks.get(event.conversation), event.body
        if talk is None:
            return
        if isinstance(body, TurnSpoken):
            if body.turn.index == len(talk.turns) + 1:
                talk.turns.append(body.turn)
                self.present = event.conversation
        elif isinstance(body, ConversationStarted):
            talk.failed = ""
        elif isinstance(body, ConversationEnded):
            talk.ended, talk.failed = body.stop_reason, ""
        elif isinstance(body, ConversationFailed):
            talk.failed = f"{body.boundary}, {body.cause}: {body.message}"
        elif isinstance(body, InterviewGiven):
            talk.interview = body.interview
        elif isinstance(body, VerdictGiven) and body.verdict.reading == 1:
            talk.verdicts[body.verdict.dimension, body.verdict.juror] = body.verdict
        elif isinstance(body, CallAnswered) and body.model == HUMAN:
            self.recorded.add(_place(event.conversation, body.role, body.sequence))
        self.ring()

    def listen(self, conversation: str, role: str) -> None:
        """Listen to nobody: a turn is shown when it is whole."""

    def say(self, text: str) -> None:
        """Tell whoever began the run something in one sentence."""
        self._tell(text)

    # As a guest

    def way(self, journal: Journal, tape: Tape) -> Way:
        """Give the way on which the person is asked."""
        return PersonWay(journal=journal, tape=tape, think=self._think)

    async def gone(self) -> None:
        """Return when the person has left."""
        await self._left.wait()

    def leave(self) -> None:
        """Leave the seat; what was recorded stays, and the run goes on from there another time."""
        self._left.set()
        self.ring()

    @property
    def left(self) -> bool:
        return self._left.is_set()

    @property
    def finished(self) -> bool:
        """Tell whether nothing more will come of any conversation."""
        return all(talk.over for talk in self.talks.values())

    # For whoever shows it

    async def changed(self) -> None:
        """Wait for the next change."""
        await self._bell.wait()

    def ring(self) -> None:
        """Say that something has changed."""
        self._bell.set()
        self._bell = anyio.Event()

    def take(self, place: str, said: Completion) -> bool:
        """Take an answer; False where this is not what is asked. One that was given already counts once."""
        if self.question is None or self.question.place != place or self._answer is None:
            return place in self._taken | self.recorded
        self._taken.add(place)
        self.question = None
        self._answer.set_result(said)
        self.ring()
        return True

    async def _think(self, line: Line, prompt: Prompt) -> Completion:
        """Ask the person, once they have been shown all that was said before."""
        talk = self.talks[line.conversation]
        heard = len(prompt.messages) - (line.role == "interview")
        while len(talk.turns) < heard:
            await self.changed()
        self._answer = asyncio.get_running_loop().create_future()
        place = _place(line.conversation, line.role, line.sequence)
        self.question = Question(talk=talk, role=line.role, place=place)
        self.ring()
        try:
            return await self._answer
        finally:
            self._answer = self.question = None
            self.ring()


def _place(conversation: str, role: str, sequence: int) -> str:
    return f"{conversation}/{role}/{sequence}"
