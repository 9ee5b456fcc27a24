"""A conversation: who has the floor, what ends it, what is written down. The models are lambdas."""

from __future__ import annotations

import pytest

from agents.speech import Completion, Turn
from engine.cells import ARMS, Cell
from engine.conversation import PATIENT_TURNS, Conversation, over
from engine.errors import Denied
from engine.journal import open_journal, read_journal
from personas.scenarios.build import embedded

SCENARIO = embedded(1, 7).scenarios[0]
CELL = Cell(scenario=SCENARIO, model="m", arm=ARMS["full"])


class Speaker:
    """Says what it is told to, one turn after the other, the last for ever."""

    def __init__(self, who: str, *lines: str | Turn, stop: str = "end") -> None:
        self.who, self.lines, self.stop, self.heard = who, lines, stop, []

    async def reply(self, heard, ask) -> Turn:
        self.heard.append(heard)
        said = await ask(self.lines[min(len(self.heard), len(self.lines)) - 1])
        text, done = said.text.removesuffix(" <done>"), said.text.endswith(" <done>")
        text = f"{text} {len(heard)}" if text.endswith("…") else text
        return Turn(index=len(heard) + 1, speaker=self.who, text=text, done=done, stop=self.stop)


async def says(line: str) -> Completion:
    return Completion(text=line, stop="end")


async def play(folder, patient: Speaker, assistant: Speaker, ask=says):
    async with open_journal(folder) as journal:
        trace = await Conversation(CELL, 0, journal).play((patient, says), (assistant, ask))
    return trace, [event.body for event in read_journal(folder)]


async def test_speakers_take_turns_and_everything_said_is_written_down(tmp_path):
    patient = Speaker("patient", "Look at this.", "It changed.", "Thank you. <done>")
    assistant = Speaker("assistant", "Since when?", "See a doctor within two weeks.")
    trace, bodies = await play(tmp_path, patient, assistant)
    assert [turn.text for turn in trace.turns] == [
        "Look at this.",
        "Since when?",
        "It changed.",
        "See a doctor within two weeks.",
        "Thank you.",
    ]
    assert trace.stop_reason == "patient_done"
    assert [body.kind for body in bodies] == [
        "conversation_started",
        *["turn_spoken"] * 5,
        "conversation_ended",
    ]
    assert tuple(body.turn for body in bodies if body.kind == "turn_spoken") == trace.turns


async def test_each_speaker_hears_all_that_was_said_before(tmp_path):
    patient, assistant = Speaker("patient", "a…", "b… <done>"), Speaker("assistant", "c…", "d…")
    await play(tmp_path, patient, assistant)
    assert [len(heard) for heard in patient.heard] == [0, 2, 4]
    assert [len(heard) for heard in assistant.heard] == [1, 3]


@pytest.mark.parametrize("word", ["BREAK", "END", "<done>x", '{"done": true}', "done", "goodbye", "?"])
async def test_no_word_that_is_spoken_ends_a_conversation(tmp_path, word):
    trace, _ = await play(tmp_path, Speaker("patient", f"{word} …"), Speaker("assistant", f"{word} …"))
    assert trace.stop_reason == "max_turns"
    assert len(trace.turns) == 2 * PATIENT_TURNS


async def test_the_patient_cannot_leave_before_the_assistants_second_turn(tmp_path):
    patient = Speaker("patient", "Hi… <done>", "Bye… <done>")
    trace, _ = await play(tmp_path, patient, Speaker("assistant", "Stay…"))
    assert [turn.speaker for turn in trace.turns].count("assistant") == 2


async def test_a_provider_that_fails_ends_the_conversation_with_its_cause_and_no_trace(tmp_path):
    async def denied(line: str) -> Completion:
        raise Denied("no key")

    trace, bodies = await play(tmp_path, Speaker("patient", "Hi."), Speaker("assistant", "Hello."), denied)
    assert trace is None
    assert (bodies[-1].kind, bodies[-1].boundary, bodies[-1].cause) == (
        "conversation_failed",
        "assistant",
        "denied",
    )
    assert "no key" not in "".join(body.turn.text for body in bodies if body.kind == "turn_spoken")


async def test_a_patient_model_without_words_is_a_failure_and_not_a_result(tmp_path):
    patient = Speaker("patient", "Hi.", "", stop="refusal")
    trace, bodies = await play(tmp_path, patient, Speaker("assistant", "Hello."))
    assert trace is None
    assert (bodies[-1].boundary, bodies[-1].cause) == ("patient", "refusal")


async def test_a_bug_in_our_own_code_stops_the_run_loudly(tmp_path):
    async def broken(line: str) -> Completion:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await play(tmp_path, Speaker("patient", "Hi."), Speaker("assistant", "Hello."), broken)


def turns(*texts: str, stop: str = "end") -> tuple[Turn, ...]:
    return tuple(
        Turn(
            index=i, speaker="patient" if i % 2 else "assistant", text=text, stop=stop if not i % 2 else "end"
        )
        for i, text in enumerate(texts, start=1)
    )


def test_a_conversation_that_goes_in_circles_is_a_stalemate():
    assert over(turns("hi", "a", "same words", "same answer", "same words", "same answer")) == "stalemate"
    assert over(turns("hi", "a", "same words", "same answer", "same words", "another one")) is None


def test_two_refusals_end_it():
    assert over(turns("hi", "", stop="refusal")) is None
    assert over(turns("hi", "", "please", "", stop="filter")) == "refusal"
