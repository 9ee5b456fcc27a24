"""The page of several runs: runs as columns, figures in a grid that is one column on a phone.

Nothing here computes a number.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from markupsafe import Markup

from engine.pages import environment, seal
from engine.prose import plural
from engine.provenance import COLUMNS, SHOWN
from engine.report.abreast.values import Abreast, Held, Told
from engine.report.abreast.words import lead
from engine.report.page import PAGES, STYLE, sections
from engine.report.paper import rank_words
from rubrics.leaderboard import OVERALL, Standing

KINDS = (*COLUMNS, "patient")
"""Digests that are held beside each other."""
TITLE_LINE = 18
"""px of a line of a picture's title."""
SPACE = "http://www.w3.org/2000/svg"
ElementTree.register_namespace("", SPACE)


def write_page(abreast: Abreast, place: Path) -> bytes:
    """Write the page that will lie in a folder, from where the runs' own reports are linked."""
    pages = environment(PAGES)
    status = list(dict.fromkeys(told.story.results.plan.rubric["status"] for told in abreast.runs))
    page = pages.get_template("abreast.html").render(
        simulated=abreast.simulated,
        mixed=abreast.some_simulated and not abreast.simulated,
        status="; ".join(status),
        sealed=seal(styles=[STYLE.read_text(encoding="utf-8")]),
        runs=abreast.runs,
        held=abreast.held,
        leads=lead(abreast),
        link=lambda told: _link(told, place),
        facts=dict(_facts(abreast)),
        kinds=KINDS,
        digest=lambda told, kind: getattr(told.side.provenance, kind)[:SHOWN],
        dimensions=(OVERALL, *abreast.dimensions),
        models=_models(abreast),
        standing=_standing,
        ranks={told.side.letter: rank_words(told.story) for told in abreast.runs},
        changes=_changes,
        figures=tuple(_figures(abreast)),
    )
    return page.encode("utf-8", "surrogatepass")


def _link(told: Told, place: Path) -> str:
    """Give the way from the page to a run's own report, as an address."""
    return quote(os.path.relpath(told.page.resolve(), place.resolve()))


def _facts(abreast: Abreast) -> Iterator[tuple[str, list[str]]]:
    """Give what each run is: a title, and a text for each run."""
    for title, of in (
        ("kind", lambda told: "simulated" if told.story.simulated else "live"),
        ("begun", lambda told: told.story.results.plan.created[:10]),
        (
            "scenarios",
            lambda told: f"{told.story.results.plan.scenarios:,}, {told.story.results.plan.source}",
        ),
        ("models", lambda told: f"{len(told.side.models)}"),
        ("arms", lambda told: ", ".join(told.story.results.plan.arms)),
        ("patient", lambda told: told.story.title(told.story.results.plan.patient)),
        ("jury", lambda told: ", ".join(map(told.story.title, told.story.results.plan.jury))),
        ("rubric", lambda told: "{name} {version}".format_map(told.story.results.plan.rubric)),
        ("conversations", _progress),
        ("excluded", lambda told: plural(len(told.story.results.excluded), "scenario")),
        ("seed", lambda told: str(told.story.results.plan.seed)),
    ):
        yield title, [of(told) for told in abreast.runs]


def _progress(told: Told) -> str:
    results = told.story.results
    failed = len(results.findings.failed)
    return f"{results.completed:,} of {results.planned:,} ended" + (f", {failed:,} failed" if failed else "")


def _models(abreast: Abreast) -> dict[str, str]:
    """Give the models in the full arm of some run, and what they are called, the first run's order first."""
    return {model: told.story.title(model) for told in abreast.runs for model in told.story.entrants}


def _standing(told: Told, model: str, dimension: str) -> Standing | None:
    row = told.story.rows.get(model, {}) if model in told.story.entrants else {}
    return row.get(dimension)


def _changes(held: Held) -> dict[str, list[Any]]:
    """Give the paired differences by arm, overall first, where some may be formed."""
    return (
        {arm: list(rows) for arm, rows in held.comparison.changes.items() if rows} if held.comparison else {}
    )


def _figures(abreast: Abreast) -> Iterator[dict[str, Any]]:
    """Give every figure that some run has, with a picture for each run, in the order of the story."""
    for name in (name for section in sections() for name in section.figures):
        pictures = [
            (told, Markup(distinct(told.drawn[name].svg, told.side.letter)))
            if name in told.drawn
            else (told, None)
            for told in abreast.runs
        ]
        found = next((told.drawn[name] for told in abreast.runs if name in told.drawn), None)
        if found:
            yield {
                "name": name,
                "title": found.title,
                "shows": found.shows,
                "hides": found.hides,
                "pictures": pictures,
            }


def distinct(svg: str, mark: str) -> str:
    """Give a picture with names of its own, since a page has each name once, and without the title above them all."""
    root = ElementTree.fromstring(svg)
    _behead(root)
    for one in root.iter():
        for key, value in one.attrib.items():
            if key == "id":
                one.set(key, f"{mark}-{value}")
            elif key == "aria-labelledby":
                one.set(key, " ".join(f"{mark}-{name}" for name in value.split()))
            elif value.startswith("url(#"):
                one.set(key, f"url(#{mark}-{value[5:]}")
    return ElementTree.tostring(root, encoding="unicode")


def _behead(root: ElementTree.Element) -> None:
    """Take the title out of a picture, and its room."""
    for group in root.iter(f"{{{SPACE}}}g"):
        for title in group.findall(f"{{{SPACE}}}g"):
            if "role-title-text" in title.get("class", "").split():
                group.remove(title)
                cut = TITLE_LINE * max(1, len([*title.iter(f"{{{SPACE}}}tspan")]))
                left, top, width, height = map(float, root.get("viewBox", "0 0 0 0").split())
                root.set("viewBox", f"{left:g} {top + cut:g} {width:g} {height - cut:g}")
                return
