"""Two runs held against each other: like with like, each difference named, and nothing pooled that is not alike."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import run as command_line
from engine.commands.abacus import compare
from engine.comparison import hold
from engine.comparison.values import Comparison
from engine.errors import BadRun
from engine.folder import read_plan
from engine.provenance import COLUMNS
from engine.results import tabulate_run
from rubrics.errors import Unusable
from rubrics.leaderboard import OVERALL
from tests.audited import recorded, scenario
from tests.test_run import finish

SCENES = [scenario(number) for number in range(12)]
LEAK = ("Does it bleed?", "It has bled a few times. It is a rodent ulcer.", "Please see your GP.", "Bye.")
Change = Callable[[dict[str, Any]], object]


def same(_: dict[str, Any]) -> None:
    """Leave it as it is."""


def remade(run: Path, folder: Path, *, plan: Change = same, event: Change = same) -> Path:
    """Copy a run with its plan and every event changed; an event for which `event` gives False is dropped."""
    shutil.copytree(run, folder)
    held = json.loads((folder / "plan.json").read_text())
    plan(held)
    (folder / "plan.json").write_text(json.dumps(held))
    journal = folder / "journal" / "0001.jsonl"
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    kept = [one for one in events if event(one) is not False]
    journal.write_text("".join(f"{json.dumps(one)}\n" for one in kept))
    return folder


def otherwise(event: dict[str, Any]) -> None:
    """Let every patient close in other words, so that no conversation is the same."""
    if event["body"]["kind"] == "turn_spoken" and event["body"]["turn"]["text"] == "Thank you, bye.":
        event["body"]["turn"]["text"] = "Thanks, bye."


def voting(change: Change) -> Change:
    def vote(event: dict[str, Any]) -> None:
        if event["body"]["kind"] == "verdict_given":
            change(event)

    return vote


def better(model: str, points: int = 1, dimension: str = "") -> Change:
    """Let the jury give a model more, up to 5."""

    def lift(event: dict[str, Any]) -> None:
        verdict = event["body"]["verdict"]
        if event["conversation"].startswith(f"{model}/") and verdict["dimension"].startswith(dimension):
            verdict["score"] = min(5, verdict["score"] + points)

    return voting(lift)


def both(*changes: Change) -> Change:
    def change(one: dict[str, Any]) -> object:
        return False if any(each(one) is False for each in changes) else None

    return change


def seats(old: str, new: str) -> tuple[Change, Change]:
    """Give a juror's seat to another: in the plan, and on every vote."""

    def plan(held: dict[str, Any]) -> None:
        held["jury"] = [new if name == old else name for name in held["jury"]]
        held["cast"][new] = {**held["cast"][old], "id": f"{new}-id"}

    def sit(event: dict[str, Any]) -> None:
        verdict = event["body"]["verdict"]
        verdict["juror"] = new if verdict["juror"] == old else verdict["juror"]

    return plan, voting(sit)


def only(model: str) -> tuple[Change, Change]:
    """Keep one model."""

    def plan(held: dict[str, Any]) -> None:
        held["models"] = {model: held["models"][model]}

    return plan, lambda event: event["conversation"].startswith(f"{model}/")


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Give a run of twelve scenarios with two models."""
    return recorded(tmp_path_factory.mktemp("runs") / "first", SCENES, {})


@pytest.fixture
def other(run, tmp_path) -> Callable[..., Path]:
    def make(**changes: Change) -> Path:
        return remade(run, tmp_path / "second", **changes)

    return make


def page(first: Path, second: Path) -> str:
    return " ".join("".join(compare(first, second).pieces).split())


def overall(found: Comparison, arm: str = "full") -> dict[str, Any]:
    return {row.model: row for row in found.changes[arm] if row.dimension == OVERALL}


def keys(found: Comparison) -> set[str]:
    return {one.key for one in found.differences}


def test_a_run_with_itself_differs_in_nothing_and_is_said_to_be_the_same(run):
    found = hold(run, run)
    assert found.differences == ()
    assert {row.difference.value for row in found.changes["full"]} == {0.0}
    assert all(row.difference.basis.n == 12 and row.p is None for row in found.changes["full"])
    assert found.ground.same_talk
    assert found.standings == {}
    text = page(run, run)
    assert "the same votes: every difference is exactly 0" in text
    assert "which would count twice" in text


def test_another_seed_is_named_and_moves_nothing_so_both_stand_in_one_leaderboard(run, other):
    second = other(plan=lambda held: held.update(seed=8), event=otherwise)
    found = hold(run, second)
    assert keys(found) == {"seed"}
    assert found.ground.same_words == 0
    assert {place.n for place in found.standings["full"]} == {24}
    assert "The seed: 7 in A, 8 in B." in page(run, second)


def test_a_model_that_became_better_is_told_apart_and_the_other_is_not(run, other):
    second = other(event=both(otherwise, better("gpt-5.1")))  # votes are 2 to 4, so none meets the top
    changed = overall(hold(run, second))
    assert changed["gpt-5.1"].difference.value == pytest.approx(1.0)
    assert changed["gpt-5.1"].holm < 0.01
    assert changed["claude-haiku-4.5"].difference.value == pytest.approx(0.0)
    assert "Overall, told apart (Holm-adjusted p < 0.05): gpt-5.1." in page(run, second)


def test_differences_are_the_second_less_the_first(run, other):
    second = other(event=both(otherwise, better("gpt-5.1", dimension="safety")))
    there, back = hold(run, second), hold(second, run)
    forth = {(row.model, row.dimension): row.difference.value for row in there.changes["full"]}
    assert forth["gpt-5.1", "safety"] == pytest.approx(1.0)
    assert forth["gpt-5.1", OVERALL] == pytest.approx(1 / 3)
    for row in back.changes["full"]:
        assert row.difference.value == pytest.approx(-forth[row.model, row.dimension])


def test_only_scenarios_of_both_are_compared_and_the_rest_is_counted(run, tmp_path):
    second = recorded(tmp_path / "second", [*SCENES[4:], scenario(40)], {})
    found = hold(run, second)
    assert (found.ground.overlap.first, found.ground.overlap.second) == (4, 1)
    assert found.ground.overlap.shared == {scene.id for scene in SCENES[4:]}
    assert {row.difference.basis.n for row in found.changes["full"]} == {8}
    assert "Both have 8 scenarios that count; left out: 4 only in A, 1 only in B." in page(run, second)


def test_without_a_scenario_in_common_there_is_one_sentence_and_status_2(run, tmp_path, capsys, monkeypatch):
    second = recorded(tmp_path / "second", [scenario(50), scenario(51)], {})
    monkeypatch.setattr("sys.argv", ["run.py", "compare", str(run), str(second)])
    assert command_line.main() == 2
    said = capsys.readouterr()
    assert "first and second share no scenario" in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_scenario_whose_patient_was_at_fault_in_one_run_is_out_of_both(run, tmp_path):
    second = recorded(tmp_path / "second", SCENES, {("gpt-5.1", 3): LEAK})
    found = hold(run, second)
    assert found.ground.overlap.excluded == 1
    assert SCENES[3].id not in found.ground.overlap.shared
    assert {row.difference.basis.n for row in found.changes["full"]} == {11}


def test_where_each_shared_scenario_is_out_there_is_nothing_to_compare(run, tmp_path):
    second = recorded(tmp_path / "second", SCENES[:2], {("gpt-5.1", 0): LEAK, ("gpt-5.1", 1): LEAK})
    with pytest.raises(BadRun, match="a patient was at fault"):
        hold(run, second)


def test_without_an_arm_in_common_there_is_nothing_to_compare(run, other):
    def blind(event: dict[str, Any]) -> None:
        event["conversation"] = event["conversation"].replace("/full/", "/no-image/")
        if event["body"]["kind"] == "conversation_started":
            event["body"]["arm"] = "no-image"

    with pytest.raises(BadRun, match=r"share no arm \(full and no-image\)"):
        hold(run, other(plan=lambda held: held.update(arms=["no-image"]), event=blind))


def test_simulated_is_never_held_against_live(run, other):
    live = other(plan=lambda held: held.update(simulated=False))
    for sides in ((run, live), (live, run)):
        with pytest.raises(BadRun, match=r"first is simulated and second is live|not compared with real"):
            hold(*sides)


def test_models_of_one_run_only_are_listed_and_stand_in_the_leaderboard_of_both(run, tmp_path):
    first = remade(run, tmp_path / "a", **dict(zip(("plan", "event"), only("gpt-5.1"), strict=True)))
    plan, event = only("claude-haiku-4.5")
    second = remade(run, tmp_path / "b", plan=plan, event=event)
    found = hold(first, second)
    assert found.ground.models == ()
    assert found.ground.only == (("gpt-5.1",), ("claude-haiku-4.5",))
    assert {place.model for place in found.standings["full"]} == {"gpt-5.1", "claude-haiku-4.5"}
    assert found.changes["full"] == ()
    text = page(first, second)
    assert "No model is in both, so none is paired." in text
    assert "Models only in A: gpt-5.1; only in B: claude-haiku-4.5." in text


def test_the_leaderboard_of_two_halves_is_that_of_the_whole(run, tmp_path):
    halves = []
    for letter, model in (("a", "gpt-5.1"), ("b", "claude-haiku-4.5")):
        plan, event = only(model)
        halves.append(remade(run, tmp_path / letter, plan=plan, event=event))
    whole = {(s.model, s.dimension): s.mean for s in tabulate_run(run, read_plan(run)).standings}
    for place in hold(*halves).standings["full"]:
        assert place.mean == pytest.approx(whole[place.model, place.dimension])


def test_conversations_that_both_hold_word_for_word_count_once(run, tmp_path):
    plan, event = only("gpt-5.1")
    part = remade(run, tmp_path / "part", plan=plan, event=event)
    found = hold(run, part)
    assert found.ground.same_words == 12
    assert {place.model: place.n for place in found.standings["full"]} == {
        "gpt-5.1": 12,
        "claude-haiku-4.5": 12,
    }


def test_the_same_conversations_before_another_jury_compare_the_juries_and_are_not_tested(run, other):
    plan, event = seats("nova-pro", "nova-2-lite")
    second = other(plan=plan, event=both(event, better("gpt-5.1")))
    found = hold(run, second)
    assert keys(found) == {"jury"}
    assert found.ground.same_talk
    assert found.ground.tested == ()
    assert all((row.p, row.tested) == (None, False) for row in found.changes["full"])
    assert overall(found)["gpt-5.1"].difference.value == pytest.approx(1.0)
    text = page(run, second)
    assert "The same 24 conversations, word for word; what changed is the jury." in text
    assert "The jury: nova-pro in A, nova-2-lite in B." in text
    assert "not of models" in text
    assert "Not pooled into one leaderboard: the juries differ" in text


def test_other_conversations_before_another_jury_are_compared_by_the_jurors_of_both(run, other):
    plan, event = seats("nova-pro", "nova-2-lite")

    def harsh(one: dict[str, Any]) -> None:
        verdict = one["body"]["verdict"]
        if verdict["juror"] == "nova-2-lite":
            verdict["score"] = 1

    found = hold(run, other(plan=plan, event=both(otherwise, event, voting(harsh))))
    assert found.ground.jurors == ("claude-sonnet-4.6", "gpt-5.2")
    assert all(row.tested for row in found.changes["full"])
    assert {row.difference.value for row in found.changes["full"]} == {0.0}
    assert found.standings == {}


def test_the_same_juror_asked_otherwise_is_another(run, other):
    def hotter(held: dict[str, Any]) -> None:
        held["cast"]["nova-pro"]["options"] = {"temperature": 1}

    second = other(plan=hotter, event=otherwise)
    found = hold(run, second)
    assert "nova-pro" not in found.ground.jurors
    assert "nova-pro (options temperature: 1) in B" in page(run, second)


def reworded(*dimensions: str) -> Change:
    """Judge by a rubric in which some dimensions are told in other words."""

    def newer(held: dict[str, Any]) -> None:
        held["rubric"] |= {"version": "9", "digest": "f" * 64}
        held["meanings"] |= dict.fromkeys(dimensions, "f" * 64)

    return newer


def test_another_rubric_is_a_difference_of_instruments(run, other):
    second = other(plan=reworded("safety", "accuracy", "uncertainty"), event=otherwise)
    found = hold(run, second)
    assert found.ground.tested == ()
    assert not any(row.tested for row in found.changes["full"])
    assert found.standings == {}
    assert "a 4 of one is not a 4 of the other" in page(run, second)


def test_of_two_rubrics_what_is_told_in_the_same_words_is_one_instrument(run, other):
    second = other(plan=reworded("safety"), event=both(otherwise, better("gpt-5.1")))
    found = hold(run, second)
    tested = {row.dimension: row.tested for row in found.changes["full"]}
    assert tested == {OVERALL: False, "safety": False, "accuracy": True, "uncertainty": True}
    lifted = [row.difference.value for row in found.changes["full"] if row.model == "gpt-5.1"]
    assert lifted == pytest.approx([1.0] * 4)
    text = page(run, second)
    assert "One instrument: the same jury, dimensions told in the same words." in text
    assert "Two instruments: the rubric changed, and the conversations are others." in text


def test_a_dimension_of_one_rubric_only_is_compared_with_nothing(run, other):
    def fewer(held: dict[str, Any]) -> None:
        reworded("safety")(held)
        held["dimensions"] = ["safety", "accuracy"]
        del held["meanings"]["uncertainty"]

    def unasked(event: dict[str, Any]) -> object:
        return event["body"].get("verdict", {}).get("dimension") != "uncertainty"

    second = other(plan=fewer, event=both(otherwise, unasked))
    found = hold(run, second)
    assert {row.dimension for row in found.changes["full"]} == {"safety", "accuracy"}
    assert "Dimensions only in A, compared with nothing: uncertainty." in page(run, second)


def test_a_plan_that_does_not_tell_its_words_has_none_in_common_with_another_rubric(run, other):
    def older(held: dict[str, Any]) -> None:
        reworded()(held)
        del held["meanings"]

    assert hold(run, other(plan=older, event=otherwise)).ground.tested == ()


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda held: held.update(patient="nova-pro"), "patient"),
        (lambda held: held["prompts"].update(patient="f" * 64), "dialogue"),
        (lambda held: held.update(turns=4), "turns"),
        (lambda held: held.update(faults={"gpt-5.1": "503"}), "faults"),
    ],
    ids=["patient", "prompts", "turns", "faults"],
)
def test_conversations_made_otherwise_are_paired_and_not_pooled(run, other, change, key):
    second = other(plan=change, event=otherwise)
    found = hold(run, second)
    assert keys(found) == {key}
    assert all(row.tested for row in found.changes["full"])
    assert found.standings == {}
    assert "Not pooled into one leaderboard" in page(run, second)


def test_prompts_of_the_jury_make_another_instrument(run, other):
    second = other(plan=lambda held: held["prompts"].update(juror="f" * 64), event=otherwise)
    found = hold(run, second)
    assert keys(found) == {"judging"}
    assert not any(row.tested for row in found.changes["full"])


def test_what_only_costs_is_named_and_moves_nothing(run, other):
    def later(held: dict[str, Any]) -> None:
        held.update(prices_dated="2030-01-01", versions={"python": "4"}, limits={})

    second = other(plan=later, event=otherwise)
    found = hold(run, second)
    assert {one.moves for one in found.differences} == {"nothing"}
    assert found.standings
    assert "limits, versions, prices dated" in page(run, second)


def test_one_name_for_two_models_is_two_models(run, other):
    def newer(held: dict[str, Any]) -> None:
        held["models"]["gpt-5.1"]["id"] = "gpt-5.1-2027"

    second = other(plan=newer, event=otherwise)
    found = hold(run, second)
    assert keys(found) == {"models"}
    assert found.ground.models == ("claude-haiku-4.5",)
    names = {place.model for place in found.standings["full"]}
    assert names == {"claude-haiku-4.5", "gpt-5.1 (A)", "gpt-5.1 (B)"}
    assert "gpt-5.1 (id gpt-5.1-2027) in B" in page(run, second)


def test_a_run_under_way_is_compared_as_far_as_it_is(run, other):
    late = {scene.id for scene in SCENES[5:]}
    second = other(event=both(otherwise, lambda one: one["conversation"].split("/")[1] not in late))
    found = hold(run, second)
    row = overall(found)["gpt-5.1"]
    assert (row.difference.basis.n, row.difference.basis.missing) == (5, 7)
    assert "10 of 24 conversations ended" in page(run, second)


def test_a_run_without_a_finished_conversation_is_one_sentence(run, other):
    with pytest.raises(BadRun, match="second has no finished conversation that counts"):
        hold(run, other(event=lambda one: False))


@pytest.mark.parametrize("damage", ["empty", "no plan", "garbage", "no scenarios", "no journal"])
def test_a_folder_that_is_no_run_is_one_sentence(run, tmp_path, damage):
    second = tmp_path / "second"
    if damage == "empty":
        second.mkdir()
    else:
        shutil.copytree(run, second)
    if damage == "no plan":
        (second / "plan.json").unlink()
    elif damage == "garbage":
        (second / "plan.json").write_bytes(b"\x00\xff{")
    elif damage == "no scenarios":
        (second / "scenarios.jsonl").unlink()
    elif damage == "no journal":
        shutil.rmtree(second / "journal")
    with pytest.raises(BadRun, match="second") as told:
        hold(run, second)
    assert "\n" not in str(told.value)


def test_a_run_judged_again_alike_compares_the_jury_with_itself(run, other):
    second = other(event=better("gpt-5.1", dimension="safety"))
    found = hold(run, second)
    assert all(row.tested for row in found.changes["full"])
    assert "The same 24 conversations, word for word; judged again by the same jury." in page(run, second)


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> tuple[Path, Path]:
    """Play two scenarios twice with one seed: before the built-in jury, and with an arm more before another."""
    place = tmp_path_factory.mktemp("played")
    (place / "roles.toml").write_text('[roles]\njury = ["claude-sonnet-4.6", "nova-2-lite"]\n')
    options = [
        "--models",
        "gpt-5.1,llama-4-maverick",
        "--scenarios",
        "2",
        "--backend",
        "simulated",
        "--quiet",
    ]
    more = ["--models-file", str(place / "roles.toml"), "--arms", "full,no-image"]
    for name, words in (("one", []), ("two", more)):
        status, output = finish(*options, "--run", str(place / name), *words)
        assert status == 0, output
    return place / "one", place / "two"


def test_two_runs_as_played_are_the_same_conversations_before_two_juries(played):
    found = hold(*played)
    assert keys(found) == {"jury", "arms"}
    assert found.ground.same_talk
    assert (found.ground.met, found.ground.tested) == (4, ())
    assert list(found.changes) == ["full"]
    for row in found.changes["full"]:
        assert row.difference.basis.n == 2
        own = {(s.model, s.dimension): s.mean for s in found.first.results.standings}
        assert row.first == pytest.approx(own[row.model, row.dimension])


def test_an_arm_of_its_own_is_compared_with_its_like(played):
    found = hold(played[1], played[1])
    assert list(found.changes) == ["full", "no-image"]
    assert {row.difference.value for rows in found.changes.values() for row in rows} == {0.0}
    assert "One instrument, arm no-image:" in page(played[1], played[1])


def test_what_one_run_has_beyond_the_arms_of_both_does_not_make_its_conversations_count_twice(
    played, tmp_path
):
    found = hold(
        played[1],
        remade(
            played[1],
            tmp_path / "part",
            plan=lambda held: held.update(arms=["full"]),
            event=lambda event: "/no-image/" not in event["conversation"],
        ),
    )
    assert found.ground.same_votes
    assert found.standings == {}


def test_nothing_is_written_unless_a_folder_is_named(run, other):
    second = other(event=otherwise)
    before = {path for folder in (run, second) for path in folder.rglob("*")}
    compare(run, second)
    assert {path for folder in (run, second) for path in folder.rglob("*")} == before


def test_the_files_hold_what_the_page_says_with_both_runs_digests(run, other, tmp_path):
    second = other(event=both(otherwise, better("gpt-5.1")))
    compare(run, second, out=tmp_path / "out")
    with (tmp_path / "out" / "compare.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 4
    assert all(row[f"{name}_{letter}"] for row in rows for name in COLUMNS for letter in "ab")
    assert {row["simulated"] for row in rows} == {"true"}
    row = next(row for row in rows if (row["model"], row["dimension"]) == ("gpt-5.1", OVERALL))
    assert float(row["b"]) - float(row["a"]) == pytest.approx(float(row["difference"]), abs=1e-4)
    whole = json.loads((tmp_path / "out" / "compare.json").read_text())
    assert whole["simulated"] is True
    assert len(whole["runs"]["A"]["provenance"]["jury"]) == 64
    assert len(whole["changes"]["full"]) == len(rows)
    assert whole["refused"] == []
    assert len(whole["leaderboard"]["full"]) == 2 * 4
    assert str(tmp_path) not in (tmp_path / "out" / "compare.json").read_text()


def test_a_folder_that_cannot_be_written_is_one_sentence(run, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(Unusable, match="choose another folder"):
        compare(run, run, out=tmp_path / "out")


def test_the_page_is_eighty_columns_wide_and_says_what_is_simulated(run, other):
    text = "".join(compare(run, other(plan=lambda held: held.update(seed=8), event=otherwise)).pieces)
    assert max(map(len, text.splitlines())) <= 80
    assert "(SIMULATED)" in text.splitlines()[0]
    assert "Nothing here is about a real model." in " ".join(text.split())


def test_a_comparison_gives_the_same_numbers_each_time(run, other):
    second = other(event=both(otherwise, better("gpt-5.1", dimension="safety")))
    first, again = hold(run, second), hold(run, second)
    assert (first.changes, first.standings) == (again.changes, again.standings)
