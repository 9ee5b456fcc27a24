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

from engine.cells import Cell
from engine.events import CallAnswered
from engine.folder import read_plan
from engine.journal import read_journal
from engine.results import Results, tabulate_run
from engine.scoring.prose import plural
from engine.scoring.scenes import Scene, scene
from engine.scoring.values import Ballots
from rubrics.numbers.power import Prices
from rubrics.numbers.table import Columns

WORD = re.compile(r"[a-z']+")
PER = 100
"""Words that hedges are counted by."""


def fold_run(folder: Path) -> Ballots:
    """Give the ballots of a run; BadRun when the folder is none."""
    results = tabulate_run(folder, read_plan(folder))
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
        name=folder.name,
        votes=results.scores.votes,
        columns=_columns(results, scenes, families, _tokens(folder)),
        repeat=[str(cell.repeat) for cell in results.kept],
        simulated=results.simulated,
        account={"read as": "a run: its journal, its plan and its scenarios"},
        notes=(*notes, *results.findings.damage),
        prices=_prices(results),
    )


def _columns(
    results: Results, scenes: dict[str, Scene], family: dict[str, str], tokens: dict[str, int]
) -> Columns:
    cells = results.kept
    titles = list(dict.fromkeys(title for one in scenes.values() for title in one.strata))
    return Columns(
        model=[cell.model for cell in cells],
        case=[cell.scenario.cluster for cell in cells],
        scenario=[cell.scenario.id for cell in cells],
        arm=[cell.arm.name for cell in cells],
        family=family,
        strata={title: [scenes[cell.scenario.id].strata.get(title) for cell in cells] for title in titles},
        covariates=_manner(cells, results, tokens),
    )


def _manner(cells: tuple[Cell, ...], results: Results, tokens: dict[str, int]) -> dict[str, list[float]]:
    """Measure what the assistant said in every conversation that ended."""
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


def _tokens(folder: Path) -> dict[str, int]:
    """Count what the assistant wrote in every conversation, its reasoning left out; a call told twice counts once."""
    written: dict[tuple[str, int], int] = {}
    for event in read_journal(folder / "journal"):
        body = event.body
        if isinstance(body, CallAnswered) and body.role.partition("/")[0] == "assistant":
            usage = body.completion.usage
            written[event.conversation, body.sequence] = usage.output - usage.reasoning
    tokens: dict[str, int] = {}
    for (name, _), count in written.items():
        tokens[name] = tokens.get(name, 0) + count
    return tokens


def _prices(results: Results) -> Prices | None:
    roles = results.findings.ledger.roles()
    cost = {role: account.cost for role, account in roles.items()}
    votes = int(results.scores.votes.counts.sum())
    if not results.completed or not votes or not sum(cost.values()):
        return None
    return Prices(
        conversation=(sum(cost.values()) - cost.get("juror", 0.0)) / results.completed,
        vote=cost.get("juror", 0.0) / votes,
        models=len(results.plan.models),
        dimensions=len(results.plan.dimensions),
    )


@cache
def _hedges() -> re.Pattern[str]:
    file = tomllib.loads(Path(__file__).with_name("hedges.toml").read_text(encoding="utf-8"))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(file['hedges'], key=len, reverse=True)))})\b")
