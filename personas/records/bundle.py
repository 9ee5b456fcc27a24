"""The part of a FHIR R4 bundle that is read, validated at the edge; everything else in it is ignored.

The one idea: these models accept what Synthea and the HL7 examples write, and nothing looser. They know the
format and not what its content means.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Dated = Annotated[str, Field(pattern=r"^\d{4}(-\d\d(-\d\d)?)?")]


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
    def code(self) -> str:
        """The first code; empty for none."""
        return next((coding.code for coding in self.coding if coding.code), "")

    def has(self, *codes: str) -> bool:
        """Say whether one of these codes is among its own."""
        return any(coding.code in codes for coding in self.coding)


class ItemReference(FhirPart):
    """A pointer to another resource."""

    reference: str = ""


class TimeSpan(FhirPart):
    """From when to when."""

    start: Dated | None = None
    end: Dated | None = None


class HumanName(FhirPart):
    """One of a person's names."""

    use: str = ""
    family: str = ""
    given: tuple[str, ...] = ()


class LanguageUse(FhirPart):
    """A language somebody speaks."""

    language: CodedConcept = CodedConcept()


class PatientPart(FhirPart):
    """A person, or, with the extension for it, an animal."""

    id: str = ""
    name: tuple[HumanName, ...] = ()
    gender: str = ""
    birth: Dated | None = Field(None, alias="birthDate")
    deceased: bool = Field(False, alias="deceasedBoolean")
    died: Dated | None = Field(None, alias="deceasedDateTime")
    communication: tuple[LanguageUse, ...] = ()
    extension: tuple[dict[str, Any], ...] = ()


class SubjectPart(FhirPart):
    """Whatever says whom it is about."""

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
    recorded: Dated | None = Field(None, alias="recordedDate")
    abated: Dated | None = Field(None, alias="abatementDateTime")


class MedicationPart(SubjectPart):
    """An order for a medicine, named in place or by reference."""

    status: str = ""
    concept: CodedConcept | None = Field(None, alias="medicationCodeableConcept")
    medicine: ItemReference = Field(ItemReference(), alias="medicationReference")
    contained: tuple[dict[str, Any], ...] = ()
    authored: Dated | None = Field(None, alias="authoredOn")


class SubstancePart(FhirPart):
    """A medicine that orders refer to."""

    id: str = ""
    code: CodedConcept = CodedConcept()


class ReactionPart(FhirPart):
    """What happened."""

    manifestation: tuple[CodedConcept, ...] = ()


class AllergyPart(SubjectPart):
    """An allergy, or the statement that there is none."""

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
    """A measurement; survey answers carry no quantity and are left out by that."""

    code: CodedConcept = CodedConcept()
    effective: Dated | None = Field(None, alias="effectiveDateTime")
    quantity: MeasuredQuantity | None = Field(None, alias="valueQuantity")
    component: tuple[ComponentPart, ...] = ()


class BundleEntry(FhirPart):
    """A resource under its address."""

    url: str = Field("", alias="fullUrl")
    resource: dict[str, Any] = {}


class PatientBundle(FhirPart):
    """A bundle that can hold a patient's history."""

    kind: Literal["Bundle"] = Field(alias="resourceType")
    type: Literal["transaction", "collection"]
    entry: tuple[BundleEntry, ...] = ()
