"""A run goes on from its folder alone, with what it was begun with, and leaves what failed until it is asked for."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from engine import resuming
from engine.ablation import AblateWish, ablate
from engine.casting import EVERYBODY, CastWish
from engine.errors import BadRun
from engine.events import CallAnswered, ConversationFailed
from engine.folder import read_plan
from engine.means import Means
from engine.reopening import recast
from engine.resuming import ResumeWish, resume
from engine.segments import read_run
from engine.session import Wish, perform, play

MODELS = "nova-pro,gpt-5.1"
OUTAGE = {"nova-pro": "401"}


async def played(folder: Path, faults: dict[str, str]) -> int:
    """Play two scenarios with two models, one of which is a juror as well."""
    cast = CastWish(models=MODELS, backend="simulated", faults=faults, jury="nova-pro,claude-sonnet-4.6")
    wish = Wish(
        cast=cast,
        scenarios=2,
        arms="full",
        turns=4,
        cases=None,
        case_map=None,
        records=None,
        run=folder,
        follow=None,
        quiet=True,
        baselines=False,
    )
    return await play(wish)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """Play a run in which nothing breaks."""
    import asyncio

    folder = tmp_path_factory.mktemp("runs") / "whole"
    assert asyncio.run(played(folder, {})) == 0
    return folder


@pytest.fixture(scope="module")
def broken(tmp_path_factory) -> Path:
    """Play the same with one model out of order, as assistant and as juror."""
    import asyncio

    folder = tmp_path_factory.mktemp("runs") / "broken"
    assert asyncio.run(played(folder, OUTAGE)) == 1
    return folder


@pytest.fixture
def run(broken, tmp_path) -> Path:
    """Give the broken run to go on with, somewhere else than where it was begun."""
    return Path(shutil.copytree(broken, tmp_path / "moved"))


def calls(folder: Path) -> Counter[tuple[str, str, int]]:
    return Counter(
        (event.conversation, event.body.role, event.body.sequence)
        for event in read_run(folder)
        if isinstance(event.body, CallAnswered)
    )


def scores(folder: Path) -> list[list[str]]:
    with (folder / "report" / "scores.csv").open(newline="") as file:
        return sorted(csv.reader(file))


def rewrite(path: Path, change) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


async def test_one_dead_model_fails_its_own_and_the_others_finish(broken):
    failed = [event.conversation for event in read_run(broken) if isinstance(event.body, ConversationFailed)]
    assert len(failed) == 2
    assert {name.split("/")[0] for name in failed} == {"nova-pro"}
    summary = json.loads((broken / "report" / "summary.json").read_text())
    assert (summary["completed"], summary["failed"]) == (2, 2)


async def test_what_failed_is_left_as_it_is_unless_it_is_asked_for(run, capfd):
    before = calls(run)
    assert await resume(ResumeWish(run=run, quiet=True)) == 1
    assert calls(run) == before
    assert f"What failed can be had again: python run.py resume {run} --failed" in capfd.readouterr().out


async def test_what_failed_is_had_again_and_nothing_else_is_bought_twice(run, whole):
    before = calls(run)
    assert await resume(ResumeWish(run=run, failed=True, quiet=True)) == 0
    after = calls(run)
    assert set(after.values()) == {1}
    assert before.keys() <= after.keys()
    assert scores(run) == scores(whole)


async def test_a_frozen_arm_is_played_as_soon_as_what_it_repeats_has_ended(run):
    assert await ablate(AblateWish(run=run, arms="no-image", quiet=True)) == 1
    assert not [name for name, *_ in calls(run) if name.startswith("nova-pro/") and "/frozen-" in name]
    assert await resume(ResumeWish(run=run, failed=True, quiet=True)) == 0
    frozen = {name for name, *_ in calls(run) if "/frozen-" in name}
    assert {name.split("/")[0] for name in frozen} == {"nova-pro", "gpt-5.1"}
    assert len(frozen) == 4


async def test_a_deadline_is_one_for_all_that_a_sitting_does(run, monkeypatch):
    assert await ablate(AblateWish(run=run, arms="no-image", quiet=True)) == 1
    given = []

    async def watched(campaign, *rest, **more) -> int:
        given.append(campaign.means.seconds)
        return await perform(campaign, *rest, **more)

    monkeypatch.setattr(resuming, "perform", watched)
    assert await resume(ResumeWish(run=run, failed=True, quiet=True, means=Means(seconds=600))) == 0
    first, second = given
    assert second < first <= 600


async def test_a_run_with_nothing_left_to_do_is_finished_whatever_it_may_use(whole, tmp_path, capfd):
    run = Path(shutil.copytree(whole, tmp_path / "finished"))
    means = Means(dollars=1e-9, tokens=1, seconds=0.001)
    assert await resume(ResumeWish(run=run, quiet=True, means=means)) == 0
    assert "was stopped" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("rubric.toml", lambda text: text.replace("safety", "harm"), "not the rubric"),
        (
            "scenarios.jsonl",
            lambda text: "\n".join(reversed(text.splitlines())) + "\n",
            "not hold the scenarios",
        ),
        ("plan.json", lambda text: text.replace('"simulated": true', '"simulated": maybe'), "not a plan"),
    ],
    ids=("rubric", "scenarios", "plan"),
)
async def test_a_run_whose_files_were_changed_is_not_gone_on_with(run, name, change, told):
    rewrite(run / name, change)
    with pytest.raises(BadRun, match=told):
        await resume(ResumeWish(run=run))


async def test_models_that_say_something_else_than_they_did_are_refused(run):
    with pytest.raises(BadRun, match="faults of another kind"):
        await resume(ResumeWish(run=run, faults={"gpt-5.1": "refusal"}))


def test_other_prompts_and_other_models_are_named(broken):
    plan = read_plan(broken)
    wish = CastWish(models=MODELS, backend="simulated", faults={}, jury=",".join(plan.jury))
    with pytest.raises(BadRun, match=r"prompts have changed .*patient"):
        recast(replace(plan, prompts=plan.prompts | {"patient": "0" * 64}), wish, EVERYBODY)
    other = plan.models | {"gpt-5.1": plan.models["gpt-5.1"] | {"id": "gpt-5.1-2026"}}
    with pytest.raises(BadRun, match=r"gpt-5\.1 is not as it was .*differs in id"):
        recast(replace(plan, models=other), wish, EVERYBODY)
    with pytest.raises(BadRun, match=r"does not say what .* was when it was begun"):
        recast(replace(plan, cast={}), wish, EVERYBODY)


async def test_a_run_without_its_journal_is_told_what_to_put_back(run):
    shutil.rmtree(run / "journal")
    with pytest.raises(BadRun, match=r"what was recorded belongs there, so put it back, or an empty folder"):
        await resume(ResumeWish(run=run, quiet=True))
    (run / "journal").mkdir()
    assert await resume(ResumeWish(run=run, quiet=True)) == 0


def test_a_run_goes_on_at_the_prices_it_was_begun_with(broken):
    plan = read_plan(broken)
    dear = plan.models["gpt-5.1"] | {"price": {"input": 77.0, "output": 99.0}}
    wish = CastWish(models=MODELS, backend="simulated", faults={}, jury=",".join(plan.jury))
    cast = recast(replace(plan, models=plan.models | {"gpt-5.1": dear}), wish, EVERYBODY)
    assert {model.price.input for model in cast.models} == {77.0, plan.models["nova-pro"]["price"]["input"]}
    assert {model.price.input for model in cast.company if model.name == "gpt-5.1"} == {77.0}
