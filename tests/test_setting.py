"""The setting: a run is its plan and the arms added since, and every arm has the conversations it can have."""

from __future__ import annotations

import pytest

from engine.cells import ABLATIONS, ARMS, FROZEN, PLAIN, Substitute, choose_arms, freeze, list_cells
from engine.errors import BadOption, BadRun
from engine.folder import read_plan
from engine.setting import ADDED, Addition, add_arms, open_setting, read_additions
from tests.audited import recorded, scenario

SCENARIOS = [scenario(number) for number in range(3)]
FULL, FROZEN_ARM = ARMS["full"], ARMS["frozen-no-image"]


def addition(arm: str = "frozen-no-image", givens: dict | None = None) -> Addition:
    return Addition(arm=arm, created="2026-11-28T12:00:00+00:00", givens=givens or {})


@pytest.fixture
def run(tmp_path):
    return recorded(tmp_path / "run", SCENARIOS, {})


def test_a_run_that_nothing_was_added_to_is_its_plan(run):
    setting = open_setting(run, read_plan(run))
    assert setting.plan == read_plan(run)
    assert [cell.arm.name for cell in setting.cells({})] == ["full"] * 6


def test_an_added_arm_is_read_back_with_what_was_made_for_it(run):
    given = Substitute(words="a brown spot")
    add_arms(run, [addition("caption", {SCENARIOS[0].id: given})])
    setting = open_setting(run, read_plan(run))
    assert setting.plan.arms == ("full", "caption")
    captioned = [cell for cell in setting.cells({}) if cell.arm.name == "caption"]
    assert {cell.scenario.id for cell in captioned} == {SCENARIOS[0].id}
    assert all(cell.given == given for cell in captioned)


def test_a_frozen_conversation_needs_one_that_came_to_its_end_and_was_judged(run):
    add_arms(run, [addition()])
    setting = open_setting(run, read_plan(run))
    full = [cell for cell in setting.cells({}) if cell.arm == FULL]
    reasons = {full[0].id: "patient_done", full[1].id: "patient_fault"}
    assert [cell.reference for cell in setting.cells(reasons) if cell.arm.frozen] == [full[0].id]


def test_a_torn_line_never_happened_and_the_next_one_is_whole(run):
    (run / ADDED).write_bytes(b'{"arm": "frozen-no-im')
    assert read_additions(run) == ()
    add_arms(run, [addition()])
    assert read_additions(run) == (addition(),)


def test_a_whole_line_that_is_no_arm_is_one_sentence(run):
    (run / ADDED).write_bytes(b'{"arm": "frozen-no-im\n')
    with pytest.raises(BadRun, match="line 1: not an arm"):
        read_additions(run)


def test_an_arm_that_nobody_knows_is_one_sentence(run):
    (run / ADDED).write_bytes(b'{"arm": "upside-down", "created": "", "givens": {}}\n')
    with pytest.raises(BadRun, match="there is no arm 'upside-down'"):
        read_additions(run)


def test_a_script_plays_the_first_arm_once():
    cells = list_cells(SCENARIOS, ["a", "record-copier"], PLAIN[:2], repeats=2, scripted={"record-copier"})
    assert sum(cell.model == "record-copier" for cell in cells) == len(SCENARIOS)
    assert sum(cell.model == "a" for cell in cells) == 4 * len(SCENARIOS)
    assert len({cell.id for cell in cells}) == len(cells)


def test_with_each_repeat_the_patient_draws_its_luck_anew_and_stays_the_same_person():
    first, second = list_cells(SCENARIOS[:1], ["a"], [FULL], repeats=2)
    assert first.script() is first.scenario
    assert second.script().id != first.script().id
    assert second.script().persona == first.script().persona


def test_an_arm_that_only_an_ablation_can_make_says_how_it_is_made():
    with pytest.raises(BadOption, match=r"run\.py ablate RUN --arms degraded"):
        choose_arms("full,degraded")
    with pytest.raises(BadOption, match="did you mean 'no-image'"):
        choose_arms("no-imge", ABLATIONS)
    with pytest.raises(BadOption, match="every run has it"):
        choose_arms("full", ABLATIONS)


def test_every_ablation_has_a_frozen_twin_that_differs_in_the_patient_alone():
    for arm in ABLATIONS:
        twin = ARMS[f"{FROZEN}{arm.name}"]
        assert twin == freeze(arm)
        assert (twin.picture, twin.record) == (arm.picture, arm.record)
