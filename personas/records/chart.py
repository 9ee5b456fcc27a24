"""The health record as the assistant reads it: headings, and one line per entry.

The one idea: what is not recorded is said to be not recorded, never left to be read as "none", and a long chart
is cut where a doctor would cut it: the oldest go, what matters stays, and the cut is said. The layout is read by
machines too, so it stays at `- text (since 2019)`. Whether an entry was placed never shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from personas.records.risks import risks
from personas.records.words import prominence
from personas.values import Entry, Record

MOST = {"Problems": 20, "Past problems": 12, "Medicines": 20, "Recent observations": 8}
"""Lines under a heading; allergies are never cut."""
NO_ALLERGY_DATA = "No information about allergies is recorded."
NO_ALLERGIES = "No known allergies."
NOTHING = "None recorded."


@lru_cache(maxsize=4096)
def render(record: Record) -> str:
    """Write the record as text under six headings, always the same six and in the same order."""
    matter = {risk.text for risk in risks(record)}
    now = [entry for entry in record.problems if entry.active]
    past = [entry for entry in record.problems if not entry.active]
    medicines = [entry for entry in record.medicines if entry.active]
    ranked = sorted(record.observations, key=lambda entry: prominence(entry.text))
    newest = sorted(ranked, key=lambda entry: entry.since, reverse=True)
    return "\n\n".join(
        (
            _section("Patient", _person(record), NOTHING),
            _section("Problems", *_lines("Problems", now, matter)),
            _section("Past problems", *_lines("Past problems", past, matter)),
            _section("Medicines", *_lines("Medicines", medicines, matter)),
            _allergies(record),
            _section("Recent observations", map(_measured, newest[: MOST["Recent observations"]]), NOTHING),
        )
    )


def _person(record: Record) -> list[str]:
    optional = (("Race", record.race), ("Ethnicity", record.ethnicity), ("Language", record.language))
    known = [f"{name}: {value}" for name, value in optional if value]
    return [f"Name: {record.name}", f"Age: {record.age} years", f"Sex: {record.sex}", *known]


def _lines(heading: str, entries: list[Entry], matter: set[str]) -> tuple[list[str], str]:
    """Write as many entries as fit, in their order: what matters, then the newest; and say how many do not fit."""
    most, word = MOST[heading], "from" if heading == "Past problems" else "since"
    if len(entries) <= most:
        return [_line(entry, word) for entry in entries], NOTHING
    newest = sorted(entries, key=lambda entry: entry.since, reverse=True)
    ranked = sorted(newest, key=lambda entry: entry.text not in matter)
    shown = {id(entry) for entry in ranked[: max(most, sum(entry.text in matter for entry in entries))]}
    lines = [_line(entry, word) for entry in entries if id(entry) in shown]
    return lines, f"({len(entries) - len(lines)} older entries are not shown.)"


def _allergies(record: Record) -> str:
    absent = NO_ALLERGY_DATA if record.allergies is None else NO_ALLERGIES
    return _section("Allergies", [_line(entry, "since") for entry in record.allergies or ()], absent)


def _section(heading: str, lines: Iterable[str], rest: str) -> str:
    """Write a heading and its lines; what is said instead of lines also says that some are not shown."""
    written = [f"- {line}" for line in lines]
    said = [rest] if not written or rest.startswith("(") else []
    return "\n".join((f"{heading}:", *written, *said))


def _line(entry: Entry, word: str) -> str:
    text = f"{entry.text}: {entry.value}" if entry.value else entry.text
    return f"{text} ({word} {entry.since[:4]})" if entry.since else text


def _measured(entry: Entry) -> str:
    text = f"{entry.text}: {entry.value}" if entry.value else entry.text
    return f"{text} ({entry.since})" if entry.since else text
