"""The command line, as a user meets it: whole runs in a process of their own, and every way to mistype."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import run
from engine.config import SECRETS, URLS
from engine.segments import read_journal

ROOT = Path(__file__).parents[1]
KEYS = (*SECRETS, *URLS.values())
MODELS = "claude-haiku-4.5,gpt-5.1,nova-2-lite"


def command(*words: str, **keys: str) -> subprocess.Popen[str]:
    env = {key: value for key, value in os.environ.items() if key not in KEYS} | keys
    return subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), *words],
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(*words: str, **keys: str) -> tuple[int, str]:
    process = command(*words, **keys)
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
        "--models",
        MODELS,
        "--no-baselines",
        "--scenarios",
        "4",
        "--arms",
        "full,no-image",
        "--run",
        str(folder),
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
    assert sum(row["reading"] == "1" for row in verdicts) == 24 * 3 * 3
    assert 0 < sum(row["reading"] == "2" for row in verdicts) < 24 * 3 * 3
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
    for path in (path for path in finished[0].rglob("*") if path.is_file() and path.parent.name != "blobs"):
        assert str(ROOT).encode() not in path.read_bytes()
        assert os.uname().nodename.encode() not in path.read_bytes()


def test_the_same_seed_gives_the_same_conversations_and_scores(finished, tmp_path):
    folder, _ = finished
    arguments = (
        "--models",
        MODELS,
        "--no-baselines",
        "--scenarios",
        "4",
        "--arms",
        "full,no-image",
        "--quiet",
    )
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
    arguments = (
        "--models",
        MODELS,
        "--no-baselines",
        "--scenarios",
        "4",
        "--arms",
        "full,no-image",
        "--run",
        str(folder),
    )
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
    arguments = ("--models", "gpt-5.1", "--no-baselines", "--scenarios", "6", "--run", str(folder), "--quiet")
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
        "--models",
        MODELS,
        "--no-baselines",
        "--scenarios",
        "2",
        "--fault",
        "nova-2-lite=401",
        "--run",
        str(folder),
    )
    assert status == 1
    assert "2 failed" in output
    summary = json.loads((folder / "report" / "summary.json").read_text())
    assert (summary["completed"], summary["failed"]) == (4, 2)
    assert {failure["cause"] for failure in summary["failures"].values()} == {"denied"}
    assert {row["model"] for row in table(folder, "scores.csv")} == {"claude-haiku-4.5", "gpt-5.1"}


@pytest.fixture(scope="module")
def stand() -> Iterator[dict[str, str]]:
    """Run `simulate` for the tests that call it, and give the variables that it prints."""
    process = command("simulate", "--port", "0")
    told = ""
    for line in process.stdout:
        told += line
        if "Ctrl-C" in line:
            break
    words = [
        word
        for line in told.splitlines()
        if line.startswith("export ")
        for word in shlex.split(line, comments=True)[1:]
    ]
    yield dict(word.split("=", 1) for word in words)
    process.send_signal(signal.SIGINT)
    output, error = process.communicate(timeout=30)
    assert process.returncode in (0, 130)
    assert "Traceback" not in output + error


def test_simulate_prints_what_any_client_needs(stand):
    assert set(stand) >= {
        *URLS.values(),
        "ANTHROPIC_API_KEY",
        "OPENAI_API_KEY",
        "AWS_ACCESS_KEY_ID",
        "NO_PROXY",
    }
    assert stand["OPENAI_BASE_URL"] == f"{stand['ANTHROPIC_BASE_URL']}/v1"
    assert stand["ANTHROPIC_BASE_URL"].startswith("http://127.0.0.1:")


def test_a_check_without_keys_is_simulated_and_finds_everybody_working():
    status, output = finish("check", "--models", "gpt-5.1")
    assert status == 0, output
    assert "SIMULATED" in output
    assert "All can play their parts." in output
    rows = [line.split() for line in output.splitlines() if line.startswith(("gpt-5", "claude-", "nova-"))]
    assert {tuple(row[:3]) for row in rows if row[2] == "yes"} == {
        ("gpt-5.1", "assistant", "yes"),
        ("claude-haiku-4.5", "patient", "yes"),
        ("claude-sonnet-4.6", "juror", "yes"),
        ("gpt-5.2", "juror", "yes"),
        ("nova-pro", "juror", "yes"),
    }
    assert "\x1b" not in output


def test_a_check_in_which_somebody_cannot_play_says_why_and_ends_with_1():
    status, output = finish("check", "--models", "gpt-5.1", "--fault", "gpt-5.1=401")
    assert status == 1, output
    assert "gpt-5.1 as assistant: " in output
    assert "OPENAI_API_KEY" in output
    assert "1 of 5 cannot play their part." in output


def test_a_live_check_goes_where_the_sdks_variables_say_and_says_so(stand):
    status, output = finish("check", "--models", "nova-2-lite", "--backend", "live", **stand)
    assert status == 0, output
    host = stand["ANTHROPIC_BASE_URL"].removeprefix("http://")
    assert f"anthropic is called at {host}, as ANTHROPIC_BASE_URL says." in " ".join(output.split())
    assert "SIMULATED" not in output


def test_a_live_run_on_endpoints_of_ones_own_needs_no_providers_key(stand, tmp_path):
    (tmp_path / "mine.toml").write_text(
        "".join(
            f'[models.{name}]\nprovider = "openai"\nid = "{id}"\nendpoint = "{stand["OPENAI_BASE_URL"]}/"\n'
            f'key = "MY_KEY"\nverdict = "schema"\nlimits = {{ requests = 6000, in_flight = 8 }}\n'
            for name, id in (("one", "gpt-5.1"), ("two", "gpt-5.2"))
        )
        + '[roles]\npatient = "two"\njury = ["two"]\n'
    )
    words = (
        "--models",
        "one",
        "--models-file",
        str(tmp_path / "mine.toml"),
        "--no-baselines",
        "--scenarios",
        "2",
    )
    status, output = finish(*words, "--run", str(tmp_path / "run"), MY_KEY="planted-key-42")
    assert status == 0, output
    host = stand["OPENAI_BASE_URL"].removeprefix("http://").removesuffix("/v1")
    plan = json.loads((tmp_path / "run" / "plan.json").read_text())
    assert plan["endpoints"] == {"one": host, "two": host}
    assert plan["models"]["one"]["endpoint"] == plan["cast"]["two"]["endpoint"] == host
    assert (plan["simulated"], plan["patient"], plan["jury"]) == (False, "two", ["two"])
    assert f"one is called at {host}" in " ".join(output.split())
    # The plan says what was asked for; who answered was the simulator all the same, and the numbers say so.
    assert json.loads((tmp_path / "run" / "report" / "summary.json").read_text())["simulated"] is True
    assert "SIMULATED: invented minds" in output
    for path in (tmp_path / "run").rglob("*"):
        assert path.is_dir() or b"planted-key-42" not in path.read_bytes()


def test_a_photograph_too_large_for_a_model_is_sent_smaller_and_that_is_said_and_written_down(tmp_path):
    (tmp_path / "mine.toml").write_text(
        '[models."gpt-5.1"]\nprovider = "openai"\nid = "gpt-5.1"\nverdict = "schema"\n'
        "limits = { requests = 500, tokens = 500_000, in_flight = 8 }\nimage = { bytes = 20_000, side = 200 }\n"
    )
    words = (
        "--models",
        "gpt-5.1,nova-2-lite",
        "--models-file",
        str(tmp_path / "mine.toml"),
        "--scenarios",
        "1",
    )
    status, output = finish(*words, "--backend", "simulated", "--run", str(tmp_path / "run"))
    assert status == 0, output
    assert "sent smaller" in output
    events = [event.body for event in read_journal(tmp_path / "run" / "journal")]
    (fitted,) = [body for body in events if body.kind == "photo_fitted"]
    assert fitted.models == ("gpt-5.1",)
    assert max(fitted.sent.width, fitted.sent.height) == 200
    assert (tmp_path / "run" / "blobs" / fitted.sent.sha256).stat().st_size == fitted.sent_size <= 20_000


def test_a_plan_of_faults_breaks_a_simulated_run_and_an_outage_passes(tmp_path):
    (tmp_path / "plan.toml").write_text('[[fault]]\nkind = "401"\nmodels = ["gpt-5.1"]\n')
    words = (
        "--models",
        "gpt-5.1",
        "--no-baselines",
        "--scenarios",
        "1",
        "--run",
        str(tmp_path / "run"),
        "--quiet",
    )
    status, output = finish(*words, "--faults", str(tmp_path / "plan.toml"))
    assert status == 1, output
    plan = json.loads((tmp_path / "run" / "plan.json").read_text())
    assert plan["fault_plan"] == hashlib.sha256((tmp_path / "plan.toml").read_bytes()).hexdigest()
    assert plan["endpoints"]["openai"] == "embedded simulator"
    status, output = finish(*words)
    assert status == 0, output
    status, output = finish(*words, "--fault", "gpt-5.1=refusal")
    assert status == 2
    assert "faulty_answers" in output


@pytest.mark.parametrize("words", [("--help",), ("check", "--models", "gpt-5.1")])
def test_a_reader_that_has_gone_is_no_trouble(words):
    process = command(*words)
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == ""
    process.stderr.close()


def test_a_termination_before_the_first_call_is_as_tidy_as_ctrl_c(tmp_path):
    process = command("--models", "all", "--run", str(tmp_path / "run"))
    deadline = time.monotonic() + 60
    while not psutil.Process(process.pid).children() and time.monotonic() < deadline:
        time.sleep(0.02)  # until it starts the simulator
    process.send_signal(signal.SIGTERM)
    output, error = process.communicate(timeout=60)
    assert process.returncode == 130, output + error
    assert "Traceback" not in output + error
    assert error == "run.py: stopped.\n" or "goes on where it stopped" in output


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
    "a models file that is not there": (("--models", "all", "--models-file", "my.toml"), "No such file"),
    "a check of nobody": (("check", "--models", "gpt-5.3"), "did you mean 'gpt-5.2'"),
    "a check with a flag of a run": (("check", "--scenarios", "5"), "--scenarios"),
    "a live check without keys": (("check", "--backend", "live"), "ANTHROPIC_API_KEY for anthropic"),
    "a plan of faults that is not there": (("check", "--faults", "plan.toml"), "cannot be read"),
    "faults in two ways": (("check", "--faults", "p.toml", "--fault", "gpt-5.1=503"), "do not go together"),
    "a fault that does not exist": (("check", "--fault", "gpt-5.1=50x"), "no fault is called '50x'"),
    "a port that is none": (("simulate", "--port", "70000"), "give 0 to 65535"),
    "a port that is no number": (("simulate", "--port", "x"), "--port"),
    "a simulator with faults that are not there": (("simulate", "--faults", "p.toml"), "cannot be read"),
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
    said = told(
        capsys, monkeypatch, "--models", MODELS, "--no-baselines", "--scenarios", "3", "--run", str(folder)
    )
    assert "already holds another plan" in said
    assert "scenarios" in said
    assert (folder / "plan.json").read_bytes() == before


def test_a_folder_with_other_things_in_it_is_left_as_it_is(capsys, monkeypatch, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    said = told(
        capsys,
        monkeypatch,
        "--models",
        "gpt-5.1",
        "--no-baselines",
        "--scenarios",
        "1",
        "--run",
        str(tmp_path),
    )
    assert "is not a run" in said
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_cannot_be_written_is_named(capsys, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    place = str(tmp_path / "file" / "run")
    assert place in told(
        capsys, monkeypatch, "--models", "gpt-5.1", "--no-baselines", "--scenarios", "1", "--run", place
    )
