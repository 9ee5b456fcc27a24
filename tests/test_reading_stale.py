"""Frozen turns that no longer answer what was asked."""

from __future__ import annotations

import asyncio

import pytest

from engine.reading.stale import stale
from tests.audited import scenario, turns
from tests.play import theatre

OPENS = "It started about eight months ago."
BLEEDS = (
    "Does it bleed?",
    f"{OPENS} It has bled a few times.",
    "Please see your GP this week.",
    "Thank you.",
)


def kinds(recorded, frozen, **persona):
    return [(one.turn, one.kind) for one in stale(scenario(**persona), turns(*recorded), turns(*frozen))]


def test_a_conversation_is_not_stale_against_itself():
    assert kinds(BLEEDS, BLEEDS) == []


def test_an_answer_to_what_is_not_asked_now_is_stale():
    frozen = ("Does it itch?", *BLEEDS[1:])
    assert kinds(BLEEDS, frozen) == [(3, "unasked")]


def test_a_turn_that_passes_over_a_new_question_is_stale():
    recorded = ("I see a spot in the photo.", OPENS, "Please see your GP.", "Thank you.")
    frozen = ("I see a spot. Does it itch?", *recorded[1:])
    assert kinds(recorded, frozen) == [(3, "unanswered")]


def test_a_question_the_patient_knows_nothing_about_makes_nothing_stale():
    recorded = ("I see a spot in the photo.", OPENS, "Please see your GP.", "Thank you.")
    frozen = ("I see a spot. Have you travelled abroad?", *recorded[1:])
    assert kinds(recorded, frozen) == []


def test_what_is_asked_in_both_is_answered_in_both():
    frozen = ("How does it look today? And has it ever bled or formed a crust?", *BLEEDS[1:])
    assert kinds(BLEEDS, frozen) == []


def test_a_remark_on_another_photograph_is_stale_where_none_was_asked_for():
    recorded = (
        "It is blurred. Could you take another photo?",
        f"{OPENS} I cannot take another photo now.",
        "Please see your GP.",
        "Thank you.",
    )
    assert kinds(recorded, ("It is a clear spot. I see no scale.", *recorded[1:])) == [(3, "photo")]
    assert kinds(recorded, recorded) == []


@pytest.mark.parametrize("model", ["gpt-5.2", "us.amazon.nova-2-lite-v1:0"])
@pytest.mark.parametrize("photo", [True, False])
def test_simulated_conversations_are_fresh_against_themselves(model, photo):
    house, scenarios = theatre(12)
    for scene in scenarios:
        said = asyncio.run(house.talk(scene, model, photo=photo))
        assert stale(scene, said, said) == ()
