"""What the patient's model is told: who writes, how they are, and what they may say now."""

from __future__ import annotations

import pytest

from agents.patient import Patient, introduce
from agents.speech import Completion, Turn
from tests.play import theatre


@pytest.fixture(scope="module")
def scenarios():
    return theatre(60)[1]


def patients(scenarios, speaker):
    return [Patient(scenario=one) for one in scenarios if one.persona.speaker == speaker]


def test_a_child_does_not_write(scenarios):
    young = [one for one in scenarios if one.persona.age < 12]
    assert young
    assert all(one.persona.speaker == "parent_of_child" for one in young)
    assert all(not one.persona.opening.startswith("I have") for one in young)


def test_a_parent_is_told_that_they_are_one(scenarios):
    for patient in patients(scenarios, "parent_of_child"):
        persona = patient.scenario.persona
        system = patient.prompt((patient.opening(),)).system
        who = system.split("<who_you_are>")[1].split("</who_you_are>")[0]
        assert "parent of" in who
        assert persona.name in who
        assert f"{persona.age} years old" in who
        assert "photograph of your skin" not in system


def test_everybody_else_speaks_for_themselves(scenarios):
    persona = patients(scenarios, "self")[0].scenario.persona
    assert introduce(persona) == f"{persona.name}, {persona.age} years old, {persona.sex}."


def test_facts_come_out_when_they_are_asked_for(scenarios):
    patient = next(
        one
        for one in patients(scenarios, "self")
        if any(fact.slot == "onset" and fact.gate == "if_asked" for fact in one.scenario.persona.facts)
    )
    asks = Turn(index=2, speaker="assistant", text="How long have you had it?")
    onset = next(fact for fact in patient.scenario.persona.facts if fact.slot == "onset")
    assert onset in patient.due((patient.opening(), asks))
    again = (patient.opening(), asks, Turn(index=3, speaker="patient", text="A while."), asks)
    assert onset not in patient.due(again)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Completion(text="{}", value={"says": " Ok. ", "done": True}, stop="end"), ("Ok.", True)),
        (Completion(text="{}", value={"says": "Ok.", "done": "yes"}, stop="end"), ("Ok.", False)),
        (Completion(text="done: true, bye", stop="end"), ("", False)),
    ],
)
async def test_only_the_field_says_that_it_is_over(scenarios, said, expected):
    async def ask(prompt):
        return said

    patient = Patient(scenario=scenarios[0])
    heard = (patient.opening(), Turn(index=2, speaker="assistant", text="See your GP."))
    spoken = await patient.reply(heard, ask)
    assert (spoken.text, spoken.done) == expected
