"""How far a run is, for a page: its state in a word, where its conversations are, what it uses and may use.

The numbers are the index's; what a model may be asked in a minute is the plan's. Nothing here reads a journal.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from engine.account import Account
from engine.index import Headway, Wish
from engine.plan import Plan
from engine.viewer.pulse import Pace, Pulse
from engine.viewer.views import at_view
from engine.viewer.wording import word

Going = Literal["reading", "empty", "playing", "stopped", "over"]
SILENCE = 200.0
"""Seconds without an event after which nobody seems to be playing: a call may take 180 of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCount:
    """How many conversations are in a state."""

    state: str
    says: str
    count: int
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one model has used, and how near it is to its limits just now."""

    model: str
    title: str
    account: Account
    pace: Pace | None
    """None where it was not looked at long enough."""
    used: float | None
    """Share of the limit that it is nearest to, 0 to 1 and beyond; None without a pace or a limit."""
    limit: str
    """Which that is, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is."""

    going: Going
    headway: Headway
    states: tuple[StateCount, ...]
    models: tuple[Usage, ...]
    settled: int
    """Judged or failed."""
    done: float
    """Share of the plan, 0 to 1."""


def progress(pulse: Pulse, headway: Headway, plan: Plan, titles: Mapping[str, str]) -> Progress:
    """Put the numbers of a run together."""
    failed, ended = sum(headway.failed.values()), sum(headway.ended.values())
    settled = headway.judged + failed
    counts = {
        "judged": headway.judged,
        "ended": ended - headway.judged,
        "running": headway.under_way,
        "failed": failed,
        "planned": headway.planned - headway.started,
    }
    paces = pulse.paces(headway)
    return Progress(
        going=_going(headway) if pulse.ready else "reading",
        headway=headway,
        states=tuple(
            StateCount(
                state=name,
                says=word("state", name),
                count=count,
                link=at_view(replace(Wish(), states=(name,))),
            )
            for name, count in counts.items()
            if count > 0
        ),
        models=tuple(
            _usage(name, account, paces.get(name), plan.limits.get(name, {}), titles)
            for name, account in headway.models.items()
        ),
        settled=settled,
        done=settled / headway.planned if headway.planned else 0.0,
    )


def _going(headway: Headway) -> Going:
    if headway.latest is None:
        return "empty"
    if headway.finished:
        return "over"
    return "playing" if time.time() - headway.latest < SILENCE else "stopped"


def _usage(
    name: str, account: Account, pace: Pace | None, limits: Mapping[str, int], titles: Mapping[str, str]
) -> Usage:
    shares: dict[str, float] = {}
    if pace:
        if limits.get("requests"):
            shares["requests a minute"] = pace.requests / limits["requests"]
        if limits.get("tokens"):
            shares["tokens a minute"] = pace.tokens / limits["tokens"]
    nearest = max(shares, key=shares.__getitem__, default="")
    return Usage(
        model=name,
        title=titles.get(name, name),
        account=account,
        pace=pace,
        used=shares.get(nearest),
        limit=nearest,
    )
