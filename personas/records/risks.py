"""Which entries of a record change what is safe to advise, and the question that brings each out.

The one idea: a risk is an entry in the record's own words, found by the words of `risks.toml`, whether the
record was made here or read from elsewhere. This does not know the photograph or the diagnosis.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from personas.values import Record

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
    groups = (
        ("problems", [entry for entry in record.problems if entry.active]),
        ("history", record.problems),
        ("medicines", [entry for entry in record.medicines if entry.active]),
        ("allergies", record.allergies or ()),
    )
    hits = [
        (watch, place, entry.text)
        for where, entries in groups
        for place, entry in enumerate(entries)
        for watch in _matched(where, entry.text)
    ]
    found: dict[str, RiskEntry] = {}
    for watch, _, text in sorted(hits):
        found.setdefault(text, RiskEntry(text=text, slot=_watches()[watch][0], plain=plain(text)))
    return tuple(found.values())


@lru_cache(maxsize=65536)
def _matched(where: str, text: str) -> tuple[int, ...]:
    """Give the places in the file of the watches that an entry of one part of a record sets off."""
    low = text.lower()
    return tuple(n for n, (_, part, words) in enumerate(_watches()) if part == where and words.search(low))


@lru_cache(maxsize=65536)
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
