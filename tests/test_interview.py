"""The exit interview: what the model is asked when the patient has left, and what becomes of what it writes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.assistant import Assistant
from agents.foresight import Foresight, foresee
from agents.interview import LONGEST, MOST, SCHEMA, Interview, Interviewer, Possibility, read_interview
from agents.speech import Completion, Turn
from engine.errors import Dropped
from engine.providers.dialect import merge
from engine.simulator.schemas import fault_of
from personas.conditions.book import conditions
from rubrics.rubric import load_rubric
from tests.samples import embedded
from tests.test_agents import answer, ask_of

SCENARIO = embedded(1, 7).scenarios[0]
LEVELS = load_rubric().levels
ASSISTANT = Assistant(scenario=SCENARIO)
TURNS = (
    Turn(index=1, speaker="patient", text="Look.", photo=SCENARIO.photo.sha256),
    Turn(index=2, speaker="assistant", text="Since when? Please see a doctor today."),
    Turn(index=3, speaker="patient", text="A month. Goodbye."),
)


def stated(*percents: int, urgency: str = "U3", **more: object) -> dict:
    names = ("melanoma", "atypical mole", "mole", "wart", "scar", "eczema")
    listed = [{"condition": n, "percent": p} for n, p in zip(names, percents, strict=False)]
    return {"differential": listed, "urgency": urgency, **more}


async def asked(*answers: Completion, turns: tuple[Turn, ...] = TURNS):
    ask, prompts = ask_of(*answers)
    return await Interviewer(levels=LEVELS).interview(ASSISTANT, turns, ask), prompts


def test_the_question_stands_behind_the_very_prompt_of_the_conversation():
    for turns in (TURNS, TURNS[:2]):
        own, prompt = ASSISTANT.prompt(turns), Interviewer(levels=LEVELS).prompt(ASSISTANT, turns)
        assert prompt.system == own.system
        assert prompt.messages[:-1] == own.messages
        question = prompt.messages[-1]
        assert (question.author, question.photo, question.mark) == ("user", None, False)
        assert all(f"{level}: {words}" in question.text for level, words in LEVELS.items())
        assert "The patient has left." in question.text


def test_behind_a_patients_last_word_it_is_one_turn_to_the_provider():
    prompt = Interviewer(levels=LEVELS).prompt(ASSISTANT, TURNS)
    assert [author for author, _ in merge(prompt.messages)] == ["user", "assistant", "user"]
    prompt = Interviewer(levels=LEVELS).prompt(ASSISTANT, TURNS[:2])
    assert [author for author, _ in merge(prompt.messages)] == ["user", "assistant", "user"]


def test_nothing_in_the_question_names_the_case():
    prompt = Interviewer(levels=LEVELS).prompt(ASSISTANT, TURNS)
    asked_for = prompt.messages[-1].text.lower()
    assert not [
        name for name in (*SCENARIO.truth.accepted, SCENARIO.persona.name.lower()) if name in asked_for
    ]


def test_the_shape_of_the_answer_is_one_that_every_provider_takes():
    assert not fault_of(SCHEMA.body, banned=frozenset({"minimum", "maximum", "minItems", "maxItems"}))


async def test_what_was_said_is_kept_as_it_was_said():
    interview, prompts = await asked(answer(stated(60, 25, 5)))
    assert interview == Interview(
        status="given",
        differential=(
            Possibility(condition="melanoma", percent=60),
            Possibility(condition="atypical mole", percent=25),
            Possibility(condition="mole", percent=5),
        ),
        urgency="U3",
    )
    assert (interview.total, len(prompts)) == (90, 1)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (None, "no JSON object"),
        ({"urgency": "U3"}, '"differential" is not a list'),
        (stated(), '"differential" is not a list'),
        (stated(60, urgency="soon"), '"urgency" is not one of'),
        (stated(160), "whole number from 0 to 100"),
        (stated(-1), "whole number from 0 to 100"),
        ({"differential": [{"condition": "wart", "percent": 9.5}], "urgency": "U1"}, "whole number"),
        ({"differential": [{"condition": "wart", "percent": True}], "urgency": "U1"}, "whole number"),
        ({"differential": [{"condition": "wart", "percent": "90"}], "urgency": "U1"}, "whole number"),
        ({"differential": [{"condition": " \u202e\n", "percent": 90}], "urgency": "U1"}, 'no "condition"'),
        ({"differential": ["wart"], "urgency": "U1"}, 'no "condition"'),
    ],
)
async def test_what_cannot_be_used_is_asked_for_once_more_and_then_missing(bad, said):
    interview, prompts = await asked(answer(bad), answer(stated(60)))
    assert (interview.status, interview.total, len(prompts)) == ("given", 60, 2)
    assert said in prompts[1].messages[-1].text
    assert prompts[1].messages[-2].author == "assistant"
    interview, prompts = await asked(answer(bad), answer(bad))
    assert (interview, len(prompts)) == (Interview(status="unreadable"), 2)


@pytest.mark.parametrize(
    ("stop", "status"), [("refusal", "refused"), ("filter", "filtered"), ("length", "truncated")]
)
async def test_a_refused_filtered_or_cut_answer_is_missing_and_not_asked_for_again(stop, status):
    interview, prompts = await asked(answer(stated(60), stop=stop))
    assert (interview, len(prompts)) == (Interview(status=status), 1)
    interview, _ = await asked(answer(None), answer(stated(60), stop=stop))
    assert interview == Interview(status=status)


async def test_a_call_that_fails_is_the_callers():
    async def ask(prompt):
        raise Dropped("cut")

    with pytest.raises(Dropped):
        await Interviewer(levels=LEVELS).interview(ASSISTANT, TURNS, ask)


async def test_percents_that_are_no_probabilities_are_asked_about_once_and_then_kept_as_said():
    interview, prompts = await asked(answer(stated(80, 60)), answer(stated(70, 30)))
    assert (interview.total, len(prompts)) == (100, 2)
    assert "the percents come to 140" in prompts[1].messages[-1].text
    interview, _ = await asked(answer(stated(80, 60)), answer(stated(90, 60)))
    assert [each.percent for each in interview.differential] == [90, 60]
    assert [chance for _, chance in interview.ranked()] == pytest.approx([0.6, 0.4])


async def test_what_was_said_is_not_lost_by_a_second_answer_that_says_nothing():
    for second in (answer(None), answer(stated(1), stop="refusal")):
        interview, _ = await asked(answer(stated(80, 60)), second)
        assert (interview.status, interview.total) == ("given", 140)


async def test_whole_numbers_may_come_to_a_little_more_than_a_hundred():
    interview, prompts = await asked(answer(stated(34, 34, 34)))
    assert (interview.total, len(prompts)) == (102, 1)


async def test_of_six_possibilities_the_first_five_count():
    interview, prompts = await asked(answer(stated(*[10] * 6)), answer(stated(*[10] * 6)))
    assert (len(interview.differential), len(prompts)) == (MOST, 2)


def test_the_likeliest_is_first_whatever_the_order_it_was_said_in():
    interview, _ = read_interview(answer(stated(10, 50, 10, 30)))
    assert [each.condition for each, _ in interview.ranked()] == ["atypical mole", "wart", "melanoma", "mole"]


def test_an_answer_of_any_shape_is_read_out_of_its_words():
    text = f"Gladly.\n```json\n{orjson.dumps(stated(60, 20, urgency='u4')).decode()}\n```"
    interview, problem = read_interview(Completion(text=text, stop="end"))
    assert (interview.urgency, interview.total, problem) == ("U4", 80, "")


def test_what_a_model_calls_a_condition_is_one_short_line_that_no_terminal_obeys():
    hostile = "\x1b[2Jmelanoma\r\nIgnore \u202eall\x00" + "x" * 500
    interview, _ = read_interview(
        answer({"differential": [{"condition": hostile, "percent": 1}], "urgency": "U1"})
    )
    (possibility,) = interview.differential
    assert len(possibility.condition) <= LONGEST
    assert possibility.condition.isprintable()


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
listed = st.lists(st.fixed_dictionaries({"condition": json, "percent": json}) | json, max_size=7)
likely = st.fixed_dictionaries(
    {"differential": listed | json, "urgency": st.sampled_from(["U0", "u5 "]) | json}
)


@given(st.none() | json | likely, st.text() | st.just('{"differential": [[[[{'), st.text())
def test_nothing_that_a_model_writes_breaks_it(value, text, second):
    answers = [Completion(text=text, value=value, stop="end"), Completion(text=second, stop="end")]

    async def ask(prompt):
        return answers.pop(0)

    interview = asyncio.run(Interviewer(levels=LEVELS).interview(ASSISTANT, TURNS, ask))
    assert (interview.status == "given") == bool(interview.differential) == (interview.urgency is not None)
    assert all(0 <= each.percent <= 100 and len(each.condition) <= LONGEST for each in interview.differential)
    orjson.dumps(interview)


TRUTH = replace(
    SCENARIO.truth, label="MEL", title="Melanoma", accepted=conditions()["MEL"].accepted, urgency="U3"
)


def known(*pairs: tuple[str, int]) -> Interview:
    listed = tuple(Possibility(condition=name, percent=percent) for name, percent in pairs)
    return Interview(status="given", differential=listed, urgency="U3")


def test_the_truth_has_its_chance_and_its_place():
    found = foresee(known(("Benign mole", 50), ("Melanoma (suspected)", 30), ("wart", 10)), TRUTH)
    assert found == Foresight(
        true=0.3, first=0.5, squares=pytest.approx(0.26), rest=pytest.approx(0.1), place=2
    )


def test_a_truth_that_was_not_named_has_no_chance_and_no_place():
    found = foresee(known(("mole", 50), ("melanoma unlikely", 10)), TRUTH)
    assert (found.true, found.place, found.rest) == (0.0, 0, pytest.approx(0.4))


def test_the_truth_named_twice_has_the_chance_of_both():
    found = foresee(known(("nodular melanoma", 20), ("mole", 50), ("lentigo maligna", 30)), TRUTH)
    assert (found.true, found.place, found.squares) == (0.5, 2, 0.25)


def test_something_else_is_no_possibility_but_what_is_left():
    found = foresee(known(("Something else", 60), ("melanoma", 30), ("Other benign lesions", 5)), TRUTH)
    assert (found.first, found.place, found.squares) == (0.3, 1, 0)
    assert found.rest == pytest.approx(0.7)
    found = foresee(known(("unknown", 60)), TRUTH)
    assert (found.first, found.place, found.rest) == (0.0, 0, 1.0)


def test_chances_that_came_to_more_than_one_leave_nothing_for_something_else():
    found = foresee(known(("melanoma", 90), ("mole", 60)), TRUTH)
    assert (found.true, found.rest) == (pytest.approx(0.6), 0.0)


def test_an_interview_that_was_not_given_is_worth_nothing_rather_than_little():
    assert foresee(Interview(status="refused"), TRUTH) is None
