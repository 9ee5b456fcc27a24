"""A campaign: a whole run, from the first conversation to the last vote.

Scope order is shutdown order: the journal outermost, the providers inside it, the stage with every actor
innermost. What the journal holds already is not done again. Nothing here knows what is said.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio

from agents.canary import ORDERED, PLAIN
from engine.cells import Cell
from engine.charges import RULES
from engine.collector import seldom_collected
from engine.config import Access
from engine.console import Console
from engine.events import (
    CallAnswered,
    ConversationEnded,
    Event,
    InterviewGiven,
    PhotoFitted,
    RunFinished,
    RunStarted,
    VerdictGiven,
)
from engine.gate import Gate
from engine.journal import Journal, open_journal, read_run
from engine.jury import twice
from engine.limiter import Limiter, LimiterStatistics
from engine.models import Limits, Model
from engine.plan import Plan
from engine.providers import open_provider
from engine.stage import Stage, open_stage
from engine.tally import CANARY, UNJUDGED, Tally
from engine.tape import Tape
from engine.troupe import Repertoire, Troupe


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What is to be run, and with what."""

    folder: Path
    repertoire: Repertoire
    cells: tuple[Cell, ...]
    """Every conversation there shall be, in the order of beginning."""
    company: tuple[Model, ...]
    """Who is called."""
    accesses: dict[str, Access]
    """By account."""
    fitted: tuple[PhotoFitted, ...] = ()
    """Photographs that some model gets smaller than they are."""

    @property
    def plan(self) -> Plan:
        """Give the plan, arms added since included."""
        return self.repertoire.plan


async def run_campaign(campaign: Campaign, console: Console, tally: Tally, watch: Watch) -> bool:
    """Run what the journal does not hold yet; False when a signal stopped it first."""
    past = unfinished(campaign)
    todo = [(number, cell) for number, cell in enumerate(campaign.cells) if cell.id in past.open]
    finished = False
    async with open_journal(campaign.folder / "journal", tally.hear, console.hear) as journal:
        journal.note(RunStarted(plan=campaign.plan.digest, simulated=campaign.plan.simulated))
        for fitted in campaign.fitted:
            journal.note(fitted)
        async with open_gates(campaign, journal, past.tape) as gates, open_stage() as stage:
            watch.limiters = {name: gate.limiter for name, gate in gates.items()}
            stage.enter(_heed, gates, stage, console, name="signals")
            what = replace(campaign.repertoire, tried=past.tried)
            await Troupe(what, gates, journal, console).perform(todo)
            finished = True
            stage.clear()
        if finished:
            await journal.record(RunFinished(completed=tally.ended, failed=tally.failed))
    return finished


class Watch:
    """A window on the limiters for whoever shows them; empty until the gates are open."""

    def __init__(self) -> None:
        self.limiters: dict[str, Limiter] = {}

    def statistics(self) -> dict[str, LimiterStatistics]:
        """Give how every limiter stands, by model."""
        return {name: limiter.statistics() for name, limiter in self.limiters.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What an earlier process of this run left."""

    open: frozenset[str]
    """Conversations that are not played and judged to the end."""
    tried: frozenset[str]
    """Jurors that have judged the canary."""
    tape: Tape
    """The answers that what is open already has."""


@dataclass(slots=True)
class Course:
    """How far one conversation is."""

    reason: str = ""
    """Why it ended; empty until it did."""
    asked: bool = False
    """The exit interview was had."""
    votes: set[tuple[str, str, int]] = field(default_factory=set)
    """By juror, dimension and reading."""


def unfinished(campaign: Campaign) -> Past:
    """Read what is already recorded, and give what is still to be done."""
    plan, played = campaign.plan, campaign.repertoire.played
    wanted = {cell.id for cell in campaign.cells}
    courses: dict[str, Course] = {}
    for event in read_run(campaign.folder):
        body, name = event.body, event.conversation
        if isinstance(body, ConversationEnded):
            courses.setdefault(name, Course()).reason = body.stop_reason
        elif isinstance(body, InterviewGiven) and body.interview.status != "failed":
            courses.setdefault(name, Course()).asked = True
        elif isinstance(body, VerdictGiven) and body.verdict.status != "failed":
            vote = body.verdict
            courses.setdefault(name, Course()).votes.add((vote.juror, vote.dimension, vote.reading))

    def done(name: str) -> bool:
        course = courses.get(name, Course())
        heard = course.asked or not plan.interview or not played
        whole = len(course.votes) >= len(plan.jury) * len(plan.dimensions) * (1 + twice(plan, name))
        return course.reason in UNJUDGED or (bool(course.reason) and heard and whole)

    still = frozenset(name for name in wanted if not done(name))
    tries = [courses.get(name, Course()).votes for name in (PLAIN, ORDERED)]
    tried = frozenset(name for name in plan.jury if all(any(v[0] == name for v in votes) for votes in tries))
    return Past(open=still, tried=tried, tape=Tape(_calls(campaign.folder, still), strict=played))


def _calls(folder: Path, conversations: frozenset[str]) -> Iterable[Event]:
    for event in read_run(folder):
        name = event.conversation
        if isinstance(event.body, CallAnswered) and (name in conversations or name.startswith(CANARY)):
            yield event


@asynccontextmanager
async def open_gates(campaign: Campaign, journal: Journal, tape: Tape) -> AsyncIterator[dict[str, Gate]]:
    """Open a gate to every model that plays a part, one client per account."""
    models, album = campaign.company, campaign.repertoire.album
    async with AsyncExitStack() as stack:
        providers, limiters = {}, {}
        for account, name in {model.account: model.provider for model in models}.items():
            room = sum(model.limits.in_flight for model in models if model.account == account)
            opened = open_provider(name, campaign.accesses[account], album, room)
            providers[account] = await stack.enter_async_context(opened)
        shared = _shared_limits(models)
        for model in models:
            place = model.account, model.id
            limiters.setdefault(place, Limiter(shared[place], RULES[model.provider]))
        stack.enter_context(seldom_collected())
        yield {
            model.name: Gate(
                model=model,
                provider=providers[model.account],
                limiter=limiters[model.account, model.id],
                journal=journal,
                tape=tape,
            )
            for model in models
        }


def _shared_limits(models: Iterable[Model]) -> dict[tuple[str, str], Limits]:
    """Give what each id of an account allows: two names of one model share it, and keep within the limits of both."""
    shared: dict[tuple[str, str], Limits] = {}
    for model in models:
        place = model.account, model.id
        shared[place] = shared.get(place, model.limits).least(model.limits)
    return shared


async def _heed(gates: dict[str, Gate], stage: Stage, console: Console) -> None:
    """On the first signal let the calls in flight come home and start no other; on the second leave at once."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        await anext(signals)
        flying = sum(gate.limiter.statistics().in_flight for gate in gates.values())
        console.say(f"stopping: {flying} calls are on their way home; once more leaves without them.")
        async with open_stage() as leaving:
            leaving.enter(_drain, gates, stage, name="drain")
            await anext(signals)
            stage.clear()


async def _drain(gates: dict[str, Gate], stage: Stage) -> None:
    for gate in gates.values():
        gate.limiter.close()
    for gate in gates.values():
        await gate.limiter.drained()
    stage.clear()
