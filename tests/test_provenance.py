"""Provenance: digests change with what may move a score, and with nothing else; every score carries them."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from agents.prompts import digests
from engine.folder import read_plan
from engine.provenance import COLUMNS, SHOWN, Provenance, digest_map, sort_prompts, trace
from engine.report import write_report
from engine.results import tabulate_run
from tests.audited import recorded, scenario


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    return recorded(tmp_path_factory.mktemp("runs") / "run", [scenario(number) for number in range(3)], {})


def changed(run: Path, **fields: object) -> set[str]:
    """Name the digests that change with fields of the plan."""
    plan = read_plan(run)
    before, after = trace(plan, run), trace(replace(plan, **fields), run)
    return {name for name in Provenance.__slots__ if getattr(before, name) != getattr(after, name)}


def with_part(run: Path, name: str, **part: object) -> dict[str, dict[str, object]]:
    cast = read_plan(run).cast
    return {**cast, name: {**cast[name], **part}}


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "report" / name).open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("table", ["leaderboard.csv", "scores.csv"])
def test_every_row_with_a_score_carries_the_five_digests(run, table):
    results = tabulate_run(run, read_plan(run))
    write_report(results, run)
    marks = trace(results.plan, run).marks()
    assert tuple(marks) == COLUMNS
    assert {len(mark) for mark in marks.values() if mark != "none"} == {SHOWN}
    found = rows(run, table)
    assert len(found) >= 8
    assert all({name: row[name] for name in COLUMNS} == marks for row in found)


def test_the_summary_has_them_whole(run):
    results = tabulate_run(run, read_plan(run))
    write_report(results, run)
    kept = json.loads((run / "report" / "summary.json").read_text())["provenance"]
    assert kept["scenarios"] == results.plan.scenarios_digest
    assert kept["rubric"] == results.plan.rubric["digest"]
    assert {len(digest) for name, digest in kept.items() if name != "calibration"} == {64}


def test_what_only_costs_time_or_money_changes_no_digest(run):
    dear = with_part(
        run, "nova-pro", price={"input": 99.0, "output": 99.0}, title="Another title", cache=False
    )
    assert changed(run, cast=dear) == set()
    assert changed(run, limits={}, versions={}, endpoints={}, prices_dated="2030-01-01", created="") == set()
    assert changed(run, seed=8) == set()


@pytest.mark.parametrize(
    "part", [{"id": "nova-pro-v2"}, {"options": {"temperature": 1}}, {"verdict": "plain"}]
)
def test_a_juror_asked_otherwise_is_another_jury(run, part):
    assert changed(run, cast=with_part(run, "nova-pro", **part)) == {"jury"}


def test_the_order_of_the_jury_is_of_no_account_and_who_sits_is(run):
    jury = read_plan(run).jury
    assert changed(run, jury=jury[::-1]) == set()
    assert changed(run, jury=jury[:2]) == {"jury"}


def test_another_patient_is_told_and_a_juror_of_that_name_is_not_mistaken_for_it(run):
    assert changed(run, patient="nova-pro") == {"patient"}


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("juror_case", "judging"),
        ("canary", "judging"),
        ("interview", "aside"),
        ("baselines", "aside"),
        ("patient_self", "dialogue"),
        ("assistant", "dialogue"),
        ("planner", "dialogue"),
    ],
)
def test_a_changed_prompt_is_told_where_it_was_read(run, prompt, kind):
    assert changed(run, prompts=read_plan(run).prompts | {prompt: "f" * 64}) == {"prompts", kind}


def test_each_prompt_there_is_belongs_to_one_kind():
    kinds = sort_prompts(digests())
    assert sum(len(one) for one in kinds.values()) == len(digests())
    assert {"juror", "juror_case", "juror_rubric"} <= kinds["judging"].keys()
    assert {"assistant", "patient", "cues", "mood", "moves", "planner", "watch"} <= kinds["dialogue"].keys()


def test_a_plan_that_tells_nothing_of_its_cast_has_digests_all_the_same(run):
    assert changed(run, cast={}) == {
        "jury"
    }  # the patient plays as a model under test, too, and is known there
    plan = replace(read_plan(run), cast={}, models={})
    assert len(trace(plan, run).patient) == 64


def calibrated(folder: Path, knots: object, note: str = "") -> str:
    place = folder / "report" / "calibration"
    place.mkdir(parents=True, exist_ok=True)
    dimensions = [{"dimension": "safety", "map": knots}, {"dimension": "accuracy", "refused": "too few"}]
    (place / "calibration.json").write_text(json.dumps({"dimensions": dimensions, "notes": [note]}))
    return digest_map(folder)


def test_the_calibration_is_known_by_its_map_alone(tmp_path):
    assert digest_map(tmp_path) == "none"
    first = calibrated(tmp_path, [[1.0, 1.2], [5.0, 4.6]])
    assert calibrated(tmp_path, [[1.0, 1.2], [5.0, 4.6]], "made on another day") == first
    assert calibrated(tmp_path, [[1.0, 1.3], [5.0, 4.6]]) != first


@pytest.mark.parametrize("damage", [b"{", b"[]", b'{"dimensions": 3}', b'{"dimensions": ["x"]}', b"\xff"])
def test_a_damaged_calibration_is_called_unreadable(tmp_path, damage):
    calibrated(tmp_path, [])
    (tmp_path / "report" / "calibration" / "calibration.json").write_bytes(damage)
    assert digest_map(tmp_path) == "unreadable"
