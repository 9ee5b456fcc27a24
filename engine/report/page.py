"""The page: the story of a run as one file, which opens from the disk and asks no network for anything.

Sections come in the order of sections.toml, each with what was found in words, its figures and its tables. Every
template is under `pages/`. Nothing here computes a number.
"""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from agents.baselines import describe
from engine.audit.contrast import glance
from engine.audit.style import FEATURES
from engine.breakdown import REASONS
from engine.cells import PARTED, arm_of
from engine.figures import Figure
from engine.figures.theme import FAMILIES
from engine.fitting import measure
from engine.pages import environment, seal
from engine.person import HUMAN
from engine.reasons import call_reason
from engine.report.cases import SPREAD, pick_cases
from engine.report.digests import list_digests
from engine.report.leads import lead
from engine.report.leads.board import level_words
from engine.report.leads.play import limits
from engine.report.paper import rank_words
from engine.report.story import Story
from engine.report.summary import conducts
from engine.scoring.arms import KINDS
from rubrics.leaderboard import OVERALL
from rubrics.numbers.effects import EVERY

PAGES = Path(__file__).parent / "pages"
STYLE = PAGES / "report.css"
ORDER = Path(__file__).with_name("sections.toml")
MANY = 0.1
"""Share of the scenarios from which an exclusion is more than a few bad cases."""
SHOWN = 100
"""Rows of a list on the page that may be long; all are in the table."""
MOST = 60
"""Rows of a figure's numbers on the page; all are in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the story."""

    key: str
    """Its anchor, and the name of its template."""
    title: str
    figures: tuple[str, ...]
    led: int
    """Sentences that stand as its lead; the others are a list."""
    folded: bool
    """Whether a phone shows what is found, and the rest when it is asked for."""


@cache
def sections() -> tuple[Section, ...]:
    """Give the sections in their order."""
    told = tomllib.loads(ORDER.read_text(encoding="utf-8"))
    return tuple(
        Section(
            key=key,
            title=one["title"],
            figures=tuple(one["figures"]),
            led=one.get("led", 2),
            folded=one.get("folded", False),
        )
        for key, one in told.items()
    )


def write_page(story: Story, drawn: Mapping[str, Figure]) -> bytes:
    """Write the page of a run with the figures that there are."""
    pages = environment(PAGES)
    pages.filters["shell"] = shlex.quote
    worst, disputed = pick_cases(story)
    page = pages.get_template("report.html").render(
        **_whole(story),
        **_scores(story),
        **_people(story),
        sealed=seal(styles=[STYLE.read_text(encoding="utf-8")]),
        sections=sections(),
        leads=lead(story, worst, disputed),
        drawn={name: shown(figure) for name, figure in drawn.items()},
        worst=worst,
        disputed=disputed,
        anchors={case.anchor for case in worst},
        spread=SPREAD,
        limits=limits(story),
        hashes=list_digests(story),
        asked=_asked(story),
        shown=SHOWN,
        many=MANY,
        most=MOST,
    )
    return page.encode("utf-8", "surrogatepass")


def shown(figure: Figure) -> dict[str, Any]:
    """Give a figure as templates take it; its picture is markup, made by us of escaped words."""
    told = {name: getattr(figure, name) for name in ("name", "title", "shows", "hides", "rows")}
    return told | {"picture": Markup(figure.svg)}


def _whole(story: Story) -> dict[str, Any]:
    """Give what the whole page is about."""
    results = story.results
    return {
        "simulated": story.simulated,
        "person": results.plan.person,
        "status": results.plan.rubric["status"],
        "plan": results.plan,
        "summary": story.summary,
        "evidence": story.evidence,
        "title": story.title,
        "reasons": REASONS,
        "ended": call_reason,
        "human": HUMAN,
        "credits": results.credits,
        "fitted": tuple(results.findings.fitted.values()),
        "measure": measure,
        "about": describe,
    }


def _scores(story: Story) -> dict[str, Any]:
    """Give what the page shows of scores, and of the jury that gave them."""
    numbers, counted = story.numbers, story.counted
    concords = numbers.concords if numbers else ()
    effects = counted.across.effects if counted else ()
    return {
        "rows": story.rows,
        "entrants": story.entrants,
        "benches": tuple(dict.fromkeys(row.model for row in story.results.benchmarks)),
        "others": _others(story),
        "part_of": _part_of(story),
        "family_of": _family_of(story),
        "ranks": rank_words(story),
        "dimensions": (OVERALL, *story.results.plan.dimensions),
        "triage": {row.model: row for row in story.evidence.triage},
        "jurors": story.results.jurors,
        "concords": [row for row in concords if row.level is None],
        "astray": [row for row in concords if row.flagged],
        "favours": [row for row in (numbers.favours if numbers else ()) if row.dimension == OVERALL],
        "contrasts": [
            row
            for row in (numbers.strata.contrasts if numbers else ())
            if row.dimension == OVERALL and row.model == "all" and not row.interaction
        ],
        "effects": [row for row in effects if row.dimension == OVERALL and row.level is None],
        "retests": [row for row in (counted.across.retests if counted else ()) if row.dimension == OVERALL],
        "every": EVERY,
        "level_words": level_words,
        "kinds": KINDS,
        "words": story.words,
        "mapped": story.mapped,
    }


def _people(story: Story) -> dict[str, Any]:
    """Give what the page says of the patients."""
    results, audited = story.results, story.audited
    return {
        "patients": conducts(results),
        "beside": audited["beside"] if audited else asdict(glance(results.dialogues())),
        "traits": audited["traits"] if audited else (),
        "features": FEATURES,
        "exclusions": results.exclusions,
        "scenes": {cell.scenario.id: cell.scenario.title for cell in results.cells},
    }


def _others(story: Story) -> tuple[str, ...]:
    """Name the rows of the leaderboard that are neither of the full arm nor scripts."""
    scripts = {row.model for row in story.results.benchmarks}
    return tuple(model for model in story.rows if model not in story.entrants and model not in scripts)


def _part_of(story: Story) -> Any:
    """Tell under which heading of the leaderboard a row stands."""
    scripts = {row.model for row in story.results.benchmarks}
    return lambda row: "Scripts, no models" if row in scripts else f"Arm: {arm_of(row)}"


def _family_of(story: Story) -> Any:
    """Tell the family of a row by its colour's name."""
    models = story.results.plan.models

    def family(row: str) -> str:
        known = str(models.get(row.partition(PARTED)[0], {}).get("family", ""))
        return known if known in FAMILIES else "other"

    return family


def _asked(story: Story) -> Any:
    """Tell by which id a model was asked for."""
    plan = story.results.plan
    return lambda name: str((plan.models.get(name) or plan.cast.get(name) or {}).get("id", "–"))
