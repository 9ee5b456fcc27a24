"""The paper: an annotator's page, made of exhibits, the same for a server and for a folder on disk.

The one idea: everything that is shown is in the page when it comes, so that nothing asked for later, and no time that
it takes, can tell one model from another. Nothing here knows how a page reaches its reader.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine.annotation.disputes import Dispute, find_disputes
from engine.annotation.exhibit import Exhibit, exhibit
from engine.annotation.marks import latest
from engine.annotation.sheaf import gather_sheaf
from engine.annotation.slips import Desk
from engine.pages import Sealed, environment

HERE = Path(__file__).parent / "pages"
SCRIPT, STYLE = "annotate.js", "annotate.css"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What one annotator is to score."""

    desk: Desk
    exhibits: tuple[Exhibit, ...]
    """In the annotator's order."""
    disputes: Mapping[int, tuple[Dispute, ...]]
    """By number, where this is a page of third judgements; else empty."""


def lay_paper(desk: Desk) -> Paper:
    """Lay out an annotator's conversations, or those about which others differ as it stands now."""
    cells = {cell.id: cell for cell in desk.run.results.cells}
    numbers = {name: number for number, name in enumerate(desk.order, start=1)}
    disputes: dict[int, tuple[Dispute, ...]] = {}
    if desk.final:
        sheaf = gather_sheaf(desk.run, desk.sheet)
        for one in find_disputes(sheaf.held, desk.sheet.seed):
            number = numbers[one.subject[0]]
            disputes[number] = (*disputes.get(number, ()), one)
    shown = [(name, number) for name, number in numbers.items() if not desk.final or number in disputes]
    exhibits = tuple(exhibit(desk.run, cells[name], number) for name, number in shown)
    return Paper(desk=desk, exhibits=exhibits, disputes=disputes)


def render_paper(paper: Paper, sources: Mapping[str, str], sealed: Sealed | None = None) -> str:
    """Write the page; `sources` says where each photograph is by its hash, "" for one that is not shown.

    `sealed` is what a page of one file carries, None for one that is served.
    """
    rubric = paper.desk.run.results.rubric
    return (
        environment(HERE)
        .get_template("annotate.html")
        .render(
            simulated=paper.desk.run.results.simulated,
            status=rubric.status,
            sealed=sealed,
            exhibits=paper.exhibits,
            dimensions=rubric.dimensions,
            levels=rubric.levels,
            reasons=reasons(),
            final=paper.desk.final,
            offline=sealed is not None,
            others=list(_others(paper.disputes)),
            sources=sources,
            state=_state(paper, offline=sealed is not None),
        )
    )


def _state(paper: Paper, *, offline: bool) -> dict[str, Any]:
    """Give what the page's script knows: numbers and the annotator's own words, and nobody's name but theirs."""
    desk = paper.desk
    numbers = {name: number for number, name in enumerate(desk.order, start=1)}
    held = latest(desk.notebook.marks, final=desk.final)
    return {
        "sheet": desk.sheet.digest,
        "annotator": desk.annotator,
        "final": desk.final,
        "offline": offline,
        "dimensions": [one.name for one in desk.run.results.rubric.dimensions],
        "asked": {number: [one.subject[1] for one in found] for number, found in paper.disputes.items()}
        or None,
        "turns": {one.number: [turn.index for turn in one.turns] for one in paper.exhibits},
        "seconds": sum(mark.seconds for mark in desk.notebook.marks if mark.final is desk.final),
        "marks": [
            {"number": numbers[name], "dimension": dimension, "opinion": asdict(mark.opinion)}
            for (name, dimension), mark in held.items()
            if name in numbers
        ],
    }


def _others(disputes: Mapping[int, Iterable[Dispute]]) -> Iterable[dict[str, Any]]:
    for number, found in disputes.items():
        for one in found:
            yield {
                "number": number,
                "dimension": one.subject[1],
                "why": one.why,
                "caps": one.caps,
                "opinions": one.said,
            }


@cache
def reasons() -> tuple[str, ...]:
    """Give the reasons why something cannot be judged, as they are offered."""
    return tuple(tomllib.loads((HERE / "words.toml").read_text(encoding="utf-8"))["reasons"])


@cache
def asset(name: str) -> str:
    """Read a file of the page's."""
    return (HERE / name).read_text(encoding="utf-8")
