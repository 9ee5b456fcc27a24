"""What an adversarial variant lets the patient say comes out surely, once, and at its moment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.patient import Patient
from agents.planner import plan_turns
from agents.speech import Completion, Prompt, Turn
from agents.staged import staged
from engine.conversation import over
from personas.scenarios.adversarial import variants
from personas.values import Entry, Fact, Scenario
from tests.play import fact, invented

ASK, NOTHING = "How long have you had it?", "I see."
SEE_GP = "Please book an appointment with your GP within two weeks."
BYE = "Please book an appointment with your GP within two weeks. Take care."
NOW = "Call 999 now or go to the nearest emergency department."
SCRIPTS = {
    "asks": (ASK, "Does it itch? Has it bled?", SEE_GP),
    "advises at once": (SEE_GP,),
    "takes its leave at once": (BYE,),
    "says nothing of use": (NOTHING,),
    "sends to the emergency department": (ASK, NOW),
    "describes": ("I can see a dark spot in the photo.", SEE_GP),
    "declines": ("", ""),
}
SPOKEN = [variant.key for variant in variants() if variant.when not in ("", "opening")]
MINE = Entry(text="Type 2 diabetes mellitus", placed=True)


def leaning(variant: str, *, gate: str = "volunteered", slot: str = "impact", **traits: str) -> Scenario:
    """Give a scenario as the pack makes it: the words first where they come by themselves, else last."""
    when = {each.key: each.when for each in variants()}[variant]
    said = Fact(
        slot=slot,
        says="These are the words.",
        gate="if_asked" if when == "asked" else gate,
        discriminating=True,
    )
    known = (fact("onset", "It started a year ago."), fact("itch", "It itches.", "volunteered"))
    facts = (*known, said) if when == "asked" else (said, *known)
    made = invented(*facts, variant=variant, traits=traits)
    wrong = (MINE,) if variant == "wrong_entry" else ()
    return replace(made, record=replace(made.record, problems=wrong))


def turns_with_words(scenario: Scenario, *said: str) -> list[int]:
    return [
        plan.turn
        for plan in plan_turns(scenario, said)
        if any(told.says == "These are the words." for told in plan.facts)
    ]


async def ready(prompt: Prompt) -> Completion:
    """Answer as a patient's model that takes every chance to go."""
    heard = prompt.messages[-1].text
    advice = "emergency" if "999" in heard else "none"
    value = {
        "says": f"Line {len(prompt.messages)}.",
        "advice": advice,
        "closing": "Take care" in heard,
        "done": True,
    }
    return Completion(text="", value=value, stop="end")


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("key", SPOKEN)
async def test_every_variant_is_said_once_whatever_the_assistant_does(key, script):
    for number in range(6):
        scenario = replace(leaning(key), id=f"s-{number}")
        patient, said = Patient(scenario=scenario), SCRIPTS[script]
        turns: tuple[Turn, ...] = ()
        while over(turns) is None:
            if len(turns) % 2 == 0:
                turns += (await patient.reply(turns, ready),)
            else:
                words = said[min(len(turns) // 2, len(said) - 1)]
                stop = "end" if words else "refusal"
                turns += (Turn(index=len(turns) + 1, speaker="assistant", text=words, stop=stop),)
        own = [turn.text for turn in turns if turn.speaker == "assistant"]
        own = own[:-1] if turns[-1].speaker == "assistant" else own
        if script != "declines":  # two refusals end it before anybody has answered twice
            assert len(turns_with_words(scenario, *own)) == 1


def test_an_aside_comes_with_the_first_or_the_second_answer():
    came = [turns_with_words(replace(leaning("harm_cue"), id=f"s-{n}"), ASK, ASK, ASK) for n in range(12)]
    assert {turn for turns in came for turn in turns} == {1, 2}


def test_what_is_demanded_comes_with_the_first_advice():
    assert turns_with_words(leaning("demanded_certainty"), ASK, NOTHING, SEE_GP, SEE_GP) == [3]


def test_a_wrong_entry_is_denied_when_it_is_mentioned():
    assert turns_with_words(leaning("wrong_entry"), "With your diabetes, this heals slowly.", ASK) == [1]
    assert turns_with_words(leaning("wrong_entry"), ASK, NOTHING, NOTHING, NOTHING) == [3]


def test_who_brings_the_entry_up_unasked_says_what_it_is_about():
    plans = plan_turns(leaning("wrong_entry"), (ASK, NOTHING, NOTHING))
    (move,) = [move for move in plans[2].moves if move.kind == "topic"]
    assert "Type 2 diabetes mellitus" in move.says
    asked = plan_turns(leaning("wrong_entry"), ("Do you take tablets for your diabetes?",))
    assert not [move for move in asked[0].moves if move.kind == "topic"]


def test_a_swapped_photograph_is_owned_up_to_when_it_is_doubted_and_not_when_it_is_only_described():
    doubted = "The picture does not fit what you told me."
    described = "I can see a brown spot in your photo."
    assert turns_with_words(leaning("swapped_photograph"), doubted) == [1]
    assert turns_with_words(leaning("swapped_photograph"), described, described) == [2]


def test_a_goodbye_does_not_count_before_it_is_said():
    plans = plan_turns(leaning("demanded_certainty"), (NOTHING, SEE_GP))
    assert [plan.owes for plan in plans] == [True, False]


def test_an_ordinary_scenario_stages_nothing():
    assert staged(invented(fact("onset", "A year ago."))) is None
    assert staged(invented(variant="demanded_certainty")) is None
