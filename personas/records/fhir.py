"""Read FHIR R4: what its resources say about a patient, and whole bundles of them.

The one idea: a resource becomes one call on the patient's history; what it means is decided there, not here.
One resource that is not R4 is left out and counted; a bundle in another version of FHIR is refused whole, since
half of it would be misread in silence. This does not know bulk exports, which use the same resources.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from personas.records.bundle import (
    HISTORIES,
    AllergyPart,
    BundleEntry,
    CodedConcept,
    ConditionPart,
    EncounterPart,
    MedicationPart,
    ObservationPart,
    PatientBundle,
    PatientPart,
    SubjectPart,
    SubstancePart,
    kind_of,
    version,
    word_of,
)
from personas.records.files import whole
from personas.records.history import PatientHistory, PersonLine, UnderstoodPatient, Unusable
from personas.records.words import table

Substances = dict[str, CodedConcept]
"""Medicines that orders refer to, by address."""
PARTS: dict[str, type[SubjectPart]] = {
    "Encounter": EncounterPart,
    "Condition": ConditionPart,
    "MedicationRequest": MedicationPart,
    "MedicationStatement": MedicationPart,
    "AllergyIntolerance": AllergyPart,
    "Observation": ObservationPart,
}
VOID = ("refuted", "entered-in-error")
OVER = ("resolved", "inactive", "remission")
NO_VISIT = ("planned", "cancelled", "entered-in-error")
MOST_SHARED = 10
"""Patients that an entry may be about, on average: one, or the same one under several addresses."""


def bundle_patients(file: Path) -> Iterator[UnderstoodPatient | Unusable]:
    """Give what is understood of every patient of a bundle; raises `Unusable` when the file is no history."""
    bundle = _bundle(file)
    people = [entry for entry in bundle.entry if kind_of(entry.resource) == "Patient"]
    if not people:
        raise Unusable("holds no patient" if bundle.entry else "is an empty bundle")
    for entry in bundle.entry:
        if other := version(entry.resource):
            raise Unusable(f"is not FHIR R4 (it is {other})")
    substances = _substances(bundle.entry)
    addresses = [_addresses(entry) for entry in people]
    about = _by_subject(bundle.entry, {name for names in addresses for name in names})
    if sum(len(about.get(name, ())) for names in addresses for name in names) > MOST_SHARED * len(
        bundle.entry
    ):
        raise Unusable("gives many patients one address, so nobody can tell whose entries are whose")
    for entry, names in zip(people, addresses, strict=True):
        try:
            history = PatientHistory(person(entry.resource), "fhir")
            for name in names:
                for resource in about.get(name, ()):
                    take(history, resource, substances)
            yield history.settle()
        except Unusable as reason:
            yield reason


def person(resource: dict[str, Any]) -> PersonLine:
    """Read who a patient is; raises `Unusable` when it is not FHIR R4 or not in use."""
    try:
        part = PatientPart.model_validate(resource)
    except ValidationError as error:
        raise Unusable(f"is not FHIR R4 ({first(error)})") from None
    if not part.active:
        raise Unusable("is marked as a record that is not in use")
    name = next((name for name in part.name if name.use != "maiden"), None)
    given, family, text = (" ".join(name.given), name.family, name.text) if name else ("", "", "")
    numbers = (item.value for item in part.identifier if item.value)
    return PersonLine(
        id=part.id or next(numbers, "") or f"{given}-{family}-{part.birth}",
        given=given,
        family=family,
        whole=text,
        birth=part.birth or "",
        died=part.deceased or part.died is not None,
        animal=any("patient-animal" in extension.url for extension in part.extension),
        sex=part.gender,
        race=_extension(part, "us-core-race"),
        ethnicity=_extension(part, "us-core-ethnicity"),
        language=next((c.language.words for c in part.communication if c.language.words), ""),
    )


def take(history: PatientHistory, resource: dict[str, Any], substances: Substances) -> None:
    """Put one resource into a patient's history; one that is not FHIR R4 is counted and left out."""
    kind = kind_of(resource)
    if kind not in PARTS:
        return
    try:
        part = PARTS[kind].model_validate(resource)
        if isinstance(part, MedicationPart):
            _medicine(history, part, substances)
    except ValidationError as error:
        history.leave("not FHIR R4", f"{kind} {first(error)}")
        return
    match part:
        case EncounterPart() if part.status not in NO_VISIT:
            history.visit(part.period.end or "")
            history.visit(part.period.start or "")
        case ConditionPart():
            _condition(history, part)
        case AllergyPart():
            _allergy(history, part)
        case ObservationPart():
            _observation(history, part)


def first(error: ValidationError) -> str:
    """Name the first thing that is wrong, with its place."""
    problem = error.errors()[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"


def _condition(history: PatientHistory, part: ConditionPart) -> None:
    abated = bool(part.abated or part.abating or part.abated_words)
    history.problem(
        part.code.words,
        code=part.code.code,
        since=part.onset or part.lasting.start or part.recorded or "",
        over=abated or part.clinical.has(*OVER),
        void=part.verification.has(*VOID),
    )


def _medicine(history: PatientHistory, part: MedicationPart, substances: Substances) -> None:
    concept = part.concept
    for one in part.contained:
        if kind_of(one) == "Medication" and f"#{word_of(one, 'id')}" == part.medicine.reference:
            concept = SubstancePart.model_validate(one).code
    # A medicine that lies nowhere still has a name where it is ordered.
    concept = concept or substances.get(part.medicine.reference) or CodedConcept(text=part.medicine.display)
    history.medicine(
        concept.words,
        code=concept.code,
        since=part.authored or part.taken or part.taking.start or "",
        active=part.status == "active",
        void=part.status == "entered-in-error" or part.forbidden,
    )


def _allergy(history: PatientHistory, part: AllergyPart) -> None:
    history.allergy(
        part.code.words,
        codes=part.code.codes,
        since=part.recorded or "",
        over=part.clinical.has(*OVER),
        void=part.verification.has(*VOID),
        signs=[(sign.words, one.severity) for one in part.reaction for sign in one.manifestation],
        kind=part.kind,
        risk=part.criticality,
    )


def _observation(history: PatientHistory, part: ObservationPart) -> None:
    """Take a measurement, or the two blood pressures inside one; answers within a questionnaire are none."""
    if part.status == "entered-in-error":
        return
    rules = table()["observations"]
    pair = [c for c in part.component if c.code.has(rules["systolic"], rules["diastolic"])]
    for one in pair or [part]:
        history.measure(
            one.code.words,
            code=one.code.code,
            since=part.effective or "",
            number=one.quantity.value if one.quantity else None,
            unit=one.quantity.unit if one.quantity else "",
            words="" if pair or not part.answer else part.answer.words,
            survey=any(category.has("survey") for category in part.category),
        )


def _extension(part: PatientPart, name: str) -> str:
    """Give a US Core extension in words: its own text, else every category it names."""
    for extension in part.extension:
        if extension.url.endswith(name):
            if text := next((one.words for one in extension.extension if one.words), ""):
                return text
            named = (one.coding.display for one in extension.extension)
            return " and ".join(dict.fromkeys(filter(None, named)))
    return ""


def _bundle(file: Path) -> PatientBundle:
    try:
        value = orjson.loads(whole(file))
    except orjson.JSONDecodeError:
        raise Unusable("is not JSON, or cut off") from None
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if kind == "Patient":
        value = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": value}]}
    elif kind != "Bundle":
        raise Unusable(f"is a FHIR {kind}, not a bundle" if kind else "is JSON, but not FHIR")
    try:
        return PatientBundle.model_validate(value)
    except ValidationError as error:
        if value.get("type") not in HISTORIES:
            raise Unusable(f"is a {value.get('type')} bundle, not a patient's history") from None
        raise Unusable(f"is not FHIR R4 ({first(error)})") from None


def _substances(entries: tuple[BundleEntry, ...]) -> Substances:
    found: Substances = {}
    for entry in entries:
        if kind_of(entry.resource) == "Medication":
            try:
                code = SubstancePart.model_validate(entry.resource).code
            except ValidationError:
                continue
            own = word_of(entry.resource, "id")
            found |= {entry.url: code, f"Medication/{own}": code}
            if entry.url.startswith("http"):
                continue
            found[f"urn:uuid:{own}"] = code
    return found


def _by_subject(entries: tuple[BundleEntry, ...], known: set[str]) -> dict[str, list[dict[str, Any]]]:
    """Sort the resources by the address of whom they are about, of those that are known."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        if kind_of(entry.resource) in PARTS:
            address = next((name for name in _subject(entry) if name in known), "")
            found.setdefault(address, []).append(entry.resource)
    return found


def _subject(entry: BundleEntry) -> list[str]:
    """Give the addresses of whom a resource is about, the best first.

    A relative one belongs to the server its entry stands on; where the patient stands on none, the end will do.
    """
    about = entry.resource.get("subject") or entry.resource.get("patient")
    if not isinstance(about, dict):
        return []
    reference = word_of(about, "reference").split("/_history/")[0]
    if not reference:
        number = about.get("identifier")
        return [f"{word_of(number, 'system')}|{word_of(number, 'value')}"] if isinstance(number, dict) else []
    if "?identifier=" in reference:
        return [reference.split("?identifier=")[1]]
    if reference.startswith("Patient/"):
        server = entry.url.rsplit("/", 2)[0] if entry.url.startswith("http") else ""
        return [f"{server}/{reference}", reference] if server else [reference, f"*{reference}"]
    return [reference, "/".join(reference.rsplit("/", 2)[1:])]


def _addresses(entry: BundleEntry) -> list[str]:
    """Give every address a patient answers to, each once; with a star, the one for entries that stand nowhere."""
    found = [entry.url.split("/_history/")[0]]
    if own := word_of(entry.resource, "id"):
        found += [f"*Patient/{own}", f"urn:uuid:{own}"]
        if not entry.url.startswith("http"):
            found.append(f"Patient/{own}")
    numbers = entry.resource.get("identifier")
    for number in numbers if isinstance(numbers, list) else ():
        if isinstance(number, dict) and (value := word_of(number, "value")):
            found += [f"{word_of(number, 'system')}|{value}", value]
    return list(dict.fromkeys(filter(None, found)))
