"""Health records from anywhere: any bytes give records, told skips, or one sentence; in the time of their length."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.errors import Unreadable
from personas.records import files
from personas.records.chart import render
from personas.records.reading import RecordReading, read_records
from personas.records.words import LONGEST_MOMENT, day
from personas.tidy import LONGEST
from tests.mutants import DEEP, WEIRD, attempt, bent, mangled

PERSON = {
    "resourceType": "Patient", "id": "p", "birthDate": "1980-01-01", "gender": "female", "active": True,
    "name": [{"given": ["Ada"], "family": "Alder"}], "identifier": [{"system": "s", "value": "17"}],
    "extension": [{"url": "us-core-race", "extension": [{"url": "text", "valueString": "White"}]}],
    "communication": [{"language": {"text": "English (US)"}}],
}  # fmt: skip
ABOUT = {"subject": {"reference": "Patient/p"}}
RESOURCES = (
    PERSON,
    {"resourceType": "Encounter", "status": "finished", "period": {"start": "2020-01-01T10:00:00Z"}, **ABOUT},
    {"resourceType": "Condition", "code": {"text": "Eczema (disorder)"}, "onsetDateTime": "2019", **ABOUT},
    {"resourceType": "Medication", "id": "m", "code": {"text": "Ibuprofen 200 MG"}},
    {
        "resourceType": "MedicationRequest", "status": "active", "authoredOn": "2019-02",
        "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "Cetirizine"}}],
        "medicationReference": {"reference": "#m"}, **ABOUT,
    },
    {
        "resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/p"}, "code": {"text": "Peanut"},
        "reaction": [{"severity": "mild", "manifestation": [{"text": "Wheal"}]}],
    },
    {
        "resourceType": "Observation", "code": {"text": "Body Weight"}, "effectiveDateTime": "2020-01-01",
        "valueQuantity": {"value": 70.5, "unit": "kg"}, **ABOUT,
    },
)  # fmt: skip
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [{"fullUrl": f"urn:uuid:{n}", "resource": each} for n, each in enumerate(RESOURCES)],
}
LINES = b"".join(orjson.dumps(each) + b"\n" for each in RESOURCES)
TABLES = {
    "patients": b"Id,BIRTHDATE,DEATHDATE,FIRST,LAST,RACE,ETHNICITY,GENDER\np,1980-01-01,,Ada,Alder,white,,F\n",
    "encounters": b"Id,START,STOP,PATIENT\nv,2020-06-14T10:00:00Z,,p\n",
    "conditions": b'START,STOP,PATIENT,CODE,DESCRIPTION\n2019-01-01,,p,1,"Eczema, itchy"\n',
    "medications": b"START,STOP,PATIENT,CODE,DESCRIPTION\n2019-01-01,,p,1,Ibuprofen\n",
    "allergies": b"START,STOP,PATIENT,CODE,DESCRIPTION,DESCRIPTION1,SEVERITY1\n2019-01-01,,p,1,Peanut,Wheal,MILD\n",
    "observations": b"DATE,PATIENT,CODE,DESCRIPTION,VALUE,UNITS,CATEGORY\n2019-01-01,p,8480-6,Weight,70.5,kg,\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("records")


def read(path: Path, data: bytes) -> RecordReading | None:
    """Read records; what they say must be fit for a prompt, and what is said of them fit for a terminal."""
    path.write_bytes(data)
    reading = attempt(Unreadable, lambda: read_records(path))
    for record in reading.records if reading else ():
        orjson.dumps(record)
        assert 0 <= record.age <= 120
        told = (record.name, record.race, record.ethnicity, record.language, *texts(record))
        assert all(len(text) <= LONGEST and text.isprintable() for text in told)
        assert render(record)
    for said in (*reading.notes, *(text for pair in reading.skipped for text in pair)) if reading else ():
        assert said.isprintable()
    return reading


def texts(record) -> list[str]:
    entries = (*record.problems, *record.medicines, *(record.allergies or ()), *record.observations)
    return [text for entry in entries for text in (entry.text, entry.code, entry.value)]


@given(data=bent([BUNDLE, PERSON]) | mangled([orjson.dumps(BUNDLE)]))
def test_any_json_is_records_told_skips_or_one_sentence(folder, data):
    read(folder / "bundle.json", data)


@given(data=mangled([LINES, LINES.replace(b"\n", b"\r\n")]) | st.lists(bent(RESOURCES)).map(b"\n".join))
def test_any_export_is_records_told_skips_or_one_sentence(folder, data):
    read(folder / "export.ndjson", data)


@given(data=mangled([LINES]), packed=mangled([gzip.compress(LINES)]))
def test_a_packed_export_too_however_it_is_torn(folder, data, packed):
    read(folder / "export.ndjson.gz", gzip.compress(data))
    read(folder / "export.ndjson.gz", packed)


@given(spoilt=st.sampled_from(sorted(TABLES)), data=st.data())
def test_any_tables_are_records_told_skips_or_one_sentence(folder, spoilt, data):
    for name, table in TABLES.items():
        (folder / f"{name}.csv").write_bytes(table)
    (folder / f"{spoilt}.csv").write_bytes(data.draw(mangled([TABLES[spoilt]])))
    read(folder / "patients.csv", (folder / "patients.csv").read_bytes())


@given(
    text=st.text()
    | st.sampled_from(WEIRD)
    | st.from_regex(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?)?)?")
)
def test_a_day_is_a_date_of_a_chart_or_nothing(text):
    found = day(text)
    assert not found or (found[:4].isdecimal() and found[:4] >= "1849" and len(found) in (4, 7, 10))


@pytest.mark.parametrize("field", ["resourceType", "id", "reference", "system", "value"])
@pytest.mark.parametrize("where", range(len(RESOURCES)))
def test_a_part_that_is_a_thousand_levels_deep_where_a_word_belongs_is_no_word(folder, field, where):
    text = json.dumps(BUNDLE["entry"][where])
    deep = "[" * 1_000 + "]" * 1_000
    parts = [json.dumps(entry) for entry in BUNDLE["entry"]]
    parts[where] = "".join(
        f'"{field}": {deep}, "was": {rest}' if number else rest
        for number, rest in enumerate(text.split(f'"{field}": '))
    )
    read(
        folder / "deep.json",
        b'{"resourceType":"Bundle","type":"collection","entry":[%s]}' % ",".join(parts).encode(),
    )


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"entry":' * 100_000, '{"resourceType":"Bundle","x":' + "[" * DEEP]
)
def test_a_hundred_thousand_levels_are_one_sentence(folder, text):
    assert read(folder / "deep.json", text.encode()) is None
    assert read(folder / "deep.ndjson", text.encode()) is None


def test_a_file_over_the_limit_is_one_sentence_that_names_it(folder, monkeypatch):
    monkeypatch.setattr(files, "LARGEST", 2**20)
    path = folder / "large.json"
    path.write_bytes(b" " * (2**20 + 1))
    with pytest.raises(Unreadable, match="is larger than 1 MB"):
        read_records(path)


def test_references_in_a_circle_and_to_nothing_lead_nowhere(folder):
    circle = {
        "resourceType": "MedicationRequest",
        "contained": [{"resourceType": "Medication", "id": "m"}],
        **ABOUT,
    }
    lost = {
        "resourceType": "MedicationRequest",
        "medicationReference": {"reference": "Medication/none"},
        **ABOUT,
    }
    own = {"resourceType": "Encounter", "subject": {"reference": "urn:uuid:8"}, "period": {"start": "2020"}}
    circle |= {"medicationReference": {"reference": "#m"}}
    bundle = BUNDLE | {
        "entry": [
            {"resource": each, "fullUrl": f"urn:uuid:{n}"}
            for n, each in enumerate((*RESOURCES, circle, lost, own))
        ]
    }
    reading = read(folder / "circle.json", orjson.dumps(bundle))
    assert [m.text for m in reading.records[0].medicines] == ["Cetirizine"]


def test_many_patients_of_one_address_are_refused_since_each_would_take_the_entries_of_all(folder):
    people = [PERSON | {"id": f"p{n}"} for n in range(200)]
    visits = [RESOURCES[1] | {"subject": {"identifier": {"system": "s", "value": "17"}}}] * 200
    bundle = BUNDLE | {"entry": [{"resource": each} for each in (*people, *visits)]}
    with pytest.raises(Unreadable, match="gives many patients one address"):
        read_records(saved(folder / "shared.json", bundle))


@pytest.mark.parametrize("spread", [" ", "("])
def test_a_megabyte_where_a_phrase_belongs_is_cut_before_any_rule_looks_at_it(folder, spread):
    text = f"a{spread * 2**20}b"
    person = PERSON | {"communication": [{"language": {"text": text}}]}
    allergy = RESOURCES[5] | {"reaction": [{"severity": text, "manifestation": [{"text": text}]}]}
    bundle = BUNDLE | {"entry": [{"resource": each} for each in (person, *RESOURCES[1:5], allergy)]}
    record = read(folder / "phrase.json", orjson.dumps(bundle)).records[0]
    assert record.allergies
    assert record.language.endswith("…")


def test_a_moment_of_a_megabyte_is_none_and_is_not_kept():
    assert day("2020-01-01T10:00:00.123456789+02:00") == "2020-01-01"
    assert day("2020-01-01" + " " * 2**20) == ""
    assert LONGEST_MOMENT < 100


@pytest.mark.parametrize("header", [b"x" * 140_000 + b",START,PATIENT\n", b"a\rb,START,PATIENT\n"])
def test_a_header_that_csv_cannot_part_is_a_told_skip(folder, header):
    for name, table in TABLES.items():
        (folder / f"{name}.csv").write_bytes(table)
    (folder / "encounters.csv").write_bytes(header)
    reading = read_records(folder / "patients.csv")
    assert "is no table" in dict(reading.skipped)["encounters.csv"]


def saved(path: Path, value: object) -> Path:
    path.write_bytes(orjson.dumps(value))
    return path
