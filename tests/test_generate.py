"""Built-in records."""

from collections import Counter
from dataclasses import fields

import pytest

from personas.conditions.book import conditions
from personas.records.generate import generate
from personas.values import Entry


def many(**kind):
    return [generate("t", n, **{"age": 60, "sex": "female", **kind}) for n in range(300)]


def texts(record):
    groups = (record.problems, record.medicines, record.allergies or ())
    return [entry.text for group in groups for entry in group]


def test_age_and_sex_are_as_asked():
    record = generate(1, age=7, sex="male")
    assert (record.age, record.sex, record.source) == (7, "male", "built-in")


def test_a_sex_that_is_not_known_is_drawn():
    drawn = Counter(record.sex for record in many(sex="unknown"))
    assert set(drawn) == {"female", "male"}
    assert min(drawn.values()) > 100


def test_all_three_kinds_of_allergy_record_occur():
    kinds = {None if r.allergies is None else bool(r.allergies) for r in many()}
    assert kinds == {None, False, True}


def test_nothing_names_the_answer():
    for condition in conditions().values():
        for record in (generate("leak", n, age=55, sex="female", avoid=condition) for n in range(40)):
            assert not any(condition.gives_away(text) for text in texts(record))


def test_nothing_is_placed_and_nobody_is_pregnant():
    for record in (*many(), *many(age=30), *many(age=30, sex="male")):
        assert not any(entry.placed for entry in (*record.problems, *record.medicines))
        assert not any("regnan" in entry.text for entry in record.problems)


@pytest.mark.parametrize("age", [0, 1, 9, 17, 40, 100])
def test_nothing_began_before_birth_and_today_is_the_last_day(age):
    for record in many(age=age):
        born = int(record.as_of[:4]) - record.age
        dates = [entry.since for entry in (*record.problems, *record.medicines)]
        assert all(born <= int(since) <= int(record.as_of[:4]) for since in dates)
        assert [entry.since for entry in record.problems] == sorted(entry.since for entry in record.problems)
        assert all(entry.since == record.as_of for entry in record.observations)


def test_nobody_gives_birth_late():
    for record in many(age=69):
        for entry in record.problems:
            if entry.text in ("Normal delivery", "Caesarean section"):
                assert int(entry.since) <= int(record.as_of[:4]) - 69 + 42


def test_what_befalls_people_goes_with_their_age_and_sex():
    old = Counter(text for record in many(age=80, sex="male") for text in texts(record))
    young = Counter(text for record in many(age=25, sex="male") for text in texts(record))
    assert old["Hypertension"] > 100 > 10 > young["Hypertension"]
    assert old["Benign prostatic enlargement"] > 50
    assert not old["Contraception"] + old["Hysterectomy"] + young["Benign prostatic enlargement"]
    children = {text for record in many(age=5) for text in texts(record)}
    assert not children & {"Hypertension", "Depression", "Contraception", "Osteoporosis"}


def test_records_are_varied():
    records = many()
    assert len({record.problems for record in records}) > 280
    assert len({text for record in records for text in texts(record)}) > 60
    assert Counter(len(record.medicines) > 2 for record in records)[True] > 60
    assert len({record.name for record in records}) > 150
    assert len({entry.text for record in records for entry in record.observations}) > 10


def test_nobody_takes_one_medicine_twice_or_has_both_kinds_of_diabetes():
    for record in many(age=68, sex="male"):
        names = [entry.text.split()[0] for entry in record.medicines]
        assert len(names) == len(set(names))
        assert sum("diabetes" in entry.text for entry in record.problems) <= 1


def test_a_measurement_goes_with_the_problem_it_is_for():
    for record in many():
        problems = {entry.text for entry in record.problems}
        mass = next(entry.value for entry in record.observations if entry.text == "Body mass index")
        assert float(mass.split()[0]) > 25 or "Obesity" not in problems
        measured = {entry.text for entry in record.observations}
        assert ("Haemoglobin A1c" in measured) == bool(
            problems & {"Type 1 diabetes mellitus", "Type 2 diabetes mellitus"}
        )


def test_children_are_weighed_and_adults_asked_whether_they_smoke():
    assert {entry.text for entry in generate(1, age=3, sex="male").observations} >= {
        "Body weight",
        "Body height",
    }
    assert "Tobacco smoking status" in {entry.text for entry in generate(1, age=30, sex="male").observations}


def test_race_ethnicity_and_language_go_with_skin_tone():
    assert {record.race for record in many(tone="56")} == {"Black or African American"}
    fair = Counter(record.race for record in many(tone="12"))
    assert set(fair) == {"White", "Asian"}
    middle = many(tone="34")
    assert len({record.race for record in middle}) >= 4
    spanish = [record for record in middle if record.language == "Spanish"]
    assert spanish
    assert all(record.ethnicity == "Hispanic or Latino" for record in spanish)
    assert Counter(record.language for record in middle).most_common(1)[0][0] == "English"


def test_the_address_makes_the_record():
    assert generate(1, "a", age=50, sex="male") == generate(1, "a", age=50, sex="male")
    assert generate(1, "a", age=50, sex="male") != generate(1, "b", age=50, sex="male")


def test_every_entry_is_whole():
    for record in many():
        for field in fields(record):
            for entry in getattr(record, field.name) or () if field.name != "age" else ():
                assert not isinstance(entry, Entry) or entry.text
