"""What the page of a seat shows: a sitting as plain values, every word of a stranger's clean.

Nothing here knows who listens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.console.clean import clean, flatten
from engine.console.scene import recall
from engine.reasons import call_reason
from engine.seat.sitting import Sitting, Talk
from personas.records.chart import render
from personas.values import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the health record."""

    heading: str
    lines: tuple[str, ...]
    rest: str
    """What is said instead of lines, or beside them; empty for nothing."""


def sections(record: Record) -> tuple[Section, ...]:
    """Give the record as the assistant reads it, heading by heading."""
    found = []
    for part in render(record).split("\n\n"):
        heading, *lines = part.splitlines()
        entries = tuple(line.removeprefix("- ") for line in lines if line.startswith("- "))
        rest = " ".join(line for line in lines if not line.startswith("- "))
        found.append(Section(heading=heading.rstrip(":"), lines=entries, rest=rest))
    return tuple(found)


def picture(talk: Talk) -> str:
    """Say what the photograph is."""
    photo = talk.cell.shown().photo
    return "drawing of the skin" if photo.drawn else photo.modality


def state(sitting: Sitting, talk: Talk) -> dict[str, Any]:
    """Give all that changes on the page of one conversation, as JSON will have it."""
    asked = sitting.question if sitting.question and sitting.question.talk is talk else None
    return {
        "turns": [
            {
                "index": turn.index,
                "speaker": turn.speaker,
                "text": clean(turn.text),
                "photo": bool(turn.photo),
            }
            for turn in talk.turns
        ],
        "asked": asked and {"role": asked.role, "place": asked.place, "leaves": asked.may_leave},
        "over": call_reason(talk.ended),
        "failed": flatten(talk.failed),
        "interview": recall(talk.interview) if talk.interview and sitting.part == "patient" else "",
        "votes": [len(talk.verdicts), talk.votes],
        "judged": _judged(sitting, talk) if talk.judged else None,
        "next": any(other.number > talk.number and other.turns for other in sitting.talks.values()),
        "left": sitting.left,
        "finished": sitting.finished,
    }


def _judged(sitting: Sitting, talk: Talk) -> list[dict[str, Any]]:
    """Give the jury's word by dimension: the mean of the votes that count, and each juror's reason."""
    means = talk.scores()
    return [
        {
            "dimension": flatten(name),
            "mean": means.get(name),
            "votes": [
                {
                    "juror": flatten(sitting.titles.get(vote.juror, vote.juror)),
                    "score": vote.score,
                    "status": vote.status,
                    "own": vote.own_family,
                    "why": flatten(vote.reasoning),
                    "quotes": [f"“{flatten(quote.text)}” (turn {quote.turn})" for quote in vote.evidence],
                }
                for (about, _), vote in sorted(talk.verdicts.items())
                if about == name
            ],
        }
        for name in sitting.dimensions
    ]
