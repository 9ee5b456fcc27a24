"""Find the record that could belong to the person in a photograph, and take out what would give it away.

The one idea: pairing is a cost (years apart, sex, skin against recorded race, times used), so there is always
a best record, and what is left of the cost is said aloud. This does not know what will be asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from personas.cases.case import PhotoCase
from personas.values import Entry, Record

WIDE_GAP = 15
"""Years between photograph and record beyond which a pair is only made for want of a better one."""
TONES = {
    "white": ("12", "34"),
    "black": ("56", "34"),
    "african": ("56", "34"),
    "asian": ("12", "34"),
    "pacific": ("34", "56"),
    "hawaiian": ("34", "56"),
    "indian": ("34", "56"),
}
"""Skin tone groups that are not at odds with a recorded race, by a word in it; any other race fits all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMatch:
    """A record for a case."""

    record: Record
    """Without the entries that name the answer."""
    dropped: int
    """Entries taken out."""
    gap: int
    """Years between the ages; 0 when the photograph's is not recorded."""
    at_odds: bool
    """The sex or the skin in the photograph is not the record's."""


def match(case: PhotoCase, records: tuple[Record, ...], used: dict[str, int]) -> RecordMatch:
    """Take the best record for a case; `used` says how often each record already serves, by id."""
    best = min(records, key=lambda record: (_cost(case, record, used.get(record.id, 0)), record.id))
    kept, dropped = cleared(best, case)
    return RecordMatch(
        record=kept,
        dropped=dropped,
        gap=_gap(case, best),
        at_odds=not _same_sex(case, best) or not fits_tone(case, best),
    )


def cleared(record: Record, case: PhotoCase) -> tuple[Record, int]:
    """Take out every entry that names the answer, and say how many they were."""

    def kept(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        return tuple(entry for entry in entries if not case.condition.named(entry.text))

    clear = replace(
        record,
        problems=kept(record.problems),
        medicines=kept(record.medicines),
        allergies=None if record.allergies is None else kept(record.allergies),
        observations=kept(record.observations),
    )
    return clear, _length(record) - _length(clear)


def fits_tone(case: PhotoCase, record: Record) -> bool:
    """Say whether the skin in the photograph is not at odds with the recorded race."""
    race = record.race.lower()
    allowed = next((tones for word, tones in TONES.items() if word in race), None)
    return case.tone is None or allowed is None or case.tone in allowed


def _cost(case: PhotoCase, record: Record, uses: int) -> float:
    gap = _gap(case, record)
    wrong = (not _same_sex(case, record)) + (not fits_tone(case, record))
    # A child's photograph with an adult's record, or the other way round, is no patient at all.
    grown = case.age is not None and (case.age < 18) != (record.age < 18)
    return gap + 40 * (gap > WIDE_GAP) + 150 * wrong + 30 * grown + 12 * uses


def _gap(case: PhotoCase, record: Record) -> int:
    return 0 if case.age is None else abs(case.age - record.age)


def _same_sex(case: PhotoCase, record: Record) -> bool:
    return "unknown" in (case.sex, record.sex) or case.sex == record.sex


def _length(record: Record) -> int:
    groups = (record.problems, record.medicines, record.allergies or (), record.observations)
    return sum(map(len, groups))
