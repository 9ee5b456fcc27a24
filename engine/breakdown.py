"""How the conversations of a run ended, and what they were about: counts beside the scores.

The one idea: a mean over unlike things is read only beside how many there were of each, so every row has its n.
What was excluded is counted apart. Nothing here knows how it is shown, or whether a difference means anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import numpy as np

from engine.cells import Cell, entrant
from engine.events import StopReason
from engine.results import Results
from personas.people.tasks import tasks

REASONS: tuple[str, ...] = get_args(StopReason)
KINDS: dict[str, Callable[[Cell], str]] = {
    "task": lambda cell: cell.scenario.task,
    "speaker": lambda cell: cell.scenario.persona.speaker,
    "photograph": lambda cell: cell.scenario.truth.photo,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """The scenarios that have one thing in common."""

    kind: str
    """Key of KINDS."""
    key: str
    title: str
    scenarios: int
    """Which count."""
    excluded: int
    """Scenarios that do not."""
    conversations: int
    """Which ended, of scenarios that count, with all models."""
    mean: float | None
    """Of their scores, 1 to 5, over all dimensions and models; None where none is scored."""


def count_stops(results: Results) -> dict[str, dict[str, int]]:
    """Give how many conversations ended for each of the nine reasons, by row of the leaderboard, in plan order.

    `infra_error` are those that failed and did not end since; what is still to be played is in none.
    """
    rows = {cell.id: entrant(cell.model, cell.arm.name) for cell in results.cells}
    found: dict[str, Counter[str]] = {row: Counter() for row in rows.values()}
    for name, ended in results.findings.ended.items():
        found[rows[name]][ended.stop_reason] += 1
    for name, failed in results.findings.failed.items():
        found[rows[name]][failed.stop_reason] += 1
    return {row: {reason: counts[reason] for reason in REASONS} for row, counts in found.items()}


def stratify(results: Results) -> tuple[Stratum, ...]:
    """Give the strata of every kind, the largest first."""
    adjusted = results.scores.adjusted
    seen = ~np.isnan(adjusted)
    sums, counts = np.where(seen, adjusted, 0.0).sum(axis=1), seen.sum(axis=1)
    scores = {cell.id: sums[at] / counts[at] for at, cell in enumerate(results.kept) if counts[at]}
    strata = []
    for kind, key_of in KINDS.items():
        groups: dict[str, list[Cell]] = {}
        for cell in results.cells:
            groups.setdefault(key_of(cell), []).append(cell)
        found = [_stratum(results, kind, key, group=group, scores=scores) for key, group in groups.items()]
        strata += sorted(found, key=lambda one: (-one.scenarios, one.key))
    return tuple(strata)


def _stratum(
    results: Results, kind: str, key: str, *, group: list[Cell], scores: dict[str, float]
) -> Stratum:
    excluded = results.excluded
    kept = [cell for cell in group if cell.scenario.id not in excluded]
    worth = [scores[cell.id] for cell in kept if cell.id in scores]
    names = {task.key: f"{task.key} {task.name}" for task in tasks().values()} if kind == "task" else {}
    count = len({cell.scenario.id for cell in kept})
    return Stratum(
        kind=kind,
        key=key,
        title=names.get(key, key.replace("_", " ")),
        scenarios=count,
        excluded=len({cell.scenario.id for cell in group}) - count,
        conversations=sum(cell.id in results.findings.ended for cell in kept),
        mean=float(np.mean(worth)) if worth else None,
    )
