"""Health records from FHIR bundles, built here and real ones."""

from pathlib import Path

import orjson
import pytest

from personas.errors import Unreadable
from personas.records.fhir import read_records

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
    assert [p.text for p in found.problems] == [
        "Hypertension",
        "Viral sinusitis",
        "Body mass index 30+ - obesity",
    ]


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
    none = about("AllergyIntolerance", code=named("No known allergy", "716186003"))
    assert read(tmp_path, PATIENT, VISIT, none).allergies == ()
    nuts = about(
        "AllergyIntolerance", code=named("Nuts (substance)"), reaction=[{"manifestation": [named("Wheal")]}]
    )
    assert [a.text for a in read(tmp_path, PATIENT, VISIT, nuts).allergies] == ["Nuts: Wheal"]


def test_a_medicine_may_lie_elsewhere_in_the_bundle(tmp_path):
    medicine = {"resourceType": "Medication", "id": "m", "code": named("Warfarin 3 MG")}
    order = about("MedicationRequest", status="active", medicationReference={"reference": "urn:uuid:m"})
    stopped = about("MedicationRequest", status="stopped", medicationCodeableConcept=named("Old"))
    found = read(tmp_path, PATIENT, VISIT, medicine, order, stopped)
    assert {m.text: m.active for m in found.medicines} == {"Warfarin 3 MG": True, "Old": False}


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
    assert [(o.text, o.value) for o in found.observations] == [("Blood Pressure", "132/71 mmHg")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"birthDate": None}, "no date of birth"),
        ({"deceasedBoolean": True}, "has died"),
        ({"deceasedDateTime": "2020-07-01"}, "has died"),
        ({"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/patient-animal"}]}, "animal"),
    ],
)
def test_patients_who_cannot_write_are_refused(tmp_path, change, reason):
    assert reason in refused(tmp_path, orjson.dumps(bundle({**PATIENT, **change}, VISIT)))


def test_files_that_are_no_history_are_refused_with_the_reason(tmp_path):
    assert "not JSON" in refused(tmp_path, b'{"resourceType": "Bund')
    assert "not FHIR" in refused(tmp_path, b"[1]")
    assert "is a FHIR Patient" in refused(tmp_path, orjson.dumps(PATIENT))
    assert "empty bundle" in refused(tmp_path, orjson.dumps(bundle()))
    assert "no patient" in refused(tmp_path, orjson.dumps(bundle(VISIT)))
    assert "document bundle" in refused(tmp_path, orjson.dumps(bundle(PATIENT, kind="document")))
    assert "no dated encounter" in refused(tmp_path, orjson.dumps(bundle(PATIENT)))


def test_a_folder_gives_what_it_has_and_names_the_rest(tmp_path):
    (tmp_path / "good O'Keefe é.json").write_bytes(orjson.dumps(bundle(PATIENT, VISIT)))
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "hospitalInformation1.json").write_bytes(orjson.dumps(bundle(VISIT)))
    reading = read_records(tmp_path)
    assert len(reading.records) == 1
    assert [name for name, _ in reading.skipped] == ["bad.json"]


def test_folders_without_a_usable_record_are_refused(tmp_path):
    with pytest.raises(Unreadable, match="no bundle"):
        read_records(tmp_path)
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(Unreadable, match=r"bad\.json: is not JSON"):
        read_records(tmp_path)
    with pytest.raises(Unreadable, match="does not exist"):
        read_records(tmp_path / "none")


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


@real
@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("derived/01_missing_birthdate.json", "date of birth"),
        ("derived/06_deceased_boolean.json", "died"),
        ("derived/13_empty_bundle.json", "empty bundle"),
        ("dstu2_Hermiston_Korey_0.json", "not FHIR R4"),
        ("synthea_collection_bundle.json", "not FHIR R4"),
        ("hl7_r4_examples/Patient-animal.json", "not a bundle"),
        ("hl7_r4_examples/Bundle-father.json", "document bundle"),
        ("hl7_r4_examples/Bundle-lipids.json", "no patient"),
    ],
)
def test_real_files_that_are_no_history_are_refused(name, reason):
    with pytest.raises(Unreadable, match=reason):
        read_records(SHARED / "fhir_edge_cases" / name)


@real
@pytest.mark.shared
@pytest.mark.parametrize("number", ["00", "03", "04", "07", "09", "10", "12"])
def test_real_edge_cases_are_read(number):
    (file,) = (SHARED / "fhir_edge_cases" / "derived").glob(f"{number}_*.json")
    record = read_records(file).records[0]
    assert record.name == "Patria Schimmel"
    assert (record.allergies is None) == (number == "04")
