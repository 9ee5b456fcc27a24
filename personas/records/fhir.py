"""Read health records from Synthea's FHIR R4 bundles, a folder or one file.

The one idea: a record says what an ordinary chart would say today, so facts of life are not problems, what is
resolved is not current, "today" is the last visit, and silence about allergies stays silence. Bundles that
cannot be used are named with the reason. This does not know what the records are paired with.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import orjson
from pydantic import ValidationError

from personas.errors import Unreadable
from personas.records.bundle import (
    AllergyPart,
    CodedConcept,
    ConditionPart,
    EncounterPart,
    MedicationPart,
    ObservationPart,
    PatientBundle,
    PatientPart,
    SubstancePart,
)
from personas.values import Entry, Record, Sex

FILE = Path(__file__).with_name("synthea.toml")
TAG = re.compile(r"\s*\(([a-z ]+)\)\s*$")
PARTS = {
    "Encounter": EncounterPart,
    "Condition": ConditionPart,
    "MedicationRequest": MedicationPart,
    "AllergyIntolerance": AllergyPart,
    "Observation": ObservationPart,
}
SYSTOLIC = "8480-6"
"""LOINC"""
PREGNANT_MONTHS = 10
"""Synthea leaves some pregnancies open for decades: one that began earlier than this is over."""
NEXT = "Give a FHIR R4 bundle of one patient, as Synthea writes it to output/fhir."


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReading:
    """What came of reading: records, and what could not be used."""

    records: tuple[Record, ...]
    skipped: tuple[tuple[str, str], ...]
    """File name and reason."""


class _Unusable(Exception):
    """A bundle or a patient in it cannot be used; the message is the reason."""


def read_records(path: Path) -> RecordReading:
    """Read one bundle, or every bundle below a folder, in the order of the names.

    Raises `Unreadable` when the path does not exist, a named file holds no usable patient, or no file below a
    folder does.
    """
    if not path.exists():
        raise Unreadable(f"{path}: does not exist. {NEXT}")
    files = [path]
    if path.is_dir():
        files = [p for p in sorted(path.rglob("*.json")) if not p.name.startswith(tuple(_words()["quiet"]))]
        if not files:
            raise Unreadable(f"{path}: holds no bundle (*.json). {NEXT}")
    records: dict[str, Record] = {}
    skipped: list[tuple[str, str]] = []
    for file in files:
        try:
            for one in _patients(file):
                if isinstance(one, Record):
                    records.setdefault(one.id, one)
                else:
                    skipped.append((file.name, one))
        except _Unusable as reason:
            skipped.append((file.name, str(reason)))
    if not records:
        name, reason = skipped[0]
        more = f" (and {len(skipped) - 1} more, none of them usable)" if len(skipped) > 1 else ""
        where = path / name if path.is_dir() else path
        raise Unreadable(f"{where}: {reason}{more}. {NEXT}")
    return RecordReading(records=tuple(records.values()), skipped=tuple(skipped))


def _patients(file: Path) -> Iterator[Record | str]:
    """Give a record, or the reason why there is none, for every patient of a bundle."""
    bundle = _bundle(file)
    people = [(e.url, e.resource) for e in bundle.entry if e.resource.get("resourceType") == "Patient"]
    if not people:
        raise _Unusable("holds no patient" if bundle.entry else "is an empty bundle")
    substances = {
        key: SubstancePart.model_validate(e.resource).code
        for e in bundle.entry
        if e.resource.get("resourceType") == "Medication"
        for key in (e.url, f"Medication/{e.resource.get('id')}")
    }
    for url, resource in people:
        try:
            patient = PatientPart.model_validate(resource)
            keys = {url, f"Patient/{patient.id}", f"urn:uuid:{patient.id}"} - {""}
            parts: dict[str, list] = {name: [] for name in PARTS}
            for entry in bundle.entry:
                name = str(entry.resource.get("resourceType"))
                if name in PARTS:
                    part = PARTS[name].model_validate(entry.resource)
                    if (part.subject.reference or part.patient.reference) in keys:
                        parts[name].append(part)
            yield _record(patient, parts, substances)
        except _Unusable as reason:
            yield str(reason)
        except ValidationError as error:
            yield f"is not FHIR R4 ({_first(error)})"


def _bundle(file: Path) -> PatientBundle:
    try:
        value = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError:
        raise _Unusable("is not JSON, or cut off") from None
    except OSError as error:
        raise _Unusable(f"cannot be read ({error.strerror})") from None
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if kind != "Bundle":
        raise _Unusable(f"is a FHIR {kind}, not a bundle" if kind else "is JSON, but not FHIR")
    try:
        return PatientBundle.model_validate(value)
    except ValidationError as error:
        if value.get("type") not in ("transaction", "collection"):
            raise _Unusable(f"is a {value.get('type')} bundle, not a patient's history") from None
        raise _Unusable(f"is not FHIR R4 ({_first(error)})") from None


def _record(patient: PatientPart, parts: dict[str, list], substances: dict[str, CodedConcept]) -> Record:
    if any("patient-animal" in str(extension.get("url")) for extension in patient.extension):
        raise _Unusable("is the record of an animal")
    if patient.birth is None:
        raise _Unusable("has no date of birth, so no age")
    visits = [p.period.end or p.period.start for p in parts["Encounter"]]
    if not any(visits):
        raise _Unusable("has no dated encounter, so no age at a visit")
    if patient.deceased or patient.died:
        raise _Unusable("is of someone who has died, and cannot write messages")
    # In a shortened bundle entries outlive the last visit that was kept: the record is as old as they are.
    entered = [p.onset or p.recorded for p in parts["Condition"]]
    entered += [p.authored for p in parts["MedicationRequest"]]
    entered += [p.effective for p in parts["Observation"]]
    today = max(day[:10] for day in (*visits, *entered) if day)
    allergies = parts["AllergyIntolerance"]
    sex: Sex = patient.gender if patient.gender in ("female", "male") else "unknown"
    return Record(
        id=patient.id or _name(patient),
        name=_name(patient),
        age=_age(patient.birth, today),
        sex=sex,
        race=_race(patient),
        language=next((c.language.words for c in patient.communication if c.language.words), ""),
        as_of=today,
        problems=_problems(parts["Condition"], today),
        medicines=_medicines(parts["MedicationRequest"], substances),
        allergies=_allergies(allergies) if allergies else None,
        observations=_observations(parts["Observation"]),
        source="fhir",
    )


def _name(patient: PatientPart) -> str:
    """Give the official name, not the maiden one, without the digits Synthea adds."""
    official = next((name for name in patient.name if name.use != "maiden"), None)
    if official is None:
        return "Unnamed"
    return " ".join(re.sub(r"\d+", "", " ".join((*official.given, official.family))).split()) or "Unnamed"


def _age(birth: str, today: str) -> int:
    """Give whole years; a partial date of birth counts from the middle of what it leaves open."""
    try:
        born = date.fromisoformat((birth + {4: "-07-01", 7: "-15"}.get(len(birth), ""))[:10])
    except ValueError:
        raise _Unusable("gives a date of birth that is no date") from None
    day = date.fromisoformat((today + {4: "-07-01", 7: "-15"}.get(len(today), ""))[:10])
    return max(0, day.year - born.year - ((day.month, day.day) < (born.month, born.day)))


def _race(patient: PatientPart) -> str:
    for extension in patient.extension:
        if str(extension.get("url")).endswith("us-core-race"):
            for part in extension.get("extension", ()):
                if words := part.get("valueCoding", {}).get("display") or part.get("valueString"):
                    return str(words)
    return ""


def _problems(found: list[ConditionPart], today: str) -> tuple[Entry, ...]:
    """Give problems, newest status for each text, facts of life left out."""
    entries: dict[str, Entry] = {}
    for part in sorted(found, key=lambda p: p.onset or p.recorded or ""):
        text = part.code.words
        if not text or _social(text) or part.verification.has("refuted", "entered-in-error"):
            continue
        since = (part.onset or part.recorded or "")[:10]
        over = part.abated or part.clinical.has("resolved", "inactive", "remission")
        active = not over and not _long_past(text, since, today)
        text = TAG.sub("", text)
        entries[text] = Entry(text=text, code=part.code.code, since=since, active=active)
    return tuple(entries.values())


def _social(text: str) -> bool:
    low, words = text.lower(), _words()
    tag = TAG.search(low)
    if low.startswith(tuple(words["keep"])):
        return False
    return low.startswith(tuple(words["drop"])) or bool(tag and tag[1] in words["social_tags"])


def _long_past(text: str, since: str, today: str) -> bool:
    if "pregnan" not in text.lower() or len(since) < 7:
        return False
    months = (int(today[:4]) - int(since[:4])) * 12 + int(today[5:7]) - int(since[5:7])
    return months > PREGNANT_MONTHS


def _medicines(found: list[MedicationPart], substances: dict[str, CodedConcept]) -> tuple[Entry, ...]:
    """Give medicines, the newest order of each; the medicine itself may lie elsewhere in the bundle."""
    entries: dict[str, Entry] = {}
    for part in sorted(found, key=lambda p: p.authored or ""):
        inside = {f"#{c.get('id')}": SubstancePart.model_validate(c).code for c in part.contained}
        concept = part.concept or {**substances, **inside}.get(part.medicine.reference)
        if concept is None or not concept.words or part.status == "entered-in-error":
            continue
        since = (part.authored or "")[:10]
        entries[concept.words] = Entry(
            text=concept.words, code=concept.code, since=since, active=part.status == "active"
        )
    return tuple(entries.values())


def _allergies(found: list[AllergyPart]) -> tuple[Entry, ...]:
    entries: dict[str, Entry] = {}
    for part in found:
        if part.code.has(*_words()["no_allergy"]) or part.clinical.has("resolved", "inactive"):
            continue
        if part.verification.has("refuted", "entered-in-error") or not part.code.words:
            continue
        signs = [
            TAG.sub("", m.words) for reaction in part.reaction for m in reaction.manifestation if m.words
        ]
        text = TAG.sub("", part.code.words) + (f": {', '.join(dict.fromkeys(signs))}" if signs else "")
        entries[text] = Entry(text=text, code=part.code.code, since=(part.recorded or "")[:10])
    return tuple(entries.values())


def _observations(found: list[ObservationPart]) -> tuple[Entry, ...]:
    """Give the newest measurement of each kind; blood pressure is two numbers in one."""
    entries: dict[str, Entry] = {}
    for part in sorted(found, key=lambda p: p.effective or ""):
        # Synthea writes the diastolic pressure first; people read the systolic one first.
        ordered = sorted(part.component, key=lambda c: not c.code.has(SYSTOLIC))
        quantities = [part.quantity] if part.quantity else [c.quantity for c in ordered if c.quantity]
        numbers = [q for q in quantities if q.value is not None]
        if not numbers or not part.code.words:
            continue
        joined = "/".join(f"{q.value:.1f}".removesuffix(".0") for q in numbers)
        value = f"{joined} {_unit(numbers[0].unit)}".strip()
        entries[part.code.words] = Entry(
            text=part.code.words, code=part.code.code, since=(part.effective or "")[:10], value=value
        )
    return tuple(entries.values())


def _unit(unit: str) -> str:
    return {"mm[Hg]": "mmHg", "{score}": "", "{nominal}": ""}.get(unit, unit)


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"


@cache
def _words() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
