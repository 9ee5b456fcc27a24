"""What is put into a record on purpose."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from personas.conditions.book import conditions
from personas.records.generate import generate
from personas.records.place import misplace, place_risk, risk_kinds
from personas.records.reading import read_records
from personas.records.risks import risks
from personas.values import Entry, Record

SHARED = Path(__file__).parents[2] / "shared" / "data"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")
TABLE = tomllib.loads(Path("personas/records/place.toml").read_text(encoding="utf-8"))


def record(age=50, sex="female", **parts):
    return Record(id="r", name="N", age=age, sex=sex, as_of="2024-05-01", source="built-in", **parts)


def placed(record: Record) -> list[Entry]:
    groups = (record.problems, record.medicines, record.allergies or ())
    return [entry for group in groups for entry in group if entry.placed]


def everyone():
    return [
        generate("p", age, sex, age=age, sex=sex) for age in range(0, 101, 3) for sex in ("female", "male")
    ]


def check(before: Record, after: Record) -> None:
    """What holds of every record into which something was placed."""
    new = placed(after)
    assert new
    born = int(before.as_of[:4]) - before.age
    assert all(
        not e.since or (int(e.since[:4]) >= born and e.since <= before.as_of[: len(e.since)]) for e in new
    )
    kept = replace(after, problems=(), medicines=(), allergies=None)
    assert kept == replace(before, problems=(), medicines=(), allergies=None)
    for name in ("problems", "medicines", "allergies"):
        rest = [entry for entry in getattr(after, name) or () if not entry.placed]
        assert rest == list(getattr(before, name) or ())
        texts = [entry.text for entry in getattr(after, name) or ()]
        assert len(texts) == len(set(texts))


@pytest.mark.parametrize("kind", risk_kinds())
def test_a_risk_stands_in_any_record_as_if_it_always_had(kind):
    done = 0
    for before in everyone():
        after = place_risk(before, kind, 1, before.id)
        if after != before:
            check(before, after)
            assert {risk.text for risk in risks(after)} & {entry.text for entry in placed(after)}
            done += 1
    assert done >= (3 if kind == "pregnancy" else 40)


def test_every_way_of_placing_a_risk_is_found_as_one():
    for option in (*TABLE["of"], *TABLE["wrong"]):
        sex = option.get("sexes", ["female"])[0]
        seen = {
            entry.text
            for n in range(80)
            for kind in (option.get("kind"),)
            for bare in (record(age=(option["ages"][0] + min(option["ages"][1], 90)) // 2, sex=sex),)
            for entry in placed(place_risk(bare, kind, n) if kind else misplace(bare, n))
        }
        text = next(option[name] for name in ("problem", "past", "allergy") if name in option)
        assert text in seen, text


def test_pregnancy_is_only_where_it_can_be():
    assert placed(place_risk(record(30), "pregnancy", 1))
    for before in (
        record(30, "male"),
        record(30, "unknown"),
        record(60),
        record(12),
        record(30, medicines=(Entry(text="Methotrexate 15 mg once weekly"),)),
        record(30, medicines=(Entry(text="Levora 0.15/30 28 Day Pack"),)),
        record(40, problems=(Entry(text="Hysterectomy", active=False),)),
        record(30, problems=(Entry(text="Normal pregnancy"),)),
    ):
        assert place_risk(before, "pregnancy", 1) == before


def test_an_earlier_pregnancy_is_no_obstacle_and_the_dates_are_of_these_months():
    for n in range(30):
        before = record(30, problems=(Entry(text="Normal pregnancy", since="2019-01-01", active=False),))
        after = place_risk(before, "pregnancy", n)
        assert "2023-08" < placed(after)[0].since <= "2024-04"


def test_an_allergy_replaces_no_known_allergies_and_silence():
    for before in (record(allergies=None), record(allergies=())):
        assert len(place_risk(before, "allergy", 1).allergies) == 1


def test_nobody_gets_an_allergy_to_what_they_take_or_a_medicine_they_are_allergic_to():
    takes = record(medicines=(Entry(text="Amoxicillin 250 MG Oral Capsule"),))
    allergic = record(age=60, allergies=(Entry(text="Warfarin: rash"), Entry(text="Apixaban: rash")))
    for n in range(60):
        assert "Penicillin" not in " ".join(e.text for e in place_risk(takes, "allergy", n).allergies)
        given = [entry.text.lower() for entry in place_risk(allergic, "anticoagulant", n).medicines]
        assert not any("warfarin" in text or "apixaban" in text for text in given)


def test_nobody_gets_a_second_anticoagulant():
    before = record(age=70, medicines=(Entry(text="Warfarin Sodium 5 MG Oral Tablet"),))
    assert place_risk(before, "anticoagulant", 1) == before


def test_what_would_name_the_answer_is_not_placed():
    for key in ("MEL", "BCC", "SCC"):
        condition = conditions()[key]
        for n in range(40):
            after = place_risk(record(60), "past_skin_cancer", n, avoid=condition)
            assert not any(condition.gives_away(entry.text) for entry in placed(after))


def test_in_a_record_from_elsewhere_medicines_are_written_as_there():
    before = replace(record(age=70), source="fhir")
    orders = {text for option in TABLE["of"] for text in option.get("orders", ())}
    for n in range(20):
        (medicine,) = place_risk(before, "anticoagulant", n).medicines
        assert medicine.text in orders


def test_entries_in_order_of_their_dates_stay_so():
    dated = tuple(Entry(text=f"Problem {year}", since=f"{year}-03-04") for year in range(2005, 2024))
    for n in range(40):
        after = place_risk(record(age=70, problems=dated), "anticoagulant", n)
        since = [entry.since[:4] for entry in after.problems]
        assert since == sorted(since)


def test_the_address_decides():
    for kind in risk_kinds():
        assert place_risk(record(30), kind, 1) == place_risk(record(30), kind, 1)
    assert len({place_risk(record(30), "allergy", n) for n in range(20)}) > 2


def test_a_kind_that_is_none_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"'luck' is no kind of risk.*atopy"):
        place_risk(record(), "luck", 1)


def test_somebody_elses_entry_is_one_entry_that_could_be_theirs():
    for before in everyone():
        after = misplace(before, before.id)
        if after != before:
            check(before, after)
            assert len(placed(after)) == 1
            assert before.sex == "female" or "regnan" not in placed(after)[0].text


@real
@pytest.mark.shared
def test_real_records_take_risks_too():
    records = read_records(SHARED / "synthea" / "fhir_r4_2019_v2.4").records
    for kind in risk_kinds():
        after = [place_risk(before, kind, 1, before.id) for before in records]
        done = [(b, a) for b, a in zip(records, after, strict=True) if a != b]
        assert len(done) >= (1 if kind == "pregnancy" else 15)
        for before, now in done:
            check(before, now)
            assert {risk.text for risk in risks(now)} & {entry.text for entry in placed(now)}
