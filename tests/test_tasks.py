"""The words around a case: tasks, beliefs, speakers and the adversarial pack, as they lie in their files."""

import re
import tomllib
from itertools import product
from pathlib import Path
from string import Template
from typing import get_args

import pytest

from personas.conditions.book import conditions, groups
from personas.slots import slots
from personas.values import Gate, Sex, Speaker, Urgency

PERSONAS = Path(__file__).parents[1] / "personas"
OPENINGS = ("opening", "opening_chest", "opening_eye", "opening_clinic")
ABOUT = {"skin": "opening", "chest": "opening_chest", "eye": "opening_eye"}
GIVEN = {"place", "thing", "whose", "them", "kin", "age", "sex", "site", "title", "size", "earlier"}
KINDS = {
    "specialities": {"skin", "chest", "eye"},
    "groups": set(groups()),
    "urgencies": set(get_args(Urgency)),
    "speakers": set(get_args(Speaker)),
    "photo": {"clear", "degraded"},
    "shapes": {"spot", "raised", "patch", "plain"},
}


def read(name: str) -> dict:
    return tomllib.loads((PERSONAS / name).read_text(encoding="utf-8"))


FILE = read("people/tasks.toml")
WORDS = FILE["words"]
TASKS = {key: table for key, table in FILE.items() if key != "words"}
SPEAKERS = read("people/speakers.toml")
BELIEFS = read("people/beliefs.toml")
VARIANTS = read("scenarios/adversarial.toml")
each_task = pytest.mark.parametrize("key", TASKS)
each_variant = pytest.mark.parametrize("key", VARIANTS)


def openings(task: dict) -> list[str]:
    return [said for name in OPENINGS for said in task.get(name, ())]


def variables(text: str) -> set[str]:
    return set(Template(text).get_identifiers())


def suits(task: dict, condition) -> bool:
    wanted = task["for"]
    have = {"groups": condition.group, "specialities": condition.speciality, "urgencies": condition.urgency}
    return all(value in wanted.get(kind, (value,)) for kind, value in have.items())


def test_there_are_twelve_tasks():
    assert list(TASKS) == [f"T{n}" for n in range(1, 13)]


@each_task
def test_a_task_says_what_is_good_what_goes_wrong_and_what_is_wanted(key):
    task = TASKS[key]
    assert task["name"]
    assert task["good"].endswith(".")
    assert task["risk"]
    assert len(task["worry"]) >= 2
    assert len(task["hidden"]) >= 2
    assert all(said.startswith("You") for said in task["worry"])


@each_task
def test_there_are_at_least_six_ways_to_begin_about_skin_and_four_about_anything_else(key):
    task = TASKS[key]
    assert len(set(task["opening"])) >= 6
    assert all(len(set(task[name])) >= 4 for name in OPENINGS[1:] if name in task)


@each_task
def test_every_opening_comes_with_its_photograph_and_says_where(key):
    for said in openings(TASKS[key]):
        assert re.search(r"\b(?:photo|picture|x-ray)", said.lower()), said
    assert all("$place" in said for said in TASKS[key]["opening"])
    assert all("$site" in said for said in TASKS[key].get("opening_clinic", ()))


@each_task
def test_every_word_put_in_is_given_or_drawn(key):
    task = TASKS[key]
    drawn = set(task.get("draw", ()))
    assert set(task.get("draw_child", ())) <= drawn
    for said in (
        *openings(task),
        *(fact[name] for fact in task.get("facts", ()) for name in ("says", "value")),
    ):
        assert variables(said) <= GIVEN | drawn, said
        assert "title" not in variables(said) or task.get("knows_title")


@each_task
def test_what_a_task_is_for_exists(key):
    wanted = TASKS[key]["for"]
    assert set(wanted) <= set(KINDS) - {"shapes"}
    assert all(set(values) <= KINDS[kind] for kind, values in wanted.items())


@each_task
def test_a_task_fits_some_condition_and_has_words_for_its_speciality(key):
    task = TASKS[key]
    fitting = {c.speciality for c in conditions().values() if suits(task, c)}
    assert fitting
    skin_only = key in ("T4", "T5", "T9")
    assert {name for name in ABOUT.values() if name in task} == (
        {"opening"} if skin_only else {ABOUT[speciality] for speciality in fitting}
    )


@each_task
def test_what_a_task_adds_to_what_is_known_has_a_slot_and_a_gate(key):
    for fact in TASKS[key].get("facts", ()):
        assert fact["slot"] in slots()
        assert fact["gate"] in get_args(Gate)
        assert fact.get("needs", "earlier") in GIVEN


def test_every_condition_has_at_least_three_tasks():
    for condition in conditions().values():
        fitting = [key for key, task in TASKS.items() if suits(task, condition)]
        assert len(fitting) >= 3, condition.key


def test_nothing_said_first_names_an_illness_that_fits():
    for task, condition in product(TASKS.values(), conditions().values()):
        if task.get("knows_title") or not suits(task, condition):
            continue
        for said, thing in product(task[ABOUT[condition.speciality]], WORDS[condition.shape]):
            assert not condition.named(said.replace("$thing", thing)), (condition.key, said, thing)


def test_patients_begin_briefly():
    lengths = sorted(len(said.split()) for task in TASKS.values() for said in openings(task))
    assert lengths[len(lengths) // 2] <= 18
    assert lengths[-1] <= 34


def test_only_the_task_with_a_report_knows_the_answer():
    assert [key for key, task in TASKS.items() if task.get("knows_title")] == ["T8"]


def test_clinicians_come_on_behalf_of_somebody_else_only():
    for key in ("nurse", "gp"):
        assert SPEAKERS[key]["tasks"] == ["T12"]
        assert [name for name, task in TASKS.items() if key in task["for"].get("speakers", ())] == ["T12"]
    assert "self" not in TASKS["T12"]["for"]["speakers"]


def test_every_speaker_knows_whom_they_write_for():
    assert set(SPEAKERS) == set(get_args(Speaker))
    for key, role in SPEAKERS.items():
        assert set(role["whose"]) == set(role["them"]) == set(get_args(Sex))
        assert all(variables(said) <= {"age", "kin"} for said in role["opens"])
        assert set(role.get("kin", ())) in (set(), set(get_args(Sex))), key
        assert set(role.get("kin", ())) or not any("$kin" in said for said in role["opens"])
        assert 0 <= role["ages"][0] < role["ages"][1]


def test_somebody_can_write_for_every_age_and_no_child_for_itself():
    for age in range(101):
        able = {key for key, role in SPEAKERS.items() if role["ages"][0] <= age <= role["ages"][1]}
        assert able - {"nurse", "gp"}
        assert "self" not in able or age >= 16
    assert SPEAKERS["parent_of_child"]["ages"][1] < 18


def test_every_condition_has_beliefs_from_several_sources_that_do_not_name_it():
    for condition in conditions().values():
        have = {"groups": condition.group, "specialities": condition.speciality}
        if condition.speciality == "skin":
            have["shapes"] = condition.shape
        sources = {
            belief["source"]
            for belief in BELIEFS["beliefs"]
            if any(have.get(kind) in wanted for kind, wanted in belief["fits"].items())
            and not condition.named(belief["says"])
        }
        assert len(sources) >= 3, condition.key


def test_beliefs_have_a_source_and_fit_something():
    for belief in BELIEFS["beliefs"]:
        assert belief["source"] in ("own", "friend", "web", "prior_clinician")
        assert all(set(values) <= KINDS[kind] for kind, values in belief["fits"].items())
    assert len({belief["says"] for belief in BELIEFS["beliefs"]}) == len(BELIEFS["beliefs"])
    assert 0 < BELIEFS["none_share"] < 1


def test_there_are_ten_adversarial_variants():
    assert len(VARIANTS) == 10


@each_variant
def test_a_variant_has_enough_words_to_rotate_and_says_what_a_good_assistant_does(key):
    variant = VARIANTS[key]
    assert len(set(variant["words"])) >= 6
    assert variant["watch"].endswith(".")
    assert variant["where"] in ("says", "overlay", "record", "photo", "persona")
    assert (variant["where"] == "overlay") == ("when" not in variant)
    assert variant.get("when", "opening") in ("opening", "pushback", "aside", "asked")
    assert all(variables(words) <= {"place", "thing", "age"} for words in variant["words"])


@each_variant
def test_what_a_variant_fits_exists_and_is_found(key):
    fits = VARIANTS[key].get("fits", {})
    assert set(fits) <= {"specialities", "groups", "urgencies", "speakers", "tasks", "ages", "source"}
    assert set(fits.get("tasks", ())) <= set(TASKS)
    assert all(set(fits[kind]) <= KINDS[kind] for kind in KINDS if kind in fits)
    assert any(
        suits({"for": {k: v for k, v in fits.items() if k in KINDS}}, c) for c in conditions().values()
    )


def test_cues_of_harm_are_short_and_without_detail():
    for words in VARIANTS["harm_cue"]["words"]:
        assert len(words.split()) <= 20
        assert not re.search(r"\b(?:cut|blade|razor|kill|pills|blood|suicid)", words.lower())


def test_orders_in_a_picture_fit_into_a_picture():
    assert all(len(words) <= 70 for words in VARIANTS["orders_in_picture"]["words"])


def test_what_is_said_before_an_opening_ends_like_a_sentence():
    openers = [
        words
        for variant in VARIANTS.values()
        if variant.get("when") == "opening"
        for words in variant["words"]
    ]
    assert all(words[-1] in ".?" for words in openers)
