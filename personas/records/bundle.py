"""The part of FHIR R4 that is read, validated at the edge; everything else is ignored.

The one idea: these models accept what Synthea and the HL7 examples write, and nothing looser; other versions of
FHIR are told by what only they write. They know the format and not what its content means.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Dated = Annotated[str, Field(pattern=r"^\d{4}(-\d\d(-\d\d)?)?")]
HISTORIES = ("transaction", "collection", "searchset", "batch")
"""Bundle types that can hold a patient's history."""
MARKS: dict[str, tuple[tuple[str, type, str], ...]] = {
    "Patient": (("careProvider", list, "DSTU2"), ("animal", dict, "STU3 or older")),
    "Condition": (("clinicalStatus", str, "STU3 or older"), ("dateRecorded", str, "DSTU2")),
    "AllergyIntolerance": (
        ("clinicalStatus", str, "STU3 or older"),
        ("substance", dict, "DSTU2"),
        ("type", dict, "R5 or newer"),
    ),
    "MedicationRequest": (("medication", dict, "R5 or newer"),),
    "Encounter": (("actualPeriod", dict, "R5 or newer"),),
}
"""What R4 never writes, by resource type: a field, the type of its value, and the version that writes it."""


class FhirPart(BaseModel):
    """Anything in a bundle."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class ItemCoding(FhirPart):
    """One code in one system."""

    system: str = ""
    code: str = ""
    display: str = ""


class CodedConcept(FhirPart):
    """A concept by code, by text, or both."""

    coding: tuple[ItemCoding, ...] = ()
    text: str = ""

    @property
    def words(self) -> str:
        """The concept in words; its bare code when it has none; empty when it has neither."""
        named = self.text or next((coding.display for coding in self.coding if coding.display), "")
        return named or (f"Code {self.code}" if self.code else "")

    @property
    def codes(self) -> tuple[str, ...]:
        """All its codes."""
        return tuple(coding.code for coding in self.coding if coding.code)

    @property
    def code(self) -> str:
        """The first code; empty for none."""
        return next(iter(self.codes), "")

    def has(self, *codes: str) -> bool:
        """Say whether one of these codes is among its own."""
        return any(coding.code in codes for coding in self.coding)


class ItemReference(FhirPart):
    """A pointer to another resource."""

    reference: str = ""
    display: str = ""


class TimeSpan(FhirPart):
    """From when to when."""

    start: Dated | None = None
    end: Dated | None = None


class HumanName(FhirPart):
    """One of a person's names."""

    use: str = ""
    text: str = ""
    family: str = ""
    given: tuple[str, ...] = ()


class ItemIdentifier(FhirPart):
    """A number somebody gave."""

    system: str = ""
    value: str = ""


class LanguageUse(FhirPart):
    """A language somebody speaks."""

    language: CodedConcept = CodedConcept()


class ExtensionPart(FhirPart):
    """What a country or a maker adds; nested where it has several parts."""

    url: str = ""
    words: str = Field("", alias="valueString")
    coding: ItemCoding = Field(ItemCoding(), alias="valueCoding")
    extension: tuple[ExtensionPart, ...] = ()


class PatientPart(FhirPart):
    """A person, or, with the extension for it, an animal."""

    id: str = ""
    active: bool = True
    identifier: tuple[ItemIdentifier, ...] = ()
    name: tuple[HumanName, ...] = ()
    gender: str = ""
    birth: Dated | None = Field(None, alias="birthDate")
    deceased: bool = Field(False, alias="deceasedBoolean")
    died: Dated | None = Field(None, alias="deceasedDateTime")
    communication: tuple[LanguageUse, ...] = ()
    extension: tuple[ExtensionPart, ...] = ()


class SubjectPart(FhirPart):
    """Whatever says whom it is about."""

    status: str = ""
    subject: ItemReference = ItemReference()
    patient: ItemReference = ItemReference()


class EncounterPart(SubjectPart):
    """A visit."""

    period: TimeSpan = TimeSpan()


class ConditionPart(SubjectPart):
    """A problem, or what Synthea calls one."""

    code: CodedConcept = CodedConcept()
    clinical: CodedConcept = Field(CodedConcept(), alias="clinicalStatus")
    verification: CodedConcept = Field(CodedConcept(), alias="verificationStatus")
    onset: Dated | None = Field(None, alias="onsetDateTime")
    lasting: TimeSpan = Field(TimeSpan(), alias="onsetPeriod")
    recorded: Dated | None = Field(None, alias="recordedDate")
    abated: Dated | None = Field(None, alias="abatementDateTime")
    abating: TimeSpan | None = Field(None, alias="abatementPeriod")
    abated_words: str = Field("", alias="abatementString")


class MedicationPart(SubjectPart):
    """An order for a medicine or the statement that it is taken, named in place or by reference."""

    concept: CodedConcept | None = Field(None, alias="medicationCodeableConcept")
    medicine: ItemReference = Field(ItemReference(), alias="medicationReference")
    contained: tuple[dict[str, Any], ...] = ()
    authored: Dated | None = Field(None, alias="authoredOn")
    taken: Dated | None = Field(None, alias="effectiveDateTime")
    taking: TimeSpan = Field(TimeSpan(), alias="effectivePeriod")
    forbidden: bool = Field(False, alias="doNotPerform")


class SubstancePart(FhirPart):
    """A medicine that orders refer to."""

    id: str = ""
    code: CodedConcept = CodedConcept()


class ReactionPart(FhirPart):
    """What happened."""

    manifestation: tuple[CodedConcept, ...] = ()
    severity: str = ""


class AllergyPart(SubjectPart):
    """An allergy, or the statement that there is none."""

    kind: str = Field("", alias="type")
    criticality: str = ""
    code: CodedConcept = CodedConcept()
    clinical: CodedConcept = Field(CodedConcept(), alias="clinicalStatus")
    verification: CodedConcept = Field(CodedConcept(), alias="verificationStatus")
    reaction: tuple[ReactionPart, ...] = ()
    recorded: Dated | None = Field(None, alias="recordedDate")


class MeasuredQuantity(FhirPart):
    """A number with its unit."""

    value: float | None = None
    unit: str = ""


class ComponentPart(FhirPart):
    """One of several numbers that were taken together."""

    code: CodedConcept = CodedConcept()
    quantity: MeasuredQuantity | None = Field(None, alias="valueQuantity")


class ObservationPart(SubjectPart):
    """A measurement, or an answer."""

    category: tuple[CodedConcept, ...] = ()
    code: CodedConcept = CodedConcept()
    effective: Dated | None = Field(None, alias="effectiveDateTime")
    quantity: MeasuredQuantity | None = Field(None, alias="valueQuantity")
    answer: CodedConcept | None = Field(None, alias="valueCodeableConcept")
    component: tuple[ComponentPart, ...] = ()


class BundleEntry(FhirPart):
    """A resource under its address."""

    url: str = Field("", alias="fullUrl")
    resource: dict[str, Any] = {}


class PatientBundle(FhirPart):
    """A bundle that can hold a patient's history."""

    kind: Literal["Bundle"] = Field(alias="resourceType")
    type: Literal["transaction", "collection", "searchset", "batch"]
    entry: tuple[BundleEntry, ...] = ()


def kind_of(resource: dict[str, Any]) -> str:
    """Give a resource's type; empty for none."""
    return word_of(resource, "resourceType")


def word_of(part: dict[str, Any], field: str) -> str:
    """Give a field that holds a text; empty for one that holds anything else, which may be as deep as a file is."""
    value = part.get(field)
    return value if isinstance(value, str) else ""


def version(resource: dict[str, Any]) -> str:
    """Name the other version of FHIR a resource is written in, with the field that shows it; empty for R4."""
    kind = kind_of(resource)
    for field, form, edition in MARKS.get(kind, ()):
        if isinstance(resource.get(field), form):
            return f"{edition}, as {kind}.{field} shows"
    names = resource.get("name") if kind == "Patient" else None
    if isinstance(names, list) and any(
        isinstance(n, dict) and isinstance(n.get("family"), list) for n in names
    ):
        return "DSTU2, as Patient.name.family shows"
    return "DSTU2" if kind == "MedicationOrder" else ""
