"""The troupe: the actors of a campaign at work.

Every model under test has tables of its own, so that a slow one holds up nobody else; a full jury holds back new
conversations, so memory stays flat. What was recorded can be handed to the jury without being played. Nothing
here knows a provider, or what is already done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import anyio

from agents.assistant import Assistant
from agents.baselines import CAPTIONER, Baseline, urgency
from agents.interview import Interview, Interviewer
from agents.juror import Juror
from agents.patient import Patient
from agents.person import PersonPatient
from agents.speech import Ask
from engine.catalog import Catalog
from engine.cells import Bounds, Cell
from engine.console import Console
from engine.conversation import Agent, Conversation, Trace, within
from engine.errors import CallError
from engine.events import InterviewGiven
from engine.frozen import FrozenPatient, Recorded
from engine.gate import Clock, Line, Way
from engine.journal import Scribe
from engine.jury import Bench, Docket, twice
from engine.means import CONVERSATION
from engine.person import HUMAN
from engine.plan import Plan
from engine.stage import open_stage
from engine.tally import UNJUDGED
from personas.photos.album import Album
from personas.photos.caption import caption
from rubrics.values import Rubric

SEATS = 2
"""Tables of a model per call it may have in flight: half of the time a conversation waits for its patient."""
SCRIPTED = 16
"""Tables of a baseline: it calls nobody itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repertoire:
    """What the troupe plays, and with what."""

    plan: Plan
    catalog: Catalog
    rubric: Rubric
    album: Album
    recorded: Mapping[str, Recorded] = field(default_factory=dict)
    """Conversations that frozen arms repeat, by name; or, where nothing is played, those to be judged."""
    levels: Mapping[str, str] | None = None
    """Levels of urgency that the models are interviewed by; None for the rubric's."""
    played: bool = True
    """False where recorded conversations are judged and none is played."""
    tried: frozenset[str] = frozenset()
    """Jurors whose canary is recorded already."""
    patience: float = CONVERSATION
    """Seconds that a conversation, an interview or a vote may spend with its providers."""


class Troupe:
    """The actors: benches of jurors, tables of conversations."""

    def __init__(
        self, repertoire: Repertoire, gates: Mapping[str, Way], journal: Scribe, console: Console
    ) -> None:
        self._what = repertoire
        self._gates = gates
        self._journal = journal
        self._console = console
        self._benches = [self._bench(name) for name in repertoire.plan.jury]

    async def perform(self, cells: list[tuple[int, Cell]]) -> None:
        """Play and judge every cell."""
        async with open_stage() as jury:
            for bench in self._benches:
                bench.open(jury)
            async with open_stage() as tables:
                if self._what.played:
                    self._lay(cells, tables.enter)
                else:
                    tables.enter(self._usher, cells, name="usher")
            for bench in self._benches:
                bench.inbox.close()

    def _lay(self, cells: list[tuple[int, Cell]], enter) -> None:
        queues: dict[str, deque[tuple[int, Cell]]] = {}
        for number, cell in cells:
            queues.setdefault(cell.model, deque()).append((number, cell))
        for model, queue in queues.items():
            for table in range(min(self._room(model), len(queue))):
                enter(self._host, queue, name=f"table {table} of {model}")

    def _room(self, model: str) -> int:
        """Give how many tables a model has; a person sits at one."""
        plan = self._what.plan
        if model in plan.baselines:
            return SCRIPTED
        if HUMAN in (model, plan.patient):
            return 1
        return SEATS * self._what.catalog.models[model].limits.in_flight

    async def _host(self, queue: deque[tuple[int, Cell]]) -> None:
        """Seat one conversation after the other, and hand what is finished to the jury."""
        plan = self._what.plan
        while queue:
            number, cell = queue.popleft()
            assistant, patient = await self._assistant(cell), self._patient(cell)
            clock = Clock(self._what.patience)
            end = within(Bounds(turns=plan.turns))
            if cell.arm.frozen:
                end = self._what.recorded[cell.reference].over
            trace = await Conversation(cell, number, self._journal, end=end).play(
                patient=(patient, self._speaker("patient", cell, number, clock)),
                assistant=(assistant, self._speaker("assistant", cell, number, clock)),
            )
            if trace is None or trace.stop_reason in UNJUDGED:
                continue
            if plan.interview:
                heard = await self._interview(cell, trace, assistant)
                self._journal.note(InterviewGiven(interview=heard), cell.id)
            await self._hand(trace)

    async def _usher(self, cells: list[tuple[int, Cell]]) -> None:
        """Hand recorded conversations to the jury, in their order."""
        for number, cell in cells:
            found = self._what.recorded[cell.id]
            await self._hand(
                Trace(cell=cell, number=number, turns=found.turns, stop_reason=found.stop_reason)
            )

    async def _hand(self, trace: Trace) -> None:
        plan, catalog = self._what.plan, self._what.catalog
        family = plan.models[trace.cell.model]["family"]
        for bench, name in zip(self._benches, plan.jury, strict=True):
            own = catalog.models[name].family == family
            await bench.inbox.put(Docket(trace=trace, own_family=own, twice=twice(plan, trace.cell.id)))

    def _patient(self, cell: Cell) -> Agent:
        if cell.arm.frozen:
            return FrozenPatient(
                recorded=self._what.recorded[cell.reference], photo=cell.shown().photo.sha256
            )
        if self._what.plan.person == "patient":
            return PersonPatient(scenario=cell.script(), photo=cell.shown().photo.sha256)
        return Patient(scenario=cell.script(), photo=cell.shown().photo.sha256)

    async def _assistant(self, cell: Cell) -> Agent:
        shown, arm = cell.shown(), cell.arm
        sees = arm.picture not in ("withheld", "caption")
        if cell.model not in self._what.plan.baselines:
            words = cell.given.words if cell.given else ""
            return Assistant(scenario=shown, sees_photo=sees, sees_record=arm.record, words=words)
        told = ""
        if sees and cell.model == CAPTIONER:
            look = partial(caption, self._what.album.data(shown.photo), drawn=shown.photo.drawn)
            told = await anyio.to_thread.run_sync(look)
        return Baseline(
            name=cell.model, scenario=shown, sees_photo=sees, sees_record=arm.record, caption=told
        )

    async def _interview(self, cell: Cell, trace: Trace, assistant: Agent) -> Interview:
        """Ask the model what it thinks now that the patient has left; a baseline has its script."""
        if not isinstance(assistant, Assistant):
            return Interview(status="given", urgency=urgency(cell.model) or None)
        ask = self._speaker("interview", cell, trace.number, Clock(self._what.patience))
        try:
            levels = dict(self._what.levels or self._what.rubric.levels)
            return await Interviewer(levels=levels).interview(assistant, trace.turns, ask)
        except CallError:
            return Interview(status="failed")

    def _speaker(self, role: str, cell: Cell, number: int, clock: Clock) -> Ask:
        name = self._what.plan.patient if role == "patient" else cell.model
        if name not in self._gates:  # a baseline, or a patient that is replayed
            return nobody
        line = Line(conversation=cell.id, role=role, priority=number, clock=clock)
        return self._gates[name].ask(line, lambda: self._console.listen(cell.id, role))

    def _bench(self, name: str) -> Bench:
        plan = self._what.plan
        return Bench(
            Juror(name=name, rubric=self._what.rubric, sees_photo=plan.jury_sees_photo),
            self._journal,
            self._jury_ask,
            seed=plan.seed,
            hands=self._what.catalog.models[name].limits.in_flight,
            canary=plan.canary and name not in self._what.tried,
        )

    def _jury_ask(self, juror: str, conversation: str, role: str, priority: int) -> Ask:
        clock = Clock(self._what.patience)
        return self._gates[juror].ask(
            Line(conversation=conversation, role=role, priority=priority, clock=clock)
        )


async def nobody(prompt: object) -> object:
    """Be asked by nobody: scripts and replayed patients think without a model."""
    raise AssertionError("a script asked a model")
