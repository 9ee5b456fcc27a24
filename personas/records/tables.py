"""Read a folder of Synthea's CSV tables: patients, encounters, conditions, medications, allergies, observations.

The one idea: columns are found by name, so tables of every version read alike; patients are taken a slab at a
time, as in a bulk export. The tables hold two reactions of an allergy where a bundle may hold more; else they say the
same. This does not know what the words in the tables mean.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from personas.records.export import SLAB, Read
from personas.records.files import lines
from personas.records.history import PatientHistory, PersonLine, SkippedPart, Unusable
from personas.records.words import day, table

TABLES = ("encounters", "conditions", "medications", "allergies", "observations")
NEEDED = {
    "patients": ("ID", "BIRTHDATE"),
    "encounters": ("START", "PATIENT"),
    "conditions": ("START", "STOP", "PATIENT", "DESCRIPTION"),
    "medications": ("START", "STOP", "PATIENT", "DESCRIPTION"),
    "allergies": ("START", "PATIENT", "DESCRIPTION"),
    "observations": ("DATE", "PATIENT", "DESCRIPTION", "VALUE"),
}
"""Columns without which a table says nothing."""
LACKS = {
    "encounters": "ages are as of the newest date in the other tables",
    "conditions": "nobody has problems",
    "medications": "nobody has medicines",
    "allergies": "nothing is recorded about allergies",
    "observations": "nobody has measurements",
}
SPEAKS = "54899-0"
"""LOINC: the language somebody is most comfortable with; the only place where the tables say it."""

Row = dict[str, str]


def table_patients(files: dict[str, Path]) -> Iterator[Read]:
    """Give what is understood of every patient of a folder; `files` are its tables by name, patients among them."""
    folder = files["patients"].parent.name
    usable: dict[str, Path] = {}
    for name in ("patients", *TABLES):
        if name not in files:
            yield f"Folder {folder} has no {name}.csv: {LACKS[name]}."
            continue
        try:
            _header(files[name], name)
            usable[name] = files[name]
        except Unusable as reason:
            yield SkippedPart(name=files[name].name, reason=str(reason))
    if "patients" not in usable:
        return
    today = "" if "encounters" in usable else _newest(usable)
    slab: dict[str, PatientHistory] = {}
    for row in _rows(usable["patients"]):
        if not (name := row.get("ID", "")):
            continue
        if name in slab:
            yield SkippedPart(name=usable["patients"].name, reason=f"repeats the patient {name}")
        slab.setdefault(name, PatientHistory(_person(row), "csv"))
        if len(slab) == SLAB:
            yield from _settled(slab, usable, today)
            slab = {}
    yield from _settled(slab, usable, today)


def _settled(slab: dict[str, PatientHistory], files: dict[str, Path], today: str) -> Iterator[Read]:
    for name in TABLES:
        for row in _rows(files[name]) if name in files else ():
            if history := slab.get(row.get("PATIENT", "")):
                TAKE[name](history, row)
    for name, history in slab.items():
        try:
            yield history.settle(today)
        except Unusable as reason:
            yield SkippedPart(name=f"patients.csv, {name}", reason=str(reason))


def _person(row: Row) -> PersonLine:
    words = table()
    race, ethnicity = row.get("RACE", ""), row.get("ETHNICITY", "")
    return PersonLine(
        id=row["ID"],
        given=" ".join(filter(None, (row.get("FIRST", ""), row.get("MIDDLE", "")))),
        family=row.get("LAST", ""),
        birth=row.get("BIRTHDATE", ""),
        died=bool(row.get("DEATHDATE")),
        sex=row.get("GENDER", ""),
        race=words["race"].get(race.lower(), race),
        ethnicity=words["ethnicity"].get(ethnicity.lower(), ethnicity),
    )


def _encounter(history: PatientHistory, row: Row) -> None:
    history.visit(row.get("STOP", ""))
    history.visit(row["START"])


def _condition(history: PatientHistory, row: Row) -> None:
    history.problem(
        row["DESCRIPTION"], code=row.get("CODE", ""), since=row["START"], over=bool(row["STOP"]), void=False
    )


def _medication(history: PatientHistory, row: Row) -> None:
    history.medicine(
        row["DESCRIPTION"], code=row.get("CODE", ""), since=row["START"], active=not row["STOP"], void=False
    )


def _allergy(history: PatientHistory, row: Row) -> None:
    signs = [(row.get(f"DESCRIPTION{n}", ""), row.get(f"SEVERITY{n}", "")) for n in (1, 2)]
    history.allergy(
        row["DESCRIPTION"],
        codes=tuple(filter(None, (row.get("CODE", ""),))),
        since=row["START"],
        over=bool(row.get("STOP")),
        void=False,
        signs=signs,
        kind=row.get("TYPE", ""),
        risk="",
    )


def _observation(history: PatientHistory, row: Row) -> None:
    code, value = row.get("CODE", ""), row["VALUE"]
    if code == SPEAKS:
        history.spoken = value
        return
    try:
        number = float(value)
    except ValueError:
        number = None
    history.measure(
        row["DESCRIPTION"],
        code=code,
        since=row["DATE"],
        number=number,
        unit=row.get("UNITS", ""),
        words=value if number is None else "",
        survey=row.get("CATEGORY", "") == "survey",
    )


TAKE = {
    "encounters": _encounter,
    "conditions": _condition,
    "medications": _medication,
    "allergies": _allergy,
    "observations": _observation,
}


def _rows(file: Path) -> Iterator[Row]:
    """Give the rows of a table by column, names in capitals; rows that are too short give what they have."""
    rows = csv.reader(line.decode("utf-8", "replace") for line in lines(file))
    try:
        header = [name.strip().upper() for name in next(rows, ())]
        for row in rows:
            if row:
                yield dict.fromkeys(header, "") | dict(zip(header, row, strict=False))
    except csv.Error as error:
        raise Unusable(f"has a row in {file.name} that is none ({error}, line {rows.line_num})") from None


def _header(file: Path, name: str) -> None:
    """Check that a table has the columns that are needed; raises `Unusable` naming the first that is missing."""
    line = next(iter(lines(file)), b"")
    try:
        columns = next(csv.reader(io.StringIO(line.decode("utf-8"))), [])
    except UnicodeDecodeError:
        raise Unusable("is not a table in UTF-8") from None
    except csv.Error as error:
        raise Unusable(f"is no table ({error})") from None
    have = {column.strip().upper() for column in columns}
    if missing := [column for column in NEEDED[name] if column not in have]:
        raise Unusable(f"has no column {missing[0]}")


def _newest(files: dict[str, Path]) -> str:
    """Give the newest day of any table but that of the patients, who may have died since."""
    days = (
        day(row.get("START") or row.get("DATE") or "")
        for name, file in files.items()
        if name != "patients"
        for row in _rows(file)
    )
    return max(days, default="")
