"""The meter: what the calls of each conversation came to, and when what was said there, heard as the journal is read.

It keeps an account for each role of each conversation and a time for each turn and vote, so that the journal is read
once and no answer stays in memory. Nothing here knows a table.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.account import Account, bill
from engine.events import CallAnswered, CallFailed, Event, TurnSpoken, VerdictGiven

JURY = "juror"


@dataclass(slots=True)
class Span:
    """What a conversation took."""

    began: float
    """Unix seconds."""
    ended: float
    accounts: dict[str, Account] = field(default_factory=dict)
    """By role; all jurors share one."""

    @property
    def total(self) -> Account:
        """Give everything together."""
        return sum(self.accounts.values(), Account())

    @property
    def jury(self) -> float:
        """Give what the jury took of it, USD."""
        return self.accounts.get(JURY, Account()).cost


@dataclass(slots=True)
class Meter:
    """What all of them took."""

    spans: dict[str, Span] = field(default_factory=dict)
    turns: dict[tuple[str, int], float] = field(default_factory=dict)
    """Unix time of each turn, by conversation and index; the last where it was said twice, as in the results."""
    votes: dict[tuple[str, str, str, int], float] = field(default_factory=dict)
    """The same of each vote, by conversation, juror, dimension and reading."""

    def hear(self, event: Event, *, paid: bool) -> None:
        """Take in one event; what was not paid here was taken over from another run."""
        name, body = event.conversation, event.body
        if not name:
            return
        span = self.spans.get(name)
        if span is None:
            span = self.spans[name] = Span(began=event.at, ended=event.at)
        span.began, span.ended = min(span.began, event.at), max(span.ended, event.at)
        if isinstance(body, CallAnswered | CallFailed):
            if paid:
                role = body.role.partition("/")[0]
                span.accounts[role] = span.accounts.get(role, Account()) + bill(body)
        elif isinstance(body, TurnSpoken):
            self.turns[name, body.turn.index] = event.at
        elif isinstance(body, VerdictGiven):
            vote = body.verdict
            self.votes[name, vote.juror, vote.dimension, vote.reading] = event.at
