"""What the patient knows."""

import re
from dataclasses import replace

import pytest

from personas.cases.case import drawn
from personas.conditions.book import conditions, drawable
from personas.people.facts import GATES, MOST_VOLUNTEERED, facts
from personas.photos.album import Album
from personas.values import Entry, Record

CASE = drawn(conditions()["MEL"], "12", 1, album=Album())
RECORD = Record(id="r", name="Ada", age=40, sex="female", as_of="2024-01-01", source="built-in")


def told(openness="mid", case=CASE, record=RECORD, speaker="self", seed=1):
    return {fact.slot: fact for fact in facts(case, record, seed, openness=openness, speaker=speaker)}


def test_every_must_ask_slot_has_a_fact():
    for condition in drawable().values():
        case = drawn(condition, condition.tones[0], 1, album=Album())
        found = told(case=case)
        # Pregnancy is only a question for some.
        assert {slot for slot in condition.must_ask if slot != "pregnancy"} <= set(found)
        assert all(found[slot].discriminating for slot in condition.must_ask if slot in found)


def test_a_medicine_that_matters_is_told_only_when_asked():
    record = replace(RECORD, medicines=(Entry(text="Tacrolimus 2 mg capsule"),))
    for seed in range(20):
        fact = told("open", record=record, seed=seed)["medicines"]
        assert "tacrolimus" in fact.says
        assert fact.gate == "if_asked"
        assert fact.discriminating


def test_guarded_patients_volunteer_nothing_and_open_ones_a_little():
    for seed in range(20):
        guarded = [fact.gate for fact in told("guarded", seed=seed).values()]
        free = [fact.gate for fact in told("open", seed=seed).values()]
        assert "volunteered" not in guarded
        assert "if_asked_twice" not in free
        assert free.count("volunteered") <= MOST_VOLUNTEERED
    assert any("if_asked_twice" in [f.gate for f in told("guarded", seed=s).values()] for s in range(5))


def test_what_nobody_recorded_is_not_known():
    photograph = replace(CASE, source="PAD-UFES-20", onset="", size_mm=None, answers={"itch": "unknown"})
    found = told(case=photograph)
    assert {found[slot].answer for slot in ("onset", "size", "itch", "sun")} == {"unknown"}
    assert "don't know" in found["onset"].says or "can't say" in found["onset"].says


def test_pregnancy_is_spoken_of_by_those_it_concerns():
    assert "pregnancy" in told()
    assert "pregnancy" not in told(record=replace(RECORD, sex="male"))
    assert "pregnancy" not in told(record=replace(RECORD, age=70))
    pregnant = replace(RECORD, problems=(Entry(text="Pregnancy, second trimester"),))
    assert "pregnant" in told(record=pregnant)["pregnancy"].says


def test_what_the_opening_says_is_not_volunteered():
    for seed in range(40):
        assert told("open", seed=seed)["site"].gate != "volunteered"


def test_nobody_young_has_worked_outdoors_for_years():
    young = replace(RECORD, age=14)
    assert not any("for years" in told(record=young, seed=seed)["sun"].says for seed in range(40))


def test_parents_do_not_speak_of_themselves():
    for seed in range(10):
        words = " ".join(fact.says for fact in told(speaker="parent_of_child", seed=seed).values())
        assert "I take" not in words
        assert "worked outdoors" not in words
        assert not re.search(r"\bmy (?:towel|notes|doctor|family)\b|\bhurt myself\b|when I catch\b", words)


def test_facts_carry_their_kind_and_their_bare_value():
    found = told(case=replace(CASE, onset="two months", size_mm=7))
    assert (found["onset"].answer, found["onset"].value) == ("value", "two months")
    assert (found["size"].answer, found["size"].value) == ("value", "7")
    assert found["change"].answer in ("yes", "no")
    assert found["change"].value == ""


def test_what_is_private_may_take_trust_and_only_then():
    record = replace(RECORD, problems=(Entry(text="HIV infection"),))
    gates = {level: [told(level, record=record, seed=s)["immunity"] for s in range(40)] for level in GATES}
    assert {fact.gate for fact in gates["open"]} == {"if_asked"}
    assert {fact.trust for fact in gates["guarded"] if fact.gate == "if_trusted"} == {2}
    assert 15 < sum(fact.gate == "if_trusted" for fact in gates["guarded"]) < 33
    assert all((fact.trust > 0) == (fact.gate == "if_trusted") for fact in told("guarded", seed=3).values())


def test_nobody_answers_what_an_x_ray_cannot_have():
    lung = replace(CASE, condition=_chest(), answers={})
    found = told(case=replace(lung, source="NIH ChestX-ray14"))
    assert not {"itch", "moles", "sun"} & set(found)
    assert set(lung.condition.must_ask) - {"pregnancy"} <= set(found)


def _chest():
    return next((c for c in conditions().values() if c.speciality == "chest"), None) or pytest.skip(
        "no chest yet"
    )
