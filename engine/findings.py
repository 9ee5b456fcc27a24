"""Findings: what the journal of a run says, folded into one value.

An event that stands twice (a resumed run says again what it said) counts once; what was taken over from another run
is heard and cost this one nothing. Nothing here knows the plan, or a number made of votes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from agents.interview import Interview
from agents.speech import Turn
from engine.account import Ledger
from engine.clock import Clock
from engine.events import (
    CallAnswered,
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    Event,
    InterviewGiven,
    PhotoFitted,
    StopReason,
    TurnSpoken,
    VerdictGiven,
)
from engine.frozen import Recorded
from engine.pace import Pace
from engine.segments import RECORDED, read_journal
from engine.simulator.request import SIGNATURE
from engine.tally import CANARY
from rubrics.values import Verdict

Ballot = tuple[str, str, str, int]
"""Conversation, juror, dimension and reading."""


@dataclass(slots=True)
class Findings:
    """What the journal of a run says."""

    ended: dict[str, ConversationEnded] = field(default_factory=dict)
    failed: dict[str, ConversationFailed] = field(default_factory=dict)
    """Conversations that failed and did not end in a later attempt."""
    spoken: dict[str, dict[int, Turn]] = field(default_factory=dict)
    """By conversation and index; what an attempt that failed said beyond the end is still there."""
    verdicts: dict[Ballot, Verdict] = field(default_factory=dict)
    interviews: dict[str, Interview] = field(default_factory=dict)
    """What the models said when the patient had left, by conversation."""
    canaries: dict[str, dict[str, Verdict]] = field(default_factory=dict)
    """What jurors said of the transcript that orders a score, by juror and conversation."""
    ledger: Ledger = field(default_factory=Ledger)
    clock: Clock = field(default_factory=Clock)
    """Of this run's own events."""
    pace: Pace = field(default_factory=Pace)
    fitted: dict[tuple[str, str], PhotoFitted] = field(default_factory=dict)
    """Photographs made smaller for some models, by their sha-256 before and after."""
    written: dict[tuple[str, int], int] = field(default_factory=dict)
    """Tokens that the assistant wrote, its reasoning left out, by conversation and call."""
    served: dict[str, Counter[str]] = field(default_factory=dict)
    """Model ids the providers say they used, by model."""
    simulated: bool = False
    """Whether some answer is signed by the simulator, wherever it was served."""
    damage: list[str] = field(default_factory=list)
    """A sentence for each line of the journal that is not an event."""

    @property
    def reasons(self) -> dict[str, StopReason]:
        """Give why each conversation that ended did."""
        return {name: ended.stop_reason for name, ended in self.ended.items()}

    def recorded(self, name: str) -> Recorded:
        """Give a conversation that ended as it can be repeated or judged; KeyError for another."""
        return Recorded(turns=self.turns(name), stop_reason=self.ended[name].stop_reason)

    def whole(self, name: str) -> bool:
        """Tell whether every turn is there of a conversation that ended; KeyError for another."""
        return len(self.turns(name)) == self.ended[name].turns

    def turns(self, name: str) -> tuple[Turn, ...]:
        """Give what was said in a conversation that ended, in order."""
        spoken = self.spoken.get(name, {})
        return tuple(spoken[index] for index in sorted(spoken) if index <= self.ended[name].turns)


def read_findings(folder: Path) -> Findings:
    """Fold a journal, whatever state the run is in; what was taken over from another run cost this one nothing."""
    found = Findings()
    for event in read_journal(folder / RECORDED, found.damage.append):
        _hear(found, event)
    for event in read_journal(folder / "journal", found.damage.append):
        found.ledger.hear(event)
        found.clock.hear(event)
        found.pace.hear(event)
        _hear(found, event)
    return found


def _hear(found: Findings, event: Event) -> None:
    body, name = event.body, event.conversation
    if isinstance(body, CallAnswered):
        found.served.setdefault(body.model, Counter())[body.completion.served] += 1
        if body.role == "assistant":
            usage = body.completion.usage
            found.written[name, body.sequence] = usage.output - usage.reasoning
        found.simulated |= body.completion.request_id.startswith(SIGNATURE)
    elif isinstance(body, TurnSpoken):
        found.spoken.setdefault(name, {})[body.turn.index] = body.turn
    elif isinstance(body, VerdictGiven):
        vote = body.verdict
        if name.startswith(CANARY):
            found.canaries.setdefault(vote.juror, {})[name] = vote
        else:
            found.verdicts[name, vote.juror, vote.dimension, vote.reading] = vote
    elif isinstance(body, InterviewGiven):
        found.interviews[name] = body.interview
    elif isinstance(body, ConversationStarted):
        found.failed.pop(name, None)
    elif isinstance(body, ConversationEnded):
        found.ended[name] = body
        found.failed.pop(name, None)
    elif isinstance(body, ConversationFailed):
        found.failed[name] = body
    elif isinstance(body, PhotoFitted):
        found.fitted[body.photo.sha256, body.sent.sha256] = body
