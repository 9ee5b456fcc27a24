"""The conditions of the files beside this one as values: what is true of each, by what names, and how it looks.

The one idea: everything clinical is in the files, for clinicians to review, and nothing of it is in the code; a
condition begins with what its group says and adds what is its own. This does not draw, and knows no patient.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from personas.conditions.names import found, normal
from personas.values import Ceiling, Sex, Tone, Urgency

HERE = Path(__file__).parent
NOT_CONDITIONS = ("groups.toml", "looks.toml", "naming.toml")
ADDED = ("must_ask", "must_not")
"""Lists to which a condition adds, where everything else it says takes the place of its group's word."""
Speciality = Literal["skin", "chest", "eye"]
Shape = Literal["spot", "raised", "patch", "plain"]
Bearing = Literal["discriminating", "supportive", "noise"]


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
class Group:
    """Conditions that are alike in what a conversation about them must hold."""

    key: str
    title: str
    speciality: Speciality
    supportive: tuple[str, ...]
    """Slots that help to know and are not needed; what is neither here nor in a must-ask is noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One diagnosis: its names, its urgency, whom and where it befalls, what must and must not be said."""

    key: str
    title: str
    group: str
    """Key into `groups.toml`."""
    speciality: Speciality
    shape: Shape
    """What a layman would call it, where the picture does not say."""
    names: tuple[str, ...]
    """Its own names, lower case; no other condition has one of them."""
    accepted: tuple[str, ...]
    """Its own names and those of the conditions that count as the same answer."""
    labels: tuple[str, ...] = ()
    """What data sets call it, where that is neither its key, its title nor one of its names."""
    codes: tuple[str, ...] = ()
    """SNOMED CT (digits) and ICD-10 (a letter first); an ICD-10 code stands for all below it. Empty where unsure."""
    rare: bool = False
    """On the list of 27 rare labels of DDI."""
    malignant: bool
    urgency: Urgency
    neighbours: tuple[Urgency, ...] = ()
    ceiling: Ceiling
    ages: tuple[int, int]
    """Years, both included."""
    sexes: tuple[Sex, ...] = ("female", "male")
    tones: tuple[Tone, ...] = ()
    """Skin tones it is drawn on; empty where it has no drawing."""
    sites: tuple[str, ...]
    """Where it is usually found, in plain words; "any" alone where that tells nothing."""
    onset: tuple[str, ...]
    """How long it has been there, in words that stand before "ago", the shortest first."""
    must_ask: tuple[str, ...]
    must_not: tuple[str, ...]
    symptoms: dict[str, float] = field(default_factory=dict)
    """Chance that the answer is yes, by slot."""
    look: Look | None = None
    """None for a condition that cannot be drawn."""

    def named(self, text: str) -> bool:
        """Say whether a text names this condition, by any accepted name, as whole words."""
        return bool(found(self.accepted, text))

    def gives_away(self, text: str, code: str = "") -> str:
        """Give the first name, code or word of the laboratory in a text that gives it away; empty for none."""
        return _given(self.accepted, self.codes, text, code)

    def bearing(self, slot: str) -> Bearing:
        """Say how much a slot weighs in telling this condition from others."""
        if slot in self.must_ask:
            return "discriminating"
        return "supportive" if slot in groups()[self.group].supportive else "noise"


@cache
def conditions() -> dict[str, Condition]:
    """Give all conditions by key, those without a drawing included."""
    entries = _entries()
    return {key: _condition(key, group, table, entries) for key, (group, table) in entries.items()}


@cache
def drawable() -> dict[str, Condition]:
    """Give the conditions that can be drawn, by key."""
    return {key: condition for key, condition in conditions().items() if condition.look}


@cache
def groups() -> dict[str, Group]:
    """Give the diagnosis groups by key."""
    return {
        key: Group(
            key=key,
            title=table["title"],
            speciality=table["speciality"],
            supportive=tuple(table["supportive"]),
        )
        for key, table in _file("groups.toml")["groups"].items()
    }


def find(label: str) -> Condition | None:
    """Look up a data set's label among keys, titles, names and labels; None when nobody knows it.

    Case, hyphens and punctuation do not count.
    """
    return _index().get(normal(label))


@cache
def palette() -> dict[str, tuple[int, int, int]]:
    """Give the RGB of every colour name, 0-255."""
    return {name: tuple(rgb) for name, rgb in _file("looks.toml")["colours"].items()}


def shifted(colour: str, tone: Tone) -> str:
    """Give the colour that stands in for another on this skin tone."""
    return _file("looks.toml")["shift"].get(tone, {}).get(colour, colour)


@cache
def pathology() -> tuple[str, ...]:
    """Give the words by which a finding of the laboratory is given away, whatever the condition."""
    return tuple(_file("groups.toml")["pathology"])


def status() -> str:
    """Say who has reviewed the content."""
    return _file("groups.toml")["status"]


def _condition(key: str, group: str, table: dict, entries: dict[str, tuple[str, dict]]) -> Condition:
    """Lay a condition's own words over its group's."""
    base = _file("groups.toml")["groups"][group]
    told = {
        name: value for name, value in (base | table).items() if name not in ("title", "also", "supportive")
    }
    for name in ADDED:
        told[name] = list(dict.fromkeys((*base[name], *table.get(name, ()))))
    told["symptoms"] = base["symptoms"] | table.get("symptoms", {})
    equal = [name for other in table.get("also", ()) for name in entries[other][1]["names"]]
    look = _file("looks.toml")["looks"].get(key)
    return Condition(
        key=key,
        title=table["title"],
        group=group,
        accepted=tuple(dict.fromkeys((*table["names"], *equal))),
        look=Look(**_tuples(look)) if look else None,
        **_tuples(told),
    )


@cache
def _entries() -> dict[str, tuple[str, dict]]:
    """Give every condition's group and own words, by key; raises ValueError where two files have one key."""
    entries: dict[str, tuple[str, dict]] = {}
    for path in sorted(HERE.glob("*.toml")):
        if path.name in NOT_CONDITIONS:
            continue
        for group, tables in _file(path.name).items():
            for key, table in tables.items():
                if key in entries:
                    raise ValueError(f"{path.name}: condition {key!r} is there twice: rename or remove one")
                entries[key] = (group, table)
    return entries


@cache
def _index() -> dict[str, Condition]:
    """Give every spelling of every condition; its own names go before other people's labels for it."""
    index: dict[str, Condition] = {}
    for spelled in ("own", "labels"):
        for c in conditions().values():
            for text in (c.key, c.title, *c.names) if spelled == "own" else c.labels:
                index.setdefault(normal(text), c)
    return index


@lru_cache(maxsize=65536)
def _given(accepted: tuple[str, ...], codes: tuple[str, ...], text: str, code: str) -> str:
    if code and any(_covers(ours, code) for ours in codes):
        return code
    return found((*accepted, *pathology()), text)


def _covers(ours: str, code: str) -> bool:
    """Say whether a code is ours, or below ours where it is ICD-10."""
    return code == ours or (ours[0].isalpha() and code.startswith(ours) and code[len(ours)] in ".0123456789")


def _tuples(table: dict) -> dict:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}


@cache
def _file(name: str) -> dict:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))
