"""What FHIR bundles mean, built here and real ones."""

from pathlib import Path

import orjson
import pytest

from personas.errors import Unreadable
from personas.records.reading import patients, read_records

SHARED = Path(__file__).parents[2] / "shared" / "data"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [
        {"use": "official", "prefix": ["Mrs."], "given": ["Ada12"], "family": "O'Alder345"},
        {"use": "maiden", "given": ["Ada12"], "family": "Before1"},
    ],
    "gender": "female",
    "birthDate": "1960-06-15",
}


def about(kind: str, **parts):
    return {"resourceType": kind, "subject": {"reference": "urn:uuid:p1"}, **parts}


def named(text: str, code: str = "1"):
    return {"coding": [{"code": code, "display": text}], "text": text}


def allergy(folder: Path, **parts) -> str:
    (entry,) = read(folder, PATIENT, VISIT, about("AllergyIntolerance", **parts)).allergies
    return entry.text


VISIT = about("Encounter", period={"start": "2020-06-14T10:00:00Z", "end": "2020-06-14T11:00:00Z"})


def bundle(*resources, kind="transaction"):
    entries = [{"fullUrl": f"urn:uuid:{r.get('id', n)}", "resource": r} for n, r in enumerate(resources)]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def read(folder: Path, *resources):
    file = folder / "one.json"
    file.write_bytes(orjson.dumps(bundle(*resources)))
    (record,) = read_records(file).records
    return record


def refused(folder: Path, content: bytes) -> str:
    file = folder / "one.json"
    file.write_bytes(content)
    with pytest.raises(Unreadable, match=r"one\.json") as caught:
        read_records(file)
    assert "Give a FHIR R4 bundle" in str(caught.value)
    return str(caught.value)


def test_names_lose_digits_and_maiden_names(tmp_path):
    assert read(tmp_path, PATIENT, VISIT).name == "Ada O'Alder"


def test_age_is_that_of_the_last_visit(tmp_path):
    record = read(tmp_path, PATIENT, VISIT)
    assert (record.age, record.as_of) == (59, "2020-06-14")


def test_partial_dates_of_birth_do(tmp_path):
    assert read(tmp_path, {**PATIENT, "birthDate": "1960-05"}, VISIT).age == 60
    assert read(tmp_path, {**PATIENT, "birthDate": "1960"}, VISIT).age == 59


def test_facts_of_life_are_no_problems(tmp_path):
    texts = (
        "Full-time employment (finding)",
        "Medication review due (situation)",
        "Refugee (person)",
        "Hypertension",
        "Viral sinusitis (disorder)",
        "Body mass index 30+ - obesity (finding)",
    )
    found = read(tmp_path, PATIENT, VISIT, *(about("Condition", code=named(text)) for text in texts))
    assert {p.text for p in found.problems} == {
        "Hypertension",
        "Viral sinusitis",
        "Body mass index 30+ - obesity",
    }


def test_resolved_problems_are_past(tmp_path):
    status = {"coding": [{"code": "resolved"}]}
    found = read(
        tmp_path,
        PATIENT,
        VISIT,
        about("Condition", code=named("A"), clinicalStatus=status),
        about("Condition", code=named("B"), abatementDateTime="2010-01-01"),
        about("Condition", code=named("Normal pregnancy"), onsetDateTime="1990-01-01"),
        about("Condition", code=named("C"), onsetDateTime="1990-01-01"),
    )
    assert {p.text: p.active for p in found.problems} == {
        "A": False,
        "B": False,
        "Normal pregnancy": False,
        "C": True,
    }


def test_silence_about_allergies_stays_silence(tmp_path):
    assert read(tmp_path, PATIENT, VISIT).allergies is None
    for none in (named("Nothing", "716186003"), named("No known allergies"), {"text": "NKDA"}):
        assert read(tmp_path, PATIENT, VISIT, about("AllergyIntolerance", code=none)).allergies == ()
    assert allergy(tmp_path, code=named("Nuts (substance)")) == "Nuts"
    for status in ("refuted", "entered-in-error"):
        wrong = about(
            "AllergyIntolerance", code=named("Nuts"), verificationStatus={"coding": [{"code": status}]}
        )
        assert read(tmp_path, PATIENT, VISIT, wrong).allergies is None
    over = about("AllergyIntolerance", code=named("Soya"), clinicalStatus={"coding": [{"code": "resolved"}]})
    assert read(tmp_path, PATIENT, VISIT, over).allergies is None


def test_reactions_are_told_with_their_severity_the_worst_first(tmp_path):
    signs = [
        {"manifestation": [named("Itching (finding)")], "severity": "mild"},
        {"manifestation": [named("Finding of vomiting (finding)")], "severity": "severe"},
        {"manifestation": [named("Wheal (finding)")]},
    ]
    said = allergy(tmp_path, code=named("Eggs (edible) (substance)"), reaction=signs, criticality="high")
    assert said == "Eggs (edible): vomiting (severe), wheal, itching (mild), high risk"
    assert allergy(tmp_path, code=named("Lisinopril"), type="intolerance") == "Lisinopril (intolerance)"


def test_a_medicine_may_lie_elsewhere_in_the_bundle(tmp_path):
    medicine = {"resourceType": "Medication", "id": "m", "code": named("Warfarin 3 MG")}
    inside = [{"resourceType": "Medication", "id": "x", "code": named("Tacrolimus")}]
    orders = [
        {"status": "active", "medicationReference": {"reference": "urn:uuid:m"}},
        {"status": "stopped", "medicationCodeableConcept": named("Old")},
        {"status": "active", "contained": inside, "medicationReference": {"reference": "#x"}},
        {"status": "active", "medicationReference": {"reference": "#none", "display": "Nowhere"}},
        {"status": "entered-in-error", "medicationCodeableConcept": named("Error")},
        {"status": "active", "doNotPerform": True, "medicationCodeableConcept": named("Forbidden")},
    ]
    found = read(tmp_path, PATIENT, VISIT, medicine, *(about("MedicationRequest", **o) for o in orders))
    assert {m.text: m.active for m in found.medicines} == {
        "Warfarin 3 MG": True,
        "Old": False,
        "Tacrolimus": True,
        "Nowhere": True,
    }


def test_blood_pressure_is_systolic_over_diastolic_and_surveys_are_left_out(tmp_path):
    def part(code, value):
        return {"code": named("x", code), "valueQuantity": {"value": value, "unit": "mm[Hg]"}}

    found = read(
        tmp_path,
        PATIENT,
        VISIT,
        about(
            "Observation", code=named("Blood Pressure"), component=[part("8462-4", 71), part("8480-6", 132)]
        ),
        about("Observation", code=named("PHQ-2"), valueCodeableConcept=named("Never")),
    )
    assert [(o.text, o.value) for o in found.observations] == [("Blood pressure", "132/71 mmHg")]


def test_measurements_lose_their_method_and_smoking_is_the_answer_that_stays(tmp_path):
    count = named("Leukocytes [#/volume] in Blood by Automated count")
    survey = [{"coding": [{"code": "survey"}]}]
    found = read(
        tmp_path,
        PATIENT,
        VISIT,
        about("Observation", code=count, valueQuantity={"value": 0.0234, "unit": "10*3/uL"}),
        about("Observation", code=named("Tobacco", "72166-2"), valueCodeableConcept=named("Former smoker")),
        about("Observation", code=named("HARK"), category=survey, valueQuantity={"value": 3}),
        about("Observation", code=named("QALY"), valueQuantity={"value": 3}),
        about("Observation", code=named("Wrong"), status="entered-in-error", valueQuantity={"value": 3}),
    )
    assert {o.text: o.value for o in found.observations} == {
        "Leukocytes in Blood": "0.0234 10*3/uL",
        "Tobacco": "Former smoker",
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"birthDate": None}, "no date of birth"),
        ({"deceasedBoolean": True}, "has died"),
        ({"deceasedDateTime": "2020-07-01"}, "has died"),
        ({"birthDate": "2021-01-01"}, "age of -"),
        ({"birthDate": "1860-01-01"}, "age of 160"),
        ({"birthDate": "1970-02-30"}, "no date"),
        ({"active": False}, "not in use"),
        ({"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/patient-animal"}]}, "animal"),
    ],
)
def test_patients_who_cannot_write_are_refused(tmp_path, change, reason):
    assert reason in refused(tmp_path, orjson.dumps(bundle({**PATIENT, **change}, VISIT)))


def test_files_that_are_no_history_are_refused_with_the_reason(tmp_path):
    assert "not JSON" in refused(tmp_path, b'{"resourceType": "Bund')
    assert "not FHIR" in refused(tmp_path, b"[1]")
    assert "no dated encounter" in refused(tmp_path, orjson.dumps(PATIENT))
    assert "is a FHIR Observation" in refused(tmp_path, b'{"resourceType": "Observation"}')
    assert "empty bundle" in refused(tmp_path, orjson.dumps(bundle()))
    assert "no patient" in refused(tmp_path, orjson.dumps(bundle(VISIT)))
    assert "document bundle" in refused(tmp_path, orjson.dumps(bundle(PATIENT, kind="document")))
    assert "no dated encounter" in refused(tmp_path, orjson.dumps(bundle(PATIENT)))


def test_several_races_are_all_named_and_the_language_has_no_region(tmp_path):
    def extension(name, *parts):
        return {"url": f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{name}", "extension": parts}

    patient = PATIENT | {
        "extension": [
            extension("race", *({"valueCoding": {"display": race}} for race in ("White", "Asian"))),
            extension(
                "ethnicity", {"valueCoding": {"display": "Hispanic"}}, {"valueString": "Hispanic or Latino"}
            ),
        ],
        "communication": [{"language": {"text": "English (United States)"}}],
    }
    record = read(tmp_path, patient, VISIT)
    assert (record.race, record.ethnicity, record.language) == (
        "White and Asian",
        "Hispanic or Latino",
        "English",
    )


def test_a_name_may_be_in_one_piece_or_missing(tmp_path):
    assert read(tmp_path, {**PATIENT, "name": [{"text": "Ada Alder"}]}, VISIT).name == "Ada Alder"
    assert read(tmp_path, {**PATIENT, "name": []}, VISIT).name == "Unnamed"


def test_a_pregnancy_ends_by_what_came_after_it_or_by_time(tmp_path):
    def pregnancies(*more):
        begun = about("Condition", code=named("Normal pregnancy (finding)"), onsetDateTime="2020-01-10")
        found = read(tmp_path, PATIENT, VISIT, begun, *more).problems
        return [p.active for p in found if p.text == "Normal pregnancy"]

    assert pregnancies() == [True]
    lost = about("Condition", code=named("Miscarriage in first trimester"), onsetDateTime="2020-03-01")
    assert pregnancies(lost) == [False]
    late = about("Encounter", period={"start": "2022-01-01"})
    assert pregnancies(late) == [False]


def test_an_event_of_long_ago_is_past_though_nobody_closed_it(tmp_path):
    found = read(
        tmp_path,
        PATIENT,
        VISIT,
        about("Condition", code=named("Appendicitis"), onsetDateTime="1990-01-01"),
        about("Condition", code=named("Hypertension"), onsetDateTime="1990-01-01"),
    )
    assert {p.text: p.active for p in found.problems} == {"Appendicitis": False, "Hypertension": True}


def test_what_is_refuted_or_not_r4_is_left_out_and_counted(tmp_path):
    refuted = {"coding": [{"code": "refuted"}]}
    file = tmp_path / "one.json"
    wrong = about("Condition", code=named("B"), onsetDateTime="in May")
    held = bundle(PATIENT, VISIT, about("Condition", code=named("A"), verificationStatus=refuted), wrong)
    file.write_bytes(orjson.dumps(held))
    (found,) = patients(file)
    assert found.record.problems == ()
    assert {(part.count, part.reason) for part in found.left_out} == {
        (1, "not FHIR R4"),
        (1, "entered in error, refuted or not meant to be done"),
    }


def test_a_visit_that_did_not_happen_is_no_today(tmp_path):
    planned = about("Encounter", status="planned", period={"start": "2024-01-01"})
    assert read(tmp_path, PATIENT, VISIT, planned).as_of == "2020-06-14"


@pytest.mark.parametrize(
    ("resource", "version"),
    [
        ({"resourceType": "Condition", "clinicalStatus": "active"}, "STU3"),
        ({"resourceType": "Encounter", "actualPeriod": {}}, "R5"),
        ({"resourceType": "MedicationOrder"}, "DSTU2"),
        ({"resourceType": "Patient", "name": [{"family": ["A"]}]}, "DSTU2"),
    ],
)
def test_another_version_of_fhir_is_refused_by_name(tmp_path, resource, version):
    assert version in refused(tmp_path, orjson.dumps(bundle(PATIENT, VISIT, resource)))


@real
@pytest.mark.shared
@pytest.mark.parametrize(
    ("folder", "usable", "skipped"),
    [("fhir_r4_2019_v2.4", 24, 3), ("fhir_r4_2021_hiv_module", 2, 0), ("fhir_r4_2022", 6, 1)],
)
def test_real_bundles_of_every_age_are_read(folder, usable, skipped):
    reading = read_records(SHARED / "synthea" / folder)
    assert (len(reading.records), len(reading.skipped)) == (usable, skipped)
    for record in reading.records:
        assert not any(letter.isdigit() for letter in record.name)
        assert 0 <= record.age < 110
        texts = [entry.text for entry in record.problems]
        assert not any("employment" in text or text.endswith("(finding)") for text in texts)
