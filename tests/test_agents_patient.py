"""What the patient's model is told: who writes, what they may say and do now; and what is heard of its answer."""

from __future__ import annotations

import contextlib
import itertools
import re

import orjson
import pytest

from agents.patient import SCHEMA, Patient, introduce
from agents.speech import Completion, Turn
from personas.slots import slots, statement
from tests.play import fact, invented, theatre

ADVISES = Turn(index=2, speaker="assistant", text="Please see your GP within two weeks.")
SPEAKERS = ("self", "parent_of_child", "carer", "partner", "adult_child_of_elder", "nurse", "gp")


@pytest.fixture(scope="module")
def scenarios():
    return theatre(60)[1]


def test_a_child_does_not_write(scenarios):
    young = [one for one in scenarios if one.persona.age < 12]
    assert young
    assert not any(one.persona.speaker == "self" for one in young)
    assert all(not one.persona.opening.startswith("I have") for one in young)


@pytest.mark.parametrize("speaker", SPEAKERS)
@pytest.mark.parametrize("sex", ["female", "male", "unknown"])
def test_everybody_is_told_who_they_are_and_whom_it_is_about(speaker, sex):
    persona = invented(speaker=speaker, sex=sex, name="Ivan Sato", age=7).persona
    who = introduce(persona)
    assert "Ivan Sato" in who
    assert "7 years old" in who
    assert "$" not in who
    assert speaker == "self" or who.startswith("You ")


def test_who_speaks_another_language_at_home_is_told_so():
    assert introduce(invented(languages=("Polish", "English")).persona).endswith(
        "At home you speak Polish; here you write English."
    )
    assert "At home" not in introduce(invented().persona)


def test_who_has_no_belief_has_no_idea():
    assert (
        "You think it is a wart."
        in Patient(scenario=invented(belief="You think it is a wart.")).prompt(()).system
    )
    assert "You have no idea what it is." in Patient(scenario=invented()).prompt(()).system


def test_a_turn_is_told_its_facts_its_moves_and_its_mood():
    itch = fact("itch", "It itches.")
    patient = Patient(scenario=invented(itch, belief="You think it is a wart.", traits={"anxiety": "high"}))
    asks = Turn(index=2, speaker="assistant", text="Does it itch?")
    early = patient.prompt((patient.opening(), asks)).messages[-1].text
    assert "<you_may_say>\n- It itches.\n</you_may_say>" in early
    assert early.endswith("<you_feel>worried</you_feel>")
    late = (patient.opening(), asks, Turn(index=3, speaker="patient", text="Yes."), ADVISES)
    assert "<you_may_say>\n- nothing new\n</you_may_say>" in patient.prompt(late).messages[-1].text


def test_a_prompt_begins_as_the_one_before_it_ended(scenarios):
    for scenario in scenarios[:12]:
        patient = Patient(scenario=scenario)
        turns = (patient.opening(), ADVISES)
        before = patient.prompt(turns)
        turns += (
            Turn(index=3, speaker="patient", text="Ok."),
            Turn(index=4, speaker="assistant", text="Bye."),
        )
        after = patient.prompt(turns)
        assert (after.system, after.messages[: len(before.messages)]) == (before.system, before.messages)


def test_what_the_model_said_is_shown_to_it_in_its_own_shape():
    patient = Patient(scenario=invented())
    turns = (
        patient.opening(),
        ADVISES,
        Turn(index=3, speaker="patient", text="Ok.", advice="two_weeks"),
        Turn(index=4, speaker="assistant", text="Bye."),
    )
    shown = orjson.loads(patient.prompt(turns).messages[3].text)
    assert list(shown) == list(SCHEMA.body["properties"])
    assert shown["advice"] == "two_weeks"


async def heard(
    value: dict | None, *, before: tuple[str, ...] = ("Hm.", "Please see your GP. Take care.")
) -> Turn:
    """Give the turn that becomes of an answer, after these messages of the assistant."""
    patient = Patient(scenario=invented(traits={"trust_in_ai": "over_trust"}))
    turns = (patient.opening(),)
    for text in before:
        turns += (Turn(index=len(turns) + 1, speaker="assistant", text=text),)
        turns += (Turn(index=len(turns) + 1, speaker="patient", text="Ok."),)

    async def ask(prompt):
        return Completion(text="words", value=value, stop="end")

    return await patient.reply(turns[:-1], ask)


BYE = {"says": " Ok, bye. ", "advice": "routine", "closing": True, "done": True}


async def test_words_and_signals_are_read():
    turn = await heard(BYE)
    assert (turn.text, turn.advice, turn.closing, turn.done) == ("Ok, bye.", "routine", True, True)


@pytest.mark.parametrize("odd", [{"says": ""}, {"says": 3}, {"text": "Ok."}, None])
async def test_what_is_no_turn_of_a_patients_leaves_no_words(odd):
    assert (await heard(odd)).text == ""


@pytest.mark.parametrize(
    ("said", "field", "expected"),
    [
        ({"done": "yes"}, "done", False),
        ({"advice": "tomorrow"}, "advice", "none"),
        ({"advice": ["routine"]}, "advice", "none"),
        ({"closing": 1}, "closing", False),
    ],
)
async def test_a_signal_that_is_none_counts_as_none(said, field, expected):
    assert getattr(await heard(BYE | said), field) == expected


async def test_missing_signals_count_as_none():
    turn = await heard({"says": "Ok."})
    assert (turn.advice, turn.closing, turn.done) == ("none", False, False)


async def test_the_patient_cannot_be_done_before_the_plan_lets_them():
    assert not (await heard(BYE, before=("Please see your GP. Take care.",))).done
    assert not (await heard(BYE, before=("Hm.", "I see."))).done


async def test_the_assistant_has_not_closed_while_it_asks_something():
    assert not (await heard(BYE, before=("Hm.", "See your GP. Does it itch? Take care."))).closing


OWN_BODY = re.compile(
    r"\bI(?:'m| am|'ve| have| had| hurt| put| tried| did| knock| worked| spen\w+| feel| catch| smoke| cough| see)\b"
    r"|\bmy\b|\bme\b",
    re.IGNORECASE,
)
UNSURE = re.compile(r"\b(?:I'm not (?:sure|allowed)|I(?: have|'ve)n't seen|I have to ask)", re.IGNORECASE)
"""What the speaker does not know, or may not do."""


@pytest.mark.parametrize("speaker", SPEAKERS[1:])
@pytest.mark.parametrize("sex", ["female", "male", "unknown"])
def test_who_speaks_about_somebody_does_not_speak_of_their_own_body(speaker, sex):
    said = set()
    for slot, answer, address in itertools.product(slots(), ("yes", "no", "unknown", "value"), range(4)):
        with contextlib.suppress(KeyError):
            said.add((slot, statement(slot, answer, address, speaker=speaker, sex=sex, value="tacrolimus")))
    assert not [words for _, words in said if "$" in words]
    # A parent's family is the child's.
    strange = [words for slot, words in said if (slot, speaker) != ("family_history", "parent_of_child")]
    assert not [words for words in strange if OWN_BODY.search(words) and not UNSURE.search(words)]


def test_pronouns_agree_with_the_patients_sex():
    ways = {
        statement("medicines", "value", n, speaker="carer", sex="female", value="warfarin") for n in range(20)
    }
    assert ways == {"She is on warfarin.", "The doctor has her on warfarin."}
    ways = {statement("sun", "no", n, speaker="partner", sex="unknown") for n in range(20)}
    assert "They have never been one for the sun." in ways
