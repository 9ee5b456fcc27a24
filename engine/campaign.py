"""A campaign: a whole run, from the first conversation to the last vote.

Scope order is shutdown order: the journal outermost, the providers inside it, the stage with every actor
innermost. Every model under test has tables of its own, so that a slow one holds up nobody else; a full jury
holds back new conversations, so memory stays flat.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio

from agents.assistant import Assistant
from agents.juror import Juror
from agents.patient import Patient
from agents.speech import Ask
from engine.catalog import Catalog
from engine.cells import Arm, Bounds, Cell, list_cells
from engine.charges import RULES
from engine.collector import seldom_collected
from engine.config import Access
from engine.console import Console
from engine.conversation import Conversation
from engine.events import (
    CallAnswered,
    ConversationEnded,
    Event,
    PhotoFitted,
    RunFinished,
    RunStarted,
    VerdictGiven,
)
from engine.gate import Gate, Line
from engine.journal import Journal, open_journal, read_journal
from engine.jury import Bench
from engine.limiter import Limiter, LimiterStatistics
from engine.models import Limits, Model
from engine.plan import Plan
from engine.providers import open_provider
from engine.stage import Stage, open_stage
from engine.tally import UNJUDGED, Tally
from engine.tape import Tape
from personas.scenarios.build import Sample
from rubrics.values import Rubric

SEATS = 2
"""Tables of a model per call it may have in flight: half of the time a conversation waits for its patient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What is to be run, and with what."""

    folder: Path
    plan: Plan
    sample: Sample
    catalog: Catalog
    rubric: Rubric
    arms: tuple[Arm, ...]
    accesses: dict[str, Access]
    """By account."""
    fitted: tuple[PhotoFitted, ...] = ()
    """Photographs that some model gets smaller than they are."""

    def cells(self) -> list[Cell]:
        """Give every conversation of the plan in the order of beginning."""
        return list_cells(self.sample.scenarios, self.plan.models, self.arms)


class Troupe:
    """The actors of a campaign at work: gates to the models, benches of jurors, tables of conversations."""

    def __init__(
        self, campaign: Campaign, gates: dict[str, Gate], journal: Journal, console: Console
    ) -> None:
        self._campaign = campaign
        self._gates = gates
        self._journal = journal
        self._console = console
        self._benches = [self._bench(name) for name in campaign.plan.jury]

    async def perform(self, cells: list[tuple[int, Cell]]) -> None:
        """Play and judge every cell."""
        queues: dict[str, deque[tuple[int, Cell]]] = {}
        for number, cell in cells:
            queues.setdefault(cell.model, deque()).append((number, cell))
        async with open_stage() as jury:
            for bench in self._benches:
                bench.open(jury)
            async with open_stage() as tables:
                for model, queue in queues.items():
                    room = SEATS * self._campaign.catalog.models[model].limits.in_flight
                    for table in range(min(room, len(queue))):
                        tables.enter(self._host, queue, name=f"table {table} of {model}")
            for bench in self._benches:
                bench.inbox.close()

    async def _host(self, queue: deque[tuple[int, Cell]]) -> None:
        """Seat one conversation after the other, and hand what is finished to the jury."""
        bounds = Bounds(turns=self._campaign.plan.turns)
        while queue:
            number, cell = queue.popleft()
            arm, scenario = cell.arm, cell.scenario
            assistant = Assistant(scenario=scenario, sees_photo=arm.photo, sees_record=arm.record)
            trace = await Conversation(cell, number, self._journal, bounds=bounds).play(
                patient=(Patient(scenario=scenario), self._speaker("patient", cell, number)),
                assistant=(assistant, self._speaker("assistant", cell, number)),
            )
            if trace is None or trace.stop_reason in UNJUDGED:
                continue
            family = self._campaign.catalog.models[cell.model].family
            for bench, name in zip(self._benches, self._campaign.plan.jury, strict=True):
                await bench.inbox.put((trace, self._campaign.catalog.models[name].family == family))

    def _speaker(self, role: str, cell: Cell, number: int) -> Ask:
        model = cell.model if role == "assistant" else self._campaign.plan.patient
        line = Line(conversation=cell.id, role=role, priority=number)
        return self._gates[model].ask(line, lambda: self._console.listen(cell.id, role))

    def _bench(self, name: str) -> Bench:
        juror = Juror(name=name, rubric=self._campaign.rubric)
        hands = self._campaign.catalog.models[name].limits.in_flight
        return Bench(juror, self._journal, self._jury_ask, seed=self._campaign.plan.seed, hands=hands)

    def _jury_ask(self, juror: str, conversation: str, role: str, priority: int) -> Ask:
        return self._gates[juror].ask(Line(conversation=conversation, role=role, priority=priority))


async def run_campaign(campaign: Campaign, console: Console, tally: Tally, watch: Watch) -> bool:
    """Run what the journal does not hold yet; False when a signal stopped it first."""
    cells = campaign.cells()
    past = unfinished(campaign)
    todo = [(number, cell) for number, cell in enumerate(cells) if cell.id in past.open]
    finished = False
    async with open_journal(campaign.folder / "journal", tally.hear, console.hear) as journal:
        journal.note(RunStarted(plan=campaign.plan.digest, simulated=campaign.plan.simulated))
        for fitted in campaign.fitted:
            journal.note(fitted)
        async with open_gates(campaign, journal, past.tape) as gates, open_stage() as stage:
            watch.limiters = {name: gate.limiter for name, gate in gates.items()}
            stage.enter(_heed, gates, stage, console, name="signals")
            await Troupe(campaign, gates, journal, console).perform(todo)
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
    tape: Tape
    """The answers they already have."""


def unfinished(campaign: Campaign) -> Past:
    """Read what is already recorded, and give what is still to be done."""
    folder = campaign.folder / "journal"
    wanted = {cell.id for cell in campaign.cells()}
    votes = len(campaign.plan.jury) * len(campaign.plan.dimensions)
    ended: set[str] = set()
    done: set[str] = set()
    voted: dict[str, set[tuple[str, str]]] = {}
    for event in read_journal(folder):
        body = event.body
        if isinstance(body, ConversationEnded):
            (done if body.stop_reason in UNJUDGED else ended).add(event.conversation)
        elif isinstance(body, VerdictGiven) and body.verdict.status != "failed":
            voted.setdefault(event.conversation, set()).add((body.verdict.juror, body.verdict.dimension))
    done |= {name for name in ended if len(voted.get(name, ())) == votes}
    still = frozenset(wanted - done)
    return Past(open=still, tape=Tape(_calls(read_journal(folder), still)))


def _calls(events: Iterable[Event], conversations: frozenset[str]) -> Iterable[Event]:
    return (e for e in events if isinstance(e.body, CallAnswered) and e.conversation in conversations)


@asynccontextmanager
async def open_gates(campaign: Campaign, journal: Journal, tape: Tape) -> AsyncIterator[dict[str, Gate]]:
    """Open a gate to every model that plays a part, one client per account."""
    plan, catalog = campaign.plan, campaign.catalog
    models = [catalog.models[name] for name in dict.fromkeys((*plan.models, plan.patient, *plan.jury))]
    async with AsyncExitStack() as stack:
        providers, limiters = {}, {}
        for account, name in {model.account: model.provider for model in models}.items():
            room = sum(model.limits.in_flight for model in models if model.account == account)
            opened = open_provider(name, campaign.accesses[account], campaign.sample.album, room)
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
