"""The tally: how far a run is, folded from its events one by one.

A turn or verdict that was already counted changes nothing, since a resumed run notes it again; a failure that was
made good is taken back; every call counts, since it was made. What is judged leaves a few bytes behind
(`engine.roll`), so that a long run stays small. Time is the events' own, so that a replay shows the rates there were.
Nothing here knows who shows the numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.account import Account, Ledger, RateWindow
from engine.events import (
    Attempt,
    CallAnswered,
    CallFailed,
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    Event,
    RunStarted,
    TurnSpoken,
    VerdictGiven,
)
from engine.roll import Roll

CANARY = "canary/"
"""How the names of the conversations begin by which jurors are tried; no cell is called so."""
UNJUDGED = frozenset(("patient_fault",))
"""Stop reasons of conversations that no jury hears: what is kept out of the scores costs no votes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyStatistics:
    """How far a run is."""

    at: float
    """Unix time of the latest event, seconds; 0 before the first."""
    planned: int
    started: int
    """Conversations begun, whatever became of them."""
    under_way: int
    """Begun and neither ended nor failed."""
    ended: dict[str, int]
    """Conversations by stop reason."""
    failed: dict[str, int]
    """Conversations by cause."""
    judged: int
    """Conversations with every verdict in, abstentions included, and those that no jury hears."""
    turns: int
    total: Account
    roles: dict[str, Account]
    """By patient, assistant, juror."""
    models: dict[str, Account]
    retries: dict[str, int]
    """Attempts beyond the first, by the cause that made them necessary."""
    abstained: dict[str, int]
    """Verdicts without a score, by status."""
    calls_per_second: float
    tokens_per_second: float
    """Input and output."""
    eta: float | None
    """Seconds until all is judged or failed; None before a first judgement since the run was taken up."""


@dataclass(slots=True)
class Progress:
    """How far one conversation is that is not judged yet."""

    turns: int = 0
    reason: str = ""
    """Stop reason; empty until it ended."""
    cause: str = ""
    """Of its failure; empty unless it failed and was not taken up again."""
    votes: dict[tuple[str, str], str] = field(default_factory=dict)
    """Status by (juror, dimension)."""


class Tally:
    """The fold."""

    def __init__(self, *, planned: int, votes: int) -> None:
        self.planned = planned
        self._votes = votes  # that a conversation needs: jurors x dimensions
        self._progress: dict[str, Progress] = {}
        self._over = Roll(planned)
        self._ended, self._failed = Counter[str](), Counter[str]()
        self._retries, self._abstained = Counter[str](), Counter[str]()
        self._ledger, self._window = Ledger(), RateWindow()
        self._at = self._since = 0.0
        self._started = self._turns = self._judged = self._judged_before = 0
        self._folds: dict[type, Callable[[Event, Any], None]] = {
            RunStarted: self._take_up,
            ConversationStarted: self._begin,
            CallAnswered: self._answer,
            CallFailed: self._give_up,
            TurnSpoken: self._turn,
            ConversationEnded: self._end,
            ConversationFailed: self._fail,
            VerdictGiven: self._vote,
        }

    @property
    def ended(self) -> int:
        """Conversations that came to their end."""
        return self._ended.total()

    @property
    def failed(self) -> int:
        """Conversations that could not be finished."""
        return self._failed.total()

    @property
    def judged(self) -> int:
        """Conversations with every verdict in, and those that no jury hears."""
        return self._judged

    @property
    def open(self) -> int:
        """Conversations that something may still change."""
        return len(self._progress)

    @property
    def held(self) -> int:
        """Bytes of what is kept of conversations that are over."""
        return self._over.size

    @property
    def settled(self) -> float:
        """Share of what was planned that is judged or failed, 0 to 1."""
        return (self._judged + self.failed) / max(1, self.planned)

    def hear(self, event: Event) -> None:
        """Fold one event in."""
        self._at = max(self._at, event.at)
        self._since = self._since or event.at
        fold = self._folds.get(type(event.body))
        if fold:
            fold(event, event.body)

    def statistics(self, idle: float = 0.0) -> TallyStatistics:
        """Give how far the run is, `idle` seconds after the latest event."""
        calls, tokens = self._window.rates(self._at + idle, self._since)
        return TallyStatistics(
            at=self._at,
            planned=self.planned,
            started=self._started,
            under_way=self._started - self.ended - self.failed,
            ended=dict(self._ended),
            failed=dict(+self._failed),
            judged=self._judged,
            turns=self._turns,
            total=self._ledger.total,
            roles=self._ledger.roles(),
            models=self._ledger.models(),
            retries=dict(self._retries),
            abstained=dict(+self._abstained),
            calls_per_second=calls,
            tokens_per_second=tokens,
            eta=self._eta(self._at + idle),
        )

    def _eta(self, now: float) -> float | None:
        to_do = max(0, self.planned - self._judged - self.failed)
        done, seconds = self._judged - self._judged_before, now - self._since
        return 0.0 if not to_do else to_do * seconds / done if done > 0 and seconds > 0 else None

    def _take_up(self, event: Event, _body: RunStarted) -> None:
        # Rates and the estimate are of this process: the night between two of them is nobody's work.
        self._since = event.at
        self._judged_before = self._judged

    def _of(self, event: Event) -> Progress:
        return self._progress.setdefault(event.conversation, Progress())

    def _close(self, event: Event) -> None:
        """Leave of a conversation that nothing more will change no more than that it was."""
        self._over.add(event.conversation)
        del self._progress[event.conversation]

    def _begin(self, event: Event, _body: ConversationStarted) -> None:
        if event.conversation in self._over:
            return
        self._started += event.conversation not in self._progress
        self._forgive(self._of(event))

    def _forgive(self, progress: Progress) -> None:
        if progress.cause:
            self._failed[progress.cause] -= 1
            progress.cause = ""

    def _answer(self, event: Event, body: CallAnswered) -> None:
        if self._ledger.hear(event):
            usage = body.completion.usage
            self._window.add(event.at, usage.input + usage.output)
            self._again(body.attempts)

    def _give_up(self, event: Event, body: CallFailed) -> None:
        if self._ledger.hear(event):
            self._again(body.attempts)

    def _again(self, attempts: tuple[Attempt, ...]) -> None:
        for attempt in attempts[:-1]:  # each but the last made another one necessary
            self._retries[attempt.cause] += 1

    def _turn(self, event: Event, body: TurnSpoken) -> None:
        if event.conversation in self._over:
            return
        progress, index = self._of(event), body.turn.index
        self._turns += max(0, index - progress.turns)
        progress.turns = max(progress.turns, index)

    def _end(self, event: Event, body: ConversationEnded) -> None:
        if event.conversation in self._over:
            return
        progress = self._of(event)
        self._forgive(progress)
        if not progress.reason:
            progress.reason = body.stop_reason
            self._ended[body.stop_reason] += 1
            if body.stop_reason in UNJUDGED:
                self._judged += 1
                self._close(event)

    def _fail(self, event: Event, body: ConversationFailed) -> None:
        if event.conversation in self._over:
            return
        progress = self._of(event)
        if not progress.cause and not progress.reason:
            progress.cause = body.cause
            self._failed[body.cause] += 1

    def _vote(self, event: Event, body: VerdictGiven) -> None:
        # A canary is no conversation, and a second vote settles nothing.
        name = event.conversation
        if name.startswith(CANARY) or body.verdict.reading > 1 or name in self._over:
            return
        votes, verdict = self._of(event).votes, body.verdict
        key = (verdict.juror, verdict.dimension)
        before = votes.get(key)
        votes[key] = verdict.status
        if before is None:
            self._judged += len(votes) == self._votes
        elif before != "scored":
            self._abstained[before] -= 1
        if verdict.status != "scored":
            self._abstained[verdict.status] += 1
        if len(votes) == self._votes and "failed" not in votes.values():  # those are given anew
            self._close(event)
