"""What a jury said of which conversations: from a run folder, or from a table of verdicts alone.

Conversations are named as a run names them (`model/scenario/arm/repeat`), so that clinicians' scores find theirs.
Nothing here knows clinicians.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.cells import entrant
from engine.folder import read_plan
from engine.results import Results, tabulate_run
from engine.scoring.reading import VerdictWish, read_verdicts
from engine.scoring.scenes import scene
from rubrics.agreement.sieve import LeftOut
from rubrics.errors import Unusable
from rubrics.numbers.table import Columns, Table, lay

EXCLUDED = "of scenarios that are excluded from the run's numbers"
SCRIPTED = "with scripts, which are no models"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JurySource:
    """A jury's scores, and where they are from."""

    name: str
    table: Table
    barred: dict[str, str]
    """Conversations that do not count, with the cause."""
    simulated: bool
    """Invented minds answered, as far as the run or the table says."""
    hashes: dict[str, str]
    """sha-256 of the plan, the rubric and the scenarios, or of the table."""
    titles: dict[str, str]
    """Of models, as they are shown; a model that is not there is shown by its name."""
    account: Mapping[str, str] = field(default_factory=dict)
    """How a table of verdicts was read, a title and a sentence each."""
    left_out: tuple[LeftOut, ...] = ()
    """Rows of such a table that were not used."""
    notes: tuple[str, ...] = ()


def read_source(path: Path) -> JurySource:
    """Read a run folder or a table of verdicts; raises BadRun or Unusable for what is neither."""
    return _read_table(path) if path.is_file() else _read_run(path)


def _read_run(folder: Path) -> JurySource:
    plan = read_plan(folder)
    results = tabulate_run(folder, plan)
    if not results.kept:
        raise Unusable(f"{folder}: no conversation counts; see report/exclusions.csv there.")
    kept = {cell.id for cell in results.kept}
    hashes = {"plan": plan.digest, "rubric": plan.rubric["digest"], "scenarios": plan.scenarios_digest}
    return JurySource(
        name=folder.resolve().name,  # not where it lies: this is written down
        table=lay(results.scores.votes, _columns(results)),
        barred={
            cell.id: SCRIPTED if cell.model in plan.baselines else EXCLUDED
            for cell in results.cells
            if cell.id not in kept
        },
        simulated=results.simulated,
        hashes=hashes,
        titles=results.titles,
        notes=tuple(results.findings.damage),
    )


def _columns(results: Results) -> Columns:
    """Say what is known of every conversation; an arm is a model of its own, as on the leaderboard."""
    scenarios = [cell.scenario for cell in results.kept]
    scenes = {scenario.id: scene(scenario).strata for scenario in scenarios}
    titles = dict.fromkeys(title for strata in scenes.values() for title in strata)
    return Columns(
        model=[entrant(cell.model, cell.arm.name) for cell in results.kept],
        case=[scenario.cluster for scenario in scenarios],
        scenario=[scenario.id for scenario in scenarios],
        arm=[cell.arm.name for cell in results.kept],
        strata={title: [scenes[scenario.id].get(title) for scenario in scenarios] for title in titles},
    )


def _read_table(path: Path) -> JurySource:
    ballots = read_verdicts(path, VerdictWish())
    columns = ballots.columns
    arms = columns.arm or ["full"] * len(columns.model)
    models = [entrant(model, arm) for model, arm in zip(columns.model, arms, strict=True)]
    return JurySource(
        name=ballots.name,
        table=lay(ballots.votes, replace(columns, model=models)),
        barred={},
        simulated=ballots.simulated,
        hashes={"verdicts": hashlib.sha256(path.read_bytes()).hexdigest()},
        titles={},
        account=ballots.account,
        left_out=ballots.left_out,
        notes=ballots.notes,
    )
