"""The live console: one conversation grows on the screen, and no stranger's text gets at the terminal."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from agents.speech import Completion, Turn
from engine.console.clean import clean, flatten
from engine.console.live import LiveConsole
from engine.console.scene import Scene, fold, said
from engine.events import (
    Attempt,
    CallAnswered,
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    Event,
    TurnSpoken,
)
from engine.limiter import LimiterStatistics
from engine.tally import Tally

FIRST, SECOND = "gpt-5.1/s-1/full/0", "nova-pro/s-1/full/0"


def started(name: str) -> Event:
    """Begin a conversation."""
    model, scenario, arm, _ = name.split("/")
    body = ConversationStarted(
        scenario=scenario, title="woman of 63, spot on the cheek", model=model, arm=arm, repeat=0
    )
    return Event(at=1.0, conversation=name, body=body)


def spoken(name: str, text: str, speaker: str = "assistant", index: int = 2) -> Event:
    """Say something."""
    body = TurnSpoken(turn=Turn(index=index, speaker=speaker, text=text))
    return Event(at=2.0, conversation=name, body=body)


def ended(name: str) -> Event:
    """End a conversation."""
    return Event(at=3.0, conversation=name, body=ConversationEnded(stop_reason="patient_done", turns=5))


def open_live(width: int = 100, height: int = 30, **options) -> LiveConsole:
    """Give a live console on a terminal that keeps what it is sent."""
    terminal = Console(
        file=StringIO(), force_terminal=True, width=width, height=height, _environ={"TERM": "xterm-256color"}
    )
    options = {"title": "runs/first", "simulated": True} | options
    return LiveConsole(Tally(planned=10, votes=9), terminal=terminal, **options)


def screen(live: LiveConsole) -> str:
    """Give the characters on the screen, without styles."""
    return "\n".join("".join(part.text for part in line) for line in live._draw(time.monotonic()))


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2Jgone", "␛[2Jgone"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x1b]8;;http://x\x1b\\link", "␛]8;;http://x␛\\link"),
        ("\x9b31mred", "⟨9B⟩31mred"),
        ("safe\rfalse", "safe␍false"),
        ("one\r\ntwo\tthree", "one\ntwo    three"),
        ("a\u202eb\u2066c", "a⟨202E⟩b⟨2066⟩c"),
        ("a\u200bb\U000e0041", "a⟨200B⟩b⟨E0041⟩"),
        ("half \ud800 of one", "half ⟨D800⟩ of one"),
        ("a\x00\x08\x7f", "a␀␈␡"),
        ("[bold]müde — 👩‍⚕️ [/]", "[bold]müde — 👩‍⚕️ [/]"),
    ],
)
def test_what_a_terminal_would_obey_is_made_visible(hostile, shown):
    assert clean(hostile) == shown
    assert "\n" not in flatten(hostile)


async def test_no_strangers_text_reaches_the_terminal_as_a_control_code():
    evil = "\x1b[31mEVIL\x1b]0;t\x07 \x9b2J \u202e [red]markup[/red] \r over"
    live = open_live()
    with live:
        live.hear(started(FIRST))
        live.hear(spoken(FIRST, evil))
        live.hear(started(SECOND))
        live.hear(spoken(SECOND, evil))
        live.listen(FIRST, "assistant")(evil)
        live.say(evil)
        live._drawn = 0.0
        live._beat()
        sent = live._terminal.file.getvalue()
    assert "[red]markup[/red]" in sent
    assert "␛[31mEVIL" in sent
    for code in ("\x1b[31mEVIL", "\x1b]", "\x07", "\x9b", "\u202e", "\r over"):
        assert code not in sent


def test_only_the_calls_of_the_followed_conversation_are_streamed():
    live = open_live()
    with live:
        live.hear(started(FIRST))
        live.hear(started(SECOND))
        assert live.listen(FIRST, "assistant")
        assert live.listen(SECOND, "assistant") is None
        assert live.listen(FIRST, "juror/nova-pro/safety") is None


def test_a_pattern_follows_whole_names_only():
    live = open_live(follow="gpt-5.1")
    with live:
        assert live.listen("gpt-5.10/s-1/full/0", "patient") is None
        assert live.listen("gpt-5.1/s-2/full/0", "patient")


def test_after_the_followed_conversation_the_next_one_that_begins_is_followed():
    live = open_live()
    with live:
        for event in (started(FIRST), started(SECOND), ended(FIRST)):
            live.hear(event)
        assert live.listen(SECOND, "assistant") is None  # it had begun before
        live.hear(started("gpt-5.2/s-9/full/0"))
        assert live.listen("gpt-5.2/s-9/full/0", "assistant")
        assert live.listen(FIRST, "assistant") is None


def test_a_listener_may_come_before_the_journal_tells_of_the_conversation():
    live = open_live()
    with live:
        listener = live.listen(FIRST, "assistant")
        listener("early words")
        live.hear(started(FIRST))
        assert "early words" in screen(live)
        assert "woman of 63" in screen(live)


def test_a_finished_turn_replaces_its_pieces():
    live = open_live()
    with live:
        live.hear(started(FIRST))
        listener = live.listen(FIRST, "assistant")
        listener("Please see")
        assert "Please see▌" in screen(live)
        live.hear(spoken(FIRST, "Please see a doctor."))
        assert "Please see▌" not in screen(live)
        assert screen(live).count("Please see a doctor.") == 1


def test_a_turn_that_is_begun_again_starts_from_nothing():
    scene = Scene("x")
    scene.speak("assistant")
    scene.hear("torn")
    scene.speak("assistant")
    scene.hear("whole")
    assert [part.text for part in scene.draw(80, 10)[-1]][-2:] == ["whole", "▌"]


def test_of_a_patients_structured_answer_only_the_words_are_shown():
    whole = '{"says": "It itches \\u00e4 bit", "done": false}'
    seen = [said(whole[:end]) for end in range(len(whole) + 1)]
    assert seen[-1] == "It itches ä bit"
    assert all(seen[-1].startswith(words) for words in seen)
    assert "It itch" in seen
    assert said("no JSON at all") == said("[1]") == said('{"says": 3}') == ""


def test_the_box_shows_the_end_of_a_long_conversation():
    live = open_live()
    with live:
        live.hear(started(FIRST))
        for index in range(2, 40):
            live.hear(spoken(FIRST, f"turn number {index}", index=index))
        page = screen(live)
    assert "turn number 39" in page
    assert "turn number 3\n" not in page


@pytest.mark.parametrize("size", [(100, 30), (140, 45), (60, 16)])
def test_the_screen_is_never_larger_than_the_terminal(size):
    load = LimiterStatistics(waiting=3, in_flight=12, requests=9, paused=12.0, load=0.5)
    live = open_live(*size, limits=lambda: {f"model-{number}": load for number in range(9)})
    with live:
        live.hear(started(FIRST))
        live.hear(spoken(FIRST, "漢字 " * 90 + "x" * 300))
        live.hear(spoken(SECOND, "words " * 90))
        lines = live._draw(time.monotonic())
    assert len(lines) == size[1]
    assert {sum(part.cell_length for part in line) for line in lines} == {size[0]}


def test_the_screen_says_whose_numbers_these_are():
    for simulated, badge in ((True, "SIMULATED"), (False, "LIVE")):
        live = open_live(simulated=simulated)
        with live:
            assert badge in screen(live)
            assert ("would have cost" in screen(live)) is simulated
        assert badge in live._terminal.file.getvalue().rpartition("\x1b[?1049l")[2]


def test_limits_a_pause_and_a_failure_are_shown():
    load = LimiterStatistics(waiting=3, in_flight=12, requests=9, paused=12.0, load=0.5)
    live = open_live(140, limits=lambda: {"gpt-5.1": load})
    fell = ConversationFailed(boundary="assistant", cause="overloaded", message="503 from afar")
    with live:
        live.hear(started(FIRST))
        live.hear(started(SECOND))
        live.hear(Event(at=2.0, conversation=SECOND, body=fell))
        page = screen(live)
    assert "paused 12 s" in page
    assert "503 from afar" in page


def test_a_rate_that_was_cut_is_shown_until_it_is_whole_again():
    states = {"gpt-5.1": 0.623, "nova-pro": 1.0, "gpt-5.2": 0.999}
    load = LimiterStatistics(waiting=3, in_flight=12, requests=9, paused=0.0, load=0.5)
    live = open_live(160, limits=lambda: {name: replace(load, share=share) for name, share in states.items()})
    with live:
        live.hear(started(FIRST))
        page = screen(live)
    assert page.count("cut to") == 1
    assert "gpt-5.1" in page.partition("cut to 62%")[0].rpartition("limits")[2]
    assert page.count(" 50%") == 2


def test_why_a_call_of_the_followed_conversation_was_made_again_is_on_the_scene():
    tries = (Attempt(cause="throttled", seconds=0.1, pause=2.0), Attempt(cause="ok", seconds=1.0))
    answered = CallAnswered(
        role="assistant",
        model="gpt-5.1",
        sequence=0,
        digest="d",
        completion=Completion(text="Hello", stop="end"),
        attempts=tries,
        latency=1.0,
        cost=0.0,
    )
    live = open_live()
    with live:
        live.hear(started(FIRST))
        live.hear(Event(at=2.0, conversation=SECOND, body=replace(answered, role="patient")))
        live.hear(Event(at=2.0, conversation=FIRST, body=answered))
        page = screen(live)
    assert "assistant answered at attempt 2: throttled, waited 2 s" in page
    assert "patient answered" not in page


def test_the_screen_is_not_drawn_for_every_event():
    live = open_live()
    drawn = []
    with live:
        live._draw = lambda now: drawn.append(now) or []
        began = time.monotonic()
        for index in range(5_000):
            live.hear(spoken(FIRST, "words", index=index))
        assert len(drawn) <= 2 + 8 * (time.monotonic() - began)


async def test_the_screen_is_drawn_while_no_event_comes():
    live = open_live()
    drawn = []
    with live:
        live._draw = lambda now: drawn.append(now) or []
        await asyncio.sleep(1.2)
    assert 1 <= len(drawn) <= 10


def test_a_terminal_that_has_gone_stops_nobody():
    live = open_live()
    with live:

        def gone(*args, **options):
            raise OSError("Input/output error")

        live._live.stop()
        live._live.update = gone
        live._drawn = 0.0
        live.hear(started(FIRST))
    assert live.listen(FIRST, "assistant") is None


def test_rows_are_folded_at_spaces_and_none_is_too_wide():
    assert fold("one two three", 7) == ["one two", "three"]
    assert fold("a abcdefghij b", 4) == ["a", "abcd", "efgh", "ij b"]
    assert fold("one\n\ntwo", 9) == ["one", "", "two"]
    assert fold("", 9) == []


def test_the_console_brings_no_sdk_and_no_numbers_library():
    heavy = "{'numpy', 'scipy', 'anthropic', 'openai', 'aioboto3', 'PIL'}"
    rooms = "engine.console.live, engine.console.plain, engine.console.board"
    script = f"import sys, {rooms}; print({heavy} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def test_of_a_thousand_sentences_the_first_and_the_latest_stay():
    live = open_live()
    for number in range(1000):
        live.say(f"sentence {number}.")
    left = ["".join(part.text for part in line).strip() for line in live._closing()]
    told = [line for line in left if line.startswith("sentence")]
    assert told == [f"sentence {number}." for number in (*range(32), *range(968, 1000))]
