"""The run folder: made whole or not at all, and never given to another plan."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import orjson
import pytest

from engine.catalog import read_catalog
from engine.cells import ARMS
from engine.errors import BadRun
from engine.fitting import fit_photos
from engine.folder import prepare_folder, read_plan
from engine.models import Envelope
from engine.plan import make_plan
from personas.scenarios.store import load
from rubrics.rubric import load_rubric
from tests.samples import embedded

SAMPLE = embedded(2, 7)
CATALOG = read_catalog()
RUBRIC = load_rubric()
PLAN = make_plan(
    SAMPLE.scenarios,
    CATALOG.choose("gpt-5.1"),
    (ARMS["full"],),
    catalog=CATALOG,
    rubric=RUBRIC,
    seed=7,
    simulated=True,
    faults={},
    created="2026-11-20T12:00:00+00:00",
)


def test_a_new_folder_holds_plan_scenarios_and_photographs(tmp_path):
    folder = tmp_path / "runs" / "first"
    prepare_folder(folder, PLAN, SAMPLE, RUBRIC)
    assert read_plan(folder) == PLAN
    assert load((folder / "scenarios.jsonl").read_bytes()) == SAMPLE.scenarios
    for blob in (folder / "blobs").iterdir():
        assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name
    assert [p.name for p in folder.parent.iterdir()] == ["first"]


def test_a_photograph_that_was_made_smaller_is_kept_as_it_was_and_as_it_is_sent(tmp_path):
    small = CATALOG.models["nova-pro"].model_copy(update={"image": Envelope(bytes=8_000, side=8_000)})
    photos = {scenario.photo for scenario in SAMPLE.scenarios}
    fitted = fit_photos(SAMPLE.album, photos, [small])
    assert len(fitted) == len(photos)
    prepare_folder(tmp_path / "run", PLAN, SAMPLE, RUBRIC)
    before = {blob.name for blob in (tmp_path / "run" / "blobs").iterdir()}
    prepare_folder(tmp_path / "run", PLAN, SAMPLE, RUBRIC, fitted)  # taken up again under another limit
    prepare_folder(tmp_path / "new", PLAN, SAMPLE, RUBRIC, fitted)
    for name in ("run", "new"):
        blobs = {blob.name: blob.read_bytes() for blob in (tmp_path / name / "blobs").iterdir()}
        assert blobs.keys() == before | {one.sent.sha256 for one in fitted}
        assert all(hashlib.sha256(data).hexdigest() == sha for sha, data in blobs.items())
        assert all(len(blobs[one.sent.sha256]) == one.sent_size <= 8_000 for one in fitted)


def test_the_same_plan_may_come_again_whenever_it_was_made(tmp_path):
    prepare_folder(tmp_path / "run", PLAN, SAMPLE, RUBRIC)
    later = replace(PLAN, created="2027-01-01T00:00:00+00:00", versions={"python": "3.14"}, limits={})
    prepare_folder(tmp_path / "run", later, SAMPLE, RUBRIC)
    assert read_plan(tmp_path / "run") == PLAN


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 8},
        {"simulated": False},
        {"patient": "gpt-5.1"},
        {"jury": ("gpt-5.2",)},
        {"arms": ("full", "neither")},
    ],
)
def test_another_plan_is_refused_and_told_what_differs(tmp_path, change):
    prepare_folder(tmp_path / "run", PLAN, SAMPLE, RUBRIC)
    with pytest.raises(BadRun, match=f"differs in {next(iter(change))}"):
        prepare_folder(tmp_path / "run", replace(PLAN, **change), SAMPLE, RUBRIC)


def test_a_plan_that_cannot_be_read_is_named(tmp_path):
    prepare_folder(tmp_path / "run", PLAN, SAMPLE, RUBRIC)
    (tmp_path / "run" / "plan.json").write_text('{"format": 1, "simulated": true')
    with pytest.raises(BadRun, match=r"plan\.json is not a plan of this version"):
        read_plan(tmp_path / "run")


def test_a_folder_that_is_no_run_is_named(tmp_path):
    with pytest.raises(BadRun, match="no plan"):
        read_plan(tmp_path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"baselines": ("always-right",)}, "there is no script 'always-right'"),
        ({"models": {"gpt-5.1": {"id": "gpt-5.1"}}}, "the model 'gpt-5.1' has no title"),
        ({"dimensions": ()}, "it has no dimension"),
    ],
)
def test_a_plan_that_somebody_wrote_by_hand_is_refused_in_a_sentence(tmp_path, change, sentence):
    prepare_folder(tmp_path / "run", PLAN, SAMPLE, RUBRIC)
    (tmp_path / "run" / "plan.json").write_bytes(orjson.dumps(replace(PLAN, **change)))
    with pytest.raises(BadRun, match=sentence):
        read_plan(tmp_path / "run")
