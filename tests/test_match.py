"""Which record goes with which photograph."""

from dataclasses import replace

import pytest

from personas.cases.case import drawn
from personas.conditions.book import conditions
from personas.photos.album import Album
from personas.scenarios.fit import band, days, sex_fits, tone_fits
from personas.scenarios.match import RecordShelf, cleared
from personas.values import Entry, Record, Seen

DRAWN = replace(drawn(conditions()["BCC"], "12", 1, album=Album()), age=60, sex="female")
CASE = replace(DRAWN, source="PAD-UFES-20")


def record(name="r", age=60, sex="female", **parts):
    return Record(id=name, name=name, age=age, sex=sex, as_of="2024-01-01", source="fhir", **parts)


def taken(case, *records):
    found = RecordShelf(records).take(case)
    return found and found.record.id


def test_the_nearest_age_of_the_same_sex_wins():
    assert taken(CASE, record("a", 59, "male"), record("b", 66), record("c", 50)) == "b"


def test_an_unknown_sex_takes_any_record():
    assert taken(replace(CASE, sex="unknown"), record("a", 60, "male"), record("b", 70)) == "a"


def test_an_unknown_age_takes_one_whom_the_condition_befalls():
    assert taken(replace(CASE, age=None), record("a", 5), record("b", 80)) == "b"


def test_a_drawing_is_of_whoever_the_condition_befalls():
    assert taken(DRAWN, record("a", 85, "male")) == "a"
    assert taken(DRAWN, record("a", 30)) is None


def test_no_pair_is_made_for_want_of_a_better_record():
    assert taken(CASE, record(sex="male")) is None
    assert taken(CASE, record(age=20)) is None
    assert taken(CASE, record(race="Black or African American")) is None


def test_used_records_are_spared():
    shelf = RecordShelf((record("a"), record("b", 63)))
    assert [shelf.take(CASE).record.id for _ in range(3)] == ["a", "b", "a"]
    assert shelf.statistics() == (2, 2)


def test_a_childs_photograph_goes_with_no_adults_record():
    child = Seen(age=15, sex="unknown", tone=None)
    assert band(conditions()["NEV"], child) == (0, 17)
    assert band(conditions()["NEV"], replace(child, age=20)) == (18, 35)


def test_skin_and_race_are_not_at_odds():
    assert not tone_fits("12", "Black or African American")
    assert tone_fits("12", "White", "Hispanic or Latino")
    assert tone_fits("56", "")
    assert tone_fits(None, "Black")
    assert tone_fits("12", "American Indian or Alaska Native")


def test_where_nobody_recorded_a_sex_the_condition_decides():
    nobody = Seen(age=None, sex="unknown", tone=None)
    assert sex_fits(conditions()["BCC"], nobody, "male")
    assert sex_fits(conditions()["BCC"], replace(nobody, sex="male"), "unknown")
    assert not sex_fits(conditions()["BCC"], replace(nobody, sex="male"), "female")


@pytest.mark.parametrize(
    ("words", "count"),
    [("three days", 3), ("a week", 7), ("a year and a half", 548), ("6 months", 180), ("always", None)],
)
def test_lengths_of_time_are_counted(words, count):
    assert days(words) == count


def test_every_onset_in_the_book_can_be_counted():
    lengths = {length for condition in conditions().values() for length in condition.onset}
    assert not [length for length in lengths if days(length) is None]


def test_entries_that_name_the_answer_are_taken_out():
    entries = (Entry(text="History of basal cell carcinoma"), Entry(text="Hypertension"))
    kept, dropped = cleared(record(problems=entries, allergies=(Entry(text="BCC vaccine"),)), CASE)
    assert [entry.text for entry in kept.problems] == ["Hypertension"]
    assert kept.allergies == ()
    assert dropped == 2
    assert cleared(record(), CASE)[0].allergies is None
