"""The fold: events into rows, a batch at a time.

Whatever a conversation comes to is kept as its row has it, taken up from there, and written back with the batch, so
that an index which followed a run step by step is to the last digit one that was made at once. An event that stands
twice counts once; every call counts, since it was made. Nothing here knows files.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from engine.account import SPAN, Account, Answered, Ledger
from engine.events import (
    CallAnswered,
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    Event,
    RunFinished,
    RunStarted,
    TurnSpoken,
    VerdictGiven,
)
from engine.index.layout import PLACES
from engine.index.weighing import weigh
from engine.tally import UNJUDGED

FIELDS = ("state", "reason", "cause", "turns", "calls", "input", "output", "cost", "began", "over", "texts")
TAKE = f"SELECT id, {', '.join(FIELDS)} FROM talk WHERE name = ?"
GIVE = f"""
    UPDATE talk SET {", ".join(f"{name} = ?" for name in FIELDS)},
        votes = ?, overall = ?, least = ?, disagreement = ?, scores = ?, caps = ? WHERE id = ?
"""
TAKE_ACCOUNTS = "SELECT role, model, answered, value FROM account ORDER BY rowid"
PUT_ACCOUNT = """
    INSERT INTO account VALUES (?, ?, ?, ?)
    ON CONFLICT (role, model, answered) DO UPDATE SET value = excluded.value
"""
OVER = ("ended", "judged")


@dataclass(slots=True)
class Talk:
    """A conversation as far as it has come; the fields are those of the table."""

    id: int
    state: str = "planned"
    reason: str = ""
    cause: str = ""
    turns: int = 0
    calls: int = 0
    input: int = 0
    output: int = 0
    cost: float = 0.0
    began: float | None = None
    over: float | None = None
    texts: int = 0
    said: dict[int, tuple[int, bytes]] | None = None
    """Line of `words` and mark of its text by turn; None until it is asked for."""

    def row(self) -> list[Any]:
        """Give what is written back, in the order of FIELDS."""
        return [getattr(self, name) for name in FIELDS]


@dataclass(slots=True)
class Clock:
    """What is known of the run as a whole; kept as JSON."""

    began: float | None = None
    since: float | None = None
    """When it was taken up last."""
    latest: float | None = None
    finished: bool = False
    events: int = 0
    damaged: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    """Of answered calls, by model."""
    pace: list[list[int]] = field(default_factory=list)
    """Second, calls and tokens, of the last seconds."""

    def count(self, at: float, tokens: int) -> None:
        """Count one call for the rates; one from before the latest second counts there."""
        if not self.pace or self.pace[-1][0] < int(at):
            self.pace = [one for one in self.pace if one[0] > at - SPAN]
            self.pace.append([int(at), 0, 0])
        self.pace[-1][1] += 1
        self.pace[-1][2] += tokens


class Batch:
    """What some lines of the journal change."""

    def __init__(
        self, connection: sqlite3.Connection, jury: Sequence[str], dimensions: Sequence[str]
    ) -> None:
        self._connection = connection
        self._jury, self._dimensions = jury, dimensions
        self._talks: dict[str, Talk] = {}
        self._events: list[tuple[int, int, int, int]] = []
        self._votes: list[tuple[Any, ...]] = []
        self._words: list[tuple[int, str]] = []
        self._stale: list[tuple[int]] = []
        self._ledger, self._clock = take_ledger(connection), take_clock(connection)
        self._new = 1 + (connection.execute("SELECT max(id) FROM talk").fetchone()[0] or 0)
        self.ended = False
        """Whether some conversation came to its end."""
        self._folds: dict[type, Callable[[Talk, Event, Any], None]] = {
            ConversationStarted: self._begin,
            TurnSpoken: self._turn,
            ConversationEnded: self._end,
            ConversationFailed: self._fail,
            VerdictGiven: self._vote,
        }

    def hear(self, event: Event, rank: int, start: int, end: int, *, taken: bool) -> None:
        """Fold one event in, with where it stands; what was taken over cost nothing."""
        body, clock = event.body, self._clock
        clock.events += 1
        clock.latest = max(clock.latest or event.at, event.at)
        talk = self._talk(event.conversation) if event.conversation else None
        if not taken:
            clock.began = clock.began if clock.began is not None else event.at
            if isinstance(body, RunStarted):
                clock.since, clock.finished = event.at, False
            clock.finished |= isinstance(body, RunFinished)
            if self._ledger.hear(event) and isinstance(body, CallAnswered):
                self._answer(talk, event.at, body)
        if talk is not None:
            self._events.append((talk.id, rank, start, end - start))
            if fold := self._folds.get(type(body)):
                fold(talk, event, body)

    def damaged(self, told: str, most: int) -> None:
        """Note a line that is no event; the first `most` are told."""
        self._clock.damaged += 1
        if self._clock.damaged <= most:
            self._connection.execute("INSERT INTO damage VALUES (?, ?)", (self._clock.damaged, told))

    def write(self) -> None:
        """Bring it all into the tables."""
        connection = self._connection
        connection.executemany("INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?)", self._events)
        connection.executemany("INSERT OR REPLACE INTO vote VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._votes)
        connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", self._words)
        connection.executemany("INSERT OR IGNORE INTO stale VALUES (?)", self._stale)
        said = (
            (talk.id, turn, *one) for talk in self._talks.values() for turn, one in (talk.said or {}).items()
        )
        connection.executemany("INSERT OR REPLACE INTO said VALUES (?, ?, ?, ?)", said)
        connection.executemany(GIVE, [self._weighed(talk) for talk in self._talks.values()])
        put_ledger(connection, self._ledger)
        put_clock(connection, self._clock)

    def _talk(self, name: str) -> Talk:
        """Take a conversation up where its row left it."""
        talk = self._talks.get(name)
        if talk is None:
            row = self._connection.execute(TAKE, (name,)).fetchone()
            if row is None:
                talk = Talk(self._new)
                self._connection.execute("INSERT INTO talk (id, name) VALUES (?, ?)", (self._new, name))
                self._new += 1
            else:
                talk = Talk(*row)
            self._talks[name] = talk
        return talk

    def _answer(self, talk: Talk | None, at: float, body: CallAnswered) -> None:
        usage, clock = body.completion.usage, self._clock
        clock.count(at, usage.input + usage.output)
        clock.seconds[body.model] = clock.seconds.get(body.model, 0.0) + body.latency
        if talk is not None:
            talk.calls += 1
            talk.input += usage.input
            talk.output += usage.output
            talk.cost += body.cost

    def _begin(self, talk: Talk, event: Event, _body: ConversationStarted) -> None:
        if talk.state not in OVER:
            talk.state, talk.reason, talk.cause, talk.turns = "running", "", "", 0
            talk.began, talk.over = event.at, None

    def _turn(self, talk: Talk, _event: Event, body: TurnSpoken) -> None:
        turn, text = body.turn.index, body.turn.text
        if talk.state not in OVER:
            talk.turns = max(talk.turns, turn)
        said, mark = self._said(talk), hashlib.blake2b(text.encode(), digest_size=8).digest()
        if turn in said:
            if said[turn][1] == mark:
                return
            self._stale.append((said[turn][0],))
        talk.texts += 1
        if turn < 0 or talk.texts >= PLACES:
            return  # no conversation of ours; it stays in the journal
        line = talk.id * PLACES + talk.texts
        said[turn] = line, mark
        self._words.append((line, text))
        if talk.state in OVER and turn > talk.turns:
            self._stale.append((line,))

    def _end(self, talk: Talk, event: Event, body: ConversationEnded) -> None:
        self.ended = True
        talk.over = talk.over if talk.state in OVER else event.at
        talk.state, talk.reason, talk.cause, talk.turns = "ended", body.stop_reason, "", body.turns
        self._stale += [(line,) for turn, (line, _) in self._said(talk).items() if turn > body.turns]

    def _fail(self, talk: Talk, event: Event, body: ConversationFailed) -> None:
        if talk.state not in OVER:
            talk.state, talk.reason, talk.cause = "failed", body.stop_reason, body.cause
            talk.over = event.at

    def _vote(self, talk: Talk, _event: Event, body: VerdictGiven) -> None:
        vote = body.verdict
        caps = orjson.dumps([event.cap for event in vote.caps]).decode()
        key = (talk.id, vote.juror, vote.dimension, vote.reading)
        self._votes.append((*key, vote.score, vote.status, vote.own_family, caps))

    def _said(self, talk: Talk) -> dict[int, tuple[int, bytes]]:
        if talk.said is None:
            rows = "SELECT turn, line, mark FROM said WHERE talk = ?"
            found = self._connection.execute(rows, (talk.id,)) if talk.texts else ()
            talk.said = {turn: (line, mark) for turn, line, mark in found}
        return talk.said

    def _weighed(self, talk: Talk) -> list[Any]:
        """Give a conversation's row with what its votes come to, once it has ended."""
        connection, id = self._connection, talk.id
        rows = "SELECT juror, dimension, reading, score, status, own, caps FROM vote WHERE talk = ?"
        ballots = [(*row[:6], tuple(orjson.loads(row[6]))) for row in connection.execute(rows, (id,))]
        weighed = weigh(ballots, self._jury, self._dimensions)
        if talk.state in OVER:
            heard = weighed.votes == len(self._jury) * len(self._dimensions)
            talk.state = "judged" if heard or talk.reason in UNJUDGED else "ended"
            scores = ((dimension, id, mean) for dimension, mean in weighed.scores.items())
            connection.execute("DELETE FROM cap WHERE talk = ?", (id,))
            for dimension in self._dimensions:
                connection.execute("DELETE FROM score WHERE dimension = ? AND talk = ?", (dimension, id))
            connection.executemany("INSERT INTO score VALUES (?, ?, ?)", scores)
            connection.executemany("INSERT INTO cap VALUES (?, ?)", ((cap, id) for cap in weighed.caps))
        else:
            weighed = weigh((), self._jury, self._dimensions)
        numbers = (weighed.overall, weighed.least, weighed.disagreement)
        words = (orjson.dumps(weighed.scores).decode(), orjson.dumps(weighed.caps).decode())
        return [*talk.row(), weighed.votes, *numbers, *words, id]


def take_ledger(connection: sqlite3.Connection) -> Ledger:
    """Read the accounts."""
    ledger = Ledger()
    for role, model, answered, value in connection.execute(TAKE_ACCOUNTS):
        place: tuple[str, str, Answered] = role, model, answered
        ledger.accounts[place] = Account(**orjson.loads(value))
    return ledger


def put_ledger(connection: sqlite3.Connection, ledger: Ledger) -> None:
    """Write the accounts down."""
    rows = ((*place, orjson.dumps(account).decode()) for place, account in ledger.accounts.items())
    connection.executemany(PUT_ACCOUNT, rows)


def take_clock(connection: sqlite3.Connection) -> Clock:
    """Read what is known of the run as a whole."""
    row = connection.execute("SELECT value FROM note WHERE key = 'clock'").fetchone()
    return Clock(**orjson.loads(row[0])) if row else Clock()


def put_clock(connection: sqlite3.Connection, clock: Clock) -> None:
    """Write it down."""
    connection.execute("INSERT OR REPLACE INTO note VALUES ('clock', ?)", (orjson.dumps(clock).decode(),))
