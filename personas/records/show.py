"""Show what was understood of health records, for people or for machines.

The one idea: it reads as `read_records` does and hides nothing: a block for each patient with what was left out
of it and why, then what could not be used at all. A long folder is told in full for the first patients, in a
line each for the next, and counted from there on. This does not print.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orjson

from personas.records.chart import render
from personas.records.history import SkippedPart, UnderstoodPatient
from personas.records.reading import patients
from personas.values import Record

BLOCKS = 20
"""Patients told in full."""
LINES = 200
"""Patients told at all."""
SKIPPED = 40
"""Parts that could not be used, named one by one."""
PEOPLE = {"female": "woman", "male": "man", "unknown": "person"}
CHILDREN = {"female": "girl", "male": "boy", "unknown": "child"}


def show_records(path: Path, as_json: bool) -> str:
    """Write what was understood of the records below a path: text, or one JSON object a line.

    Raises `Unreadable` when the path does not exist or holds nothing that could be a record.
    """
    return "".join(show_lines(path, as_json))


def show_lines(path: Path, as_json: bool) -> Iterator[str]:
    """Give the same piece by piece, as it is read, for folders that are too large to hold."""
    return _json(path) if as_json else _text(path)


def _json(path: Path) -> Iterator[str]:
    """Give a line for each patient ("record", "left_out"), each part not used ("skipped") and each note ("note")."""
    for read in patients(path):
        match read:
            case SkippedPart():
                value: object = {"skipped": read.name, "reason": read.reason}
            case str():
                value = {"note": read}
            case _:
                value = read
        yield orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE).decode()


def _text(path: Path) -> Iterator[str]:
    count, notes, skipped, reasons = 0, [], [], Counter()
    left: Counter[str] = Counter()
    for read in patients(path):
        match read:
            case UnderstoodPatient():
                count += 1
                left.update({part.reason: part.count for part in read.left_out})
                if count <= BLOCKS:
                    yield f"{_block(read)}\n\n"
                elif count <= LINES:
                    yield f"{_line(read.record)}\n"
            case SkippedPart():
                reasons[read.reason] += 1
                skipped += [read] if len(skipped) < SKIPPED else []
            case _:
                notes.append(read)
    if count > LINES:
        yield f"… and {count - LINES} more patients; --json gives them all.\n"
    unused = sum(reasons.values())
    yield "\n" if count > BLOCKS else ""
    yield f"{_number(count, 'patient')} understood, {_number(unused, 'part')} not used.\n"
    for reason, number in left.most_common():
        yield f"Left out of the records: {number} {reason}.\n"
    for part in skipped:
        yield f"Not used: {part.name} {part.reason}.\n"
    if unused > len(skipped):
        yield f"… and {unused - len(skipped)} more. By reason: "
        yield "; ".join(f"{number} × {reason}" for reason, number in reasons.most_common(5)) + ".\n"
    yield from (f"{note}\n" for note in notes)


def _block(read: UnderstoodPatient) -> str:
    """Write one patient under a line of their own, indented as far as the chart goes."""
    record = read.record
    head = f"== {record.name}, {_who(record)}, as of {record.as_of} ({record.source}, {record.id})"
    out = [f"- {part.count} {part.reason} (first: {part.example})" for part in read.left_out]
    return "\n".join((head, "", render(record), *(("", "Left out:", *out) if out else ())))


def _line(record: Record) -> str:
    allergies = "not recorded" if record.allergies is None else str(len(record.allergies) or "none known")
    problems = sum(entry.active for entry in record.problems)
    medicines = sum(entry.active for entry in record.medicines)
    return (
        f"{record.name}, {_who(record)}, as of {record.as_of}: {_number(problems, 'problem')}, "
        f"{_number(medicines, 'medicine')}, allergies {allergies}"
    )


def _who(record: Record) -> str:
    return f"{(PEOPLE if record.age >= 18 else CHILDREN)[record.sex]} of {record.age}"


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
