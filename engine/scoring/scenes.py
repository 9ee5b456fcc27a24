"""What a file of scenarios adds to verdicts: cases, strata, the urgency each case has, and who is missing.

Ours (JSON lines made by `scenarios build`) or anybody's table with a scenario a row. With it a conversation that
nobody judged can be seen to be missing: whatever some model was asked, every model was to be asked. Nothing here
knows a score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import orjson

from engine.prose import plural
from engine.scoring.columns import choose_columns, refuse
from engine.scoring.known import URGENCIES
from engine.scoring.values import Ballots
from engine.strata import stratify
from personas.scenarios.store import stream
from personas.values import Scenario
from rubrics.agreement.layout import BLANKS, few
from rubrics.agreement.sheet import read_sheet
from rubrics.errors import Unusable
from rubrics.numbers.table import Columns

TABLE_KINDS = ("scenario", "case", "truth")
MOST_LEVELS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is known of one scenario."""

    case: str
    truth: float = np.nan
    """Urgency, 0 to 5; NaN where not known."""
    strata: Mapping[str, str] = field(default_factory=dict)
    """Level by stratum; one that is not known is left out."""


def read_scenes(path: Path) -> dict[str, Scene]:
    """Read a file of scenarios by name; raises Unusable or Unreadable, in a sentence."""
    return {one.id: scene(one) for _, one in stream(path)} if _ours(path) else _table(path)


def scene(scenario: Scenario) -> Scene:
    """Give what numbers want to know of one of our scenarios."""
    truth = URGENCIES[scenario.truth.urgency.lower()]
    return Scene(case=scenario.cluster, truth=truth, strata=stratify(scenario))


def join(ballots: Ballots, scenes: Mapping[str, Scene], name: str) -> Ballots:
    """Put what is known of the scenarios beside the votes, and the conversations that nobody judged."""
    columns = ballots.columns
    unknown = [one for one in dict.fromkeys(columns.scenario) if one not in scenes]
    if len(unknown) == len(set(columns.scenario)):
        raise Unusable(
            f"{name}: holds none of the scenarios of {ballots.name} ({few(unknown)}); give the file these are from."
        )
    notes = [*ballots.notes]
    if unknown:
        notes.append(f"Not in {name}, so that nothing is known of them: {few(unknown)}.")
    full, added = _complete(ballots, scenes)
    if added:
        notes.append(
            f"Missing: {plural(added, 'conversation')} without a verdict on a scenario that another model has one on."
        )
    unused = len(scenes.keys() - set(columns.scenario))
    if unused:
        notes.append(
            f"Of the {plural(len(scenes), 'scenario')} in {name}, {unused:,} were judged with no model: not counted."
        )
    return replace(full, columns=_know(full.columns, scenes), notes=tuple(notes))


def _complete(ballots: Ballots, scenes: Mapping[str, Scene]) -> tuple[Ballots, int]:
    """Add the conversations without a verdict: every scenario of an arm and repeat, with every model of the arm."""
    columns, many = ballots.columns, len(ballots.votes.conversations)
    arms = columns.arm or ["full"] * many
    there = set(zip(columns.model, columns.scenario, arms, ballots.repeat, strict=True))
    models: dict[str, dict[str, None]] = {}
    asked: dict[tuple[str, str, str], None] = {}
    for model, scenario, arm, repeat in zip(
        columns.model, columns.scenario, arms, ballots.repeat, strict=True
    ):
        models.setdefault(arm, {})[model] = None
        asked[scenario, arm, repeat] = None
    lost = [
        (model, scenario, arm, repeat)
        for scenario, arm, repeat in asked
        for model in models[arm]
        if scenario in scenes and (model, scenario, arm, repeat) not in there
    ]
    if not lost:
        return ballots, 0
    more = [list(part) for part in zip(*lost, strict=True)]
    blank = [None] * len(lost)
    grown = replace(
        columns,
        model=[*columns.model, *more[0]],
        scenario=[*columns.scenario, *more[1]],
        case=[*columns.case, *more[1]],
        arm=[*arms, *more[2]],
        strata={name: [*levels, *blank] for name, levels in columns.strata.items()},
        covariates={name: [*column, *[np.nan] * len(lost)] for name, column in columns.covariates.items()},
        truth=[*columns.truth, *[np.nan] * len(lost)] if columns.truth else (),
        given=[*columns.given, *[np.nan] * len(lost)] if columns.given else (),
    )
    names = (*ballots.votes.conversations, *("/".join(cell) for cell in lost))
    votes = replace(ballots.votes, conversations=names)
    return replace(ballots, votes=votes, columns=grown, repeat=[*ballots.repeat, *more[3]]), len(lost)


def _know(columns: Columns, scenes: Mapping[str, Scene]) -> Columns:
    rows = [scenes.get(name) for name in columns.scenario]
    titles = list(dict.fromkeys(title for one in scenes.values() for title in one.strata))
    strata = {title: [one.strata.get(title) if one else None for one in rows] for title in titles}
    cases = [one.case if one else case for one, case in zip(rows, columns.case, strict=True)]
    truth = [one.truth if one else np.nan for one in rows]
    return replace(
        columns,
        case=cases,
        strata={**columns.strata, **{name: levels for name, levels in strata.items() if _parts(levels)}},
        truth=columns.truth or truth if columns.given else (),
    )


def _parts(levels: Sequence[str | None]) -> bool:
    return len({level for level in levels if level is not None}) > 1


def _ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            first = orjson.loads(file.readline())
    except (OSError, orjson.JSONDecodeError):
        return False
    return isinstance(first, dict) and "persona" in first


def _table(path: Path) -> dict[str, Scene]:
    """Read a scenario a row: its case, its urgency, and every column of a few levels as a stratum."""
    sheet = read_sheet(path)
    choice = choose_columns(sheet, (), TABLE_KINDS)
    if "scenario" not in choice.by:
        raise refuse(sheet, "scenario", "the scenario's name")
    names = sheet.columns[choice.by["scenario"]]
    if len(set(names)) < len(names):
        raise Unusable(f"{sheet.name}: a scenario stands in several rows; give one a row.")
    strata = {}
    for name, cells in sheet.columns.items():
        levels = {cell for cell in cells if cell.casefold() not in BLANKS}
        if name not in choice.by.values() and 2 <= len(levels) <= MOST_LEVELS:
            strata[name] = cells
    cases = sheet.columns[choice.by.get("case", choice.by["scenario"])]
    truth = sheet.columns[choice.by["truth"]] if "truth" in choice.by else [""] * len(names)
    return {
        name: Scene(
            case=cases[row] or name,
            truth=URGENCIES.get(truth[row].casefold(), np.nan),
            strata={
                title: cells[row] for title, cells in strata.items() if cells[row].casefold() not in BLANKS
            },
        )
        for row, name in enumerate(names)
    }
