"""Bulk exports: one resource a line, one type a file."""

import gzip
from pathlib import Path

import orjson
import pytest

from personas.errors import Unreadable
from personas.records import export
from personas.records.reading import read_records

SHARED = Path(__file__).parents[2] / "shared" / "data"
BULK = SHARED / "synthea" / "ndjson_bulk_export_2025"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")


def person(id, **more):
    return {
        "resourceType": "Patient",
        "id": id,
        "birthDate": "1960-06-15",
        "name": [{"family": id.upper()}],
        **more,
    }


def about(id, kind, **more):
    return {"resourceType": kind, "subject": {"reference": f"Patient/{id}"}, **more}


def visit(id, day="2020-01-01"):
    return about(id, "Encounter", period={"start": day})


def problem(id, text):
    return about(id, "Condition", code={"text": text})


def saved(folder: Path, name: str, *resources: dict, more: bytes = b"") -> None:
    data = b"".join(orjson.dumps(resource) + b"\n" for resource in resources) + more
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)


def test_lines_find_their_patient_slab_by_slab(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "SLAB", 2)
    names = ["a", "b", "c", "d", "e"]
    saved(tmp_path, "Patient.000.ndjson", *map(person, names[:3]))
    saved(tmp_path, "Patient.001.ndjson", *map(person, names[3:]))
    saved(tmp_path, "Encounter.000.ndjson.gz", *map(visit, reversed(names)))
    saved(tmp_path, "Condition.000.ndjson", *(problem(name, f"Gout of {name}") for name in names))
    reading = read_records(tmp_path)
    assert [r.name for r in reading.records] == ["A", "B", "C", "D", "E"]
    assert [p.text for r in reading.records for p in r.problems] == [f"Gout of {name}" for name in names]
    assert {r.source for r in reading.records} == {"ndjson"}


def test_lines_that_are_cut_off_are_named_once(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "SLAB", 1)
    saved(tmp_path, "Patient.000.ndjson", person("a"), person("b"), more=b'{"resourceType": "Pat')
    saved(tmp_path, "Encounter.000.ndjson", visit("a"), more=b'{"subject": {"reference": "Patient/a"}, ]}\n')
    saved(tmp_path, "Encounter.001.ndjson", visit("b"))
    reading = read_records(tmp_path)
    assert [r.name for r in reading.records] == ["A", "B"]
    assert dict(reading.skipped) == {
        "Patient.000.ndjson": "is no JSON, or cut off, in line 3",
        "Encounter.000.ndjson": "is no JSON, or cut off, in line 2",
    }


def test_missing_files_are_said_and_without_visits_the_newest_date_is_today(tmp_path):
    saved(tmp_path, "Patient.000.ndjson", person("a"))
    saved(
        tmp_path, "log.ndjson", {"exportId": "x", "eventDetail": {"transactionTime": "2024-08-06T18:12:57Z"}}
    )
    reading = read_records(tmp_path)
    assert [(r.as_of, r.age, r.allergies) for r in reading.records] == [("2024-08-06", 64, None)]
    assert len(reading.notes) == 5
    assert "no AllergyIntolerance file: nothing is recorded about allergies" in " ".join(reading.notes)


def test_a_medicine_may_lie_in_a_file_of_its_own(tmp_path):
    saved(tmp_path, "Patient.000.ndjson", person("a"))
    saved(tmp_path, "Encounter.000.ndjson", visit("a"))
    saved(
        tmp_path,
        "Medication.000.ndjson",
        {"resourceType": "Medication", "id": "m", "code": {"text": "Warfarin"}},
    )
    order = about(
        "a", "MedicationRequest", status="active", medicationReference={"reference": "Medication/m"}
    )
    saved(tmp_path, "MedicationRequest.000.ndjson", order)
    assert [m.text for m in read_records(tmp_path).records[0].medicines] == ["Warfarin"]


def test_patients_who_give_no_record_are_named(tmp_path):
    saved(
        tmp_path,
        "Patient.000.ndjson",
        person("a"),
        person("a"),
        person("b", deceasedBoolean=True),
        person("c"),
    )
    saved(tmp_path, "Encounter.000.ndjson", visit("a"), visit("c"))
    saved(tmp_path, "Condition.000.ndjson", problem("c", "Gout") | {"clinicalStatus": "active"})
    reading = read_records(tmp_path)
    assert [r.name for r in reading.records] == ["A"]
    reasons = dict(reading.skipped)
    assert "repeats" in reasons["Patient.000.ndjson, line 2"]
    assert "died" in reasons["Patient/b"]
    assert "STU3" in reasons["Patient/c"]


def test_an_export_without_patients_is_refused(tmp_path):
    saved(tmp_path, "Condition.000.ndjson", problem("a", "Gout"))
    with pytest.raises(Unreadable, match="without a Patient file"):
        read_records(tmp_path)


def test_lines_are_told_by_their_content_whatever_the_name(tmp_path):
    saved(tmp_path, "everyone.txt", person("a"), person("b"))
    with pytest.raises(Unreadable, match="no dated encounter"):
        read_records(tmp_path / "everyone.txt")


@real
@pytest.mark.shared
def test_a_real_export_is_read():
    ten = read_records(BULK / "10-patients")
    assert (len(ten.records), len(ten.skipped)) == (10, 1)
    assert ten.notes == ("Export 10-patients has no Observation file: nobody has measurements.",)
    allergies = {entry.text for record in ten.records for entry in record.allergies or ()}
    assert "Sulfamethoxazole / Trimethoprim: eruption of skin, wheal" in allergies


@real
@pytest.mark.shared
def test_a_real_export_of_patients_and_allergies_alone_is_read():
    hundred = read_records(BULK / "100-patients")
    assert len(hundred.records) == 100
    assert len({record.as_of for record in hundred.records}) == 1
    assert {reason for _, reason in hundred.skipped} == {
        "is of someone who has died, and cannot write messages"
    }
    assert sum(record.allergies is None for record in hundred.records) > 50
