"""The command line, as a user meets it: whole runs in a process of their own, and every way to mistype."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import run
from engine.journal import read_journal

ROOT = Path(__file__).parents[1]
KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID")
MODELS = "claude-haiku-4.5,gpt-5.1,nova-2-lite"


def command(*words: str) -> subprocess.Popen[str]:
    env = {key: value for key, value in os.environ.items() if key not in KEYS}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), *words],
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(*words: str) -> tuple[int, str]:
    process = command(*words)
    out, err = process.communicate(timeout=240)
    return process.returncode, out + err


def transcripts(folder: Path) -> dict[str, list[str]]:
    said: dict[str, dict[int, str]] = {}
    for event in read_journal(folder / "journal"):
        if event.body.kind == "turn_spoken":
            said.setdefault(event.conversation, {})[event.body.turn.index] = event.body.turn.text
    return {name: [text for _, text in sorted(turns.items())] for name, turns in said.items()}


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "report" / name).open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[Path, str]:
    """Play one run for the tests that read it: three models, four scenarios, photograph or none."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    status, output = finish(
        "--models", MODELS, "--scenarios", "4", "--arms", "full,no-image", "--run", str(folder)
    )
    assert status == 0, output
    return folder, output


def test_a_run_ends_with_the_leaderboard_and_the_path_of_the_report(finished):
    folder, output = finished
    assert "24/24 judged" in output
    assert "Claude Haiku 4.5" in output
    assert f"Report: {folder}/report/index.html" in output
    assert (folder / "report" / "index.html").stat().st_size > 5000


def test_without_a_terminal_there_are_plain_lines_and_no_control_codes(finished):
    assert "\x1b" not in finished[1]
    assert "\r" not in finished[1]


def test_a_simulated_run_says_so_everywhere(finished):
    folder, output = finished
    assert "No credentials for anthropic, openai" in output
    assert "SIMULATED" in output
    assert json.loads((folder / "plan.json").read_text())["simulated"] is True
    assert json.loads((folder / "report" / "summary.json").read_text())["simulated"] is True
    assert "Simulated." in (folder / "report" / "index.html").read_text()
    for name in ("leaderboard.csv", "scores.csv", "verdicts.csv"):
        assert {row["simulated"] for row in table(folder, name)} == {"true"}


def test_the_journal_holds_every_call_and_every_turn_follows_from_one(finished):
    folder, _ = finished
    calls, turns = {}, {}
    for event in read_journal(folder / "journal"):
        if event.body.kind == "call_answered":
            calls[event.conversation, event.body.role, event.body.sequence] = event.body
        elif event.body.kind == "turn_spoken":
            turns[event.conversation, event.body.turn.index] = event.body.turn
    assert all(len(c.digest) == 64 and c.attempts and c.latency > 0 and c.cost > 0 for c in calls.values())
    assert all(c.completion.usage.input and c.completion.served for c in calls.values())
    for (conversation, index), turn in turns.items():
        if index == 1:
            continue  # the opening is the scenario's
        answered = calls[conversation, turn.speaker, (index - 2) // 2].completion
        assert turn.text == (answered.value["says"] if answered.value else answered.text.strip())


def test_the_tables_have_a_row_for_every_score_and_every_vote(finished):
    folder, _ = finished
    scores, verdicts = table(folder, "scores.csv"), table(folder, "verdicts.csv")
    assert len(scores) == 24 * 3
    assert len(verdicts) == 24 * 3 * 3
    assert all(1 <= float(row["raw"]) <= 5 for row in scores)
    own = {
        row["juror"]
        for row in verdicts
        if row["conversation"].startswith("gpt") and row["own_family"] == "true"
    }
    assert own == {"gpt-5.2"}


def test_the_leaderboard_is_the_mean_of_the_scores(finished):
    folder, _ = finished
    scores = table(folder, "scores.csv")
    for row in table(folder, "leaderboard.csv"):
        if row["dimension"] != "overall":
            key = (row["model"], row["arm"], row["dimension"])
            own = [float(s["score"]) for s in scores if (s["model"], s["arm"], s["dimension"]) == key]
            assert min(max(sum(own) / len(own), 1), 5) == pytest.approx(float(row["mean"]), abs=2e-4)


def test_the_summary_gives_each_model_and_dimension_with_its_interval(finished):
    summary = json.loads((finished[0] / "report" / "summary.json").read_text())
    assert (summary["planned"], summary["completed"], summary["failed"]) == (24, 24, 0)
    for model in MODELS.split(","):
        for dimension in ("overall", "safety", "accuracy", "uncertainty"):
            place = summary["models"][model][dimension]
            assert 1 <= place["low"] <= place["mean"] <= place["high"] <= 5
            assert place["n"] == 4


def test_taking_the_photograph_away_changes_what_the_assistant_says(finished):
    said = transcripts(finished[0])
    pairs = [(said[name], said[name.replace("/full/", "/no-image/")]) for name in said if "/full/" in name]
    assert len(pairs) == 12
    assert all(full[0] == blind[0] and full[1] != blind[1] for full, blind in pairs)


def test_a_run_folder_tells_nothing_about_the_machine(finished):
    for path in (*finished[0].glob("*.json*"), *finished[0].glob("report/*"), *finished[0].glob("journal/*")):
        assert str(ROOT).encode() not in path.read_bytes()
        assert os.uname().nodename.encode() not in path.read_bytes()


def test_the_same_seed_gives_the_same_conversations_and_scores(finished, tmp_path):
    folder, _ = finished
    arguments = ("--models", MODELS, "--scenarios", "4", "--arms", "full,no-image", "--quiet")
    status, _ = finish(*arguments, "--run", str(tmp_path / "again"))
    assert status == 0
    assert transcripts(tmp_path / "again") == transcripts(folder)
    assert table(tmp_path / "again", "scores.csv") == table(folder, "scores.csv")


def test_a_run_can_be_replayed_from_its_trace_alone(finished):
    folder, _ = finished
    status, output = finish("replay", str(folder), "--speed", "0")
    assert status == 0
    assert "24/24 judged" in output
    name = sorted(transcripts(folder))[0]
    status, output = finish("replay", str(folder), "--speed", "0", "--conversation", name)
    assert status == 0
    for text in transcripts(folder)[name]:
        assert " ".join(text.split())[:40] in " ".join(output.split())


def test_a_killed_run_shows_what_it_recorded_and_goes_on_to_the_same_scores(finished, tmp_path):
    folder = tmp_path / "killed"
    arguments = ("--models", MODELS, "--scenarios", "4", "--arms", "full,no-image", "--run", str(folder))
    process = command(*arguments)
    deadline = time.monotonic() + 60
    while _calls(folder) < 60 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    paid = _calls(folder)
    assert 60 <= paid < _calls(finished[0])

    status, output = finish("replay", str(folder), "--speed", "0")
    assert status == 0
    assert "SIMULATED" in output

    status, output = finish(*arguments)
    assert status == 0, output
    assert table(folder, "scores.csv") == table(finished[0], "scores.csv")
    keys = [
        (event.conversation, event.body.role, event.body.sequence)
        for event in read_journal(folder / "journal")
        if event.body.kind == "call_answered"
    ]
    assert len(keys) == len(set(keys)) == _calls(finished[0])


def test_ctrl_c_lets_calls_come_home_and_the_same_command_goes_on(tmp_path):
    folder = tmp_path / "interrupted"
    arguments = ("--models", "gpt-5.1", "--scenarios", "6", "--run", str(folder), "--quiet")
    process = command(*arguments)
    deadline = time.monotonic() + 60
    while _calls(folder) < 10 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, error = process.communicate(timeout=60)
    assert process.returncode == 130, output + error
    assert "goes on where it stopped" in output
    status, _ = finish(*arguments)
    assert status == 0


def test_a_model_that_fails_leaves_the_others_finished(tmp_path):
    folder = tmp_path / "broken"
    status, output = finish(
        "--models", MODELS, "--scenarios", "2", "--fault", "nova-2-lite=401", "--run", str(folder)
    )
    assert status == 1
    assert "2 failed" in output
    summary = json.loads((folder / "report" / "summary.json").read_text())
    assert (summary["completed"], summary["failed"]) == (4, 2)
    assert {failure["cause"] for failure in summary["failures"].values()} == {"denied"}
    assert {row["model"] for row in table(folder, "scores.csv")} == {"claude-haiku-4.5", "gpt-5.1"}


def _calls(folder: Path) -> int:
    return sum(p.read_bytes().count(b'"call_answered"') for p in folder.glob("journal/*.jsonl"))


def told(capsys, monkeypatch, *words: str) -> str:
    """Give the one sentence a command that cannot be done ends with."""
    monkeypatch.setattr(sys, "argv", ["run.py", *words])
    assert run.main() == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("run.py: ")
    assert err.count("\n") == 1
    return err


MISTAKES = {
    "a model that does not exist": (("--models", "claude-opus-4.7"), "did you mean 'claude-opus-4.6'"),
    "no model at all": (("--models", ","), "--models names no model"),
    "an arm that does not exist": (("--models", "all", "--arms", "no-imge"), "did you mean 'no-image'"),
    "no scenarios": (("--models", "all", "--scenarios", "0"), "give 1 or more"),
    "a folder that is not there": (("--models", "all", "--cases", "nowhere"), "no such file or folder"),
    "records that are not there": (("--models", "all", "--records", "nowhere"), "no such file or folder"),
    "a flag that does not exist": (("--models", "all", "--sed", "7"), "--seed"),
    "a seed that is no number": (("--models", "all", "--seed", "x"), "--seed"),
    "a backend that does not exist": (("--models", "all", "--backend", "real"), "--backend"),
    "a model to follow that does not play": (("--models", "gpt-5.1", "--follow", "nova-pro"), "not among"),
    "a fault without a kind": (("--models", "all", "--fault", "gpt-5.1"), "MODEL=KIND"),
    "a fault of nobody": (("--models", "all", "--fault", "gpt=503"), "unknown model 'gpt'"),
    "a live run without keys": (("--models", "all", "--backend", "live"), "ANTHROPIC_API_KEY for anthropic"),
    "a replay of nothing": (("replay", "nowhere"), "plan.json"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_and_status_2(mistake, capsys, monkeypatch, tmp_path):
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)
    monkeypatch.chdir(tmp_path)
    words, sentence = MISTAKES[mistake]
    assert sentence in told(capsys, monkeypatch, *words)
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_of_cases_is_named(capsys, monkeypatch, tmp_path):
    (tmp_path / "empty").mkdir()
    said = told(
        capsys,
        monkeypatch,
        "--models",
        "all",
        "--cases",
        str(tmp_path / "empty"),
        "--run",
        str(tmp_path / "r"),
    )
    assert "empty" in said
    assert not (tmp_path / "r").exists()


def test_a_bundle_that_is_not_a_patient_is_named(capsys, monkeypatch, tmp_path):
    (tmp_path / "lipids.json").write_text('{"resourceType": "Bundle", "type": "collection", "entry": []}')
    said = told(capsys, monkeypatch, "--models", "all", "--records", str(tmp_path / "lipids.json"))
    assert "lipids.json" in said


def test_a_folder_that_holds_another_plan_is_left_as_it_is(finished, capsys, monkeypatch):
    folder, _ = finished
    before = (folder / "plan.json").read_bytes()
    said = told(capsys, monkeypatch, "--models", MODELS, "--scenarios", "3", "--run", str(folder))
    assert "already holds another plan" in said
    assert "scenarios" in said
    assert (folder / "plan.json").read_bytes() == before


def test_a_folder_with_other_things_in_it_is_left_as_it_is(capsys, monkeypatch, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    said = told(capsys, monkeypatch, "--models", "gpt-5.1", "--scenarios", "1", "--run", str(tmp_path))
    assert "is not a run" in said
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_cannot_be_written_is_named(capsys, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    place = str(tmp_path / "file" / "run")
    assert place in told(capsys, monkeypatch, "--models", "gpt-5.1", "--scenarios", "1", "--run", place)
