"""What an annotator sees of one conversation, and nothing that says whose it is.

The one idea: clinicians judge what the jury judges. A juror reads the truth card and the transcript, so the card is
here in the very lines a juror gets, and what a juror is never told of the patient (traits, hidden wishes, facts) is
not here either. It is folded away until the annotator opens it: a first look that is the clinician's own is worth
having, and whether the card was open stands beside every score. Photograph and record are those that the assistant
was given, since a clinician cannot say what is true of a skin unseen; where the assistant was not given them, that is
said. Nothing here knows how it is laid out.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.juror import SILENT, present
from engine.annotation.masking import mask, names_of
from engine.annotation.population import AnnotatedRun
from engine.cards import card_of
from engine.cells import SHOWN, Cell
from engine.console.clean import clean
from personas.records.chart import render
from personas.values import Photo

STOPPED = {
    "length": "The answer was cut off here.",
    "refusal": "The assistant declined to answer.",
    "filter": "The answer was withheld by a filter.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenTurn:
    """One thing said, names hidden."""

    index: int
    speaker: str
    """patient or assistant."""
    text: str
    photo: bool
    """The photograph was shown with it."""
    remark: str
    """What became of it; empty where nothing did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One conversation as it is shown."""

    number: int
    """In the annotator's own order, from 1: all by which the page knows it."""
    title: str
    """ "woman of 63, spot on the left cheek" """
    photo: Photo
    shown: str
    """What the assistant got in the photograph's place; empty where it got it."""
    credit: str
    restricted: bool
    """The photograph's licence forbids passing it on."""
    record: tuple[tuple[str, tuple[str, ...]], ...]
    """Heading and lines."""
    record_given: bool
    turns: tuple[SpokenTurn, ...]
    hidden: int
    """Names that were hidden in what was said."""
    card: tuple[tuple[str, str], ...]
    """The truth card as a juror reads it, title and line."""


def exhibit(run: AnnotatedRun, cell: Cell, number: int) -> Exhibit:
    """Lay one conversation out."""
    results, scenario = run.results, cell.shown()
    names = names_of(results.plan)
    turns, hidden = [], 0
    for turn in results.findings.turns(cell.id):
        text, many = mask(clean(turn.text or SILENT), names)
        hidden += many
        turns.append(
            SpokenTurn(
                index=turn.index,
                speaker=turn.speaker,
                text=text,
                photo=bool(turn.photo),
                remark=STOPPED.get(turn.stop, ""),
            )
        )
    return Exhibit(
        number=number,
        title=scenario.title,
        photo=scenario.photo,
        shown="" if cell.arm.picture == "own" else SHOWN[cell.arm.picture],
        credit=(cell.other or scenario).attribution,
        restricted=(cell.other or scenario).restricted or scenario.restricted,
        record=_sections(render(scenario.record)),
        record_given=cell.arm.record,
        turns=tuple(turns),
        hidden=hidden,
        card=_card(run, cell),
    )


def _sections(chart: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    parts = (section.splitlines() for section in chart.split("\n\n"))
    return tuple((head.rstrip(":"), tuple(line.removeprefix("- ") for line in rest)) for head, *rest in parts)


def _card(run: AnnotatedRun, cell: Cell) -> tuple[tuple[str, str], ...]:
    """Give the lines between the tags of the truth card; each is one line, whatever it is made of."""
    text = present(card_of(cell), (), run.results.rubric.levels)
    lines = text.partition("<truth_card>")[2].partition("</truth_card>")[0].strip().splitlines()
    pairs = (line.partition(": ") for line in lines)
    return tuple((title, value) for title, _, value in pairs)
