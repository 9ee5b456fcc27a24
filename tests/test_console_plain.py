"""The plain console: whole lines, one for each thing worth knowing, and not one control code."""

from __future__ import annotations

import os
from io import BytesIO, StringIO, TextIOWrapper

import pytest

from agents.speech import Completion, Turn
from engine.console import drawable, open_console
from engine.console.plain import PlainConsole
from engine.console.spotlight import dollars, remaining, span
from engine.events import (
    Attempt,
    CallAnswered,
    CallFailed,
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    Event,
    TurnSpoken,
    VerdictGiven,
)
from engine.tally import Tally
from rubrics.values import Quote, Verdict

FIRST, SECOND = "gpt-5.1/s-1/full/0", "nova-pro/s-1/no-image/0"
EVIL = "\x1b[31mred\x1b]0;title\x07\x9b2J\r\u202e"


def began(name: str) -> Event:
    """Begin a conversation."""
    model, scenario, arm, _ = name.split("/")
    body = ConversationStarted(
        scenario=scenario, title="woman of 63, spot on the left cheek", model=model, arm=arm, repeat=0
    )
    return Event(at=1.0, conversation=name, body=body)


def told(name: str, body, at: float = 2.0) -> Event:
    """Give an event of a conversation."""
    return Event(at=at, conversation=name, body=body)


def turn(text: str, speaker: str = "patient", **more) -> TurnSpoken:
    """Say something."""
    return TurnSpoken(turn=Turn(index=1, speaker=speaker, text=text, **more))


def verdict(status: str = "scored", reasoning: str = "Right level and place.") -> VerdictGiven:
    """Vote on safety."""
    score = 4 if status == "scored" else None
    return VerdictGiven(
        verdict=Verdict(
            juror="gpt-5.2",
            dimension="safety",
            score=score,
            status=status,
            own_family=True,
            evidence=(Quote(turn=2, text="see a doctor"), Quote(turn=4, text="another")),
            reasoning=reasoning,
        )
    )


ENDED = ConversationEnded(stop_reason="patient_done", turns=5)
FAILED = ConversationFailed(boundary="patient", cause="dropped", message=f"reset {EVIL}")


def page(*events: Event, planned: int = 100, **options) -> str:
    """Give what is printed of these events."""
    stream = StringIO()
    tally = Tally(planned=planned, votes=1)
    options = {"title": "runs/first", "simulated": True} | options
    with PlainConsole(tally, stream=stream, **options) as console:
        for event in events:
            tally.hear(event)
            console.hear(event)
        assert console.listen(FIRST, "patient") is None
    return stream.getvalue()


def test_the_followed_conversation_is_printed_turn_by_turn():
    text = page(began(FIRST), told(FIRST, turn("It itches.\nA lot.", photo="ab")), told(FIRST, ENDED))
    assert "following    gpt-5.1  woman of 63, spot on the left cheek\n" in text
    assert "patient      [photograph]\n             It itches.\n             A lot.\n" in text


def test_another_conversation_is_one_line_when_it_is_over():
    text = page(began(FIRST), began(SECOND), told(SECOND, turn("unheard")), told(SECOND, ENDED))
    assert (
        "done         nova-pro  woman of 63, spot on the left cheek (no-image)  5 turns, patient_done\n"
        in text
    )
    assert "unheard" not in text


def test_no_control_code_is_printed():
    events = [
        began(FIRST),
        told(FIRST, turn(EVIL)),
        told(FIRST, FAILED),
        told(FIRST, verdict("failed", EVIL)),
    ]
    text = page(*events)
    assert all(letter == "\n" or letter.isprintable() for letter in text)


def test_a_quiet_console_prints_failures_only():
    events = [began(FIRST), told(FIRST, turn("Hello")), told(FIRST, ENDED), told(FIRST, verdict())]
    assert page(*events, quiet=True) == ""
    text = page(
        *events, told(FIRST, verdict("failed", "503")), began(SECOND), told(SECOND, FAILED), quiet=True
    )
    assert [line.split("  ")[0] for line in text.splitlines()] == ["no vote", "failed"]
    assert "patient, dropped: reset" in text


def test_verdicts_are_printed_only_in_full():
    events = [began(FIRST), told(FIRST, ENDED), told(FIRST, verdict())]
    assert "Right level" not in page(*events)
    text = page(*events, full=True)
    assert "safety       gpt-5.2: 4 of 5, own family: does not count\n" in text
    assert "             “see a doctor” (turn 2)\n             Right level and place.\n" in text
    assert "another" not in text


def again(role: str = "assistant", *, answered: bool = True) -> CallAnswered | CallFailed:
    """Give a call that was throttled, then dropped, and then answered or given up."""
    last = Attempt(cause="ok", seconds=1.0) if answered else Attempt(cause="overloaded", seconds=1.0)
    key = {"role": role, "model": "gpt-5.1", "sequence": 0, "digest": "d"}
    tries = (
        Attempt(cause="throttled", seconds=0.1, message=EVIL, pause=2.0),
        Attempt(cause="dropped", seconds=31.0, pause=0.618),
        last,
    )
    if not answered:
        return CallFailed(**key, cause="overloaded", message="503", attempts=tries)
    said = Completion(text="Hello", stop="end")
    return CallAnswered(**key, completion=said, attempts=tries, latency=1.0, cost=0.0)


def test_calls_that_were_made_again_are_told_with_their_causes_only_in_full():
    events = [began(FIRST), told(FIRST, again()), told(FIRST, again("juror/nova-pro/safety", answered=False))]
    assert "throttled" not in page(*events)
    lines = " ".join(page(*events, full=True).split())
    assert "assistant answered at attempt 3: throttled, waited 2 s; dropped, waited 0.618 s" in lines
    assert "juror nova-pro on safety gave up at attempt 3: throttled, waited 2 s; dropped" in lines
    assert "asked again" not in page(began(FIRST), told(FIRST, turn("Hello")), full=True)


def test_what_is_printed_to_be_read_has_lines_that_can_be_read():
    text = page(began(FIRST), told(FIRST, turn("many words " * 60)), full=True)
    assert max(map(len, text.splitlines())) < 100


def test_progress_is_told_every_ten_seconds_and_every_tenth():
    turns = [told(FIRST, turn("Hello"), at=float(second)) for second in range(1, 34)]
    assert page(began(FIRST), *turns).count("progress") == 3 + 1  # one more at the end
    quick = [told(f"gpt-5.1/s-{n}/full/0", verdict()) for n in range(10)]
    assert page(*quick, planned=10).count("progress") == 9 + 1


def test_simulated_numbers_are_called_so_above_and_below():
    lines = page(began(FIRST)).splitlines()
    assert "SIMULATED" in lines[1]
    assert "SIMULATED" in lines[-1]
    assert "SIMULATED" not in page(began(FIRST), simulated=False)


def test_a_stream_that_knows_few_letters_gets_the_others_spelled_out():
    stream = TextIOWrapper(BytesIO(), encoding="ascii")
    with PlainConsole(Tally(planned=1, votes=1), title="r", simulated=False, stream=stream) as console:
        console.say("müde ␛")
    assert b"m\\xfcde" in stream.buffer.getvalue()


def test_without_a_terminal_the_console_is_plain(capsys):
    plan = type("SomePlan", (), {"simulated": True})()
    assert not drawable()
    with open_console(Tally(planned=1, votes=1), plan, "runs/first") as console:
        console.say("hello")
    assert "note         hello\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(4.2, "4 s"), (89, "89 s"), (200, "3 min"), (5_400, "1 h 30 min"), (7_260, "2 h 01 min")],
)
def test_a_time_is_as_exact_as_it_deserves(seconds, words):
    assert span(seconds) == words


def test_money_that_was_not_spent_is_not_called_spent():
    assert dollars(1234.5, simulated=True) == "$1,234.50 it would have cost"
    assert dollars(1234.5, simulated=False) == "$1,234.50 spent"
    assert remaining(None) == "time left not known yet"


def test_a_reader_who_has_gone_stops_nobody():
    reading, writing = os.pipe()
    os.close(reading)
    with (
        open(writing, "w") as stream,
        PlainConsole(Tally(planned=1, votes=1), title="r", simulated=False, stream=stream) as console,
    ):
        console.say("hello")
        console.hear(began(FIRST))


def test_a_dead_provider_is_told_a_few_times_and_counted(capsys):
    lost = VerdictGiven(
        verdict=Verdict(
            juror="nova-pro",
            dimension="safety",
            score=None,
            status="failed",
            own_family=False,
            reasoning="503",
        )
    )
    with PlainConsole(Tally(planned=9, votes=9), title="runs/1", simulated=True, quiet=True) as console:
        for number in range(1, 9):
            console.hear(Event(at=float(number), conversation=f"gpt-5.1/s-{number}/full/0", body=lost))
    page = capsys.readouterr().out.splitlines()
    assert len([line for line in page if "nova-pro on safety: 503" in line]) == 5
    assert page[-1].split() == ["lost", "votes", "of", "nova-pro:", "8", "in", "all"]
