"""Which conversations of a run clinicians could score, and what kind each of them is.

The one idea: what teaches most is where the jury is low or of two minds, so its score and its disagreement are
strata beside those of the case. Failed conversations are no result and never shown; scripts and excluded scenarios
only where asked. Nothing here draws anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.cards import card_of
from engine.cells import Cell, entrant
from engine.folder import read_plan
from engine.plan import Plan
from engine.results import Results, tabulate_run
from engine.scoring.scenes import scene
from engine.tally import UNJUDGED
from rubrics.scores import Scores

STRATA = ("score", "disagreement", "model", "urgency", "photograph", "skin tone")
"""The more important first: where all cannot be kept to, the last give way."""
BANDS = ((2.0, "below 2"), (3.0, "2 to 3"), (4.0, "3 to 4"), (np.inf, "4 or more"))
"""Mean of the jury's adjusted scores over all dimensions, points."""
APART = 2
"""Points between two jurors on one dimension from which on they disagree."""
UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnnotatedRun:
    """A run whose conversations are scored."""

    folder: Path
    base: Plan
    """As it was planned; arms that were added since are in `results`."""
    results: Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A conversation that could be scored."""

    cell: Cell
    strata: Mapping[str, str]
    """Its level in each of STRATA."""


def open_run(folder: Path) -> AnnotatedRun:
    """Read a run folder; raises BadRun for what is none."""
    base = read_plan(folder)
    return AnnotatedRun(folder=folder, base=base, results=tabulate_run(folder, base))


def list_candidates(
    results: Results, *, scripts: bool = False, excluded: bool = False
) -> tuple[Candidate, ...]:
    """List what ended whole and was fit to be judged, in the run's order."""
    cells = [*(results.tried if excluded else results.kept)]
    cells += results.scripted if scripts else ()
    jury = _read(results.tried, results.unfiltered) | _read(results.kept, results.scores)
    jury |= _read(results.scripted, results.bench)
    found = results.findings
    return tuple(
        Candidate(cell=cell, strata=_strata(cell) | jury.get(cell.id, {}))
        for cell in cells
        if cell.id in found.ended
        and found.ended[cell.id].stop_reason not in UNJUDGED
        and found.whole(cell.id)
    )


def _strata(cell: Cell) -> dict[str, str]:
    known = scene(card_of(cell)).strata
    levels = {name: known.get(name, UNKNOWN) for name in STRATA}
    return levels | {"model": entrant(cell.model, cell.arm.name)}


def _read(cells: Sequence[Cell], scores: Scores) -> dict[str, dict[str, str]]:
    """Give, by conversation, how the jury scored it and whether it was of one mind."""
    read = {}
    for cell, adjusted, votes in zip(cells, scores.adjusted, scores.cells, strict=True):
        levels = {}
        if not np.isnan(adjusted).all():
            mean = float(np.nanmean(adjusted))
            levels["score"] = next(name for top, name in BANDS if mean < top)
        many = [vote[~np.isnan(vote)] for vote in votes]
        gaps = [float(np.ptp(given)) for given in many if len(given) > 1]
        if gaps:
            levels["disagreement"] = f"{APART} points or more" if max(gaps) >= APART else "less"
        read[cell.id] = levels
    return read
