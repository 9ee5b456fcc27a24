"""Results: the fold from a journal to numbers.

Reads the run folder and nothing else, so that a run and its replay a year later give the same tables. An event
that stands twice (a resumed run says again what it said) counts once. Nothing here knows how results are shown.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from agents.prompts import digests
from engine.audit.examine import Examination, examine
from engine.audit.exclude import Exclusion, exclude
from engine.audit.knowledge import know
from engine.audit.style import Dialogue
from engine.cells import Cell, entrant
from engine.findings import Findings, read_findings
from engine.plan import Plan
from engine.setting import open_setting
from personas.seeds import derive
from rubrics.leaderboard import JurorEffect, Standing, severities, tabulate
from rubrics.rubric import load_rubric
from rubrics.scores import Scores, collect, score
from rubrics.values import Rubric

PLANNED = ("cues", "mood", "moves", "planner")
"""Digests of the plan that the patients' planner rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A run in numbers."""

    plan: Plan
    rubric: Rubric
    findings: Findings
    cells: tuple[Cell, ...]
    """All that were planned, in the plan's order."""
    kept: tuple[Cell, ...]
    """Those of models, on scenarios that are not excluded: the rows of `scores`."""
    scores: Scores
    tried: tuple[Cell, ...]
    """All but those of baselines: the rows of `unfiltered`."""
    unfiltered: Scores
    """Scores as if nothing were excluded."""
    scripted: tuple[Cell, ...]
    """Those of baselines, on scenarios that are not excluded: the rows of `bench`."""
    bench: Scores
    """Scores of the baselines, apart: where all jurors say 1, nobody can be seen to be lenient, and what the models'
    scores are adjusted by must not be watered down by that."""
    benchmarks: tuple[Standing, ...]
    """Where the baselines stand."""
    standings: tuple[Standing, ...]
    """Of the models, without excluded scenarios; a standing's model is `model` in the full arm, else
    `model · arm`."""
    drift: tuple[str, ...]
    """Tables behind the patients' planner that are others today than when the run was planned."""
    examined: dict[str, Examination]
    """What the audit of the patients found in every conversation with a model that ended; what a frozen arm repeats
    was examined where it was said."""
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
        return len(self.cells)

    @property
    def completed(self) -> int:
        return len(self.findings.ended)

    @property
    def whole(self) -> bool:
        """Tell whether every conversation ended, no provider kept a vote or an interview from us, and every model has
        its scores.
        """
        scored = all(standing.mean is not None for standing in self.standings)
        given = not self.missing["failed"] and not self.unheard["failed"]
        return self.completed == self.planned and bool(self.kept) and scored and given

    def dialogues(self) -> list[Dialogue]:
        """Give the patient's side of every conversation that was examined."""
        return [
            Dialogue(
                id=cell.id,
                cluster=cell.scenario.cluster,
                turns=tuple(t.text for t in self.findings.turns(cell.id) if t.speaker == "patient"),
            )
            for cell in self.cells
            if cell.id in self.examined
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
        """Count first votes without a score by their cause; `resume --failed` asks for "failed" ones again."""
        votes = self.findings.verdicts.values()
        return Counter(vote.status for vote in votes if vote.score is None and vote.reading == 1)

    @property
    def unheard(self) -> Counter[str]:
        """Count exit interviews in which nothing was said, by their cause; "failed" ones are asked for again."""
        heard = self.findings.interviews.values()
        return Counter(interview.status for interview in heard if interview.status != "given")


def tabulate_run(folder: Path, base: Plan) -> Results:
    """Score what the journal of a run holds; `base` is its plan.json, to which arms may have been added."""
    setting, found = open_setting(folder, base), read_findings(folder)
    plan = setting.plan
    cells = setting.cells(found.reasons)
    _drop_unplanned(found, plan, {cell.id for cell in cells})
    rows = {cell.id: entrant(cell.model, cell.arm.name) for cell in cells}
    drift = drifted(plan)
    patients = _patients(cells, plan)
    examined = _examine({cell.id: cell for cell in patients if cell.id in found.ended}, found, drift)
    exclusions = exclude(examined, {cell.id: (cell.scenario.id, rows[cell.id]) for cell in cells})
    out = {one.scenario for one in exclusions}
    tried = [cell for cell in cells if cell.model not in plan.baselines]
    kept = [cell for cell in tried if cell.scenario.id not in out]
    scripted = [c for c in cells if c.model in plan.baselines and c.scenario.id not in out]
    arms, bench = _score_arms(kept, found, plan), _score(scripted, found, plan)
    scores = _join(kept, arms, found, plan)
    return Results(
        plan=plan,
        rubric=_rubric(folder),
        findings=found,
        cells=tuple(cells),
        kept=tuple(kept),
        scores=scores,
        tried=tuple(tried),
        unfiltered=_join(tried, _score_arms(tried, found, plan), found, plan) if out else scores,
        standings=tuple(row for part in arms.values() for row in _stand(*part, plan, "leaderboard")),
        scripted=tuple(scripted),
        bench=bench,
        benchmarks=_stand(scripted, bench, plan, "baselines"),
        drift=drift,
        examined=examined,
        exclusions=exclusions,
        jurors=severities(next(iter(arms.values()))[1]) if arms else (),
        titles={
            entrant(model, arm): entrant(str(plan.models[model]["title"]), arm)
            for model in plan.models
            for arm in plan.arms
        },
        failures=dict(Counter(rows[name] for name in found.failed)),
        credits=tuple(sorted({s.attribution for s in setting.scenarios if s.attribution})),
    )


def _patients(cells: list[Cell], plan: Plan) -> list[Cell]:
    """Give the conversations in which a model's patient spoke anew: a person is held by no gate, and is none."""
    if plan.person == "patient":
        return []
    return [cell for cell in cells if not cell.arm.frozen and cell.model not in plan.baselines]


def _score_arms(cells: list[Cell], found: Findings, plan: Plan) -> dict[str, tuple[list[Cell], Scores]]:
    """Score every arm by itself, in the plan's order, so that one that is added moves no other number."""
    parts = {arm: [cell for cell in cells if cell.arm.name == arm] for arm in plan.arms}
    return {arm: (part, _score(part, found, plan)) for arm, part in parts.items() if part}


def _join(
    cells: list[Cell], arms: dict[str, tuple[list[Cell], Scores]], found: Findings, plan: Plan
) -> Scores:
    """Give all votes together, the scores of each conversation being those of its arm."""
    whole = _score(cells, found, plan)
    adjusted, linked = whole.adjusted.copy(), whole.linked.copy()
    place = {cell.id: row for row, cell in enumerate(cells)}
    for part, scores in arms.values():
        rows = [place[cell.id] for cell in part]
        adjusted[rows], linked[rows] = scores.adjusted, scores.linked
    return replace(whole, adjusted=adjusted, linked=linked)


def _rubric(folder: Path) -> Rubric:
    """Read the rubric that a run was judged by; one that was begun before it was kept had the built-in one."""
    own = folder / "rubric.toml"
    return load_rubric(own if own.is_file() else None)


def _stand(cells: list[Cell], scores: Scores, plan: Plan, about: str) -> tuple[Standing, ...]:
    return tabulate(
        scores,
        models=[entrant(cell.model, cell.arm.name) for cell in cells],
        clusters=[cell.scenario.cluster for cell in cells],
        generator=derive(plan.seed, about),
    )


def drifted(plan: Plan) -> tuple[str, ...]:
    """Give the tables that say when a fact is due and are not those of the plan."""
    today = digests()
    return tuple(name for name in PLANNED if plan.prompts.get(name, "") != today.get(name, ""))


def _examine(cells: dict[str, Cell], found: Findings, drift: tuple[str, ...]) -> dict[str, Examination]:
    """Audit every conversation that ended."""
    scripts = {script.id: script for cell in cells.values() for script in (cell.script(),)}
    known = {name: know(scenario) for name, scenario in scripts.items()}
    return {
        name: examine(
            known[cell.script().id],
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
            strange.add("/".join(map(str, key)))
            del found.verdicts[key]
    found.damage += [f"{name} is not in the plan; left out." for name in sorted(strange)]
