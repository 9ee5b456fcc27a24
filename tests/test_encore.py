"""Taking a run up again: another jury hears the same words, another assistant meets the same patient."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from engine.events import CallAnswered, TurnSpoken, VerdictGiven
from engine.segments import read_journal, read_run
from tests.test_run import finish

ROOT = Path(__file__).parents[1]
MODELS = "claude-haiku-4.5,gpt-5.1"
RUBRIC = (ROOT / "rubrics" / "imcbench.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> Path:
    """Play one small run for the tests that take it up again: two models, three scenarios, no baselines."""
    folder = tmp_path_factory.mktemp("runs") / "played"
    status, output = finish(
        "--models", MODELS, "--scenarios", "3", "--no-baselines", "--quiet", "--run", str(folder)
    )
    assert status == 0, output
    return folder


@pytest.fixture
def run(played, tmp_path) -> Path:
    """Give the run to change as one likes."""
    return Path(shutil.copytree(played, tmp_path / "run"))


def calls(folder: Path, segments: slice = slice(None)) -> Counter[str]:
    """Count the calls that were answered, by role, in some of the journal's segments."""
    whole = sorted((folder / "journal").glob("*.jsonl"))
    wanted = {path.name for path in whole[segments]}
    found: Counter[str] = Counter()
    for path in whole:
        if path.name in wanted:
            for line in path.read_text().splitlines():
                body = json.loads(line)["body"]
                if body["kind"] == "call_answered":
                    found["/".join(body["role"].split("/")[::2][:2])] += 1
    return found


def scores(folder: Path) -> dict[tuple[str, str], tuple[str, ...]]:
    with (folder / "report" / "scores.csv").open() as file:
        return {
            (row["conversation"], row["dimension"]): (row["score"], row["raw"], row["votes"])
            for row in csv.DictReader(file)
        }


def spoken(folder: Path) -> dict[str, dict[int, tuple[str, str]]]:
    said: dict[str, dict[int, tuple[str, str]]] = {}
    for event in read_run(folder):
        if isinstance(event.body, TurnSpoken):
            turn = event.body.turn
            said.setdefault(event.conversation, {})[turn.index] = (turn.speaker, turn.text)
    return said


def test_the_same_rubric_and_jury_cost_nothing_and_give_the_same_scores(run, tmp_path):
    status, output = finish("rejudge", str(run), "--out", str(tmp_path / "again"), "--quiet")
    assert status == 0, output
    assert calls(tmp_path / "again") == Counter()
    assert scores(tmp_path / "again") == scores(run)


def test_a_changed_dimension_costs_its_own_calls_alone(run, tmp_path):
    rubric = tmp_path / "mine.toml"
    rubric.write_text(
        RUBRIC.replace("Does the confidence the assistant shows", "Does the certainty it shows")
    )
    out = tmp_path / "again"
    status, output = finish("rejudge", str(run), "--rubric", str(rubric), "--out", str(out), "--quiet")
    assert status == 0, output
    assert set(calls(out)) == {"juror/uncertainty"}
    assert calls(out)["juror/uncertainty"] >= 6 * 3


def test_another_jury_hears_every_word_and_nobody_speaks_again(run, tmp_path):
    out = tmp_path / "again"
    status, output = finish(
        "rejudge", str(run), "--jury", "gpt-5.1,llama-4-maverick", "--out", str(out), "--quiet"
    )
    assert status == 0, output
    assert {role.split("/")[0] for role in calls(out)} == {"juror"}
    assert spoken(out) == spoken(run)
    votes = {e.body.verdict.juror for e in read_journal(out / "journal") if isinstance(e.body, VerdictGiven)}
    assert votes == {"gpt-5.1", "llama-4-maverick"}
    before = calls(out)
    assert (
        finish("rejudge", str(run), "--jury", "gpt-5.1,llama-4-maverick", "--out", str(out), "--quiet")[0]
        == 0
    )
    assert calls(out) == before


def test_a_frozen_arm_makes_no_call_to_a_patient_and_repeats_it_word_for_word(run):
    before = scores(run)
    status, output = finish("ablate", str(run), "--arms", "no-image,swapped-image", "--quiet")
    assert status == 0, output
    made = calls(run, slice(-1, None))
    assert "patient" not in made
    assert made["assistant"] > 0
    said = spoken(run)
    for name, turns in said.items():
        if "/frozen-" in name:
            model, scenario, _, repeat = name.split("/")
            full = said[f"{model}/{scenario}/full/{repeat}"]
            assert len(turns) == len(full)
            assert [t for t in turns.values() if t[0] == "patient"] == [
                t for t in full.values() if t[0] == "patient"
            ]
    assert before.items() <= scores(run).items()  # what is added moves no other number
    arms = {name.split("/")[2] for name in said}
    assert arms == {"full", "frozen-no-image", "frozen-swapped-image"}
    assert finish("ablate", str(run), "--arms", "no-image,swapped-image", "--quiet")[0] == 0
    assert calls(run, slice(-1, None)) == Counter()


def test_a_free_arm_lets_the_patient_answer_anew_and_the_first_command_still_goes_on(run):
    assert finish("ablate", str(run), "--arms", "no-record", "--free", "--quiet")[0] == 0
    assert calls(run, slice(-1, None))["patient"] > 0
    status, output = finish(
        "--models", MODELS, "--scenarios", "3", "--no-baselines", "--quiet", "--run", str(run)
    )
    assert status == 0, output
    assert calls(run, slice(-1, None)) == Counter()
    assert "no-record" in output


def test_a_stopped_ablation_goes_on_and_no_answer_is_bought_twice(run):
    assert finish("ablate", str(run), "--arms", "neither", "--quiet")[0] == 0
    whole = calls(run, slice(-1, None))
    last = sorted((run / "journal").glob("*.jsonl"))[-1]
    lines = last.read_bytes().splitlines(keepends=True)
    last.write_bytes(b"".join(lines[: len(lines) // 2]) + lines[len(lines) // 2][:20])
    kept = calls(run, slice(-1, None)) if last.read_bytes().endswith(b"\n") else None
    had = sum(b'"call_answered"' in line for line in lines[: len(lines) // 2])
    assert finish("ablate", str(run), "--arms", "neither", "--quiet")[0] == 0
    assert kept is None
    assert calls(run, slice(-1, None)).total() == whole.total() - had


def test_an_ablated_run_can_be_judged_again_with_all_its_arms(run, tmp_path):
    assert finish("ablate", str(run), "--arms", "caption", "--quiet")[0] == 0
    out = tmp_path / "again"
    status, output = finish("rejudge", str(run), "--out", str(out), "--quiet")
    assert status == 0, output
    assert calls(out) == Counter()
    assert scores(out) == scores(run)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["rejudge", "nowhere"], "nowhere is not a run folder"),
        (["rejudge", "RUN", "--jury", "gpt-9"], "unknown model 'gpt-9' in --jury"),
        (["rejudge", "RUN", "--jury", "gpt-5.1,gpt-5.1"], "a juror sits twice"),
        (["rejudge", "RUN", "--out", "RUN"], "is the run itself"),
        (["rejudge", "RUN", "--rubric", "README.md"], "README.md: not TOML"),
        (["ablate", "RUN", "--arms", "no-imge"], "did you mean 'no-image'"),
        (["ablate", "RUN", "--arms", ""], "--arms names no arm"),
        (["ablate", "nowhere", "--arms", "neither"], "nowhere is not a run folder"),
    ],
)
def test_what_cannot_be_is_one_sentence_before_any_call(run, words, sentence):
    status, output = finish(*(str(run) if word == "RUN" else word for word in words))
    assert status == 2
    assert sentence in output
    assert output.count("\n") == 1
    assert calls(run, slice(1, None)) == Counter()


def test_a_prompt_that_changed_since_is_no_ground_for_an_effect(run):
    plan = json.loads((run / "plan.json").read_text())
    plan["prompts"]["assistant"] = "0" * 64
    (run / "plan.json").write_text(json.dumps(plan))
    status, output = finish("ablate", str(run), "--arms", "no-image")
    assert (status, "the prompts have changed since this run was begun (assistant)" in output) == (2, True)


def test_a_call_says_what_it_was_for(run):
    roles = {e.body.role.split("/")[0] for e in read_run(run) if isinstance(e.body, CallAnswered)}
    assert roles == {"patient", "assistant", "interview", "juror"}
