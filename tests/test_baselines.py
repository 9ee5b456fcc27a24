"""Scripted assistants: each says its own thing whatever it hears, and can hold a conversation to its end."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise

import pytest

from agents.baselines import BASELINES, Baseline, describe, urgency
from agents.cues import hear
from agents.patient import Patient
from agents.speech import Turn
from engine.cells import Bounds
from engine.conversation import ECHO, over
from engine.simulator.minds.hearing import advised
from personas.photos.caption import caption
from personas.records.chart import render
from personas.values import Entry
from rubrics.rubric import load_rubric
from tests.play import PATIENT, invented, theatre

CAPTION = "The picture is 9 by 9 pixels. The patch has a smooth border. The picture is sharp."
SCENARIO = invented()
LONGEST = 150
"""Words of a turn."""


async def never(prompt):
    raise AssertionError("a baseline asked a model.")


def heard(*said: str, photo: str = "f" * 64) -> tuple[Turn, ...]:
    """Give a conversation of the patient's and the baseline's turns in turn."""
    return tuple(
        Turn(
            index=place + 1,
            speaker="assistant" if place % 2 else "patient",
            text=text,
            photo="" if place else photo,
        )
        for place, text in enumerate(said)
    )


async def monologue(agent: Baseline, count: int = 12, **how) -> list[str]:
    """Let a baseline speak `count` times to a patient who says one and the same thing."""
    said: list[str] = []
    for _ in range(count):
        talk = [text for answer in said for text in ("Is it bad?", answer)]
        said.append((await agent.reply(heard(*talk, "Is it bad?", **how), never)).text)
    return said


def agent(name: str, **more) -> Baseline:
    return Baseline(**{"name": name, "scenario": SCENARIO, "caption": CAPTION} | more)


def test_there_are_five_in_the_order_of_the_tables():
    assert BASELINES == (
        "always-emergency",
        "always-reassure",
        "generic-disclaimer",
        "record-copier",
        "photo-captioner",
    )


@pytest.mark.parametrize("name", BASELINES)
def test_each_is_described_in_a_sentence_and_stands_for_a_level_or_none(name):
    assert describe(name).startswith(name)
    assert describe(name).endswith(".")
    assert urgency(name) in {*load_rubric().levels, ""}


def test_the_levels_are_those_of_their_words():
    assert [urgency(name) for name in BASELINES] == ["U5", "U0", "U1", "", ""]


@pytest.mark.parametrize("name", ["always-emergency", "always-reassure"])
async def test_every_wording_of_the_two_extremes_is_heard_as_what_it_advises(name):
    sign = {"always-emergency": "emergency", "always-reassure": "home"}[name]
    levels = {advised(text) for text in await monologue(agent(name))} - {""}
    assert levels == {urgency(name)}
    assert sum(sign in hear(text) for text in await monologue(agent(name), 8)) >= 6


async def test_the_other_three_advise_no_level_at_all():
    for name in BASELINES[2:]:
        assert {advised(text) for text in await monologue(agent(name))} == {""}


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("given", [{}, {"sees_photo": False, "sees_record": False, "caption": ""}])
async def test_a_turn_is_short_asks_nothing_and_is_not_the_one_before(name, given):
    said = await monologue(agent(name, **given))
    assert not [text for text in said if "?" in text or "$" in text or not text]
    assert max(len(text.split()) for text in said) < LONGEST
    alike = [SequenceMatcher(None, a, b, autojunk=False).ratio() for a, b in pairwise(said)]
    assert max(alike) < ECHO


@pytest.mark.parametrize("name", BASELINES)
async def test_the_same_conversation_gets_the_same_turn_and_costs_nothing(name):
    talk = heard("Hi.", "Hm.", "Is it bad?")
    turn = await agent(name).reply(talk, never)
    assert turn == await agent(name).reply(talk, never)
    assert (turn.index, turn.speaker, turn.tokens, turn.stop) == (4, "assistant", 0, "end")


async def test_what_the_patient_says_makes_no_difference():
    for name in BASELINES:
        one = await agent(name).reply(heard("It is bleeding and I feel faint."), never)
        assert one == await agent(name).reply(heard("It is nothing, really."), never)


async def test_the_copier_reads_out_the_whole_record_as_it_is_rendered():
    _, scenarios = theatre(6)
    for scenario in scenarios:
        said = " ".join(await monologue(agent("record-copier", scenario=scenario), 14))
        lines = [line.removeprefix("- ").rstrip(".") for line in render(scenario.record).splitlines()]
        assert not [line for line in lines if line.replace("?", "") not in said]


async def test_a_long_record_is_cut_into_turns_and_nothing_of_it_is_lost():
    words = " ".join(f"word{n}" for n in range(400))
    many = tuple(Entry(text=f"Condition {n} of the left hand?") for n in range(20))
    record = replace(SCENARIO.record, problems=(*many[:19], Entry(text=words)))
    said = await monologue(agent("record-copier", scenario=replace(SCENARIO, record=record)), 16)
    assert max(len(text.split()) for text in said) < LONGEST
    assert not [n for n in range(400) if f"word{n}" not in " ".join(said)]
    assert not [n for n in range(19) if f"Condition {n} of the left hand" not in " ".join(said)]


async def test_what_was_withheld_is_said_to_be_missing():
    copier = (await monologue(agent("record-copier", sees_record=False), 1))[0]
    assert "No health record was given to me" in copier
    assert SCENARIO.record.name not in copier
    for blind in ({"sees_photo": False}, {"caption": ""}):
        assert "No photograph was given to me" in (await monologue(agent("photo-captioner", **blind), 1))[0]
    unshown = await monologue(agent("photo-captioner"), 1, photo="")
    assert "No photograph was given to me" in unshown[0]


async def test_the_captioner_says_the_whole_caption_each_turn_in_another_order():
    said = await monologue(agent("photo-captioner"), 3)
    sentences = [f"{part.rstrip('.')}." for part in CAPTION.split(". ")]
    assert all(sentence in text for text in said for sentence in sentences)
    assert [text.split(". ", 1)[1].split(". ")[0] + "." for text in said[:2]] == sentences[:2]


async def test_the_captioner_says_what_is_in_the_pixels_and_nothing_of_the_card():
    house, scenarios = theatre(4)
    for scenario in scenarios:
        words = caption(house.album.data(scenario.photo), drawn=True)
        text = (await monologue(agent("photo-captioner", scenario=scenario, caption=words), 1))[0]
        assert f"{scenario.photo.width} by {scenario.photo.height} pixels" in text
        assert not [name for name in scenario.truth.accepted if name in text.lower()]


def test_an_unknown_baseline_is_refused_by_name():
    with pytest.raises(KeyError, match="always-shrug"):
        agent("always-shrug")


@pytest.mark.parametrize("name", BASELINES)
async def test_it_talks_with_a_simulated_patient_to_an_end_that_can_be_judged(name):
    house, scenarios = theatre(3)
    for scenario in scenarios:
        drawn = scenario.photo.drawn
        seat = Baseline(
            name=name,
            scenario=scenario,
            caption=caption(house.album.data(scenario.photo), drawn=drawn),
        )
        patient, hears, turns = Patient(scenario=scenario), house.ask(PATIENT, "patient"), ()
        while (end := over(turns)) is None:
            speaks = patient.reply(turns, hears) if len(turns) % 2 == 0 else seat.reply(turns, never)
            turns += (await speaks,)
        assert end in (
            "patient_done",
            "assistant_closed",
            "stalemate",
            "max_turns",
            "escalated_and_acknowledged",
        )
        assert 2 <= sum(turn.speaker == "assistant" for turn in turns) <= Bounds().turns
        assert not [turn.fault for turn in turns if turn.fault]
        if name == "always-emergency":
            assert end == "escalated_and_acknowledged"
        verdicts = await house.judge(scenario, turns)
        assert all(verdict.status == "scored" for verdict in verdicts.values())
