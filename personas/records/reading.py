"""Read health records, in whatever form they lie there.

The one idea: a path is told by what it holds (FHIR bundles, a bulk export, Synthea's tables, or a folder of all
of them), everything is read as a stream of patients, and whatever gives no record is named with its reason. This
does not know what a record says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from personas.errors import Unreadable
from personas.records.export import Read, export_patients
from personas.records.fhir import bundle_patients
from personas.records.files import lines, named
from personas.records.history import SkippedPart, UnderstoodPatient, Unusable
from personas.records.tables import TABLES, table_patients
from personas.records.words import table
from personas.tidy import tidy
from personas.values import Record
from personas.within import inside

NEXT = (
    "Give a FHIR R4 bundle of one patient, a folder of them, a bulk export (*.ndjson) or a folder of Synthea's "
    "tables (patients.csv and the others)."
)
OUTSIDE = "is a link that leads out of the folder, and is not followed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReading:
    """What came of reading: records, and what could not be used."""

    records: tuple[Record, ...]
    """In the order of the files, each patient once."""
    skipped: tuple[tuple[str, str], ...]
    """File name and reason, which begins with a verb: ("x.json", "is an empty bundle")."""
    notes: tuple[str, ...] = ()
    """What a reader must know about the whole, in sentences."""


def read_records(path: Path) -> RecordReading:
    """Read every record below a path.

    Raises `Unreadable` when the path does not exist, holds nothing that could be a record, or no usable one.
    """
    records: list[Record] = []
    skipped: list[tuple[str, str]] = []
    notes: list[str] = []
    for read in patients(path):
        match read:
            case UnderstoodPatient():
                records.append(read.record)
            case SkippedPart():
                skipped.append((read.name, read.reason))
            case str():
                notes.append(read)
    if not records:
        raise Unreadable(f"{_first(path, skipped)}. {NEXT}")
    return RecordReading(records=tuple(records), skipped=tuple(skipped), notes=tuple(notes))


def patients(path: Path) -> Iterator[Read]:
    """Give the patients below a path one by one, between them what could not be used, and sentences.

    A patient who comes a second time is not given again. Raises `Unreadable` as `read_records` does, but not when
    all that was found is unusable.
    """
    seen: dict[str, int] = {}
    for read in _each(path):
        if isinstance(read, UnderstoodPatient):
            seen[read.record.id] = seen.get(read.record.id, 0) + 1
            if seen[read.record.id] > 1:
                continue
        yield _fit(read)
    again = [name for name, times in seen.items() if times > 1]
    if again:
        many = f"{len(again)} patients come" if len(again) > 1 else "1 patient comes"
        yield f"{many} more than once and the first is used ({again[0]})."


def _fit(read: Read) -> Read:
    """Make the name of a part and the reason against it fit to be shown: both may quote what is in a file."""
    if isinstance(read, SkippedPart):
        return SkippedPart(name=tidy(read.name), reason=tidy(read.reason))
    return tidy(read) if isinstance(read, str) else read


def _each(path: Path) -> Iterator[Read]:
    if not os.path.exists(path):
        raise Unreadable(f"{path}: does not exist. {NEXT}")
    if os.path.isdir(path):
        folders = [path, *sorted(p for p in path.rglob("*") if os.path.isdir(p))]
        found, home = False, os.path.realpath(path)
        for folder in folders:
            for read in _guarded(folder, _folder(folder, home)):
                found = True
                yield read
        if not found:
            raise Unreadable(f"{path}: holds no bundle (*.json), export (*.ndjson) or patients.csv. {NEXT}")
        return
    if named(path).endswith(".csv"):
        tables = _tables([p for p in sorted(path.parent.iterdir()) if os.path.isfile(p)])
        if "patients" not in tables:
            raise Unreadable(f"{path}: is a table without a patients.csv beside it. {NEXT}")
        yield from _guarded(path, table_patients(tables))
    elif named(path).endswith(".ndjson") or _is_lines(path):
        yield from _guarded(path, export_patients([path]))
    else:
        yield from _bundle(path)


def _folder(folder: Path, home: str) -> Iterator[Read]:
    """Read what lies directly in a folder, `home` or below it: bundles first, then an export, then tables."""
    if not inside(folder, home):
        raise Unusable(OUTSIDE)
    quiet = tuple(table()["quiet"])
    try:
        files = [
            p for p in sorted(folder.iterdir()) if os.path.isfile(p) and not p.name.startswith((".", *quiet))
        ]
    except OSError as error:
        raise Unusable(f"cannot be listed ({error.strerror})") from None
    for file in [each for each in files if each.is_symlink() and not inside(each, home)]:
        yield SkippedPart(name=file.name, reason=OUTSIDE)
        files.remove(file)
    for file in files:
        if named(file).endswith(".json"):
            yield from _bundle(file)
    if export := [file for file in files if named(file).endswith(".ndjson")]:
        yield from _guarded(folder, export_patients(export))
    if "patients" in (tables := _tables(files)):
        yield from _guarded(folder, table_patients(tables))


def _bundle(file: Path) -> Iterator[Read]:
    try:
        for read in bundle_patients(file):
            if isinstance(read, Unusable):
                yield SkippedPart(name=file.name, reason=str(read))
            else:
                yield read
    except Unusable as reason:
        yield SkippedPart(name=file.name, reason=str(reason))


def _guarded(path: Path, reads: Iterator[Read]) -> Iterator[Read]:
    """Let a folder that breaks off in the middle end in a sentence."""
    try:
        yield from reads
    except Unusable as reason:
        yield SkippedPart(name=path.name, reason=str(reason))


def _tables(files: list[Path]) -> dict[str, Path]:
    names = {f"{name}.csv": name for name in ("patients", *TABLES)}
    return {names[named(file)]: file for file in files if named(file) in names}


def _is_lines(path: Path) -> bool:
    """Say whether a file holds more than one line, and its first is a whole resource."""
    try:
        reader = lines(path)
        first, second = (next(reader, b"").strip() for _ in range(2))
    except Unusable:
        return False
    return first.startswith(b"{") and first.endswith(b"}") and second.startswith(b"{")


def _first(path: Path, skipped: list[tuple[str, str]]) -> str:
    """Name the first thing that could not be used, and how many more there are."""
    if not skipped:
        return f"{path}: holds no patient"
    name, reason = skipped[0]
    more = f" (and {len(skipped) - 1} more, none of them usable)" if len(skipped) > 1 else ""
    where = path / name if os.path.isfile(path / name) else f"{path}, {name}" if path.is_dir() else path
    return f"{where}: {reason}{more}"
