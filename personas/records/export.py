"""Read a FHIR bulk export: a folder of `<Type>.000.ndjson` files, one resource a line.

The one idea: patients are taken a slab at a time, and every other file is looked through once for each slab, so
that no more than a slab is ever held; a line is only parsed when its reference names a patient of the slab. This
does not know what the resources mean.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from personas.records.bundle import SubstancePart, kind_of, version, word_of
from personas.records.fhir import PARTS, Substances, person, take
from personas.records.files import lines
from personas.records.history import PatientHistory, SkippedPart, UnderstoodPatient, Unusable
from personas.records.words import day

SLAB = 25_000
"""Patients held at a time."""
SUBJECT = re.compile(rb'"(?:subject|patient)"\s*:\s*\{[^{}]*?"reference"\s*:\s*"([^"]*)"')
KIND = re.compile(rb'"resourceType"\s*:\s*"(\w+)"')
HAPPENED = re.compile(
    rb'"(?:recordedDate|onsetDateTime|authoredOn|effectiveDateTime|transactionTime)"\s*:\s*"([^"]+)"'
)
BORN = re.compile(rb'"birthDate"\s*:\s*"([^"]+)"')
EXPECTED = ("Encounter", "Condition", "MedicationRequest", "AllergyIntolerance", "Observation")
LACKS = {
    "Encounter": "ages are as of the newest date in it",
    "Condition": "nobody has problems",
    "MedicationRequest": "nobody has medicines",
    "AllergyIntolerance": "nothing is recorded about allergies",
    "Observation": "nobody has measurements",
}

Broken = dict[str, set[int]]
"""Lines that are no JSON, by file name; a set, since a file is looked through more than once."""
Read = UnderstoodPatient | SkippedPart | str
"""What comes of reading: a patient, what could not be used, or a sentence about the whole."""


def export_patients(files: list[Path]) -> Iterator[Read]:
    """Give what is understood of every patient of an export; `files` are all of one folder, in order."""
    usable = yield from _readable(files)
    kinds = _kinds(usable)
    folder = files[0].parent.name
    if "Patient" not in kinds:
        yield SkippedPart(name=folder, reason="is a bulk export without a Patient file")
        return
    yield from (
        f"Export {folder} has no {name} file: {LACKS[name]}." for name in EXPECTED if name not in kinds
    )
    today = "" if "Encounter" in kinds else _newest(usable)
    substances = _substances(kinds.get("Medication", []))
    others = list(dict.fromkeys(file for name in PARTS for file in kinds.get(name, ())))
    broken: Broken = {}
    slab: dict[str, PatientHistory] = {}
    for resource, file, number in _resources(kinds["Patient"], broken):
        if kind_of(resource) != "Patient":  # some servers write everything into one file
            continue
        where = f"{file.name}, line {number}"
        try:
            if other := version(resource):
                raise Unusable(f"is not FHIR R4 (it is {other})")
            history = PatientHistory(person(resource), "ndjson")
        except Unusable as reason:
            yield SkippedPart(name=where, reason=str(reason))
            continue
        if history.person.id in slab:
            yield SkippedPart(name=where, reason=f"repeats the patient {history.person.id}")
        slab.setdefault(history.person.id, history)
        if len(slab) == SLAB:
            yield from _settled(slab, others, substances, broken, today=today)
            slab = {}
    yield from _settled(slab, others, substances, broken, today=today)
    for name, numbers in broken.items():
        many = f" (and {len(numbers) - 1} more)" if len(numbers) > 1 else ""
        yield SkippedPart(name=name, reason=f"is no JSON, or cut off, in line {min(numbers)}{many}")


def _readable(files: list[Path]) -> Generator[Read, None, list[Path]]:
    """Give the files that can be read, and say of each other one why not."""
    usable = []
    for file in files:
        try:
            _first_line(file)
            usable.append(file)
        except Unusable as reason:
            yield SkippedPart(name=file.name, reason=str(reason))
    return usable


def _settled(
    slab: dict[str, PatientHistory],
    files: list[Path],
    substances: Substances,
    broken: Broken,
    *,
    today: str,
) -> Iterator[Read]:
    """Look through the files for a slab of patients, and give what is understood of each."""
    refused: dict[str, str] = {}
    for file in files:
        for number, line in _numbered(file, broken):
            found = SUBJECT.search(line)
            owner = (
                found[1].decode("utf-8", "replace").split("/_history/")[0].rpartition("/")[2] if found else ""
            )
            history = slab.get(owner.removeprefix("urn:uuid:"))
            resource = _parsed(line, file, number, broken) if history else None
            if history and resource:
                if other := version(resource):
                    refused[history.person.id] = f"is not FHIR R4 (it is {other})"
                take(history, resource, substances)
    for name, history in slab.items():
        try:
            if name in refused:
                raise Unusable(refused[name])
            yield history.settle(today)
        except Unusable as reason:
            yield SkippedPart(name=f"Patient/{name}", reason=str(reason))


def _resources(files: list[Path], broken: Broken) -> Iterator[tuple[dict[str, Any], Path, int]]:
    for file in files:
        for number, line in _numbered(file, broken):
            if resource := _parsed(line, file, number, broken):
                yield resource, file, number


def _numbered(file: Path, broken: Broken) -> Iterator[tuple[int, bytes]]:
    """Give the lines of a file that hold anything, from 1; a file that breaks off ends there and is noted."""
    number = 0
    try:
        for number, line in enumerate(lines(file), start=1):
            if (line := line.strip()).endswith(b"}"):
                yield number, line
            elif line:
                broken.setdefault(file.name, set()).add(number)
    except Unusable:
        broken.setdefault(file.name, set()).add(number + 1)


def _parsed(line: bytes, file: Path, number: int, broken: Broken) -> dict[str, Any] | None:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        broken.setdefault(file.name, set()).add(number)
        return None
    return value


def _kinds(files: list[Path]) -> dict[str, list[Path]]:
    """Give the files by the types of resources in them: one by the first line, but all where patients are told of.

    Where no file begins with a patient, they may be anywhere. The log of an export is of no type.
    """
    first = {file: _kind(_first_line(file)) for file in files}
    begins = "Patient" in first.values()
    kinds: dict[str, list[Path]] = {}
    for file, kind in first.items():
        if kind == "Patient" or not begins:
            found = {name.decode() for _, line in _numbered(file, {}) for name in KIND.findall(line)}
        else:
            found = {kind}
        for name in sorted(found):
            kinds.setdefault(name, []).append(file)
    return kinds


def _kind(line: bytes) -> str:
    """Tell what resource a line is, which need not be what it names first; empty when it is none."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return ""
    return kind_of(value) if isinstance(value, dict) else ""


def _first_line(file: Path) -> bytes:
    """Give the first line that holds anything; raises `Unusable` when the file cannot be read."""
    return next((line for line in lines(file) if line.strip()), b"")


def _newest(files: list[Path]) -> str:
    """Give the newest day anything in an export happened, the export itself included; empty for births alone."""
    newest = born = ""
    for file in files:
        for _, line in _numbered(file, {}):
            newest = max(
                (newest, *(day(found.decode("utf-8", "replace")) for found in HAPPENED.findall(line)))
            )
            born = max((born, *(day(found.decode("utf-8", "replace")) for found in BORN.findall(line))))
    return max(newest, born) if newest else ""


def _substances(files: list[Path]) -> Substances:
    found: Substances = {}
    for resource, _, _ in _resources(files, {}):
        try:
            found[f"Medication/{word_of(resource, 'id')}"] = SubstancePart.model_validate(resource).code
        except ValidationError:
            continue
    return found
