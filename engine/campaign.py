"""A campaign: a whole run, from the first conversation to the last vote.

Scope order is shutdown order: the journal outermost, the providers inside it, the stage with every actor
innermost. What the journal holds already is not done again. Nothing here knows what is said.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from agents.canary import ORDERED, PLAIN
from engine.cells import Cell
from engine.charges import RULES
from engine.collector import seldom_collected
from engine.config import Access
from engine.console import Console
from engine.events import (
    Body,
    CallAnswered,
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
from engine.gate import Gate, Way
from engine.halting import Guest, Warden, heed, open_warden, see_off
from engine.journal import Journal, open_journal
from engine.jury import twice
from engine.limiter import Limiter, LimiterStatistics
from engine.means import AMPLE, Means, Short
from engine.models import Limits, Model
from engine.person import HUMAN
from engine.plan import Plan
from engine.providers import open_provider
from engine.purse import Purse
from engine.segments import read_run
from engine.stage import open_stage
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
    means: Means = AMPLE
    again: bool = True
    """Whether what failed in an earlier sitting is had again."""
    guest: Guest | None = None
    """A person who plays a part, where one does."""

    @property
    def plan(self) -> Plan:
        """Give the plan, arms added since included."""
        return self.repertoire.plan


async def run_campaign(campaign: Campaign, console: Console, tally: Tally, watch: Watch) -> bool:
    """Run what the journal does not hold yet; False when it was stopped first, by a signal or for want of means.

    Raises BadOption before any call when the means are used up already.
    """
    past = unfinished(campaign)
    todo = [(number, cell) for number, cell in enumerate(campaign.cells) if cell.id in past.open]
    trying = campaign.plan.canary and not past.tried.issuperset(campaign.plan.jury)
    warden = open_warden(campaign.means, campaign.folder, idle=not (todo or trying))
    finished = False
    async with open_journal(campaign.folder / "journal", tally.hear, console.hear) as journal:
        journal.note(RunStarted(plan=campaign.plan.digest, simulated=campaign.plan.simulated))
        for fitted in campaign.fitted:
            journal.note(fitted)
        async with open_gates(campaign, journal, past.tape, warden) as gates, open_stage() as stage:
            watch.limiters = {name: gate.limiter for name, gate in gates.items()}
            stage.enter(heed, gates, stage, console, name="signals")
            stage.enter(warden.watch, gates, stage, console, name="warden")
            ways: dict[str, Way] = {**gates}
            if (guest := campaign.guest) is not None:
                ways[HUMAN] = guest.way(journal, past.tape)
                stage.enter(see_off, guest, gates, stage, name="guest")
            patience = campaign.means.conversation
            what = replace(campaign.repertoire, tried=past.tried, patience=patience)
            await Troupe(what, ways, journal, console).perform(todo)
            finished = True
            stage.clear()
        if finished:
            await journal.record(RunFinished(completed=tally.ended, failed=tally.failed))
    watch.stopped = warden.stopped if not finished else ()
    return finished


class Watch:
    """A window on a campaign for whoever shows it; empty until the gates are open."""

    def __init__(self) -> None:
        self.limiters: dict[str, Limiter] = {}
        self.stopped: tuple[Short, ...] = ()
        """What there was too little of; empty for a run that was not stopped for want of means."""

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
    failed: bool = False
    """It could not be finished, and was not taken up since."""
    asked: bool = False
    """The exit interview was had."""
    votes: set[tuple[str, str, int]] = field(default_factory=set)
    """By juror, dimension and reading."""
    length: int = 0
    """Turns it had when it ended."""
    said: set[int] = field(default_factory=set)
    """Indices of the turns that are there, of which a damaged journal may have lost some."""

    def hear(self, body: Body, *, again: bool) -> None:
        """Take an event in; with `again`, what failed does not count as done."""
        if isinstance(body, ConversationStarted):
            self.failed = False
        elif isinstance(body, ConversationFailed):
            self.failed = not again
        elif isinstance(body, ConversationEnded):
            self.reason, self.length = body.stop_reason, body.turns
        elif isinstance(body, TurnSpoken):
            self.said.add(body.turn.index)
        elif isinstance(body, InterviewGiven):
            self.asked |= not again or body.interview.status != "failed"
        elif isinstance(body, VerdictGiven) and not (again and body.verdict.status == "failed"):
            vote = body.verdict
            self.votes.add((vote.juror, vote.dimension, vote.reading))


def unfinished(campaign: Campaign) -> Past:
    """Read what is already recorded, and give what is still to be done."""
    plan, played = campaign.plan, campaign.repertoire.played
    courses: dict[str, Course] = {}
    for event in read_run(campaign.folder):
        courses.setdefault(event.conversation, Course()).hear(event.body, again=campaign.again)

    def done(name: str) -> bool:
        course = courses.get(name, Course())
        # A turn that a damaged journal lost is told again for nothing: its call is on the tape.
        told = not played or len(course.said) >= course.length
        heard = course.asked or not plan.interview or not played
        whole = len(course.votes) >= len(plan.jury) * len(plan.dimensions) * (1 + twice(plan, name))
        return (
            course.failed or course.reason in UNJUDGED or (bool(course.reason) and told and heard and whole)
        )

    still = frozenset(cell.id for cell in campaign.cells if not done(cell.id))
    tries = [courses.get(name, Course()).votes for name in (PLAIN, ORDERED)]
    tried = frozenset(name for name in plan.jury if all(any(v[0] == name for v in votes) for votes in tries))
    return Past(open=still, tried=tried, tape=Tape(_calls(campaign.folder, still), strict=played))


def _calls(folder: Path, conversations: frozenset[str]) -> Iterable[Event]:
    for event in read_run(folder):
        name = event.conversation
        if isinstance(event.body, CallAnswered) and (name in conversations or name.startswith(CANARY)):
            yield event


@asynccontextmanager
async def open_gates(
    campaign: Campaign, journal: Journal, tape: Tape, warden: Warden | None = None
) -> AsyncIterator[dict[str, Gate]]:
    """Open a gate to every model that plays a part, one client per account."""
    models, album = campaign.company, campaign.repertoire.album
    warden = warden or Warden(AMPLE, Purse())
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
                purse=warden.purse,
                curfew=warden.curfew,
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
