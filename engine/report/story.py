"""The story: everything that a run's report tells, in one value.

Read from the run folder once, and then handed to whoever writes a sentence, a figure, a table or a page. Nothing
here knows how any of it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from engine.cells import arm_of
from engine.clinicians import translate
from engine.evidence import Evidence, gather
from engine.provenance import Provenance, trace
from engine.report.mapped import Mapped, read_mapped
from engine.report.summary import summarise
from engine.results import Results
from engine.scoring import count
from engine.scoring.fold import fold
from engine.scoring.values import Counted
from engine.tables import Words
from rubrics.leaderboard import Standing
from rubrics.numbers.everything import Numbers
from rubrics.numbers.questions import FULL


@dataclass(frozen=True, kw_only=True, eq=False)
class Story:
    """A run as its report tells it."""

    results: Results
    evidence: Evidence
    counted: Counted | None
    """None without a score."""
    words: Words
    """The models' means in clinicians' words; {} without a calibration."""
    mapped: tuple[Mapped, ...]
    """What the calibration says of the jury, by dimension; () without one."""
    audited: Mapping[str, Any] | None
    """What `run.py audit` wrote; None where it did not, or of another state of the run."""
    provenance: Provenance
    summary: Mapping[str, Any]

    @property
    def simulated(self) -> bool:
        return self.results.simulated

    @cached_property
    def numbers(self) -> Numbers | None:
        """Give every number of the first arm, the full one where there is one."""
        return next(iter(self.counted.numbers.values())) if self.counted else None

    @cached_property
    def rows(self) -> dict[str, dict[str, Standing]]:
        """Give the rows of the leaderboard by dimension, the scripts' last."""
        rows: dict[str, dict[str, Standing]] = {}
        for standing in (*self.results.standings, *self.results.benchmarks):
            rows.setdefault(standing.model, {})[standing.dimension] = standing
        return rows

    @cached_property
    def entrants(self) -> tuple[str, ...]:
        """Name the models in the full arm, in the leaderboard's order."""
        arms = self.results.plan.arms
        first = FULL if FULL in arms else arms[0]
        return tuple(dict.fromkeys(row.model for row in self.results.standings if arm_of(row.model) == first))

    def title(self, model: str) -> str:
        """Call a model, a row of the leaderboard or a juror as people do."""
        known = self.results.titles.get(model)
        return known or str(self.results.plan.cast.get(model, {}).get("title", model))


def tell(results: Results, folder: Path, evidence: Evidence | None = None) -> Story:
    """Read what the report of a run tells; the evidence is read where none is given."""
    votes = bool(results.kept) and bool(results.scores.votes.counts.any())
    return Story(
        results=results,
        evidence=evidence or gather(results),
        counted=count(fold(results, folder)) if votes else None,
        words=translate(folder, results.plan),
        mapped=read_mapped(folder, results.plan),
        audited=_audited(results, folder),
        provenance=trace(results.plan, folder),
        summary=summarise(results),
    )


def _audited(results: Results, folder: Path) -> dict[str, Any] | None:
    """Give what `run.py audit` wrote beside the report; None where it did not, or was about another state."""
    try:
        found = orjson.loads((folder / "report" / "audit.json").read_bytes())
        current = found["plan"] == results.plan.digest and {*found["conversations"]} == {*results.examined}
        return found if current else None
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        return None
