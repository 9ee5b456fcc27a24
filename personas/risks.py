"""Which entries of a record change what is safe to advise, and the question that brings each out.

The one idea: a risk is an entry in the record's own words, found by the words of `risks.toml`, whether the
record was made here or read from elsewhere. This does not know the photograph or the diagnosis.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from personas.values import Entry, Record

FILE = Path(__file__).with_name("risks.toml")
# Dose forms come before ("24 HR Metformin …") and strengths after the name a patient would use.
BEFORE = re.compile(r"^\s*(?:\d+(?:\.\d+)?\s*(?:HR|ML|MG|ACTUAT|DAY)\s+)+", re.IGNORECASE)
ALLERGY = re.compile(r"^allergy to |(?: \(animal\))? allergy$", re.IGNORECASE)
AFTER = re.compile(r"\s*(?:\d|\(|\[|:|,).*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskEntry:
    """One decision-relevant entry."""

    text: str
    """The entry's own words."""
    slot: str
    """Key into `slots.toml`."""
    plain: str
    """As the patient would name it."""


def risks(record: Record) -> tuple[RiskEntry, ...]:
    """Give the decision-relevant entries of a record, each once, in the order of the file."""
    found: dict[str, RiskEntry] = {}
    for slot, where, pattern in _watches():
        for entry in _entries(record, where):
            if pattern.search(entry.text.lower()):
                found.setdefault(entry.text, RiskEntry(text=entry.text, slot=slot, plain=plain(entry.text)))
    return tuple(found.values())


def plain(text: str) -> str:
    """Cut an entry down to the name a patient would use: no strengths, no brackets, no capital."""
    name = AFTER.sub("", ALLERGY.sub("", BEFORE.sub("", text))).strip() or text
    return name[0].lower() + name[1:]


def _entries(record: Record, where: str) -> tuple[Entry, ...]:
    if where == "allergies":
        return record.allergies or ()
    if where == "medicines":
        return tuple(entry for entry in record.medicines if entry.active)
    return tuple(entry for entry in record.problems if entry.active or where == "history")


@cache
def _watches() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))["watch"]
    return tuple(
        (watch["slot"], watch["where"], re.compile(rf"\b(?:{'|'.join(map(re.escape, watch['words']))})"))
        for watch in table
    )
