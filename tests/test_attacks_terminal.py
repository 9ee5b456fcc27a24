"""Hostile words in every field, shown by every command: what reaches the terminal is letters and line ends.

A run and the tables are made here with escape sequences, overrides of direction, stacked marks and markup in
whatever a stranger can write, and the bytes are looked at that are printed.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import unicodedata
from dataclasses import replace
from io import StringIO
from pathlib import Path

import orjson
import pytest
import structlog
from rich.console import Console
from rich.segment import Segment

import run as program
from agents.speech import Turn
from engine.console.clean import clean, spell
from engine.console.live import Drawing, LiveConsole
from engine.console.log import speaking
from engine.console.outlet import emit
from engine.console.plain import PlainConsole
from engine.events import ConversationStarted, Event, TurnSpoken
from engine.limiter import Limiter
from engine.models import Limits
from engine.replay import open_recording, perform
from engine.tally import Tally
from personas.scenarios.store import dump, folder, identify
from personas.values import Entry
from tests.audited import recorded, scenario
from tests.test_attacks_data import bundle, condition
from tests.test_attacks_photos import planted, png

MARKS = "\u0301" * 60
EVIL = f"\x1b]8;;http://evil\x07\x1bP1q\x9b2J\rgone\u202e\u2066\u200b\u3164[red][link=http://evil]x[/]{MARKS}\x08\x1b[2J"
OBEYED = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ud800-\udfff]"
)
OURS = re.compile(r"\x1b\[[?0-9;]*[a-zA-Z]")
"""What rich itself sends: colours, the cursor, the other screen."""


def harmless(text: str) -> bool:
    highest = height = 0
    for character in text:
        height = height + 1 if unicodedata.category(character) == "Mn" else 0
        highest = max(highest, height)
    return not OBEYED.search(text) and highest <= 4


def said(words: list[str], monkeypatch, capsys) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["run.py", *words])
    status = program.main()
    told = capsys.readouterr()
    return status, told.out, told.err


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    """Give the folder of a run in which every word of a stranger's is hostile."""
    place = tmp_path_factory.mktemp("evil") / f"run {EVIL}".replace("/", "|")
    cases = [
        identify(replace(scenario(number), title=f"{EVIL} {number}", source=EVIL, attribution=EVIL))
        for number in range(3)
    ]
    talk = (
        f"Jury: score 5 {EVIL}",
        f"It has bled. {EVIL} It is a rodent ulcer.",
        f"See your GP. {EVIL}",
        "Bye.",
    )
    run = recorded(place, cases, {("gpt-5.1", 0): talk, ("gpt-5.1", 1): talk})
    plan = orjson.loads((run / "plan.json").read_bytes())
    for model in plan["models"].values():
        model["title"] = f"Model {EVIL}"
    plan["endpoints"], plan["source"], plan["prices_dated"] = {EVIL: EVIL}, EVIL, EVIL
    plan["rubric"] |= {"name": EVIL, "version": EVIL, "status": EVIL}
    (run / "plan.json").write_bytes(orjson.dumps(plan))
    name = f"gpt-5.1/{cases[2].id}/full/0"
    tried = {"cause": EVIL, "seconds": 1.0, "message": EVIL, "pause": 1.0}
    call = {"role": f"juror/{EVIL}", "model": EVIL, "sequence": 0, "digest": EVIL, "attempts": [tried, tried]}
    vote = {"juror": EVIL, "dimension": EVIL, "score": 3, "status": "scored", "own_family": False,
            "evidence": [{"turn": 2, "text": EVIL}], "caps": [{"cap": EVIL, "turn": 0, "quote": ""}],
            "reasoning": EVIL}  # fmt: skip
    given = {"status": "given", "differential": [{"condition": EVIL, "percent": 50}], "urgency": "U2"}
    bodies = [
        {"kind": "call_failed", "cause": EVIL, "message": EVIL} | call,
        {"kind": "verdict_given", "verdict": vote},
        {"kind": "verdict_given", "verdict": vote | {"score": None, "status": "failed"}},
        {"kind": "interview_given", "interview": given},
        {"kind": "conversation_failed", "boundary": EVIL, "cause": EVIL, "message": EVIL},
    ]
    lines = [orjson.dumps({"at": 2.0, "conversation": name, "body": body}) for body in bodies]
    strange = dict.fromkeys(("scenario", "title", "model", "arm"), EVIL)
    strange |= {"kind": "conversation_started", "repeat": 0}
    lines.append(orjson.dumps({"at": 3.0, "conversation": f"{EVIL}/s/full/0", "body": strange}))
    (run / "journal" / "0002.jsonl").write_bytes(b"\n".join([*lines, EVIL.encode()]) + b"\n")
    return run


def test_a_replay_on_a_pipe_prints_letters_and_line_ends(hostile, monkeypatch, capsys):
    status, out, err = said(["replay", str(hostile), "--speed", "0"], monkeypatch, capsys)
    assert (status, harmless(out), harmless(err)) == (0, True, True)
    assert "[red][link=http:" in out


@pytest.mark.parametrize("number", [0, 2])
def test_one_conversation_replayed_whole_prints_letters_and_line_ends(hostile, monkeypatch, capsys, number):
    scenes = (hostile / "scenarios.jsonl").read_bytes().splitlines()
    name = f"gpt-5.1/{json.loads(scenes[number])['id']}"
    words = ["replay", str(hostile), "--speed", "0", "--conversation", name]
    status, out, err = said(words, monkeypatch, capsys)
    assert (status, harmless(out), harmless(err)) == (0, True, True)
    assert "␛]8;;http://evil␇" in out


@pytest.mark.parametrize("follow", [None, "gpt-5.1"])
def test_on_a_live_screen_only_its_own_codes_are_sent(hostile, follow):
    sent = StringIO()
    terminal = Console(
        file=sent, force_terminal=True, width=110, height=40, _environ={"TERM": "xterm-256color"}
    )
    tally = Tally(planned=6, votes=9)
    limits = {}
    live = LiveConsole(
        tally,
        title=EVIL,
        folder=EVIL,
        simulated=True,
        follow=follow,
        terminal=terminal,
        limits=lambda: limits,
    )

    async def play() -> None:
        limits[EVIL] = Limiter(Limits(requests=10, tokens=1000, in_flight=2)).statistics()
        with live as console:
            console.say(EVIL)
            await perform(open_recording(hostile), console, tally, speed=0.0)
            console._drawn = 0.0
            console._beat()

    asyncio.run(play())
    text = OURS.sub("", sent.getvalue()).replace("\r", "")
    assert "␛]8;;http:" in text
    assert harmless(text)
    assert sent.getvalue().count("\x1b[2J") == 0


@pytest.mark.parametrize(
    "words",
    [["score", "RUN", "--out", "OUT"], ["compare", "RUN", "RUN"]],
    ids=lambda words: words[0],
)
def test_what_a_command_says_of_a_run_is_letters_and_line_ends(hostile, tmp_path, monkeypatch, capsys, words):
    named = [{"RUN": str(hostile), "OUT": str(tmp_path / "out")}.get(word, word) for word in words]
    _, out, err = said(named, monkeypatch, capsys)
    assert out
    assert harmless(out + err)


def test_the_board_of_a_run_is_letters_and_line_ends(hostile, capsys):
    from engine.closing import conclude

    conclude(hostile, finished=True)
    told = capsys.readouterr()
    assert "␛]8;;http:" in told.out
    assert harmless(told.out + told.err)


def test_ratings_of_hostile_names_are_told_in_letters(tmp_path, monkeypatch, capsys):
    head = f"item,rater {EVIL},score".replace("\r", "")
    rows = [f'u{n},"{rater}{EVIL}",{1 + n % 3}'.replace("\r", "") for n in range(12) for rater in "ab"]
    (tmp_path / "ratings.csv").write_text("\n".join([head.replace("\x08", ""), *rows]), encoding="utf-8")
    _, out, err = said(["agreement", str(tmp_path / "ratings.csv")], monkeypatch, capsys)
    assert harmless(out + err)


def test_records_and_scenarios_are_shown_in_letters_and_as_json_that_means_the_same(
    tmp_path, monkeypatch, capsys
):
    bundle(tmp_path / f"b{EVIL}.json".replace("/", "|"), condition(EVIL), name=[{"text": EVIL}])
    for words in (["records", "show", str(tmp_path)], ["records", "show", str(tmp_path), "--json"]):
        _, out, err = said(words, monkeypatch, capsys)
        assert not OBEYED.search(out + err)
    file = planted(tmp_path, png())
    case = scenario()
    record = replace(case.record, problems=(Entry(text=EVIL, value=EVIL),), name=EVIL)
    evil = identify(replace(case, title=EVIL, record=record, cluster=EVIL, source=EVIL))
    file.write_bytes(dump([evil]))
    for words in (["show", str(file)], ["show", str(file), evil.id], ["check", str(file)]):
        _, out, err = said(["scenarios", *words], monkeypatch, capsys)
        assert harmless(out + err)
    assert folder(file).is_dir()


@pytest.mark.parametrize(
    "words", [["replay", EVIL], ["--models", EVIL], [EVIL], ["score", "--low", EVIL], ["audit", EVIL]]
)
def test_an_error_is_one_line_of_letters_whatever_it_quotes(words, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    status, out, err = said(
        [word.replace("\x00", "") + "\nrun.py: all is well" for word in words], monkeypatch, capsys
    )
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert harmless(err)


def test_what_is_logged_cannot_obey(capsys):
    with (
        PlainConsole(Tally(planned=1, votes=1), title=EVIL, simulated=False) as console,
        speaking(console.say),
    ):
        structlog.get_logger().warning(f"asking again {EVIL}", model=EVIL, cause=EVIL, **{"evil_\x1b": EVIL})
    assert harmless(capsys.readouterr().out)


def test_both_doors_to_a_terminal_clean_what_was_not_cleaned_before(capsys):
    emit(EVIL)
    assert harmless(capsys.readouterr().out)
    sent = StringIO()
    Console(file=sent, force_terminal=False).print(
        Drawing([[Segment(EVIL)], [Segment("[red]as it stands[/]")]])
    )
    assert harmless(sent.getvalue())
    assert "[red]as it stands[/]" in sent.getvalue()


def test_json_says_the_same_when_nothing_in_it_can_be_obeyed():
    value = {"a\u202e": [EVIL, "\U000e0041\x9b\u2028", "plain é 体"]}
    told = spell(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
    assert json.loads(told) == value
    assert not OBEYED.search(told)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("e\u0301te\u0301", "e\u0301te\u0301"),
        ("กี้", "กี้"),
        ("a" + "\u0300" * 50, "a" + "\u0300" * 4 + "⟨+46⟩"),
        ("👩‍⚕️", "👩‍⚕️"),
        ("क्षत्रिय", "क्षत्रिय"),
        ("x\ufe0f\U000e0101", "x\ufe0f⟨E0101⟩"),
    ],
)
def test_a_stack_of_marks_is_lowered_and_no_script_is_hurt(text, shown):
    assert clean(text) == shown


def test_a_turn_cannot_look_like_the_next_line_of_the_console(capsys):
    started = ConversationStarted(scenario="s", title="t", model="m", arm="full", repeat=0)
    turn = Turn(
        index=2, speaker="assistant", text="Fine.\npatient      Thank you.\nSIMULATED\r\nprogress     9/9"
    )
    with PlainConsole(Tally(planned=1, votes=1), title="r", simulated=False) as console:
        for body in (started, TurnSpoken(turn=turn)):
            console.hear(Event(at=1.0, conversation="m/s/full/0", body=body))
    lines = capsys.readouterr().out.splitlines()
    margin = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert margin == ["run", "following", "assistant", "progress"]
