"""Scripted assistants that run beside the models under test: emergency always, reassurance always, and the like.

The one idea: whoever follows a script and hears nothing must not win, so a rubric that rewards sending everybody
away is seen to. The scripts are data (`prompts/baselines.toml`); this asks no model and knows no truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from string import Template
from typing import Literal

from agents.cues import load
from agents.speech import Ask, Turn
from personas.records.chart import render
from personas.values import Scenario, Urgency

SCRIPTS = "baselines"
BASELINES: tuple[str, ...] = tuple(load(SCRIPTS))
"""Names, in the order of tables."""
COPIER, CAPTIONER = "record-copier", "photo-captioner"
WORDS = 110
"""Words of the record read out in one turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The behaviour of one scripted assistant in one scenario; a name that is not in BASELINES is a KeyError."""

    name: str
    scenario: Scenario
    sees_photo: bool = True
    sees_record: bool = True
    caption: str = ""
    """What `personas.photos.caption` says of the photograph as it was given; empty for none."""

    def __post_init__(self) -> None:
        if self.name not in BASELINES:
            raise KeyError(f"no baseline {self.name!r}; known are {', '.join(BASELINES)}.")

    async def reply(self, heard: tuple[Turn, ...], ask: Ask) -> Turn:
        """Say the next thing of the script, whatever was heard; nobody is asked, and no token spent."""
        script = load(SCRIPTS)[self.name]
        parts, number = self._parts(heard), sum(turn.speaker == "assistant" for turn in heard)
        wordings = script["says"] if parts else script["lacks"]
        part = parts[number % len(parts)] if parts else ""
        text = Template(wordings[number % len(wordings)]).substitute(part=part)
        return Turn(index=len(heard) + 1, speaker="assistant", text=text.strip())

    def _parts(self, heard: tuple[Turn, ...]) -> tuple[str, ...]:
        """Give what is said in turn: pieces of record or caption, one empty piece for a script; () for a lack."""
        if self.name == COPIER:
            return _recited(render(self.scenario.record)) if self.sees_record else ()
        if self.name == CAPTIONER:
            shown = self.sees_photo and any(turn.photo for turn in heard)
            return _turned(self.caption) if shown else ()
        return ("",)


def describe(name: str) -> str:
    """Say in one sentence what a baseline does; KeyError for an unknown one."""
    return f"{name} {load(SCRIPTS)[name]['does']}."


def urgency(name: str) -> Urgency | Literal[""]:
    """Give the level of urgency that a baseline stands for, empty where it has none; KeyError for an unknown one."""
    return load(SCRIPTS)[name]["urgency"]


@lru_cache(maxsize=256)
def _recited(chart: str) -> tuple[str, ...]:
    """Cut a rendered record into parts, each of one heading and no longer than a turn; it asks nothing."""
    return tuple(part for section in chart.replace("?", "").split("\n\n") for part in _cut(section))


def _cut(section: str) -> Iterator[str]:
    heading, *lines = (line.removeprefix("- ") for line in section.splitlines())
    held: list[str] = []
    for piece in chain.from_iterable(map(_pieces, lines)):
        if held and len(" ".join((*held, piece)).split()) > WORDS:
            yield _part(heading, held)
            held = []
        held.append(piece)
    yield _part(heading, held)


def _pieces(line: str) -> Iterator[str]:
    """Cut an entry that is too long for a turn of its own."""
    words = line.split()
    return (" ".join(words[start : start + WORDS]) for start in range(0, len(words), WORDS))


def _part(heading: str, lines: list[str]) -> str:
    return f"{heading} {'; '.join(line.rstrip('.') for line in lines)}."


@lru_cache(maxsize=256)
def _turned(caption: str) -> tuple[str, ...]:
    """Give the sentences of a caption, beginning with each of them in turn; () for no caption."""
    parts = [f"{sentence.rstrip('.')}." for sentence in caption.split(". ") if sentence.strip()]
    return tuple(" ".join((*parts[start:], *parts[:start])) for start in range(len(parts)))
