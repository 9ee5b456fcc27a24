"""A case told as a scenario."""

import re
from dataclasses import replace

import pytest

from personas.cases.case import drawn
from personas.conditions.book import conditions
from personas.people.persona import tell
from personas.people.traits import balanced
from personas.photos.album import Album
from personas.records.generate import generate

TRAITS = balanced(1, 1)[0]
CASE = replace(drawn(conditions()["WART"], "12", 1, album=Album()), site="back of the left hand")
TASKS = ("T1", "T2", "T3", "T4", "T10")


def scenario(age=40, task="T1", case=CASE, seed=1):
    return tell(case, generate(1, age=age, sex="female"), task, TRAITS, seed=seed)


def test_the_person_is_the_records():
    told = scenario()
    assert (told.persona.name, told.persona.age) == (told.record.name, told.record.age)


@pytest.mark.parametrize("task", TASKS)
def test_openings_say_where_and_that_there_is_a_photograph(task):
    for seed in range(12):
        opening = scenario(task=task, seed=seed).persona.opening
        assert "the back of my left hand" in opening
        assert any(word in opening.lower() for word in ("photo", "picture"))
        assert "$" not in opening


def test_parents_write_for_small_children():
    told = scenario(age=6)
    assert told.persona.speaker == "parent_of_child"
    assert "the back of my daughter's left hand" in told.persona.opening
    assert told.title.startswith("girl of 6")
    assert scenario(age=12).persona.speaker == "self"
    for task in TASKS:
        for seed in range(12):
            assert not re.search(r"\bI have\b", scenario(age=6, task=task, seed=seed).persona.opening)


def test_nothing_said_first_names_the_answer():
    for condition in conditions().values():
        case = drawn(condition, condition.tones[0], 1, album=Album())
        for task in TASKS:
            for seed in range(4):
                told = scenario(task=task, case=case, seed=seed)
                words = " ".join((told.title, told.persona.opening, *(f.says for f in told.persona.facts)))
                assert not condition.named(words), words


def test_no_idea_is_no_belief():
    beliefs = {scenario(seed=seed).persona.belief for seed in range(40)}
    assert "" in beliefs
    assert not any("$" in belief for belief in beliefs)


def test_the_truth_is_the_conditions_and_the_risks_are_the_records():
    told = scenario()
    texts = {e.text for e in (*told.record.problems, *told.record.medicines, *(told.record.allergies or ()))}
    assert set(told.truth.risks) <= texts
    assert told.truth.findings == CASE.findings
    assert told.truth.photo == "clear"
