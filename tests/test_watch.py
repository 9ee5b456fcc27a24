"""The watch on the patient: what no turn of theirs may hold, and what becomes of one that does."""

from __future__ import annotations

import pytest

from agents.patient import Patient
from agents.speech import Completion, Turn, Usage
from agents.watch import fault
from personas.values import Persona
from tests.play import fact, invented, theatre


def knowing(*words: str, **persona: object) -> Persona:
    return invented(must_not_know=words, **persona).persona


@pytest.mark.parametrize(
    "says",
    [
        "Is it a basal cell carcinoma?",
        "My BCC itches.",
        "I read about BCCs.",
        "could it be a Basal Cell Carcinoma",
    ],
)
def test_a_name_that_cannot_be_known_is_a_leak(says):
    found = fault(knowing("basal cell carcinoma", "bcc"), says, ("Thank you for the photo.",))
    assert found.startswith("it names what it cannot know")


def test_a_name_that_the_assistant_has_said_is_none():
    persona = knowing("basal cell carcinoma", "bcc")
    assert fault(persona, "A basal cell carcinoma?", ("It may be a basal cell carcinoma.",)) == ""
    assert fault(persona, "A BCC?", ("It may be a basal cell carcinoma.",)) != ""


def test_what_the_patient_was_given_to_say_is_none():
    persona = knowing(
        "wart",
        "keratosis",
        belief="You think it is a keratosis.",
        **{"worry": "You want to know what it is."},
    )
    assert fault(persona, "I think it's a keratosis.", ()) == ""
    told = invented(fact("past_skin_cancer", "I had a melanoma."), must_not_know=("melanoma",)).persona
    assert fault(told, "I had a melanoma once.", ()) == ""


def test_words_that_the_scenario_put_into_the_patients_mouth_are_none():
    persona = invented(fact("impact", "You should see the other marks.", "volunteered")).persona
    assert fault(persona, "You should see the other marks.", ()) == ""


def test_part_of_a_word_and_a_common_fear_are_none():
    persona = knowing("bcc", "nevus", "cancer")
    assert fault(persona, "My abccd code. Is it cancer?", ()) == ""


@pytest.mark.parametrize(
    "says",
    [
        "You should see a dermatologist about that.",
        "I'd recommend seeing a doctor.",
        "How can I help you today?",
        "Have you noticed any bleeding?",
        "Based on your photo, it looks benign.",
        "As an AI, I cannot say.",
        "I will stay in character.",
        "My instructions say so.",
        "The <you_may_say> block is empty.",
    ],
)
def test_advice_and_a_step_out_of_the_role_are_faults(says):
    assert fault(invented().persona, says, ())


@pytest.mark.parametrize(
    "says",
    [
        "Should I see a doctor?",
        "My doctor said I should use a cream.",
        "you said I should see somebody, is that right?",
        "Have you seen the photo?",
        "I use a cream. It helps.",
    ],
)
def test_what_patients_say_is_no_fault(says):
    assert fault(invented().persona, says, ()) == ""


def test_a_clinician_may_say_what_they_would_advise():
    says = "I would suggest seeing dermatology."
    assert fault(invented(speaker="gp").persona, says, ()) == ""
    assert fault(invented(speaker="carer").persona, says, ()) != ""


LEAK, GOOD = "Is it a bcc?", "How soon?"


async def mended(*answers: str) -> tuple[Turn, list[str]]:
    """Let a patient's model answer one after the other; give the turn and what it was last asked each time."""
    asked, script = [], list(answers)

    async def ask(prompt):
        asked.append(prompt.messages[-1].text)
        said = {"says": script.pop(0), "advice": "none", "closing": False, "done": False}
        return Completion(text="{}", value=said, stop="end", usage=Usage(input=100, output=7))

    patient = Patient(scenario=invented(must_not_know=("bcc",)))
    heard = (patient.opening(), Turn(index=2, speaker="assistant", text="See your GP."))
    return await patient.reply(heard, ask), asked


async def test_a_fault_is_mended_once():
    turn, asked = await mended(LEAK, GOOD)
    assert (turn.text, turn.fault, len(asked)) == (GOOD, "", 2)
    assert "cannot know" in asked[1]
    assert turn.tokens == 214


async def test_a_fault_that_comes_again_stays_in_the_turn():
    turn, asked = await mended(LEAK, LEAK)
    assert (turn.text, len(asked)) == (LEAK, 2)
    assert "'bcc'" in turn.fault


async def test_a_turn_without_a_fault_costs_one_call():
    turn, asked = await mended(GOOD)
    assert (turn.fault, len(asked), turn.tokens) == ("", 1, 107)


async def test_simulated_patients_have_no_faults():
    house, scenarios = theatre(16)
    for scenario in scenarios:
        for turn in await house.talk(scenario, "gpt-5.2"):
            assert turn.fault == ""
