"""Built-in records."""

from personas.conditions.book import conditions
from personas.records.generate import generate
from personas.records.risks import risks


def many(**kind):
    return [generate("t", n, **{"age": 60, "sex": "female", **kind}) for n in range(200)]


def test_age_and_sex_are_as_asked():
    record = generate(1, age=7, sex="male")
    assert (record.age, record.sex, record.source) == (7, "male", "built-in")
    assert generate(1, age=40, sex="unknown").sex in ("female", "male")


def test_a_known_share_carries_a_risk():
    assert 0.5 < sum(bool(risks(record)) for record in many()) / 200 < 0.85


def test_all_three_kinds_of_allergy_record_occur():
    kinds = {None if r.allergies is None else bool(r.allergies) for r in many()}
    assert kinds == {None, False, True}


def test_nothing_names_the_answer():
    for condition in conditions().values():
        for record in (generate("leak", n, age=55, sex="female", avoid=condition) for n in range(40)):
            entries = (*record.problems, *record.medicines, *(record.allergies or ()))
            assert not any(condition.named(entry.text) for entry in entries)


def test_nobody_is_pregnant_who_cannot_be():
    for record in (*many(age=60), *many(age=30, sex="male")):
        assert not any("regnan" in entry.text for entry in record.problems)


def test_nothing_began_before_birth_and_today_is_the_last_day():
    for record in many(age=9):
        born = int(record.as_of[:4]) - record.age
        assert all(int(entry.since) >= born for entry in (*record.problems, *record.medicines))
        assert all(entry.since == record.as_of for entry in record.observations)


def test_race_goes_with_skin_tone():
    assert {record.race for record in many(tone="56")} == {"Black or African American"}


def test_the_address_makes_the_record():
    assert generate(1, "a", age=50, sex="male") == generate(1, "a", age=50, sex="male")
    assert generate(1, "a", age=50, sex="male") != generate(1, "b", age=50, sex="male")
