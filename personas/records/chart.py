"""The health record as the assistant reads it: headings, and one line per entry.

The one idea: what is not recorded is said to be not recorded, never left to be read as "none". The layout is
read by machines too, so it stays at `- text (since 2019)`. This does not know which entries matter.
"""

from __future__ import annotations

from functools import lru_cache

from personas.values import Entry, Record

RECENT = 8
"""Observations shown, newest first."""
NO_ALLERGY_DATA = "No information about allergies is recorded."
NO_ALLERGIES = "No known allergies."
NOTHING = "None recorded."


@lru_cache(maxsize=4096)
def render(record: Record) -> str:
    """Write the record as text under six headings, always the same six and in the same order."""
    now = [entry for entry in record.problems if entry.active]
    past = [entry for entry in record.problems if not entry.active]
    medicines = [entry for entry in record.medicines if entry.active]
    recent = sorted(record.observations, key=lambda entry: (entry.since, entry.text), reverse=True)[:RECENT]
    return "\n\n".join(
        (
            _section("Patient", _person(record), NOTHING),
            _section("Problems", [_line(entry, "since") for entry in now], NOTHING),
            _section("Past problems", [_line(entry, "from") for entry in past], NOTHING),
            _section("Medicines", [_line(entry, "since") for entry in medicines], NOTHING),
            _allergies(record),
            _section("Recent observations", [_measured(entry) for entry in recent], NOTHING),
        )
    )


def _person(record: Record) -> list[str]:
    optional = (("Race", record.race), ("Language", record.language))
    known = [f"{name}: {value}" for name, value in optional if value]
    return [f"Name: {record.name}", f"Age: {record.age} years", f"Sex: {record.sex}", *known]


def _allergies(record: Record) -> str:
    absent = NO_ALLERGY_DATA if record.allergies is None else NO_ALLERGIES
    return _section("Allergies", [_line(entry, "since") for entry in record.allergies or ()], absent)


def _section(heading: str, lines: list[str], absent: str) -> str:
    return "\n".join((f"{heading}:", *(f"- {line}" for line in lines))) if lines else f"{heading}:\n{absent}"


def _line(entry: Entry, word: str) -> str:
    text = f"{entry.text}: {entry.value}" if entry.value else entry.text
    return f"{text} ({word} {entry.since[:4]})" if entry.since else text


def _measured(entry: Entry) -> str:
    text = f"{entry.text}: {entry.value}" if entry.value else entry.text
    return f"{text} ({entry.since})" if entry.since else text
