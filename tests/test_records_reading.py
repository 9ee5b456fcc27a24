"""Whatever lies there ends in a record or in one sentence."""

import gzip
from contextlib import suppress
from pathlib import Path

import orjson
import pytest

from personas.errors import Unreadable
from personas.records import files
from personas.records.reading import read_records

SHARED = Path(__file__).parents[2] / "shared" / "data"
EDGES = SHARED / "fhir_edge_cases"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")

DIED, NO_BIRTH, NO_VISIT = "has died", "no date of birth", "no dated encounter or entry"
EDGE_CASES = {
    "derived/00_small_baseline.json": ("Patria Schimmel", ""),
    "derived/01_missing_birthdate.json": ("", NO_BIRTH),
    "derived/03_birthdate_year_month.json": ("Patria Schimmel", ""),
    "derived/04_no_conditions_meds_allergies.json": ("Patria Schimmel", ""),
    "derived/06_deceased_boolean.json": ("", DIED),
    "derived/07_collection_bundle.json": ("Patria Schimmel", ""),
    "derived/09_medication_reference.json": ("Patria Schimmel", ""),
    "derived/10_two_patients.json": ("Patria Schimmel", NO_VISIT),
    "derived/12_condition_code_only.json": ("Patria Schimmel", ""),
    "derived/13_empty_bundle.json": ("", "empty bundle"),
    "dstu2_Hermiston_Korey_0.json": ("", "DSTU2"),
    "synthea_collection_bundle.json": ("", "STU3"),
    "hl7_r4_examples/Bundle-10bb101f-a121-4264-a920-67be9cb82c74.json": ("", "is a message bundle"),
    "hl7_r4_examples/Bundle-b248b1b2-1686-4b94-9936-37d7a5f94b51.json": ("", NO_VISIT),
    "hl7_r4_examples/Bundle-bundle-references.json": ("", NO_BIRTH),
    "hl7_r4_examples/Bundle-bundle-response-simplesummary.json": ("", "is a batch-response bundle"),
    "hl7_r4_examples/Bundle-father.json": ("", "is a document bundle"),
    "hl7_r4_examples/Bundle-lipids.json": ("", "holds no patient"),
    "hl7_r4_examples/Patient-animal.json": ("", "animal"),
    "hl7_r4_examples/Patient-dicom.json": ("", NO_BIRTH),
    "hl7_r4_examples/Patient-glossy.json": ("", NO_VISIT),
    "hl7_r4_examples/Patient-ihe-pcd.json": ("", NO_BIRTH),
    "hl7_r4_examples/Patient-newborn.json": ("", NO_VISIT),
    "hl7_r4_examples/Patient-pat1.json": ("", NO_BIRTH),
    "hl7_r4_examples/Patient-pat3.json": ("", DIED),
    "hl7_r4_examples/Patient-pat4.json": ("", DIED),
    "hl7_r4_examples/Patient-xcda.json": ("", NO_VISIT),
}
"""What every file of the folder ends in: a patient's name, a reason, or both."""


def history(id="p1", url="", **patient):
    """Give a bundle of a patient with one visit and one problem."""
    url = url or f"urn:uuid:{id}"
    about = {"subject": {"reference": url}}
    person = {
        "resourceType": "Patient",
        "id": id,
        "birthDate": "1960-06-15",
        "name": [{"family": "Alder"}],
        **patient,
    }
    resources = [
        (url, person),
        ("urn:uuid:v", {"resourceType": "Encounter", "period": {"start": "2020-01-01"}, **about}),
        ("urn:uuid:c", {"resourceType": "Condition", "code": {"text": "Hypertension"}, **about}),
    ]
    entries = [{"fullUrl": where, "resource": resource} for where, resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def saved(path: Path, value: object) -> Path:
    path.write_bytes(value if isinstance(value, bytes) else orjson.dumps(value))
    return path


def why(path: Path) -> str:
    with pytest.raises(Unreadable) as caught:
        read_records(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@real
@pytest.mark.shared
def test_every_edge_case_is_in_the_table():
    assert {p.relative_to(EDGES).as_posix() for p in EDGES.rglob("*.json")} == set(EDGE_CASES)


@real
@pytest.mark.shared
@pytest.mark.parametrize("name", EDGE_CASES)
def test_every_edge_case_ends_in_a_record_or_a_sentence(name):
    patient, reason = EDGE_CASES[name]
    if not patient:
        assert reason in why(EDGES / name)
        return
    reading = read_records(EDGES / name)
    assert [record.name for record in reading.records] == [patient]
    assert [why for _, why in reading.skipped] == ([f"has {reason}, so no age at a visit"] if reason else [])


@real
@pytest.mark.shared
def test_what_the_edge_cases_lack_is_what_their_records_lack():
    whole, bare, named = (
        read_records(EDGES / "derived" / f"{name}.json").records[0]
        for name in ("00_small_baseline", "04_no_conditions_meds_allergies", "09_medication_reference")
    )
    assert (bare.problems, bare.medicines, bare.allergies) == ((), (), None)
    assert [m.text for m in named.medicines] == [m.text for m in whole.medicines] != []


@real
@pytest.mark.shared
def test_a_folder_of_everything_is_read_as_far_as_it_can_be():
    reading = read_records(EDGES)
    assert len(reading.records) == 1
    assert len(reading.skipped) == 35
    assert reading.notes == (
        "1 patient comes more than once and the first is used (148f10e1-2182-4297-ac1f-39bb9eca6f1a).",
    )


@pytest.mark.parametrize("kind", ["transaction", "collection", "searchset", "batch"])
def test_every_kind_of_bundle_that_can_hold_a_history_does(tmp_path, kind):
    assert read_records(saved(tmp_path / "a.json", history() | {"type": kind})).records


@pytest.mark.parametrize(
    ("url", "reference"),
    [
        ("urn:uuid:p1", "urn:uuid:p1"),
        ("urn:uuid:p1", "Patient/p1"),
        ("urn:uuid:p1", "Patient/p1/_history/3"),
        ("urn:uuid:p1", "http://here.example/fhir/Patient/p1"),
        ("http://here.example/fhir/Patient/p1", "http://here.example/fhir/Patient/p1"),
        ("http://here.example/fhir/Patient/p1", "Patient/p1"),
        ("urn:uuid:p1", "Patient?identifier=urn:mrn|77"),
    ],
)
def test_references_are_followed_however_they_are_written(tmp_path, url, reference):
    value = history(url=url, identifier=[{"system": "urn:mrn", "value": "77"}])
    for entry in value["entry"][1:]:
        entry["resource"]["subject"]["reference"] = reference
    (record,) = read_records(saved(tmp_path / "a.json", value)).records
    assert [p.text for p in record.problems] == ["Hypertension"]


def test_a_reference_belongs_to_its_own_server(tmp_path):
    value = history(url="http://here.example/fhir/Patient/p1")
    value["entry"][2]["fullUrl"] = "http://there.example/fhir/Condition/c"
    value["entry"][2]["resource"]["subject"]["reference"] = "Patient/p1"
    (record,) = read_records(saved(tmp_path / "a.json", value)).records
    assert record.problems == ()


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_obstacle(tmp_path, mark):
    assert read_records(saved(tmp_path / "a.json", orjson.dumps(history()).decode().encode(mark))).records


def test_a_gzipped_bundle_is_unpacked_and_a_torn_one_named(tmp_path):
    packed = gzip.compress(orjson.dumps(history()))
    assert read_records(saved(tmp_path / "a.json.gz", packed)).records
    assert "gzip" in why(saved(tmp_path / "b.json.gz", packed[:-20]))
    assert "cannot be read" in why(saved(tmp_path / "c.json.gz", b"{}"))


def test_a_huge_file_is_not_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LARGEST", 100)
    assert "larger than" in why(saved(tmp_path / "a.json", history()))


def test_a_patient_who_comes_twice_is_read_once_and_said(tmp_path):
    saved(tmp_path / "a.json", history())
    saved(tmp_path / "b.json", history(name=[{"family": "Other"}]))
    saved(tmp_path / "c.json", history(id="p2"))
    reading = read_records(tmp_path)
    assert [record.name for record in reading.records] == ["Alder", "Alder"]
    assert reading.notes == ("1 patient comes more than once and the first is used (p1).",)


def test_a_folder_gives_what_it_has_and_names_the_rest(tmp_path):
    saved(tmp_path / "good_O'Keefe_Mejía.json", history())
    saved(tmp_path / "bad.json", b"{")
    saved(tmp_path / "hospitalInformation1.json", {"resourceType": "Bundle", "type": "batch"})
    reading = read_records(tmp_path)
    assert len(reading.records) == 1
    assert reading.skipped == (("bad.json", "is not JSON, or cut off"),)


@pytest.mark.parametrize("wrong", [None, 7, "x", [], [None], {}, {"a": 1}])
@pytest.mark.parametrize(
    "field", ["resourceType", "identifier", "extension", "name", "communication", "id", "subject"]
)
def test_a_field_of_another_kind_is_no_accident(tmp_path, field, wrong):
    for place in range(3):
        value = history()
        value["entry"][place]["resource"][field] = wrong
        with suppress(Unreadable):
            assert len(read_records(saved(tmp_path / "a.json", value)).records) == 1


def test_places_without_a_usable_record_are_refused(tmp_path):
    assert "holds no bundle" in why(tmp_path)
    saved(tmp_path / "bad.json", b"{")
    assert f"{tmp_path / 'bad.json'}: is not JSON" in why(tmp_path)
    assert "does not exist" in why(tmp_path / "none")
    assert "without a patients.csv" in why(saved(tmp_path / "conditions.csv", b"START,STOP"))
