"""A person takes a seat, and nothing behind the recorder can tell: the journal, going on, judging, all as ever."""

from __future__ import annotations

import asyncio
import csv
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from agents.juror import Juror
from engine.ablation import AblateWish, ablate
from engine.cards import card_of
from engine.errors import BadOption, BadRun
from engine.events import CallAnswered, ConversationEnded, InterviewGiven, TurnSpoken
from engine.findings import read_findings
from engine.folder import read_plan
from engine.inquiry import audit, render
from engine.rejudging import RejudgeWish, rejudge
from engine.results import tabulate_run
from engine.resuming import ResumeWish, resume
from engine.seat.playing import play_here
from engine.segments import read_run
from engine.setting import open_setting
from engine.shelf import build
from engine.verifying import verify
from personas.scenarios.build import ScenarioWish
from rubrics.rubric import load_rubric
from tests.seated import CLOSING, FIRST, GOODBYE, SECOND, Script, played, said, wished

ROOT = Path(__file__).parents[1]
ESCAPE = "Hello \x1b[2J\u202e there"


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("made") / "two.jsonl"
    build(ScenarioWish(count=2, seed=7), file)
    return file


@pytest.fixture(scope="module")
def answered(scenarios, tmp_path_factory) -> Path:
    """Give a run in which a person was the assistant."""
    folder = tmp_path_factory.mktemp("runs") / "answered"
    lines = ("/help", "/record", *said(FIRST), "/photo", *said(SECOND), *CLOSING)
    assert asyncio.run(played("assistant", scenarios, folder, lines)) == 0
    return folder


@pytest.fixture(scope="module")
def asked(scenarios, tmp_path_factory) -> Path:
    """Give a run in which a person was the patient, and said what no patient could know."""
    folder = tmp_path_factory.mktemp("runs") / "asked"
    secret = "I know that it is a cherry angioma, and you should see a doctor within two weeks."
    lines = ("/done too early", *said(secret), GOODBYE)
    assert asyncio.run(played("patient", scenarios, folder, lines)) == 0
    return folder


def calls(folder: Path) -> list[CallAnswered]:
    return [event.body for event in read_run(folder) if isinstance(event.body, CallAnswered)]


def turns(folder: Path) -> dict[int, str]:
    spoken = (event.body.turn for event in read_run(folder) if isinstance(event.body, TurnSpoken))
    return {turn.index: turn.text for turn in spoken}


async def test_what_a_person_wrote_is_recorded_as_a_models_answer_is(answered):
    own = [call for call in calls(answered) if call.model == "human"]
    assert Counter(call.role for call in own)["interview"] == 1
    assert {call.role for call in own} == {"assistant", "interview"}
    assert {(call.cost, call.completion.usage.input, call.completion.served) for call in own} == {
        (0.0, 0, "person")
    }
    assert all(call.latency >= 0 and len(call.attempts) == 1 for call in own)
    assert turns(answered)[2] == FIRST
    assert turns(answered)[4] == SECOND


async def test_their_row_is_called_human_and_claims_no_interval_with_one_conversation(answered):
    with (answered / "report" / "leaderboard.csv").open() as file:
        assert {row["model"] for row in csv.DictReader(file)} == {"human"}
    results = tabulate_run(answered, read_plan(answered))
    assert results.titles == {"human": "Human"}
    assert results.simulated
    assert results.standings[0].low is None


async def test_the_closing_questions_are_kept_as_they_were_answered(answered):
    (heard,) = [
        event.body.interview for event in read_run(answered) if isinstance(event.body, InterviewGiven)
    ]
    assert (heard.status, heard.urgency) == ("given", "U3")
    assert [(one.condition, one.percent) for one in heard.differential] == [("melanoma", 30), ("mole", 50)]


async def test_a_run_with_a_person_follows_from_its_record(answered, asked):
    assert [(await verify(run)).exact for run in (answered, asked)] == [True, True]


async def test_the_jury_reads_what_it_would_read_of_any_model(answered):
    setting, found = open_setting(answered, read_plan(answered)), read_findings(answered)
    (cell,) = setting.cells({})
    other, rubric = replace(cell, model="gpt-5.1"), load_rubric()
    digests = set()
    for dimension in rubric.dimensions:
        prompt = Juror(name="nova-pro", rubric=rubric).prompt(card_of(cell), found.turns(cell.id), dimension)
        again = Juror(name="nova-pro", rubric=rubric).prompt(card_of(other), found.turns(cell.id), dimension)
        assert prompt == again
        assert "human" not in "\n".join(message.text for message in prompt.messages).lower()
        digests.add(prompt.digest)
    assert digests <= {call.digest for call in calls(answered) if call.role.startswith("juror/nova-pro")}


async def test_a_run_with_a_person_is_judged_anew_without_them(answered, tmp_path):
    wish = RejudgeWish(run=answered, out=tmp_path / "again", jury="gpt-5.1", quiet=True)
    assert await rejudge(wish) == 0
    assert tabulate_run(wish.out, read_plan(wish.out)).standings[0].mean is not None


async def cut(folder: Path, place: Path, answers: int) -> Path:
    """Copy a run as a kill would have left it once the person had given so many answers."""
    copy = Path(shutil.copytree(folder, place))
    (segment,) = (copy / "journal").glob("*.jsonl")
    kept, given = [], 0
    for line in segment.read_bytes().splitlines(keepends=True):
        kept.append(line)
        given += b'"model":"human"' in line and b'"call_answered"' in line
        if given == answers:
            break
    segment.write_bytes(b"".join(kept))
    return copy


async def test_a_killed_run_goes_on_at_the_same_turn_and_asks_nothing_again(answered, tmp_path):
    copy = await cut(answered, tmp_path / "killed", 1)
    script = Script(*said(SECOND), *CLOSING)
    assert await play_here(wished("", None, copy, scenario=""), script) == 0
    assert turns(copy) == turns(answered)
    answers = [event for event in read_run(copy) if isinstance(event.body, CallAnswered)]
    keys = Counter((event.conversation, event.body.role, event.body.sequence) for event in answers)
    assert set(keys.values()) == {1}


async def test_what_was_said_before_is_shown_again_and_what_is_over_is_not(answered, tmp_path, capfd):
    copy = await cut(answered, tmp_path / "killed", 1)
    await play_here(wished("", None, copy, scenario=""), Script("/quit"))
    assert capfd.readouterr().out.count("When did it begin") == 1
    over = Path(shutil.copytree(answered, tmp_path / "over"))
    assert await play_here(wished("", None, over, scenario=""), Script()) == 0
    assert "When did it begin" not in capfd.readouterr().out


async def test_who_only_waits_for_the_jury_is_asked_nothing(answered, tmp_path):
    own = [call for call in calls(answered) if call.model == "human"]
    copy, script = await cut(answered, tmp_path / "judging", len(own)), Script()
    assert await play_here(wished("", None, copy, scenario=""), script) == 0
    assert script.read == 0
    assert turns(copy) == turns(answered)


async def test_leaving_stops_the_run_and_says_how_it_goes_on(scenarios, tmp_path, capfd):
    lines = (*said(FIRST), "never sent", "/quit")
    assert await played("assistant", scenarios, tmp_path / "left", lines) == 130
    assert f"python run.py play --run {tmp_path / 'left'} goes on" in capfd.readouterr().out
    assert not [event for event in read_run(tmp_path / "left") if isinstance(event.body, ConversationEnded)]
    assert "never sent" not in turns(tmp_path / "left").values()


async def test_leaving_the_closing_questions_out_is_an_abstention(answered, tmp_path):
    own = [call for call in calls(answered) if call.role == "assistant"]
    copy = await cut(answered, tmp_path / "skipped", len(own))
    assert await play_here(wished("", None, copy, scenario=""), Script("/skip")) == 0
    assert tabulate_run(copy, read_plan(copy)).unheard == Counter(refused=1)


async def test_a_patient_leaves_when_they_say_so_and_not_too_early(asked):
    (end,) = [event.body for event in read_run(asked) if isinstance(event.body, ConversationEnded)]
    assert (end.stop_reason, end.turns) == ("patient_done", 5)
    assert "too early" not in turns(asked).values()
    assert turns(asked)[5] == "Thank you, goodbye."


async def test_a_persons_words_are_no_machines_and_take_no_scenario_out(asked):
    results = tabulate_run(asked, read_plan(asked))
    assert (results.examined, results.exclusions, results.dialogues()) == ({}, (), [])
    assert "a person played the patient" in render(audit(asked, None))


async def test_what_models_play_is_audited_as_ever(answered):
    assert len(tabulate_run(answered, read_plan(answered)).examined) == 1


async def test_resume_names_the_command_that_has_a_seat(answered):
    with pytest.raises(BadRun, match=r"play --run"):
        await resume(ResumeWish(run=answered, quiet=True))


async def test_an_arm_that_a_person_would_have_to_play_again_is_refused(answered, asked):
    for wish in (
        AblateWish(run=answered, arms="no-image"),
        AblateWish(run=asked, arms="no-image", free=True),
    ):
        with pytest.raises(BadRun, match="not here to play it again"):
            await ablate(wish)


async def test_what_would_be_obeyed_is_made_visible_before_it_is_recorded(scenarios, tmp_path):
    await played("assistant", scenarios, tmp_path / "run", (*said(ESCAPE), "/quit"))
    assert turns(tmp_path / "run")[2] == "Hello ␛[2J⟨202E⟩ there"


async def test_nobody_at_the_seat_is_one_sentence(scenarios, tmp_path):
    with pytest.raises(BadOption, match="nobody sits at the seat"):
        await played("assistant", scenarios, tmp_path / "run", ())


def test_no_terminal_is_told_before_anything_is_made(tmp_path):
    words = ("play", "--role", "assistant", "--scenario", "any")
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *words],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("run.py: nobody sits at the seat")
    assert not list(tmp_path.iterdir())


MODELS = {"cast": wished("patient", None, None).cast}


@pytest.mark.parametrize(
    ("role", "changes", "told"),
    [
        ("", {}, "--role assistant or --role patient"),
        ("assistant", {"scenario": ""}, "needs --scenario"),
        ("assistant", MODELS, "take the place of the model"),
        ("patient", {"cast": replace(MODELS["cast"], models="")}, "needs --models"),
        ("patient", {"cast": replace(MODELS["cast"], models="gpt-5.1,nova-pro")}, "talks with one model"),
        ("assistant", {"turns": 1}, "--turns 1"),
    ],
)
async def test_a_wish_that_cannot_be_is_one_sentence(role, changes, told, scenarios, tmp_path):
    with pytest.raises(BadOption, match=told):
        await play_here(wished(role, scenarios, tmp_path / "run", **changes), Script())


async def test_a_run_takes_no_other_part_and_no_other_scenario(answered):
    with pytest.raises(BadRun, match="a person plays the assistant"):
        await play_here(wished("patient", None, answered), Script())
    with pytest.raises(BadRun, match="does not hold s-0123"):
        await play_here(wished("assistant", None, answered, scenario="s-0123"), Script())
