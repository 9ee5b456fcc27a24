"""What the models said when the patient had left, held against the truth: their urgency and their probabilities.

One row a conversation of a scenario that is not excluded, arms and baselines included; what was not given is missing
in every rate. Nothing here knows how an interview was had.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from agents.foresight import Foresight, foresee
from agents.interview import Interview
from engine.cells import Cell, entrant
from engine.results import Results
from engine.scoring.fold import level
from engine.scoring.known import URGENCIES
from personas.seeds import derive
from personas.values import Truth
from rubrics.numbers.forecasts import Forecast, Foretold, ReliabilityBin, forecast, reliability
from rubrics.numbers.table import Columns, Factor, factor, lay
from rubrics.numbers.triage import Triage, triage
from rubrics.scores import Votes, collect


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The conversations that ended, of scenarios that are not excluded, in the plan's order."""

    cells: tuple[Cell, ...]
    names: tuple[str, ...]
    """Of the leaderboard's row of each."""

    @classmethod
    def of(cls, results: Results) -> Judged:
        """Take them from a run."""
        ended = results.findings.ended
        cells = tuple(cell for cell in (*results.kept, *results.scripted) if cell.id in ended)
        return cls(cells=cells, names=tuple(entrant(cell.model, cell.arm.name) for cell in cells))

    @property
    def models(self) -> Factor:
        """Give the leaderboard's rows as a column."""
        return factor(self.names)

    @property
    def cases(self) -> Factor:
        """Give the cases as a column."""
        return factor([cell.scenario.cluster for cell in self.cells])


def sort(results: Results, judged: Judged) -> tuple[Triage, ...]:
    """Hold the urgency that each model gave against the one its case has; nothing where nobody was asked."""
    heard = results.findings.interviews
    given = [level(heard.get(cell.id)) for cell in judged.cells]
    if np.isnan(given).all():
        return ()
    columns = Columns(
        model=judged.names,
        case=[cell.scenario.cluster for cell in judged.cells],
        scenario=[cell.scenario.id for cell in judged.cells],
        truth=[URGENCIES[cell.scenario.truth.urgency.lower()] for cell in judged.cells],
        given=given,
    )
    return triage(lay(_silent(results, judged), columns))


def foretell(results: Results, judged: Judged) -> tuple[tuple[Forecast, ...], tuple[ReliabilityBin, ...]]:
    """Score the probabilities that each model gave; nothing of baselines, which have none."""
    heard = results.findings.interviews
    seen = [_foresight(heard.get(cell.id), cell.scenario.truth) for cell in judged.cells]
    if not any(seen):
        return (), ()
    told = Foretold(
        **{
            one.name: [getattr(each, one.name) if each else np.nan for each in seen]
            for one in fields(Foretold)
        }
    )
    scripts = {cell.model for cell in results.scripted}
    keep = [name not in scripts for name in judged.names]
    models = factor([name if kept else None for name, kept in zip(judged.names, keep, strict=True)])
    generator = derive(results.plan.seed, "forecasts")
    return forecast(told, models, judged.cases, generator), reliability(told, models, judged.cases)


def _foresight(interview: Interview | None, truth: Truth) -> Foresight | None:
    return foresee(interview, truth) if interview else None


def _silent(results: Results, judged: Judged) -> Votes:
    """Give a table of no votes: what is sorted here rests on none."""
    names = [cell.id for cell in judged.cells]
    return collect([], conversations=names, dimensions=results.plan.dimensions)
