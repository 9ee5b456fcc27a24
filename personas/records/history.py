"""A patient's history while it is being read, and the record that comes of it.

The one idea: of everything a source says only the newest about each thing is kept, as it comes in, so a history
stays small however long the source is; and what is left out is counted, so it can be said. This knows no file
format: readers call `visit`, `problem`, `medicine`, `allergy` and `measure` in any order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from sys import intern
from typing import Literal

from personas.records.words import (
    allergy_line,
    bare,
    complete,
    day,
    denies_allergy,
    ends_pregnancy,
    language,
    measured,
    named,
    passing,
    quantity,
    social,
    table,
    years,
)
from personas.tidy import tidy
from personas.values import Entry, Record, Sex

OLDEST = 120
"""Years"""
LONGEST_NAME = 100
"""Characters"""
SOCIAL = "facts of life or signs of a day, and no problems"
VOID = "entered in error, refuted or not meant to be done"
NAMELESS = "without a name"
SURVEY = "answers to questionnaires, or measured for no doctor"
NO_NUMBER = "measured as no number"
OVER_ALLERGY = "allergies that are over"


class Unusable(Exception):
    """A file, or a patient in it, gives no record; the message is the reason, and begins with a verb."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Entries of one patient that are not in the record."""

    reason: str
    count: int
    example: str
    """The text of the first of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderstoodPatient:
    """A record, and what of its source is not in it."""

    record: Record
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedPart:
    """Something that gave no record."""

    name: str
    """File name, with the line where it is one of many."""
    reason: str
    """Begins with a verb whose subject is the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """Who the patient is, in the source's own words."""

    id: str
    given: str = ""
    family: str = ""
    whole: str = ""
    """The name in one piece, for sources that have no other."""
    birth: str = ""
    """ISO date, possibly partial; empty when not recorded."""
    died: bool = False
    animal: bool = False
    sex: str = ""
    race: str = ""
    ethnicity: str = ""
    language: str = ""


class PatientHistory:
    """What has been read about one patient so far."""

    def __init__(self, person: PersonLine, source: Literal["fhir", "ndjson", "csv"]) -> None:
        self.person = person
        self.source = source
        self.last = ""
        """Newest day anything happened."""
        self.spoken = person.language
        """What the patient speaks, when something other than the person's own entry says it."""
        self._problems: dict[str, Entry] = {}
        self._ended = ""
        self._medicines: dict[str, Entry] = {}
        self._allergies: dict[str, Entry] = {}
        self._denied = False
        self._measures: dict[str, Entry] = {}
        self._left: dict[str, tuple[int, str]] = {}

    def visit(self, when: str) -> str:
        """Note that something happened; gives the day."""
        found = day(when)
        self.last = max(self.last, found)
        return found

    def problem(self, text: str, *, code: str, since: str, over: bool, void: bool) -> None:
        """Take in what a source calls a condition."""
        text, when = tidy(text), self.visit(since)
        if self._refused(text, void):
            return
        if ends_pregnancy(text):
            self._ended = max(self._ended, when)
        if social(text):
            self.leave(SOCIAL, text)
            return
        self._keep(self._problems, bare(text), code, since=when, active=not over)

    def medicine(self, text: str, *, code: str, since: str, active: bool, void: bool) -> None:
        """Take in an order for a medicine."""
        text, when = tidy(text), self.visit(since)
        if not self._refused(text, void):
            self._keep(self._medicines, text, code, since=when, active=active)

    def allergy(
        self,
        text: str,
        *,
        codes: tuple[str, ...],
        since: str,
        over: bool,
        void: bool,
        signs: list[tuple[str, str]],
        kind: str,
        risk: str,
    ) -> None:
        """Take in an allergy, or the statement that there is none."""
        text, when = tidy(text), self.visit(since)
        if self._refused(text, void):
            return
        if denies_allergy(text, codes):
            self._denied = True
        elif over:
            self.leave(OVER_ALLERGY, bare(text))
        else:
            # Tidied first: a rule for a phrase, looked for in a megabyte of blanks, would never come to its end.
            told = [(tidy(sign), tidy(grade)) for sign, grade in signs]
            line = tidy(allergy_line(text, told, kind=kind, risk=risk))
            code = tidy(codes[0]) if codes else ""
            self._allergies[intern(bare(text))] = Entry(text=line, code=code, since=when)

    def measure(
        self, text: str, *, code: str, since: str, number: float | None, unit: str, words: str, survey: bool
    ) -> None:
        """Take in a measurement: a number with its unit, or an answer in words."""
        text, when = tidy(text), self.visit(since)
        rules = table()["observations"]
        if number is not None and not math.isfinite(number):
            self.leave(NO_NUMBER, text)
            return
        if not text:
            self.leave(NAMELESS, code or "a measurement")
            return
        asked = survey and code not in rules["survey"]
        if text.lower().startswith(tuple(rules["drop"])) or (
            asked if number is not None else code not in rules["coded"] or not words
        ):
            self.leave(SURVEY, text)
            return
        name = code if code in (rules["systolic"], rules["diastolic"]) else quantity(text)
        value = words if number is None else measured(number, unit)
        self._keep(self._measures, name, code, since=when, value=value)

    def settle(self, today: str = "") -> UnderstoodPatient:
        """Give the record; `today` stands in for a last visit when the source has no visits at all.

        Raises `Unusable` for an animal, for who has died, and where no age can be told.
        """
        who = self.person
        if who.animal:
            raise Unusable("is the record of an animal")
        if not who.birth:
            raise Unusable("has no date of birth, so no age")
        if not (birth := day(who.birth)):
            raise Unusable(f"gives a date of birth that is no date ({who.birth!r})")
        if who.died:
            raise Unusable("is of someone who has died, and cannot write messages")
        if not (now := complete(today or self.last)):
            raise Unusable("has no dated encounter or entry, so no age at a visit")
        age = years(birth, now)
        if not 0 <= age <= OLDEST:
            raise Unusable(f"gives an age of {age} years at the last visit (born {birth}, seen {now})")
        sex: Sex = table()["sex"].get(who.sex.lower(), "unknown")
        record = Record(
            id=tidy(who.id),
            name=tidy(named(who.given, who.family, who.whole), LONGEST_NAME),
            age=age,
            sex=sex,
            race=tidy(who.race),
            ethnicity=tidy(who.ethnicity),
            language=language(tidy(self.spoken)),
            as_of=now,
            problems=_sorted(self._current(entry, now) for entry in self._problems.values()),
            medicines=_sorted(self._medicines.values()),
            allergies=_sorted(self._allergies.values()) if self._allergies else () if self._denied else None,
            observations=_sorted(self._observations()),
            source=self.source,
        )
        left = (LeftOut(reason=why, count=n, example=text) for why, (n, text) in sorted(self._left.items()))
        return UnderstoodPatient(record=record, left_out=tuple(left))

    def _refused(self, text: str, void: bool) -> bool:
        if void or not text:
            self.leave(VOID if void else NAMELESS, bare(text) if text else "an entry")
        return void or not text

    def leave(self, reason: str, text: str) -> None:
        """Count an entry that will not be in the record; the first of a reason is its example."""
        count, first = self._left.get(reason, (0, text))
        self._left[reason] = (count + 1, tidy(first))

    def _keep(
        self,
        kept: dict[str, Entry],
        name: str,
        code: str,
        *,
        since: str,
        active: bool = True,
        value: str = "",
    ) -> None:
        """Keep the newest about each thing; of two on one day, what is still going on."""
        old = kept.get(name)
        if old is None or (since, active) >= (old.since, old.active):
            # The same few names, codes, days and values come up in every patient.
            kept[intern(name)] = Entry(
                text=intern(name),
                code=intern(tidy(code)),
                since=intern(since),
                active=active,
                value=intern(tidy(value)),
            )

    def _current(self, entry: Entry, now: str) -> Entry:
        """Close what nobody can still have: a pregnancy that ended, an event of long ago."""
        longest = passing(entry.text)
        if not entry.active or longest is None or len(entry.since) < 7:
            return entry
        months = (int(now[:4]) - int(entry.since[:4])) * 12 + int(now[5:7]) - int(entry.since[5:7])
        ended = "pregnan" in entry.text.lower() and entry.since <= self._ended
        return replace(entry, active=False) if ended or months > longest else entry

    def _observations(self) -> list[Entry]:
        """Give the measurements, the two blood pressures of one day as one."""
        rules = table()["observations"]
        others = [
            e for name, e in self._measures.items() if name not in (rules["systolic"], rules["diastolic"])
        ]
        high, low = (self._measures.get(rules[name]) for name in ("systolic", "diastolic"))
        if high and low and high.since == low.since:
            value = f"{high.value.split(' ')[0]}/{low.value}"
            others.append(Entry(text=rules["pressure"], code=rules["panel"], since=high.since, value=value))
        return others


def _sorted(entries) -> tuple[Entry, ...]:
    """Give entries in the order in which they came up, the same from every format."""
    return tuple(sorted(entries, key=lambda entry: (entry.since, entry.text)))
