"""The part of FHIR that is read."""

import pytest
from pydantic import ValidationError

from personas.records.bundle import CodedConcept, PatientBundle, PatientPart, version


def test_a_concept_speaks_by_text_then_display_then_code():
    coded = {"coding": [{"code": "1", "display": "Eczema"}]}
    assert CodedConcept.model_validate({**coded, "text": "Atopic eczema"}).words == "Atopic eczema"
    assert CodedConcept.model_validate(coded).words == "Eczema"
    assert CodedConcept.model_validate({"coding": [{"code": "1"}]}).words == "Code 1"
    assert CodedConcept().words == ""


def test_partial_dates_are_dates_and_words_are_not():
    assert PatientPart.model_validate({"birthDate": "1974-05"}).birth == "1974-05"
    with pytest.raises(ValidationError):
        PatientPart.model_validate({"birthDate": "May 1974"})


def test_documents_and_messages_are_no_histories():
    assert PatientBundle.model_validate({"resourceType": "Bundle", "type": "collection"}).entry == ()
    for kind in ("document", "message", "batch-response", "history"):
        with pytest.raises(ValidationError):
            PatientBundle.model_validate({"resourceType": "Bundle", "type": kind})


def test_the_version_is_told_by_what_only_it_writes():
    assert version({"resourceType": "Condition", "clinicalStatus": {"coding": []}}) == ""
    assert "Condition.clinicalStatus" in version({"resourceType": "Condition", "clinicalStatus": "active"})
