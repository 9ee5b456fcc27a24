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
# Product codes and dose forms come before ("24 HR Metformin …"), strengths after the name a patient would use.
BEFORE = re.compile(r"^\s*(?:NDA\d+\s+)?(?:\d+(?:\.\d+)?\s*(?:HR|ML|MG|ACTUAT|DAY)\s+)*", re.IGNORECASE)
AFTER = re.compile(
    r"\s*(?:[(\[:,].*|\d+(?:[.,/]\d+)*\s*(?:mg|ml|g|mcg|microgram|unt|meq|actuat|hr|day|%).*)$", re.IGNORECASE
)
SALT = re.compile(
    r"(?<=\w) (?:hydrochloride|sodium|potassium|maleate|bitartrate|hydrobromide|succinate|propionate|acetate"
    r"|mofetil)$",
    re.IGNORECASE,
)


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
    """Cut an entry down to the name a patient would use: no strengths, no brackets, no stray capitals."""
    for pattern, lay in _lay():
        text = pattern.sub(lay, text)
    first, *others = (_name(part) for part in text.split(" / "))
    return f"{first} with {' and '.join(others)}" if others else first


def _name(text: str) -> str:
    name = SALT.sub("", AFTER.sub("", BEFORE.sub("", text)).strip()) or text.strip()
    return " ".join(map(_word, name.split()))


def _word(word: str) -> str:
    """Lower a word, but for names, short forms (HIV) and single letters (vitamin D)."""
    # "cycloSPORINE" and "HYDROcodone" are how prescribers are warned of names that look alike.
    keeps = word.startswith(_proper()) or (word.isupper() and len(word) <= 4)
    return word if keeps else word.lower()


def _entries(record: Record, where: str) -> tuple[Entry, ...]:
    if where == "allergies":
        return record.allergies or ()
    if where == "medicines":
        return tuple(entry for entry in record.medicines if entry.active)
    return tuple(entry for entry in record.problems if entry.active or where == "history")


@cache
def _watches() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    return tuple(
        (watch["slot"], watch["where"], re.compile(rf"\b(?:{'|'.join(map(re.escape, watch['words']))})"))
        for watch in _table()["watch"]
    )


@cache
def _lay() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(found, re.IGNORECASE), lay) for found, lay in _table()["lay"])


@cache
def _proper() -> tuple[str, ...]:
    return tuple(_table()["proper"])


@cache
def _table() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
