"""The page of a seat: one conversation, made of a template and filled by its script.

Nothing here knows what was said.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from agents.interview import MOST
from agents.person import deal
from engine.campaign import Campaign
from engine.pages import environment
from engine.seat.room import picture, sections
from engine.seat.sitting import Sitting, Talk
from engine.seat.words import LONGEST
from engine.site.photos import photo_path

ROOM = Path(__file__).parent / "pages"
FILES = ("seat.css", "seat.js", "seat_parts.js")


def assets() -> dict[str, str]:
    """Give the files of the page, by name."""
    return {name: (ROOM / name).read_text(encoding="utf-8") for name in FILES}


def way_to(folder: Path) -> str:
    """Give a run's folder as a command takes it; "" where that would show paths of this machine."""
    there, here = folder.resolve(), Path.cwd().resolve()
    return shlex.quote(str(there.relative_to(here))) if there.is_relative_to(here) else ""


class Page:
    """Makes the page of one conversation after the other."""

    def __init__(self, sitting: Sitting, campaign: Campaign) -> None:
        self._sitting = sitting
        self._plan = campaign.plan
        self._folder = campaign.folder
        self._template = environment(ROOM).get_template("seat.html")

    def render(self, talk: Talk | None) -> str:
        """Give the page of a conversation, or the one that waits for the first."""
        patient, plan = self._sitting.part == "patient", self._plan
        photo = talk.cell.shown().photo if talk else None
        return self._template.render(
            simulated=plan.simulated,
            person=plan.person,
            status=plan.rubric["status"],
            run=plan.digest[:12],
            name=self._folder.resolve().name,
            path=way_to(self._folder),
            part=self._sitting.part,
            partner=plan.models[talk.cell.model]["title"] if talk and patient else "the patient",
            count=len(self._sitting.talks),
            talk=talk,
            photo=photo and photo_path(photo.sha256),
            picture=picture(talk) if talk else "",
            record=sections(talk.cell.scenario.record) if talk and not patient else (),
            card=deal(talk.cell.script()) if talk and patient else None,
            levels=self._sitting.levels,
            longest=LONGEST,
            rows=range(1, MOST + 1),
        )
