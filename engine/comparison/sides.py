"""A side of a comparison: one run, as far as another can be held against it.

What was said is known by its digest, so that a run judged again is known for the same conversations. Nothing here
knows the other side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.cells import Cell
from engine.errors import BadRun
from engine.folder import read_plan
from engine.provenance import Provenance, trace
from engine.results import Results, tabulate_run

Votes = Mapping[tuple[str, str, str], int | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One of two runs."""

    letter: str
    """A or B."""
    name: str
    """Of its folder."""
    results: Results
    held: Mapping[str, Any]
    """What its plan holds."""
    provenance: Provenance
    said: Mapping[str, str]
    """sha-256 of what was said, by conversation that ended."""

    @property
    def cells(self) -> dict[str, Cell]:
        """Give the conversations that count or would, by name."""
        return {cell.id: cell for cell in self.results.kept}

    @property
    def models(self) -> tuple[str, ...]:
        """Name those under test, in the plan's order; baselines are scored apart and compared with nobody."""
        there = {cell.model for cell in self.results.kept}
        return tuple(name for name in self.results.plan.models if name in there)

    @property
    def scenarios(self) -> set[str]:
        """Give all that were planned."""
        return {cell.scenario.id for cell in self.results.cells}

    @property
    def arms(self) -> set[str]:
        return {cell.arm.name for cell in self.results.kept}

    def votes(self, names: Collection[str]) -> Votes:
        """Give what every juror said of some conversations, dimension by dimension."""
        verdicts = self.results.findings.verdicts.items()
        return {key: verdict.score for key, verdict in verdicts if key[0] in names}


def read_side(letter: str, folder: Path) -> Side:
    """Read a run; raises BadRun or `Unreadable`, in a sentence, for what is none."""
    plan = read_plan(folder)
    try:
        results = tabulate_run(folder, plan)
    except OSError as error:
        raise BadRun(f"{folder} cannot be read as a run ({error.strerror}): restore it whole.") from error
    return Side(
        letter=letter,
        name=folder.resolve().name,
        results=results,
        held=asdict(results.plan),
        provenance=trace(results.plan, folder),
        said={name: _digest(results, name) for name in results.findings.ended},
    )


def _digest(results: Results, name: str) -> str:
    said = "\x1e".join(f"{turn.speaker}\x1f{turn.text}" for turn in results.findings.turns(name))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
