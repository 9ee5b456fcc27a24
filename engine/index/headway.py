"""How far a run is, from its index; the numbers are those of the tally, which hears every event itself.

Nothing here knows who shows them.
"""

from __future__ import annotations

import sqlite3
from collections import Counter

from engine.account import SPAN
from engine.index.fold import Clock, take_clock, take_ledger
from engine.index.rows import choose
from engine.index.values import Headway

MOST_RUNNING = 50
ABSTAINED = """
    SELECT status, count(*) FROM vote JOIN talk ON talk.id = vote.talk
    WHERE reading = 1 AND status <> 'scored' AND place IS NOT NULL GROUP BY status ORDER BY status
"""


def look(connection: sqlite3.Connection, ballots: int) -> Headway:
    """Say how far a run is in which each conversation needs so many first votes."""
    ledger, clock = take_ledger(connection), take_clock(connection)
    states, ended, failed = Counter[str](), Counter[str](), Counter[str]()
    votes = 0
    rows = """
        SELECT state, reason, cause, count(*), sum(votes) FROM talk WHERE place IS NOT NULL
        GROUP BY state, reason, cause ORDER BY state, reason, cause
    """
    for state, reason, cause, count, given in connection.execute(rows):
        states[state] += count
        votes += given
        if state == "failed":
            failed[cause] += count
        elif reason:
            ended[reason] += count
    planned = states.total()
    return Headway(
        planned=planned,
        started=planned - states["planned"],
        running=choose(connection, "AND state = 'running' ORDER BY began DESC, place LIMIT ?", MOST_RUNNING),
        under_way=states["running"],
        ended=ended,
        failed=failed,
        judged=states["judged"],
        votes=votes,
        votes_planned=planned * ballots,
        abstained=dict(connection.execute(ABSTAINED).fetchall()),
        total=ledger.total,
        roles=ledger.roles(),
        models=ledger.models(),
        seconds=clock.seconds,
        began=clock.began,
        latest=clock.latest,
        finished=clock.finished,
        calls_per_second=_rate(clock, 1),
        tokens_per_second=_rate(clock, 2),
        damaged=clock.damaged,
    )


def _rate(clock: Clock, column: int) -> float:
    """Give calls or tokens per second over the last seconds, at the latest event."""
    latest, since = clock.latest or 0.0, clock.since or clock.began or 0.0
    recent = sum(second[column] for second in clock.pace if second[0] > latest - SPAN)
    return recent / min(float(SPAN), max(1.0, latest - since))
