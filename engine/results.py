"""Results: the fold from a journal to numbers.

Reads the run folder and nothing else, so that a run and its replay a year later give the same tables. An event
that stands twice (a resumed run says again what it said) counts once. Nothing here knows how results are shown.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from agents.prompts import digests
from agents.speech import Turn
from engine.account import Ledger
from engine.audit.examine import Examination, examine
from engine.audit.exclude import Exclusion, exclude
from engine.audit.knowledge import know
from engine.audit.style import Dialogue
from engine.cells import ARMS, Cell, list_cells
from engine.events import (
    CallAnswered,
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    PhotoFitted,
    TurnSpoken,
    VerdictGiven,
)
from engine.journal import read_journal
from engine.plan import Plan
from engine.simulator.request import SIGNATURE
from personas.scenarios.store import load
from personas.seeds import derive
from rubrics.leaderboard import JurorEffect, Standing, severities, tabulate
from rubrics.scores import Scores, collect, score
from rubrics.values import Verdict

PLANNED = ("cues", "mood", "moves", "planner")
"""Digests of the plan that the patients' planner rests on."""


@dataclass(slots=True)
class Findings:
    """What the journal of a run says."""

    ended: dict[str, ConversationEnded] = field(default_factory=dict)
    failed: dict[str, ConversationFailed] = field(default_factory=dict)
    """Conversations that failed and did not end in a later attempt."""
    spoken: dict[str, dict[int, Turn]] = field(default_factory=dict)
    """By conversation and index; what an attempt that failed said beyond the end is still there."""
    verdicts: dict[tuple[str, str, str], Verdict] = field(default_factory=dict)
    """By conversation, juror and dimension."""
    ledger: Ledger = field(default_factory=Ledger)
    fitted: dict[tuple[str, str], PhotoFitted] = field(default_factory=dict)
    """Photographs made smaller for some models, by their sha-256 before and after."""
    served: dict[str, Counter[str]] = field(default_factory=dict)
    """Model ids the providers say they used, by model."""
    simulated: bool = False
    """Whether some answer is signed by the simulator, wherever it was served."""
    damage: list[str] = field(default_factory=list)
    """A sentence for each line of the journal that is not an event."""

    def turns(self, name: str) -> tuple[Turn, ...]:
        """Give what was said in a conversation that ended, in order."""
        spoken = self.spoken.get(name, {})
        return tuple(spoken[index] for index in sorted(spoken) if index <= self.ended[name].turns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A run in numbers."""

    plan: Plan
    findings: Findings
    cells: tuple[Cell, ...]
    """All that were planned, in the plan's order: the rows of `unfiltered`."""
    kept: tuple[Cell, ...]
    """Those of scenarios that are not excluded: the rows of `scores`."""
    scores: Scores
    unfiltered: Scores
    """Scores as if nothing were excluded."""
    standings: tuple[Standing, ...]
    """Without excluded scenarios. A standing's model is `model` in the full arm, `model · arm` in another."""
    drift: tuple[str, ...]
    """Tables behind the patients' planner that are others today than when the run was planned."""
    examined: dict[str, Examination]
    """What the audit of the patients found in every conversation that ended."""
    exclusions: tuple[Exclusion, ...]
    """Why scenarios are taken out, for every model alike."""
    jurors: tuple[JurorEffect, ...]
    titles: dict[str, str]
    """Of the standings' models."""
    failures: dict[str, int]
    """Failed conversations, by the standings' models."""
    credits: tuple[str, ...]
    """What the licences of the photographs ask to be said."""

    @property
    def simulated(self) -> bool:
        """Tell whether invented minds answered, be it that a live run was pointed at a simulator."""
        return self.plan.simulated or self.findings.simulated

    @property
    def planned(self) -> int:
        return self.plan.conversations

    @property
    def completed(self) -> int:
        return len(self.findings.ended)

    @property
    def whole(self) -> bool:
        """Tell whether every conversation ended, no provider kept a vote from us, and every model has its scores."""
        scored = all(standing.mean is not None for standing in self.standings)
        return self.completed == self.planned and bool(self.kept) and scored and not self.missing["failed"]

    def dialogues(self) -> list[Dialogue]:
        """Give the patient's side of every conversation that ended."""
        return [
            Dialogue(
                id=cell.id,
                cluster=cell.scenario.cluster,
                turns=tuple(t.text for t in self.findings.turns(cell.id) if t.speaker == "patient"),
            )
            for cell in self.cells
            if cell.id in self.findings.ended
        ]

    @property
    def excluded(self) -> dict[str, str]:
        """Give the rules by which each excluded scenario is out."""
        rules: dict[str, list[str]] = {}
        for one in self.exclusions:
            rules.setdefault(one.scenario, []).append(one.rule)
        return {scenario: " ".join(dict.fromkeys(found)) for scenario, found in rules.items()}

    @property
    def missing(self) -> Counter[str]:
        """Count the votes without a score by their cause; "failed" ones are asked for again by the same command."""
        return Counter(v.status for v in self.findings.verdicts.values() if v.score is None)


def read_findings(folder: Path) -> Findings:
    """Fold a journal, whatever state the run is in."""
    found = Findings()
    for event in read_journal(folder / "journal", found.damage.append):
        body, name = event.body, event.conversation
        found.ledger.hear(event)
        if isinstance(body, CallAnswered):
            found.served.setdefault(body.model, Counter())[body.completion.served] += 1
            found.simulated |= body.completion.request_id.startswith(SIGNATURE)
        elif isinstance(body, TurnSpoken):
            found.spoken.setdefault(name, {})[body.turn.index] = body.turn
        elif isinstance(body, VerdictGiven):
            found.verdicts[name, body.verdict.juror, body.verdict.dimension] = body.verdict
        elif isinstance(body, ConversationStarted):
            found.failed.pop(name, None)
        elif isinstance(body, ConversationEnded):
            found.ended[name] = body
            found.failed.pop(name, None)
        elif isinstance(body, ConversationFailed):
            found.failed[name] = body
        elif isinstance(body, PhotoFitted):
            found.fitted[body.photo.sha256, body.sent.sha256] = body
    return found


def tabulate_run(folder: Path, plan: Plan) -> Results:
    """Score what the journal of a run holds."""
    scenarios = load((folder / "scenarios.jsonl").read_bytes())
    cells = list_cells(scenarios, plan.models, [ARMS[arm] for arm in plan.arms])
    found = read_findings(folder)
    _drop_unplanned(found, plan, {cell.id for cell in cells})
    rows = {cell.id: entrant(cell.model, cell.arm.name) for cell in cells}
    drift = drifted(plan)
    examined = _examine({cell.id: cell for cell in cells if cell.id in found.ended}, found, drift)
    exclusions = exclude(examined, {cell.id: (cell.scenario.id, rows[cell.id]) for cell in cells})
    out = {one.scenario for one in exclusions}
    kept = [cell for cell in cells if cell.scenario.id not in out]
    scores = _score(kept, found, plan)
    return Results(
        plan=plan,
        findings=found,
        cells=tuple(cells),
        kept=tuple(kept),
        scores=scores,
        unfiltered=_score(cells, found, plan) if out else scores,
        standings=tabulate(
            scores,
            models=[rows[cell.id] for cell in kept],
            clusters=[cell.scenario.cluster for cell in kept],
            generator=derive(plan.seed, "leaderboard"),
        ),
        drift=drift,
        examined=examined,
        exclusions=exclusions,
        jurors=severities(scores),
        titles={
            entrant(model, arm): entrant(str(plan.models[model]["title"]), arm)
            for model in plan.models
            for arm in plan.arms
        },
        failures=dict(Counter(rows[name] for name in found.failed)),
        credits=tuple(sorted({s.attribution for s in scenarios if s.attribution})),
    )


def drifted(plan: Plan) -> tuple[str, ...]:
    """Give the tables that say when a fact is due and are not those of the plan."""
    today = digests()
    return tuple(name for name in PLANNED if plan.prompts.get(name, "") != today.get(name, ""))


def _examine(cells: dict[str, Cell], found: Findings, drift: tuple[str, ...]) -> dict[str, Examination]:
    """Audit every conversation that ended."""
    scenarios = {cell.scenario.id: cell.scenario for cell in cells.values()}
    known = {name: know(scenario) for name, scenario in scenarios.items()}
    return {
        name: examine(
            known[cell.scenario.id],
            found.turns(name),
            found.ended[name].stop_reason,
            planned=not drift,
        )
        for name, cell in cells.items()
    }


def _score(cells: list[Cell], found: Findings, plan: Plan) -> Scores:
    """Score some conversations from the votes on those of them that ended."""
    names = [cell.id for cell in cells]
    chosen = {name for name in names if name in found.ended}
    ballots = [(key[0], verdict) for key, verdict in sorted(found.verdicts.items()) if key[0] in chosen]
    return score(collect(ballots, conversations=names, dimensions=plan.dimensions))


def _drop_unplanned(found: Findings, plan: Plan, names: set[str]) -> None:
    """Take out what no conversation, juror or dimension of the plan said, and note it as damage."""
    strange = {name for name in (*found.ended, *found.failed) if name not in names}
    for name in strange:
        found.ended.pop(name, None)
        found.failed.pop(name, None)
    for key in [*found.verdicts]:
        if key[0] not in names or key[1] not in plan.jury or key[2] not in plan.dimensions:
            strange.add("/".join(key))
            del found.verdicts[key]
    found.damage += [f"{name} is not in the plan; left out." for name in sorted(strange)]


def entrant(model: str, arm: str) -> str:
    """Give the row of the leaderboard a conversation belongs to."""
    return model if arm == "full" else f"{model} · {arm}"
