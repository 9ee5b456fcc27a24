"""A case told as a scenario."""

import re
from dataclasses import replace

import pytest

from personas.cases.case import drawn
from personas.conditions.book import conditions, drawable
from personas.people.beliefs import beliefs_about
from personas.people.design import TraitDesign
from personas.people.persona import Casting, tell
from personas.people.speakers import may_speak, speakers
from personas.people.tasks import tasks, tasks_for
from personas.photos.album import Album
from personas.records.generate import generate
from personas.values import Seen

TRAITS = TraitDesign(1).deal()
CASE = replace(drawn(conditions()["WART"], "12", 1, album=Album()), site="back of the left hand")
TASKS = tuple(task for task in tasks_for("WART", 40) if task != "T12")


def scenario(age=40, task="T2", case=CASE, seed=1, speaker="self", **casting):
    casting = Casting(task=task, speaker=speaker, traits=TRAITS, **casting)
    return tell(case, generate(1, age=age, sex="female"), casting, seed=seed, seen=Seen())


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
    assert set(may_speak(6, "T2")) == {"parent_of_child"}
    told = scenario(age=6, speaker="parent_of_child")
    assert "the back of my daughter's left hand" in told.persona.opening
    assert told.title.startswith("girl of 6")
    for task in TASKS:
        for seed in range(12):
            opening = scenario(age=6, task=task, seed=seed, speaker="parent_of_child").persona.opening
            assert not re.search(r"\bI have\b", opening)


def test_no_child_writes_for_itself():
    assert not [age for age in range(16) if "self" in may_speak(age, "T2")]


@pytest.mark.parametrize("speaker", [name for name in speakers() if name != "self"])
def test_whoever_else_writes_says_whose_skin_it_is(speaker):
    age = speakers()[speaker].ages[0] + 1
    role = speakers()[speaker]
    for seed in range(12):
        opening = scenario(age=age, task="T12", seed=seed, speaker=speaker).persona.opening
        assert "$" not in opening
        assert not re.search(r"\bon my left hand|the back of my left\b", opening)
        assert role.register == "clinical" or any(word in opening for word in (role.whose["female"], "lady"))


def test_nothing_said_first_names_the_answer():
    for condition in drawable().values():
        case = drawn(condition, condition.tones[0], 1, album=Album())
        for task in tasks_for(condition.key, 60):
            if tasks()[task].knows_title:
                continue
            for seed in range(4):
                told = scenario(task=task, case=case, seed=seed)
                words = " ".join((told.title, told.persona.opening, *(f.says for f in told.persona.facts)))
                assert not condition.named(words), words


def test_who_holds_the_report_says_what_it_says():
    lesion = replace(CASE, condition=conditions()["MEL"])
    told = scenario(task="T8", case=lesion)
    assert "melanoma" in told.persona.opening.lower()
    assert told.persona.must_not_know == ()
    assert "melanoma" in scenario(task="T2", case=lesion).persona.must_not_know


def test_a_belief_never_names_the_answer():
    for source in beliefs_about("WART", CASE.shape, "self"):
        for seed in range(20):
            told = scenario(seed=seed, belief=source).persona
            assert told.belief_source == source
            assert not CASE.condition.named(told.belief)
    assert scenario().persona.belief == scenario().persona.belief_source == ""


def test_who_hides_something_hides_what_the_task_allows():
    assert scenario(hides=True).persona.hidden in tasks()["T2"].hidden
    assert scenario().persona.hidden == ""


def test_tasks_bring_their_own_facts():
    facts = {fact.slot: fact for fact in scenario(task="T7").persona.facts}
    assert "looked at once" in facts["treatment"].says
    follow = scenario(task="T6", case=replace(CASE, condition=conditions()["NEV"], size_mm=9)).persona.facts
    assert any("mm across" in fact.says for fact in follow if fact.slot == "size")
    unmeasured = replace(CASE, condition=conditions()["NEV"], size_mm=None)
    assert not any("mm across" in fact.says for fact in scenario(task="T6", case=unmeasured).persona.facts)


def test_a_case_that_was_not_developed_cannot_be_told():
    with pytest.raises(ValueError, match="develop it first"):
        scenario(case=replace(CASE, photo=None))


def test_the_truth_is_the_conditions_and_the_risks_are_the_records():
    told = scenario()
    texts = {e.text for e in (*told.record.problems, *told.record.medicines, *(told.record.allergies or ()))}
    assert set(told.truth.risks) <= texts
    assert told.truth.findings == CASE.findings
    assert told.truth.photo == "clear"
