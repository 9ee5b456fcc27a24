"""What a person wrote is taken as they meant it, or refused in a sentence; scenarios have several names."""

from __future__ import annotations

import os

import anyio
import pytest

from agents.interview import read_interview
from agents.person import PersonPatient, deal
from engine.errors import BadAnswer, BadOption
from engine.seat.choosing import choose_scenarios
from engine.seat.lines import CHUNK, InputLines
from engine.seat.words import LONGEST, assess, read_possibility, skip, speak, tidy_message, write_back
from engine.stage import open_stage
from tests.samples import embedded


@pytest.mark.parametrize("text", ["", "   \n \t ", "\r\n"])
def test_nothing_is_no_message(text):
    with pytest.raises(BadAnswer, match="write something first"):
        tidy_message(text)


def test_a_message_has_a_greatest_length_and_is_told_its_own():
    assert len(tidy_message("x" * LONGEST)) == LONGEST
    with pytest.raises(BadAnswer, match="4,001 characters"):
        tidy_message("x" * (LONGEST + 1))


def test_lines_of_a_message_stay_and_what_is_obeyed_shows():
    assert tidy_message("  one\r\ntwo\x07 \n") == "one\ntwo␇"


def test_a_message_costs_nothing_and_says_who_gave_it():
    said = speak("Hello")
    assert (said.text, said.stop, said.served, said.usage.output) == ("Hello", "end", "person", 0)
    assert write_back("Bye", last=True).value["done"] is True


@pytest.mark.parametrize(
    ("condition", "percent", "told"),
    [
        ("", "5", "needs a name"),
        ("x" * 121, "5", "120"),
        ("mole", "lots", "whole number"),
        ("mole", "101", "0 to 100"),
    ],
)
def test_a_possibility_that_is_none_is_refused(condition, percent, told):
    with pytest.raises(BadAnswer, match=told):
        read_possibility(condition, percent)


def test_percents_beyond_a_hundred_are_refused_and_so_is_no_level():
    many = [read_possibility("mole", "70"), read_possibility("melanoma", "40 %")]
    with pytest.raises(BadAnswer, match="come to 110"):
        assess(many, "U2")
    with pytest.raises(BadAnswer, match="How soon"):
        assess(many[:1], "U9")
    with pytest.raises(BadAnswer, match="at least one"):
        assess([], "U1")


def test_what_was_assessed_reads_as_a_models_interview_does():
    heard, problem = read_interview(assess([read_possibility("Mole", "60%")], " u1 "))
    assert (heard.urgency, heard.differential[0].condition, problem) == ("U1", "Mole", "")
    assert read_interview(skip())[0].status == "refused"


def test_scenarios_are_named_by_id_by_number_or_by_the_seed():
    sample = embedded(3, 7)
    first, second, third = sample.scenarios
    assert choose_scenarios(sample, f"{second.id}, 1,{second.id}", 7) == (second, first)
    drawn = choose_scenarios(sample, "any,any,any", 7)
    assert {one.id for one in drawn} == {first.id, second.id, third.id}
    assert drawn == choose_scenarios(sample, "any,any,any", 7)


@pytest.mark.parametrize("word", ["0", "4", "s-000000000000", "one", ",", "any,any,any,any"])
def test_a_scenario_that_is_none_is_one_sentence(word):
    with pytest.raises(BadOption, match="--scenario"):
        choose_scenarios(embedded(3, 7), word, 7)


def test_a_scenario_that_is_nearly_named_is_asked_about():
    sample = embedded(3, 7)
    wrong = f"{sample.scenarios[0].id[:-1]}_"
    with pytest.raises(BadOption, match=f"did you mean '{sample.scenarios[0].id}'"):
        choose_scenarios(sample, wrong, 7)


def test_the_role_card_holds_every_fact_and_when_it_is_said():
    (scenario,) = embedded(1, 7).scenarios
    card = deal(scenario)
    assert len(card.facts) == len(scenario.persona.facts)
    assert all(fact.says in card.text() for fact in scenario.persona.facts)
    assert scenario.truth.title not in card.text()


async def test_a_persons_patient_opens_with_the_scenarios_words():
    (scenario,) = embedded(1, 7).scenarios

    async def nobody(prompt):
        raise AssertionError("the opening is nobody's to write")

    turn = await PersonPatient(scenario=scenario, photo=scenario.photo.sha256).reply((), nobody)
    assert (turn.text, turn.photo) == (scenario.persona.opening, scenario.photo.sha256)


async def test_lines_come_from_a_pipe_to_the_last_one_without_its_end():
    read, write = os.pipe()
    os.write(write, "Grüß dich\r\n\nno end".encode() + b"\xff")
    os.close(write)
    lines = InputLines(read)
    assert not lines.typed
    assert [await lines.next() for _ in range(4)] == [
        "Grüß dich",
        "",
        "no end\N{REPLACEMENT CHARACTER}",
        None,
    ]


async def test_a_line_without_an_end_is_told_in_pieces():
    read, write = os.pipe()
    lines, got = InputLines(read), []

    def feed() -> None:
        for piece in (b"x" * CHUNK, b"xx"):
            os.write(write, piece)
        os.close(write)

    async with open_stage() as stage:
        stage.enter(anyio.to_thread.run_sync, feed, name="feed")
        while (line := await lines.next()) is not None:
            got.append(line)
    assert sum(map(len, got)) == CHUNK + 2
