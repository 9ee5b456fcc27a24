"""Which record goes with which photograph."""

from dataclasses import replace

from personas.cases.case import drawn
from personas.conditions.book import conditions
from personas.photos.album import Album
from personas.scenarios.match import cleared, fits_tone, match
from personas.values import Entry, Record

CASE = replace(drawn(conditions()["BCC"], "12", 1, album=Album()), age=60, sex="female")


def record(name="r", age=60, sex="female", **parts):
    return Record(id=name, name=name, age=age, sex=sex, as_of="2024-01-01", source="fhir", **parts)


def test_the_nearest_age_of_the_same_sex_wins():
    found = match(CASE, (record("a", 59, "male"), record("b", 66), record("c", 20)), {})
    assert (found.record.id, found.gap, found.at_odds) == ("b", 6, False)


def test_an_unknown_sex_takes_any_record():
    assert (
        match(replace(CASE, sex="unknown"), (record("a", 60, "male"), record("b", 70)), {}).record.id == "a"
    )


def test_an_unknown_age_is_no_gap():
    assert match(replace(CASE, age=None), (record(age=5),), {}).gap == 0


def test_used_records_are_spared():
    assert match(CASE, (record("a"), record("b", 63)), {"a": 1}).record.id == "b"


def test_want_of_a_better_record_is_said():
    assert match(CASE, (record(sex="male"),), {}).at_odds


def test_skin_and_race_are_not_at_odds():
    assert not fits_tone(CASE, record(race="Black or African American"))
    assert fits_tone(CASE, record(race="White"))
    assert fits_tone(CASE, record(race=""))
    assert fits_tone(replace(CASE, tone=None), record(race="Black"))


def test_entries_that_name_the_answer_are_taken_out():
    entries = (Entry(text="History of basal cell carcinoma"), Entry(text="Hypertension"))
    kept, dropped = cleared(record(problems=entries, allergies=(Entry(text="BCC vaccine"),)), CASE)
    assert [entry.text for entry in kept.problems] == ["Hypertension"]
    assert kept.allergies == ()
    assert dropped == 2
    assert cleared(record(), CASE)[0].allergies is None
