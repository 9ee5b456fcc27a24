"""From a run to ballots: the fold of `results`, with what numbers want to know beside it.

What the assistant said is measured here (tokens, hedges, questions), and what a conversation and a vote cost.
Scenarios that the audit took out are out here too. Nothing here knows what is computed.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import numpy as np

from agents.interview import Interview
from engine.cells import Cell
from engine.folder import read_plan
from engine.prose import plural
from engine.provenance import trace
from engine.results import Results, tabulate_run
from engine.scoring.known import URGENCIES
from engine.scoring.scenes import Scene, scene
from engine.scoring.values import Ballots
from rubrics.numbers.power import Prices
from rubrics.numbers.table import Columns

WORD = re.compile(r"[a-z']+")
PER = 100
"""Words that hedges are counted by."""


def fold_run(folder: Path) -> Ballots:
    """Give the ballots of a run; BadRun when the folder is none."""
    return fold(tabulate_run(folder, read_plan(folder)), folder)


def fold(results: Results, folder: Path) -> Ballots:
    """Give the ballots of a run that was read, its models' alone: what the baselines are worth is told apart."""
    scenes = {cell.scenario.id: scene(cell.scenario) for cell in results.kept}
    plan, notes = results.plan, []
    if results.excluded:
        notes.append(
            f"Left out, since the audit found a patient at fault: {plural(len(results.excluded), 'scenario')}."
        )
    families = {
        name: str(one["family"]) for name, one in {**plan.cast, **plan.models}.items() if "family" in one
    }
    return Ballots(
        name=folder.resolve().name,
        votes=results.scores.votes,
        columns=_columns(results, scenes, families),
        repeat=[str(cell.repeat) for cell in results.kept],
        simulated=results.simulated,
        account={"read as": "a run: its journal, its plan and its scenarios"},
        notes=(*notes, *results.findings.damage),
        prices=_prices(results),
        marks=trace(plan, folder).marks(),
    )


def _columns(results: Results, scenes: dict[str, Scene], family: dict[str, str]) -> Columns:
    cells, heard = results.kept, results.findings.interviews
    titles = list(dict.fromkeys(title for one in scenes.values() for title in one.strata))
    given = [level(heard.get(cell.id)) for cell in cells]
    return Columns(
        model=[cell.model for cell in cells],
        case=[cell.scenario.cluster for cell in cells],
        scenario=[cell.scenario.id for cell in cells],
        arm=[cell.arm.name for cell in cells],
        family=family,
        strata={title: [scenes[cell.scenario.id].strata.get(title) for cell in cells] for title in titles},
        covariates=_manner(cells, results),
        truth=[scenes[cell.scenario.id].truth for cell in cells] if not np.isnan(given).all() else (),
        given=given,
    )


def level(interview: Interview | None) -> float:
    """Give the urgency that a model stated when the patient had left, 0 to 5; NaN where it stated none."""
    urgency = interview.urgency if interview else None
    return np.nan if urgency is None else float(URGENCIES[urgency.lower()])


def _manner(cells: tuple[Cell, ...], results: Results) -> dict[str, list[float]]:
    """Measure what the assistant said in every conversation that ended."""
    tokens: dict[str, int] = {}
    for (name, _), count in results.findings.written.items():
        tokens[name] = tokens.get(name, 0) + count
    rows = []
    for cell in cells:
        if cell.id not in results.findings.ended:
            rows.append((np.nan,) * 3)
            continue
        said = [turn.text for turn in results.findings.turns(cell.id) if turn.speaker == "assistant"]
        text = "\n".join(said).lower().replace("’", "'")
        words = len(WORD.findall(text))
        hedges = PER * len(_hedges().findall(text)) / words if words else np.nan
        rows.append((float(tokens.get(cell.id, 0)), hedges, float(text.count("?"))))
    return dict(zip(("tokens", "hedges", "questions"), map(list, zip(*rows, strict=True)), strict=True))


def _prices(results: Results) -> Prices | None:
    roles = results.findings.ledger.roles()
    cost = {role: account.cost for role, account in roles.items()}
    votes = int(results.scores.votes.counts.sum())
    if not results.completed or not votes or not sum(cost.values()):
        return None
    return Prices(
        conversation=(sum(cost.values()) - cost.get("juror", 0.0)) / results.completed,
        vote=cost.get("juror", 0.0) / votes,
        models=len({cell.model for cell in results.kept}),
        dimensions=len(results.plan.dimensions),
    )


@cache
def _hedges() -> re.Pattern[str]:
    file = tomllib.loads(Path(__file__).with_name("hedges.toml").read_text(encoding="utf-8"))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(file['hedges'], key=len, reverse=True)))})\b")
