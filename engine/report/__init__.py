"""The report: a run's numbers as files people and programs read.

    story.py       everything it tells, read from the run folder once
    leads/         what was found, in words that claim what an interval carries
    cases.py       the conversations that are read in it
    page.py        index.html, from pages/, a section for each part of the story
    paper.py       leaderboard.md and leaderboard.tex
    publishing.py  the files, and how they are written
    abreast/       several runs side by side

Everything is written from `Results` and can be written again at any time. Whatever comes from a simulated run says so
in every file.
"""

from __future__ import annotations

from pathlib import Path

from engine.evidence import Evidence
from engine.folder import read_plan
from engine.report.publishing import keep, paint, publish
from engine.report.story import tell
from engine.report.summary import summarise
from engine.results import Results, tabulate_run

__all__ = ["keep", "report", "summarise", "write_report"]


def report(folder: Path) -> Path:
    """Write the report of a run anew, from its journal alone, and give the path of its page; raises BadRun."""
    return write_report(tabulate_run(folder, read_plan(folder)), folder)


def write_report(results: Results, folder: Path, evidence: Evidence | None = None) -> Path:
    """Write `report/` of a run folder and give the path of its page; the evidence is read where none is given."""
    story = tell(results, folder, evidence)
    return publish(story, paint(story), folder)
