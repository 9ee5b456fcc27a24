"""Find the record that could belong to the person in a photograph, and take out what would give it away.

The one idea: a record serves when nothing in it is at odds with the photograph, and of those that serve the one
nearest in age and least used is taken; where none serves there is none, and no pair is made for want of a better
one. This does not know what will be asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from personas.cases.case import PhotoCase
from personas.scenarios.fit import band, gives_away, sex_fits, tone_fits
from personas.values import Record, Seen, Sex, Tone

AGAIN = 12.0
"""Years of age that a record's having served once already weighs."""
TONES: tuple[Tone, ...] = ("12", "34", "56")
SEXES: tuple[Sex, ...] = ("female", "male", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMatch:
    """A record for a case."""

    record: Record
    """Without the entries that name the answer."""
    dropped: int
    """Entries taken out."""
    gap: int
    """Years from the age at which the person in the photograph was taken to be."""


class RecordShelf:
    """Records, and how often each has served."""

    def __init__(self, records: tuple[Record, ...]) -> None:
        self._records = sorted(records, key=lambda record: record.id)
        self._ages = np.array([record.age for record in self._records])
        self._uses = np.zeros(len(self._records))
        self._sexes = np.array([SEXES.index(record.sex) for record in self._records], np.int8)
        self._tones = {
            tone: np.array([tone_fits(tone, r.race, r.ethnicity) for r in self._records], bool)
            for tone in TONES
        }

    def take(self, case: PhotoCase) -> RecordMatch | None:
        """Take the best record that serves a case; None when none does."""
        seen = seen_in(case)
        low, high = band(case.condition, seen)
        wanted = case.age if case.age is not None else (low + high) // 2
        cost = np.abs(self._ages - wanted) + AGAIN * self._uses
        serves = (self._ages >= low) & (self._ages <= high)
        serves &= np.array([sex_fits(case.condition, seen, sex) for sex in SEXES])[self._sexes]
        if case.tone:
            serves &= self._tones[case.tone]
        if not serves.any():
            return None
        best = int(np.where(serves, cost, np.inf).argmin())
        self._uses[best] += 1
        kept, dropped = cleared(self._records[best], case)
        return RecordMatch(record=kept, dropped=dropped, gap=abs(kept.age - wanted))

    def statistics(self) -> tuple[int, int]:
        """Give how many records have served, and how often the most used one has."""
        return int((self._uses > 0).sum()), int(self._uses.max(initial=0))


def seen_in(case: PhotoCase) -> Seen:
    """Give what the data set says of the person in a photograph; of a drawing's, only the skin is to be seen."""
    if case.source == "drawn":
        return Seen(tone=case.tone)
    return Seen(age=case.age, sex=case.sex, tone=case.tone)


def cleared(record: Record, case: PhotoCase) -> tuple[Record, int]:
    """Take out every entry that gives the answer away, and say how many they were."""
    label = case.condition.key
    groups = {"problems": record.problems, "medicines": record.medicines, "allergies": record.allergies or ()}
    if record.source != "built-in":  # where what is measured is measured of everybody
        groups["observations"] = record.observations
    kept = {
        name: clear
        for name, entries in groups.items()
        if len(clear := tuple(e for e in entries if not gives_away(label, e.text, e.code))) < len(entries)
    }
    if not kept:
        return record, 0
    return replace(record, **kept), sum(len(groups[name]) - len(clear) for name, clear in kept.items())
