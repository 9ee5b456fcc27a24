"""Synthea's tables, and that the same patient is the same from a table and from a bundle."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from personas.errors import Unreadable
from personas.records.reading import read_records

SHARED = Path(__file__).parents[2] / "shared" / "data"
TABLES = SHARED / "synthea" / "csv_2023_dbt_synthea"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")

PATIENTS = "Id,BIRTHDATE,DEATHDATE,PREFIX,FIRST,LAST,MAIDEN,RACE,ETHNICITY,GENDER"
CONDITIONS = "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION"
MEDICATIONS = "START,STOP,PATIENT,PAYER,ENCOUNTER,CODE,DESCRIPTION"
ALLERGIES = (
    "START,STOP,PATIENT,ENCOUNTER,CODE,SYSTEM,DESCRIPTION,TYPE,CATEGORY,"
    "REACTION1,DESCRIPTION1,SEVERITY1,REACTION2,DESCRIPTION2,SEVERITY2"
)
OBSERVATIONS = "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE"
ADA = "p1,1960-06-15,,Mrs.,Ada12,O'Alder345,Before1,white,nonhispanic,F"
VISITS = "Id,START,STOP,PATIENT\nv,2020-06-14T10:00:00Z,2020-06-14T11:00:00Z,p1"


def saved(folder: Path, **tables: str) -> Path:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text + "\n", encoding="utf-8")
    return folder


def read(folder: Path, **tables: str):
    saved(folder, **{"patients": f"{PATIENTS}\n{ADA}", "encounters": VISITS, **tables})
    (record,) = read_records(folder).records
    return record


def test_a_person_is_named_as_in_a_bundle(tmp_path):
    record = read(tmp_path)
    assert (record.name, record.age, record.sex, record.as_of) == ("Ada O'Alder", 59, "female", "2020-06-14")
    assert (record.race, record.ethnicity) == ("White", "Not Hispanic or Latino")
    assert record.source == "csv"


def test_the_two_blood_pressures_of_a_day_are_one_and_the_language_is_an_answer(tmp_path):
    rows = (
        "2020-06-14T10:00:00Z,p1,v,vital-signs,8462-4,Diastolic Blood Pressure,71.0,mm[Hg],numeric",
        "2020-06-14T10:00:00Z,p1,v,vital-signs,8480-6,Systolic Blood Pressure,132.0,mm[Hg],numeric",
        "2020-06-14T10:00:00Z,p1,v,survey,54899-0,What language are you most comfortable speaking?,Spanish,,text",
        "2020-06-14T10:00:00Z,p1,,,QALY,QALY,57.2,a,numeric",
    )
    record = read(tmp_path, observations="\n".join((OBSERVATIONS, *rows)))
    assert [(o.text, o.value) for o in record.observations] == [("Blood pressure", "132/71 mmHg")]
    assert record.language == "Spanish"


def test_newer_columns_change_nothing(tmp_path):
    old = read(tmp_path, conditions=f"{CONDITIONS}\n2010-01-01,,p1,v,38341003,Hypertension")
    new = read(
        tmp_path,
        patients="Id,BIRTHDATE,DEATHDATE,PREFIX,FIRST,MIDDLE,LAST,RACE,ETHNICITY,GENDER,FIPS,INCOME\n"
        "p1,1960-06-15,,Mrs.,Ada12,,O'Alder345,white,nonhispanic,F,25,3000",
        conditions="START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION\n"
        "2010-01-01,,p1,v,http://snomed.info/sct,38341003,Hypertension",
    )
    assert old == new


def test_missing_tables_are_said_and_without_visits_the_newest_date_is_today(tmp_path):
    saved(tmp_path, patients=f"{PATIENTS}\n{ADA}", conditions=f"{CONDITIONS}\n2019-01-01,,p1,v,1,Gout")
    reading = read_records(tmp_path)
    assert [(r.as_of, r.allergies) for r in reading.records] == [("2019-01-01", None)]
    assert len(reading.notes) == 4
    assert "no allergies.csv: nothing is recorded about allergies" in " ".join(reading.notes)


def test_a_table_of_another_kind_is_named(tmp_path):
    saved(tmp_path, patients=f"{PATIENTS}\n{ADA}", encounters=VISITS, conditions="A,B\n1,2")
    assert read_records(tmp_path).skipped == (("conditions.csv", "has no column START"),)
    saved(tmp_path, patients="A,B\n1,2")
    with pytest.raises(Unreadable, match="has no column ID"):
        read_records(tmp_path)


def test_who_has_died_is_named(tmp_path):
    dead = "p2,1960-06-15,2019-01-01,,B,B,,white,hispanic,M"
    saved(tmp_path, patients=f"{PATIENTS}\n{ADA}\n{dead}", encounters=VISITS)
    reading = read_records(tmp_path)
    assert [record.id for record in reading.records] == ["p1"]
    assert reading.skipped == (("patients.csv, p2", "is of someone who has died, and cannot write messages"),)


@real
@pytest.mark.shared
def test_real_tables_are_read():
    reading = read_records(TABLES)
    assert (len(reading.records), len(reading.skipped), reading.notes) == (25, 2, ())
    allergies = {entry.text for record in reading.records for entry in record.allergies or ()}
    assert "Latex: itching (moderate), eruption of skin (mild)" in allergies
    pressures = [o for r in reading.records for o in r.observations if o.text == "Blood pressure"]
    assert len(pressures) == 22
    assert all("/" in pressure.value for pressure in pressures)


def rows(bundle: dict) -> dict[str, list[list[str]]]:
    """Write a bundle as Synthea writes its tables: by the columns above, the two first reactions."""
    out: dict[str, list[list[str]]] = {}
    patient = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    name, id = patient["name"][0], patient["id"]
    short = {"male": "M", "female": "F"}[patient["gender"]]
    person = [id, patient["birthDate"], "", "", " ".join(name["given"]), name["family"], "", "", "", short]
    out["patients"] = [person]
    for resource in (entry["resource"] for entry in bundle["entry"]):
        code = resource.get("code") or resource.get("medicationCodeableConcept") or {}
        named = [code["coding"][0]["code"], code.get("text", "")] if code else []
        match resource["resourceType"]:
            case "Encounter":
                period = resource["period"]
                out.setdefault("encounters", []).append(["", period["start"], period["end"], id])
            case "Condition":
                span = [resource["onsetDateTime"], resource.get("abatementDateTime", "")]
                out.setdefault("conditions", []).append([*span, id, "", *named])
            case "MedicationRequest":
                stop = "" if resource["status"] == "active" else resource["authoredOn"]
                line = [resource["authoredOn"], stop, id, "", "", *(named or ["", ""])]
                out.setdefault("medications", []).append(line)
            case "AllergyIntolerance":
                signs = [
                    ["", r["manifestation"][0]["text"], r.get("severity", "").upper()]
                    for r in resource.get("reaction", ())
                ]
                flat = [part for sign in (*signs, [""] * 3, [""] * 3)[:2] for part in sign]
                line = [
                    resource["recordedDate"],
                    "",
                    id,
                    "",
                    named[0],
                    "",
                    named[1],
                    resource["type"],
                    "",
                    *flat,
                ]
                over = resource["clinicalStatus"]["coding"][0]["code"] != "active"
                line[1] = resource["recordedDate"] if over else ""
                out.setdefault("allergies", []).append(line)
            case "Observation":
                out.setdefault("observations", []).append([resource["effectiveDateTime"], id, *[""] * 7])
    return out


def tabled(folder: Path, bundle: dict) -> Path:
    heads = {
        "patients": PATIENTS,
        "encounters": "Id,START,STOP,PATIENT",
        "conditions": CONDITIONS,
        "medications": MEDICATIONS,
        "allergies": ALLERGIES,
        "observations": OBSERVATIONS,
    }
    for name, lines in rows(bundle).items():
        text = io.StringIO()
        csv.writer(text).writerows([heads[name].split(","), *lines])
        (folder / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8")
    return folder


@real
@pytest.mark.shared
@pytest.mark.parametrize("year", ["2019_v2.4", "2021_hiv_module", "2022"])
def test_the_same_patient_is_the_same_from_a_table_and_from_a_bundle(tmp_path, year):
    files = sorted((SHARED / "synthea" / f"fhir_r4_{year}").glob("*.json"))
    compared = 0
    for number, file in enumerate(files):
        bundle = orjson.loads(file.read_bytes())
        patient = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
        if "deceasedDateTime" in patient:
            continue
        (here := tmp_path / str(number)).mkdir()
        (from_bundle,) = read_records(file).records
        (from_table,) = read_records(tabled(here, bundle)).records
        same = {"race": "", "ethnicity": "", "language": "", "observations": (), "source": "csv"}
        assert replace(from_bundle, **same) == replace(from_table, **same)
        compared += 1
    assert compared >= 2


def test_the_same_small_patient_is_the_same_from_all_three(tmp_path):
    table, lines, bundle = (tmp_path / name for name in ("csv", "ndjson", "fhir"))
    for folder in (table, lines, bundle):
        folder.mkdir()
    about = {"subject": {"reference": "Patient/p1"}}
    resolved = {"clinicalStatus": {"coding": [{"code": "resolved"}]}, "abatementDateTime": "2011-01-01"}

    def coded(code, text):
        return {"coding": [{"code": code}], "text": text}

    resources = [
        {
            "resourceType": "Patient",
            "id": "p1",
            "birthDate": "1960-06-15",
            "gender": "female",
            "name": [{"given": ["Ada12"], "family": "O'Alder345"}],
        },
        {
            "resourceType": "Encounter",
            "period": {"start": "2020-06-14T10:00:00Z", "end": "2020-06-14T11:00:00Z"},
            **about,
        },
        {
            "resourceType": "Condition",
            "code": coded("1", "Gout"),
            "onsetDateTime": "2001-03-04T22:00:00-05:00",
        }
        | about,
        {"resourceType": "Condition", "code": coded("2", "Acute bronchitis (disorder)"), **resolved}
        | {"onsetDateTime": "2010-12-20"}
        | about,
        {"resourceType": "Condition", "code": coded("3", "Stress (finding)"), "onsetDateTime": "2015-01-01"}
        | about,
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "medicationCodeableConcept": coded("9", "Allopurinol 100 MG"),
            "authoredOn": "2001-03-05T03:00:00Z",
        }
        | about,
        {
            "resourceType": "AllergyIntolerance",
            "type": "allergy",
            "code": coded("7", "Peanut (substance)"),
            "patient": about["subject"],
            "recordedDate": "1965-01-01",
            "reaction": [
                {"manifestation": [{"text": "Wheal (finding)"}], "severity": "mild"},
                {"manifestation": [{"text": "Wheezing (finding)"}], "severity": "severe"},
            ],
        },
    ]
    entries = [{"resource": resource} for resource in resources]
    (bundle / "a.json").write_bytes(
        orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    )
    for resource in resources:
        with (lines / f"{resource['resourceType']}.000.ndjson").open("ab") as file:
            file.write(orjson.dumps(resource) + b"\n")
    saved(
        table,
        patients=f"{PATIENTS}\np1,1960-06-15,,,Ada12,O'Alder345,,,,F",
        encounters=VISITS,
        conditions=f"{CONDITIONS}\n2001-03-05,,p1,v,1,Gout\n"
        "2010-12-20,2011-01-01,p1,v,2,Acute bronchitis (disorder)\n"
        "2015-01-01,,p1,v,3,Stress (finding)",
        medications=f"{MEDICATIONS}\n2001-03-05T03:00:00Z,,p1,,v,9,Allopurinol 100 MG",
        allergies=f"{ALLERGIES}\n1965-01-01,,p1,v,7,,Peanut (substance),allergy,food,"
        ",Wheezing (finding),SEVERE,,Wheal (finding),MILD",
    )
    records = [read_records(folder).records[0] for folder in (bundle, lines, table)]
    assert [record.source for record in records] == ["fhir", "ndjson", "csv"]
    assert len({replace(record, source="fhir") for record in records}) == 1
    assert [p.text for p in records[0].problems] == ["Gout", "Acute bronchitis"]
    assert [a.text for a in records[0].allergies] == ["Peanut: wheezing (severe), wheal (mild)"]
