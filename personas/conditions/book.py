"""The conditions of `conditions.toml` as values: what is true of each, and how it looks.

The one idea: everything clinical is in the file, for clinicians to review, and nothing of it is in the code.
This does not draw, and knows no patient.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from personas.values import Ceiling, Sex, Tone, Urgency

FILE = Path(__file__).with_name("conditions.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a condition is drawn; ranges are drawn from evenly."""

    asymmetry: tuple[float, float]
    """0-1; from 0.5 on it is called asymmetrical."""
    irregularity: tuple[float, float]
    """0-1 of the border; from 0.5 on it is called irregular."""
    colours: tuple[str, ...]
    """In the order in which they neighbour each other."""
    count: tuple[int, int]
    """Fewest and most colours at a time; the first is always there."""
    size_mm: tuple[int, int]
    edge: str
    """sharp | soft"""
    elevation: float
    """0-1"""
    halo: float
    """0-1, redness of the skin around."""
    surface: tuple[str, ...]
    always: tuple[str, ...]
    chance: float
    """Of each surface that is not always there."""
    vessels: bool
    ring: bool
    """A clear middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One diagnosis: its names, its urgency, whom and where it befalls, what must and must not be said."""

    key: str
    title: str
    pad: str
    """Label in PAD-UFES-20; empty for none."""
    accepted: tuple[str, ...]
    malignant: bool
    urgency: Urgency
    neighbours: tuple[Urgency, ...]
    ceiling: Ceiling
    ages: tuple[int, int]
    """Years, both included."""
    sexes: tuple[Sex, ...]
    tones: tuple[Tone, ...]
    sites: tuple[str, ...]
    onset: tuple[str, ...]
    """How long it has been there, in words that stand before "ago", the shortest first."""
    must_ask: tuple[str, ...]
    must_not: tuple[str, ...]
    symptoms: dict[str, float]
    """Chance that the answer is yes, by slot."""
    look: Look

    def named(self, text: str) -> bool:
        """Say whether a text names this condition, by any accepted name, as whole words."""
        return _names(self.accepted).search(text.lower()) is not None


@cache
def conditions() -> dict[str, Condition]:
    """Give all conditions by key."""
    return {
        key: Condition(
            key=key,
            look=Look(**_tuples(table["look"])),
            **{name: value for name, value in _tuples(table).items() if name != "look"},
        )
        for key, table in _file()["conditions"].items()
    }


@cache
def by_pad() -> dict[str, Condition]:
    """Give the conditions that PAD-UFES-20 has, by its labels."""
    return {condition.pad: condition for condition in conditions().values() if condition.pad}


@cache
def palette() -> dict[str, tuple[int, int, int]]:
    """Give the RGB of every colour name, 0-255."""
    return {name: tuple(rgb) for name, rgb in _file()["colours"].items()}


def shifted(colour: str, tone: Tone) -> str:
    """Give the colour that stands in for another on this skin tone."""
    return _file()["shift"].get(tone, {}).get(colour, colour)


def status() -> str:
    """Say who has reviewed the content."""
    return _file()["status"]


@cache
def _names(accepted: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(re.escape(name) for name in accepted)})(?:s|es)?\b")


def _tuples(table: dict) -> dict:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}


@cache
def _file() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
