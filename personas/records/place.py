"""Put something into a record on purpose: a risk that matters, or an entry that is somebody else's.

The one idea: what is placed must stand there as if it had always done: at its place among the dates, with the
medicine that goes with it, possible at that age and sex, and beside nothing it contradicts. What can be placed is
in `place.toml`. This does not know the photograph; it is told which diagnosis no entry may name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from personas.conditions.book import Condition, conditions
from personas.seeds import digest
from personas.values import Entry, Record, Sex

FILE = Path(__file__).with_name("place.toml")
WHERE = ("problem", "past", "allergy")
LONGEST = 15
"""Years for which something placed has lasted, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOption:
    """One thing that can be placed, as `place.toml` has it."""

    kind: str
    """Key among the kinds of risk; empty for somebody else's entry."""
    text: str
    where: Literal["problem", "past", "allergy"]
    medicines: tuple[str, ...]
    """In the words of a built-in record."""
    orders: tuple[str, ...]
    """In the words of Synthea."""
    ages: tuple[int, int]
    """Years of age now, both included."""
    sexes: tuple[Sex, ...]
    began: int
    """Youngest age in years at which it can have begun."""
    early: int | None
    """Oldest age in years at which it can have begun; None for any."""
    months: tuple[int, int] | None
    """Fewest and most months it has lasted; None for what is dated by the year."""
    clashes: re.Pattern[str]
    """What must not stand beside it: among what is current, and for what is past among all problems."""
    never: re.Pattern[str] | None
    """What must never have been."""


def risk_kinds() -> tuple[str, ...]:
    """Give the kinds of risk that can be placed."""
    return tuple(_table()["kinds"])


def place_risk(record: Record, kind: str, *address: object, avoid: Condition | None = None) -> Record:
    """Give the record with a risk of this kind in it, its entries marked as placed.

    Gives the same record where the kind cannot be: at that age or sex, beside what is recorded, or because it
    would name the condition to avoid. Raises `ValueError` for a kind that is none.
    """
    if kind not in risk_kinds():
        raise ValueError(f"{kind!r} is no kind of risk. Take one of: {', '.join(risk_kinds())}.")
    return _placed(record, avoid, kind, *address)


def misplace(record: Record, *address: object, avoid: Condition | None = None) -> Record:
    """Give the record with an entry that is another patient's: a diagnosis or an allergy, marked as placed.

    Gives the same record where none is possible. What the patient knows must come from the record before.
    """
    return _placed(record, avoid, "", *address)


def _placed(record: Record, avoid: Condition | None, kind: str, *address: object) -> Record:
    possible = _possible(kind, record.age, record.sex, avoid.key if avoid else "")
    fitting = _beside(possible, record) if possible else []
    if not fitting:
        return record
    hashed = digest("place", kind or "wrong", *address)
    # One number for each thing that is left to chance: which option, since when, and where each entry stands.
    draws = iter([int.from_bytes(hashed[at : at + 4], "big") / 2**32 for at in range(0, 32, 4)])
    option = fitting[int(next(draws) * len(fitting))]
    draw = next(draws)
    if option.where == "allergy":
        line = Entry(text=option.text, placed=True)
        return replace(record, allergies=_inserted(record.allergies or (), line, draw))
    since = _since(option, record, draw)
    problem = Entry(text=option.text, since=since, active=option.where == "problem", placed=True)
    medicines = record.medicines
    for text in option.medicines if record.source == "built-in" else option.orders:
        if not any(entry.active and entry.text == text for entry in medicines):
            medicines = _inserted(medicines, Entry(text=text, since=since, placed=True), next(draws))
    return replace(record, problems=_inserted(record.problems, problem, next(draws)), medicines=medicines)


@lru_cache(maxsize=32768)
def _possible(kind: str, age: int, sex: Sex, avoid: str) -> tuple[PlacedOption, ...]:
    """Give the options of a kind that somebody of this age and sex can have, and that do not name the condition."""
    condition = conditions().get(avoid)
    return tuple(
        option
        for option in _options(kind)
        if option.ages[0] <= age <= option.ages[1] and sex in option.sexes
        if not (condition and condition.gives_away(option.text))
    )


def _beside(options: tuple[PlacedOption, ...], record: Record) -> list[PlacedOption]:
    """Keep the options that contradict nothing recorded; nobody is given what they are allergic to."""
    allergies = [entry.text.lower() for entry in record.allergies or ()]
    problems = [entry.text.lower() for entry in record.problems]
    active = [entry.text.lower() for entry in record.problems if entry.active]
    active += [entry.text.lower() for entry in record.medicines if entry.active]
    allergens = [name for text in allergies if (name := re.split(r" *[:(,/]", text)[0])]
    ever = "\n".join(problems)
    now = "\n".join((*active, *allergies))
    kept = []
    for option in options:
        text = f"{now}\n{ever}" if option.where == "past" else now
        given = " ".join((*option.medicines, *option.orders)).lower()
        odd = option.clashes.search(text) or (option.never and option.never.search(ever))
        if not odd and not any(name in given for name in allergens):
            kept.append(option)
    return kept


def _since(option: PlacedOption, record: Record, draw: float) -> str:
    """Date what is placed, to the month or the year: after birth, and not before it can begin at all."""
    year, month = int(record.as_of[:4]), int(record.as_of[5:7])
    if option.months:
        low, high = option.months if record.age else (0, 0)
        months = year * 12 + month - 1 - (low + int(draw * (high - low + 1)))
        return f"{months // 12}-{months % 12 + 1:02d}"
    born = year - record.age
    if option.early is None:
        first, last = max(born + option.began, year - LONGEST), year
    else:
        first, last = born + option.began, min(year, born + option.early)
    first = min(first, last)
    return str(first + int(draw * (last - first + 1)))


def _inserted(entries: tuple[Entry, ...], new: Entry, draw: float) -> tuple[Entry, ...]:
    """Put an entry among the others: by its date where they are in order, else anywhere, as the draw (0-1) has it."""
    dates = [entry.since for entry in entries]
    if new.since and dates == sorted(dates):
        place = sum(since[: len(new.since)] <= new.since for since in dates)
    else:
        place = int(draw * (len(entries) + 1))
    return (*entries[:place], new, *entries[place:])


@cache
def _options(kind: str) -> tuple[PlacedOption, ...]:
    """Give the options of a kind, or for no kind the entries that are somebody else's."""
    table = _table()
    rows = [row for row in table["of"] if row["kind"] == kind] if kind else table["wrong"]
    return tuple(_option(row, kind, table) for row in rows)


def _option(row: dict, kind: str, table: dict) -> PlacedOption:
    where = next(name for name in WHERE if name in row)
    ever = table["ever"].get(kind)
    return PlacedOption(
        kind=kind,
        text=row[where],
        where=where,
        medicines=tuple(row.get("medicines", ())),
        orders=tuple(row.get("orders", ())),
        ages=tuple(row["ages"]),
        sexes=tuple(row.get("sexes", ("female", "male", "unknown"))),
        began=row.get("began", 0),
        early=row.get("early"),
        months=tuple(row["months"]) if "months" in row else None,
        clashes=_words((row[where], *table["clashes"].get(kind, ()), *row.get("clashes", ()))),
        never=_words(ever) if ever else None,
    )


def _words(words: Sequence[str]) -> re.Pattern[str]:
    """Look for any of some beginnings of words."""
    return re.compile(rf"\b(?:{'|'.join(re.escape(word.lower()) for word in words)})")


@cache
def _table() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
