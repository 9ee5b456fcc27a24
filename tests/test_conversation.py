"""A conversation: who has the floor, what ends it, what is written down. The models are lambdas."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import get_args

import pytest

from agents.assistant import Assistant
from agents.patient import Patient
from agents.speech import Completion, Turn, Usage
from engine.cells import ARMS, Bounds, Cell
from engine.conversation import Conversation, over, within
from engine.errors import Denied
from engine.events import ConversationFailed, StopReason
from engine.journal import open_journal
from engine.reasons import reason_words
from engine.segments import read_journal
from tests.play import fact, invented

SCENARIO = invented()
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
    assert len(trace.turns) == 2 * Bounds().turns


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


async def test_how_far_a_conversation_may_go_is_given_to_it(tmp_path):
    async with open_journal(tmp_path) as journal:
        talk = Conversation(CELL, 0, journal, end=within(Bounds(turns=4)))
        trace = await talk.play((Speaker("patient", "a…"), says), (Speaker("assistant", "b…"), says))
    assert (trace.stop_reason, len(trace.turns)) == ("max_turns", 8)


def test_no_conversation_ends_without_a_reason_of_the_nine_and_a_failure_has_its_own():
    assert len(get_args(StopReason)) == 9
    assert ConversationFailed(boundary="patient", cause="dropped", message="").stop_reason == "infra_error"


def turns(*texts: str, stop: str = "end", **last: object) -> tuple[Turn, ...]:
    """Give a conversation of these texts; `stop` is of the assistant's turns, `last` of the last one."""
    spoken = [
        Turn(
            index=i, speaker="patient" if i % 2 else "assistant", text=text, stop=stop if not i % 2 else "end"
        )
        for i, text in enumerate(texts, start=1)
    ]
    return (*spoken[:-1], replace(spoken[-1], **last))


def test_a_conversation_that_goes_in_circles_is_a_stalemate():
    assert over(turns("hi", "a", "same words", "same answer", "same words", "same answer")) == "stalemate"
    assert over(turns("hi", "a", "same words", "same answer", "same words", "another one")) is None


def test_two_refusals_end_it():
    assert over(turns("hi", "", stop="refusal")) is None
    assert over(turns("hi", "", "please", "", stop="filter")) == "refusal"


def test_who_has_what_they_came_for_ends_it_after_two_turns_of_the_assistant():
    assert over(turns("hi", "a", "bye", done=True)) is None
    assert over(turns("hi", "a", "b", "c", "bye", done=True)) == "patient_done"


def test_a_goodbye_that_the_patient_heard_ends_it():
    assert over(turns("hi", "a", "ok", closing=True)) == "assistant_closed"
    assert over(turns("hi", "take care, goodbye", "ok")) is None


def test_an_emergency_is_followed_by_one_more_turn_of_the_patients():
    heard = turns("hi", "call 999", "really?", advice="emergency")
    assert over(heard) is None
    assert over((*heard, *turns("hi", "yes, now")[1:])) is None
    assert over((*heard, *turns("hi", "yes, now", "ok, going")[1:])) == "escalated_and_acknowledged"


def test_lesser_advice_ends_nothing():
    heard = turns("hi", "see your GP today", "really?", advice="same_day")
    assert over((*heard, *turns("hi", "yes", "ok")[1:])) is None


def test_a_fault_of_the_patients_ends_it_at_once():
    assert over(turns("hi", "a", "it is a naevus", fault="it names what it cannot know")) == "patient_fault"


def test_tokens_are_bounded_and_the_assistant_has_the_last_word():
    spent = turns("hi", "a", "b", tokens=900)
    assert over(spent, Bounds(tokens=900)) is None
    assert over((*spent, *turns("hi", "c")[1:]), Bounds(tokens=900)) == "token_budget"
    assert over((*spent, *turns("hi", "c")[1:]), Bounds(tokens=901)) is None


def test_the_rules_come_in_their_order():
    fault = {"fault": "it advises", "done": True, "closing": True}
    assert over(turns("hi", "", "b", "", "bye", stop="refusal", **fault)) == "patient_fault"
    assert over(turns("hi", "", "b", "", "bye", stop="refusal", done=True)) == "refusal"
    escalated = turns("hi", "call 999", "now?", advice="emergency") + turns("", "yes", "bye", done=True)[1:]
    assert over(escalated) == "escalated_and_acknowledged"
    assert over(turns("hi", "a", "b", "c", "bye", done=True, closing=True)) == "patient_done"
    echo = turns("hi", "x", "same words", "same answer", "same words", "same answer", tokens=9)
    assert over(echo, Bounds(turns=3, tokens=9)) == "stalemate"
    assert over(turns("hi", "a", tokens=9), Bounds(turns=1, tokens=9)) == "token_budget"


async def test_the_tokens_of_every_call_are_in_the_turns():
    async def ask(prompt) -> Completion:
        return Completion(text="Hello.", stop="end", usage=Usage(input=40, output=2, cache_read=30))

    spoken = await Assistant(scenario=SCENARIO).reply(turns("hi"), ask)
    assert spoken.tokens == 42


SEE_GP = "Please book an appointment with your GP within two weeks."
NOW = "Call 999 now."
FACTS = [
    fact(slot, "It is so.") for slot in ("itch", "pain", "bleeding", "onset", "change", "raised", "size")
]
QUESTIONS = (
    "Does it itch?",
    "Does it hurt?",
    "Has it bled?",
    "How long has it been there?",
    "Has it grown?",
    "Is it raised?",
    "How big is it?",
)


def patient_says(text: str = "Ok, number {n}.", **signals: object):
    """Give a patient's model that says the same every time, numbered, with these signals."""
    calls = itertools.count(1)

    async def ask(prompt) -> Completion:
        value = {
            "says": text.format(n=f"{next(calls)} " * 5),
            "advice": "none",
            "closing": False,
            "done": False,
        }
        return Completion(text="{}", value=value | signals, stop="end", usage=Usage(input=50, output=5))

    return ask


def assistant_says(*texts: str, stop: str = "end"):
    """Give an assistant's model that says one text after the other, the last for ever."""
    calls = itertools.count()

    async def ask(prompt) -> Completion:
        text = texts[min(next(calls), len(texts) - 1)]
        return Completion(text=text, stop=stop, usage=Usage(input=50, output=5))

    return ask


@pytest.mark.parametrize(
    ("reason", "patient", "assistant"),
    [
        ("patient_done", patient_says(advice="two_weeks", done=True), assistant_says("I see.", SEE_GP)),
        ("assistant_closed", patient_says(closing=True), assistant_says("All the best, goodbye.")),
        ("escalated_and_acknowledged", patient_says(advice="emergency"), assistant_says("I see.", NOW)),
        ("max_turns", patient_says(), assistant_says(*QUESTIONS, "Hm.")),
        ("token_budget", patient_says(), assistant_says(*QUESTIONS, "Hm.")),
        ("stalemate", patient_says("I do not know what you mean."), assistant_says("I cannot say more.")),
        ("refusal", patient_says(), assistant_says("", stop="refusal")),
        ("patient_fault", patient_says("Is it a bcc?"), assistant_says("I see.")),
    ],
)
async def test_every_reason_is_reached_by_our_own_patient_and_assistant(tmp_path, reason, patient, assistant):
    scenario = invented(*FACTS, must_not_know=("bcc",), traits={"trust_in_ai": "over_trust"})
    bounds = Bounds(tokens=300) if reason == "token_budget" else Bounds()
    async with open_journal(tmp_path) as journal:
        cell = Cell(scenario=scenario, model="m", arm=ARMS["full"])
        talk = Conversation(cell, 0, journal, end=within(bounds))
        trace = await talk.play(
            (Patient(scenario=scenario), patient), (Assistant(scenario=scenario), assistant)
        )
    assert trace.stop_reason == reason
    # The end is a function of what was recorded: whoever reads the turns again ends where it ended, and not before.
    turns = tuple(event.body.turn for event in read_journal(tmp_path) if event.body.kind == "turn_spoken")
    assert [over(turns[:length], bounds) for length in range(1, len(turns) + 1)] == [
        *[None] * (len(turns) - 1),
        reason,
    ]


def test_every_reason_for_which_a_conversation_ends_has_its_words():
    assert set(reason_words()) == set(get_args(StopReason))
