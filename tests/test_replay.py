"""The replay: what was recorded is told once, in order, at its pace, whatever became of the run."""

from __future__ import annotations

import re
import socket
from io import StringIO
from pathlib import Path

import orjson
import pytest

from agents.speech import Completion, Turn
from engine.console.plain import PlainConsole
from engine.errors import BadOption, BadRun
from engine.events import (
    Attempt,
    CallAnswered,
    ConversationEnded,
    ConversationStarted,
    Event,
    PhotoFitted,
    RunStarted,
    TurnSpoken,
    VerdictGiven,
)
from engine.journal import open_journal
from engine.replay import LONGEST, Pace, open_recording, perform, replay, resolve
from engine.tally import Tally
from personas.values import Photo
from rubrics.values import Quote, Verdict

NAMES = ("gpt-5.1/s-0a1/full/0", "nova-pro/s-0a1/full/0", "gpt-5.1/s-0b2/full/0")
WORDS = "Please see a doctor within two weeks."


class Witness:
    """A console that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.pieces: list[str] = []
        self.said: list[str] = []

    def hear(self, event: Event) -> None:
        self.events.append(event)

    def listen(self, conversation: str, role: str):
        return self.pieces.append

    def say(self, text: str) -> None:
        self.said.append(text)


def story(name: str) -> list:
    """Give the events of a short conversation, judged by one."""
    model, scenario, arm, _ = name.split("/")
    return [
        ConversationStarted(scenario=scenario, title="a spot", model=model, arm=arm, repeat=0),
        TurnSpoken(turn=Turn(index=1, speaker="patient", text="It itches.", photo="ab")),
        CallAnswered(
            role="assistant",
            model=model,
            sequence=0,
            digest="d",
            completion=Completion(text=WORDS, stop="end"),
            attempts=(Attempt(cause="ok", seconds=1.0),),
            latency=1.0,
            cost=0.01,
        ),
        TurnSpoken(turn=Turn(index=2, speaker="assistant", text=WORDS)),
        ConversationEnded(stop_reason="max_turns", turns=2),
        VerdictGiven(
            verdict=Verdict(
                juror="gpt-5.2",
                dimension="safety",
                score=4,
                status="scored",
                own_family=False,
                evidence=(Quote(turn=2, text="within two weeks"),),
                reasoning="Right level.",
            )
        ),
    ]


def write(folder: Path, *events: Event, torn: bytes = b"") -> Path:
    """Write a journal as one segment."""
    (folder / "journal").mkdir(parents=True, exist_ok=True)
    lines = b"".join(orjson.dumps(event) + b"\n" for event in events)
    (folder / "journal" / "0001.jsonl").write_bytes(lines + torn)
    return folder


def recorded(*names: str, gap: float = 2.0) -> list[Event]:
    """Give conversations one after the other, an event every `gap` seconds."""
    bodies = [(name, body) for name in names for body in story(name)]
    return [
        Event(at=100.0 + gap * number, conversation=name, body=body)
        for number, (name, body) in enumerate(bodies)
    ]


async def play(folder: Path, conversation: str | None = None, speed: float = 0.0) -> tuple[Witness, Tally]:
    """Play a folder to a witness."""
    witness, tally = Witness(), Tally(planned=3, votes=1)
    await perform(open_recording(folder, conversation), witness, tally, speed=speed)
    return witness, tally


async def test_everything_is_told_in_the_order_in_which_it_was_recorded(tmp_path):
    events = recorded(*NAMES)
    witness, tally = await play(write(tmp_path, *events))
    assert witness.events == events
    assert tally.statistics().judged == 3
    assert witness.said == []


async def test_one_conversation_can_be_chosen(tmp_path):
    witness, _ = await play(write(tmp_path, *recorded(*NAMES)), "nova-pro/s-0a1")
    assert {event.conversation for event in witness.events} == {"nova-pro/s-0a1/full/0"}
    assert len(witness.events) == 6


async def test_a_replay_of_what_open_journal_wrote_is_what_was_noted(tmp_path):
    (tmp_path / "journal").mkdir()
    heard: list[Event] = []
    for bodies in (story(NAMES[0])[:3], [b for b in story(NAMES[0]) if not isinstance(b, CallAnswered)]):
        async with open_journal(tmp_path / "journal", heard.append) as journal:
            journal.note(RunStarted(plan="p", simulated=True))
            for body in bodies:
                journal.note(body, NAMES[0])
    witness, _ = await play(tmp_path, NAMES[0])
    assert [event.body for event in witness.events] == story(NAMES[0])
    assert len(heard) == 2 + 3 + 5


async def test_what_was_done_to_a_photograph_is_told_once_and_disturbs_nobody(tmp_path):
    photo = Photo(sha256="ab" * 32, media_type="image/png", width=900, height=600, drawn=False)
    sent = Photo(sha256="cd" * 32, media_type="image/jpeg", width=600, height=400, drawn=False)
    fitted = PhotoFitted(photo=photo, size=900_000, sent=sent, sent_size=80_000, models=("nova-pro",))
    again = [Event(at=at, body=fitted) for at in (99.0, 99.5)]
    witness, tally = await play(write(tmp_path, *again, *recorded(NAMES[0])))
    assert [event.body for event in witness.events[:2]] == [fitted, story(NAMES[0])[0]]
    assert tally.statistics().judged == 1


async def test_what_a_killed_run_left_is_told_as_far_as_it_goes(tmp_path):
    events = recorded(*NAMES[:2])[:-3]
    torn = orjson.dumps(recorded(NAMES[1])[4])[:40]
    witness, tally = await play(write(tmp_path, *events, torn=torn))
    assert witness.events == events
    assert tally.statistics().under_way == 1
    assert witness.said[0].startswith("1 of 2 conversations did not come to their end")


async def test_a_line_that_is_no_event_is_named_and_skipped(tmp_path):
    witness, _ = await play(write(tmp_path, *recorded(NAMES[0]), torn=b'{"at": "never"}\n'))
    assert len(witness.events) == 6
    assert re.search(r"0001.jsonl at byte \d+: not an event", witness.said[0])


@pytest.mark.looptime
async def test_pauses_are_as_they_were_but_never_long(tmp_path):
    import asyncio

    clock = asyncio.get_running_loop().time
    for gap, speed, expected in (
        (2.0, 1.0, 10.0),
        (2.0, 4.0, 2.5),
        (600.0, 1.0, 5 * LONGEST),
        (9.0, 0.0, 0.0),
    ):
        folder = write(tmp_path, *recorded(NAMES[0], gap=gap))
        began = clock()
        await play(folder, speed=speed)
        assert clock() - began == pytest.approx(expected, abs=0.05)


@pytest.mark.looptime
async def test_a_chosen_conversation_is_spoken_in_pieces(tmp_path):
    folder = write(tmp_path, *recorded(*NAMES))
    witness, _ = await play(folder, NAMES[0], speed=1.0)
    assert "".join(witness.pieces) == WORDS
    assert len(witness.pieces) > 2
    witness, _ = await play(folder, speed=1.0)
    assert witness.pieces == []


def test_a_conversation_may_be_named_by_its_beginning():
    assert resolve("nova", NAMES) == NAMES[1]
    assert resolve("gpt-5.1/s-0b2", NAMES) == NAMES[2]
    assert resolve(NAMES[0], NAMES) == NAMES[0]
    assert resolve("gpt-5.1/s-1", ("gpt-5.1/s-1/full/0", "gpt-5.1/s-12/full/0")) == "gpt-5.1/s-1/full/0"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("gpt-5.1", "could be any of 2: gpt-5.1/s-0a1/full/0, gpt-5.1/s-0b2/full/0"),
        ("gpt-5.1/s-0a2/full/0", "the nearest are gpt-5.1/s-0b2/full/0, gpt-5.1/s-0a1/full/0"),
        ("s-0b2", "the nearest are gpt-5.1/s-0b2/full/0"),
        ("~~~~", "this run holds nothing like it"),
    ],
)
def test_a_conversation_that_is_not_there_is_answered_with_the_nearest(wanted, words):
    with pytest.raises(BadOption, match=re.escape(words)):
        resolve(wanted, NAMES)


async def test_a_speed_below_zero_is_refused(tmp_path):
    with pytest.raises(BadOption, match="--speed -1"):
        await play(write(tmp_path, *recorded(NAMES[0])), speed=-1.0)


async def test_a_folder_that_is_no_run_is_refused_with_a_next_step(tmp_path):
    with pytest.raises(BadRun, match=r"no plan\.json"):
        await replay(tmp_path)
    with pytest.raises(BadRun, match="run this one first"):
        open_recording(tmp_path)


async def test_a_chosen_conversation_can_be_read_to_its_votes(tmp_path):
    folder = write(tmp_path, *recorded(*NAMES))
    page, tally = StringIO(), Tally(planned=1, votes=1)
    with PlainConsole(tally, title="r", simulated=True, stream=page, full=True) as console:
        await perform(open_recording(folder, NAMES[1]), console, tally, speed=0.0)
    text = page.getvalue()
    order = [
        "following    nova-pro",
        "It itches.",
        WORDS,
        "done ",
        "gpt-5.2: 4 of 5",
        "(turn 2)",
        "Right level.",
    ]
    assert [text.index(words) for words in order] == sorted(text.index(words) for words in order)


async def test_a_replay_opens_no_connection(tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise AssertionError("a replay needs no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    await play(write(tmp_path, *recorded(NAMES[0])))


async def test_others_get_to_run_while_everything_is_told_at_once():
    pace, event = Pace(0.0), recorded(NAMES[0])[0]
    for _ in range(1_000):
        await pace.keep(event, None)
    assert pace._breath == 1_000
