"""Quarantine: a scenario in which one patient broke its facts is out for every model, and everybody is told."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import orjson
import pytest

from agents.speech import Turn
from engine.audit.exclude import exclude, limits
from engine.events import Event, TurnSpoken
from engine.folder import read_plan
from engine.inquiry import audit, render
from engine.report import write_report
from engine.results import tabulate_run
from tests.audited import CALM, audited, recorded, scenario

LEAK = ("Does it bleed?", "It has bled a few times. It is a rodent ulcer.", "Please see your GP.", "Bye.")
INVENTED = ("Does it bleed?", "It has bled a few times. I also take warfarin.", "See your GP.", "Bye.")


@pytest.fixture(scope="module")
def scenes():
    return [scenario(number) for number in range(4)]


@pytest.fixture
def run(tmp_path, scenes):
    """Give a run in which the patient of scenario 1 gave the answer away, with one model only."""
    return recorded(tmp_path / "run", scenes, {("gpt-5.1", 1): LEAK, ("gpt-5.1", 2): INVENTED})


def rows(folder, name):
    with (folder / "report" / name).open() as file:
        return list(csv.DictReader(file))


def test_a_scenario_is_out_for_every_model_alike_with_its_words_and_its_rule(run, scenes):
    results = tabulate_run(run, read_plan(run))
    (one,) = results.exclusions
    assert (one.scenario, one.model, one.turn, one.rule) == (scenes[1].id, "gpt-5.1", 3, "leak")
    assert "rodent ulcer" in one.said
    assert "before the assistant said it" in one.why
    assert {cell.scenario.id for cell in results.kept} == {scene.id for scene in scenes} - {scenes[1].id}
    assert {standing.n for standing in results.standings} == {3}
    assert results.whole


def test_what_is_invented_is_counted_and_takes_nothing_out(run, scenes):
    results = tabulate_run(run, read_plan(run))
    examined = results.examined[f"gpt-5.1/{scenes[2].id}/full/0"]
    assert examined.counts["fabrication"] == 1
    assert scenes[2].id not in results.excluded


def test_what_an_attempt_said_that_did_not_end_is_not_held_against_the_patient(run, scenes):
    name = f"claude-haiku-4.5/{scenes[0].id}/full/0"
    lost = TurnSpoken(turn=Turn(index=7, speaker="patient", text="It has never bled."))
    journal = run / "journal" / "0001.jsonl"
    lines = orjson.dumps(Event(at=0.5, conversation=name, body=lost)) + b"\n" + journal.read_bytes()
    journal.write_bytes(lines)
    assert scenes[0].id not in tabulate_run(run, read_plan(run)).excluded


def test_the_leaderboard_is_as_if_the_scenario_had_not_been_played(run, tmp_path, scenes):
    results = tabulate_run(run, read_plan(run))
    folder = recorded(tmp_path / "other", [scenes[0], *scenes[2:]], {})
    assert results.standings == tabulate_run(folder, read_plan(folder)).standings


def test_scores_without_exclusion_stay_in_a_column(run, scenes):
    write_report(tabulate_run(run, read_plan(run)), run)
    table = rows(run, "scores.csv")
    out = [row for row in table if row["excluded"]]
    assert {row["scenario"] for row in out} == {scenes[1].id}
    assert {row["model"] for row in out} == {"gpt-5.1", "claude-haiku-4.5"}
    assert {row["excluded"] for row in out} == {"leak"}
    assert all(row["score"] == "" and row["score_without_exclusion"] and row["raw"] for row in out)
    assert all(row["score"] for row in table if not row["excluded"])


def test_the_page_the_summary_and_a_table_show_the_exclusion(run, scenes):
    page = write_report(tabulate_run(run, read_plan(run)), run).read_text()
    assert "1 of 4 scenarios, for every model alike" in " ".join(page.split())
    assert "It is a rodent ulcer" in page
    summary = json.loads((run / "report" / "summary.json").read_text())
    assert summary["excluded"]["scenarios"] == {scenes[1].id: "leak"}
    assert summary["excluded"]["conversations"] == 2
    assert summary["excluded"]["limits"] == limits()
    (row,) = rows(run, "exclusions.csv")
    assert (row["scenario"], row["rule"], row["simulated"]) == (scenes[1].id, "leak", "true")


def test_a_run_whose_patients_behave_says_that_nothing_is_excluded(tmp_path, scenes):
    folder = recorded(tmp_path / "run", scenes, {})
    page = write_report(tabulate_run(folder, read_plan(folder)), folder).read_text()
    assert "No scenario is excluded." in page
    assert rows(folder, "exclusions.csv") == []
    assert all(row["score"] == row["score_without_exclusion"] for row in rows(folder, "scores.csv"))


def test_a_run_without_a_scenario_left_is_not_whole(tmp_path, scenes):
    said = {("gpt-5.1", number): LEAK for number in range(4)}
    folder = recorded(tmp_path / "run", scenes, said)
    results = tabulate_run(folder, read_plan(folder))
    assert results.standings == ()
    assert not results.whole
    assert write_report(results, folder).is_file()


def test_a_conversation_stopped_for_its_patient_takes_the_scenario_out():
    found = audited(*CALM, stop_reason="patient_fault")
    found = replace(found, fault="leak: it says 'bcc', which it cannot know")
    (one,) = exclude({"m/s": found}, {"m/s": ("s", "m")})
    assert (one.rule, one.said, one.why) == ("patient_fault", "Thank you, bye.", found.fault)


def test_the_audit_says_it_all_and_keeps_it_beside_the_report(run, scenes):
    report = audit(run, None)
    text = render(report)
    assert text.startswith("SIMULATED")
    assert f"{scenes[1].id}  leak, with gpt-5.1, turn 3" in text
    assert "published figures only" in text
    kept = json.loads((run / "report" / "audit.json").read_text())
    assert kept["excluded"] == {scenes[1].id: "leak"}
    table = rows(run, "audit.csv")
    assert len(table) == 8
    assert sum(int(row["leak"]) for row in table) == 1


def test_a_run_without_a_finished_conversation_is_a_sentence(tmp_path, scenes):
    folder = recorded(tmp_path / "run", scenes, {})
    (folder / "journal" / "0001.jsonl").write_bytes(b"")
    assert "no finished conversation" in render(audit(folder, None))


def test_what_a_model_says_cannot_steer_the_screen_or_a_spreadsheet(tmp_path, scenes):
    said = ("Does it bleed?", "=1+1 \x1b[31m rodent ulcer, \x1b[2J <script>", "See your GP.", "Bye.")
    folder = recorded(tmp_path / "run", scenes, {("gpt-5.1", 1): said})
    page = write_report(tabulate_run(folder, read_plan(folder)), folder).read_text()
    assert "<script>" not in page
    assert rows(folder, "exclusions.csv")[0]["said"].startswith("“=1+1")
    assert "\x1b" not in render(audit(folder, None))
