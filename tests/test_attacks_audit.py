"""The audit as somebody meets it who doubts its numbers: planted faults, true turns, and what becomes of both."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from engine.audit.claims import claims
from engine.audit.exclude import say
from engine.audit.words import amounts, clauses, plain
from engine.breakdown import REASONS, count_stops, stratify
from engine.console.board import Board, leaderboard_text
from engine.folder import read_plan
from engine.inquiry import audit, render
from engine.report import write_report
from engine.results import tabulate_run
from personas.scenarios.store import identify
from personas.values import Fact
from tests.audited import audited, recorded, rules, scenario

TURNS = Path(__file__).parent / "labels" / "patient_turns.txt"
KNOWN = (
    ("onset", "It started about eight months ago.", "value", "eight months"),
    ("change", "It is bigger than it used to be.", "yes", ""),
    ("bleeding", "It has bled a few times.", "yes", ""),
    ("itch", "It doesn't itch.", "no", ""),
    ("pain", "I can't say whether it hurts.", "unknown", ""),
    ("raised", "It is flat.", "no", ""),
    ("warmth", "It doesn't feel hot.", "no", ""),
    ("fever", "No fever, I feel well.", "no", ""),
    ("trauma", "I haven't hurt it.", "no", ""),
    ("treatment", "I haven't put anything on it.", "no", ""),
    ("sun", "I worked outdoors for years.", "yes", ""),
    ("past_skin_cancer", "I have never had skin cancer.", "no", ""),
    ("family_history", "Nobody in my family has had skin cancer.", "no", ""),
    ("immunity", "No, my immune system is fine.", "no", ""),
    ("medicines", "I'm on lisinopril.", "value", "lisinopril"),
    ("allergies", "I have no allergies.", "no", ""),
    ("number", "It is the only one like it.", "no", ""),
    ("size", "It is about 6 mm across.", "value", "6"),
)
FACTS = tuple(
    Fact(slot=slot, says=says, gate="volunteered", answer=answer, value=value, discriminating=True)
    for slot, says, answer, value in KNOWN
)
ASKS = "Thank you for the picture. Can you tell me more about it, please?"
LEAK = ("Does it bleed?", "It has bled a few times. It is a rodent ulcer.", "Please see your GP.", "Bye.")


def labelled() -> list[tuple[str, str]]:
    lines = [line for line in TURNS.read_text().splitlines() if not line.startswith("#")]
    pairs = [line.split(" | ", 1) for line in lines]
    return [(rule, text.replace("\\n", "\n")) for rule, text in pairs]


def examined(text, **persona):
    return audited(ASKS, text, **{"facts": FACTS, **persona})


def sure(examination):
    return [breach.rule for breach in examination.breaches if breach.sure and breach.rule != "unsolicited"]


def table(folder, name):
    with (folder / "report" / name).open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("text", [text for rule, text in labelled() if rule == "clean"])
def test_a_true_turn_takes_no_scenario_out_however_it_is_put(text):
    assert not {"leak", "contradiction", "role_swap"} & set(sure(examined(text)))


@pytest.mark.parametrize("rule", ["contradiction", "fabrication", "leak", "role_swap"])
def test_nine_in_ten_of_what_is_planted_is_found(rule):
    found = [rule in rules(examined(text)) for kind, text in labelled() if kind == rule]
    assert len(found) >= 15
    assert sum(found) / len(found) >= 0.9


def test_few_true_turns_are_taken_for_inventions():
    found = [bool(rules(examined(text))) for kind, text in labelled() if kind == "clean"]
    assert sum(found) / len(found) <= 0.1


@pytest.mark.parametrize(
    "text",
    [
        "It won't stop itching.",
        "There is no doubt that it itches.",
        "Itching - yes, all the time.",
        "**Itch**: yes",
    ],
)
def test_a_negation_that_denies_nothing_is_none(text):
    assert "contradiction" in sure(examined(text))


def test_a_double_negation_is_claimed_and_not_sure():
    (claim,) = [one for one in claims("It doesn't not bleed") if one.slot == "bleeding"]
    assert not claim.sure


def test_headings_are_read_with_their_answers_and_questions_are_not():
    assert "itching none" in [words for _, words in clauses("Itching? None.")]
    assert [words for _, words in clauses("Does it itch? None that I know of.")] == ["none that i know of"]


@pytest.mark.parametrize("text", ["one tablet a day", "5 drinks a week", "a cream twice a month"])
def test_how_often_is_not_how_long(text):
    assert amounts(plain(text)) == []


def test_words_that_cannot_be_seen_do_not_hide_a_name():
    assert "leak" in rules(examined("Is it a bas\u200bal cell carcin\u00f3ma?"))


@pytest.mark.parametrize(
    "text", ["The nasal cells were fine.", "What would happen if the biopsy came back positive?"]
)
def test_what_only_looks_like_a_leak_is_none(text):
    assert "leak" not in rules(examined(text))


@pytest.mark.parametrize(
    "text",
    [
        "You should see how big it has got!",
        "Please see a photo of it.",
        "Have you had other patients with this?",
    ],
)
def test_what_begins_like_advice_and_is_a_patients_is_no_swap(text):
    assert "role_swap" not in rules(examined(text))


def test_a_name_is_a_leak_until_the_assistant_has_said_it():
    said = "Is it a basal cell carcinoma?"
    assert rules(audited("Does it itch?", "No.", "I see.", said)) == ["leak"]
    assert rules(audited("Does it itch?", "No.", "It may be a basal cell carcinoma.", said)) == []


def test_whose_mother_it_is_cannot_be_sure_where_a_child_speaks_for_its_parent():
    said = "My mother had a melanoma removed years back."
    assert "contradiction" in sure(examined("My mother had a melanoma removed."))
    assert "contradiction" not in sure(examined(said, speaker="adult_child_of_elder"))


@pytest.fixture
def scenes():
    return [scenario(number) for number in range(5)]


def test_everybody_who_says_how_many_says_the_same(tmp_path, scenes):
    run = recorded(tmp_path / "run", scenes, {("gpt-5.1", 1): LEAK, ("gpt-5.1", 3): LEAK})
    results = tabulate_run(run, read_plan(run))
    page = " ".join(write_report(results, run).read_text().split())
    summary = json.loads((run / "report" / "summary.json").read_text())
    assert {row["n"] for row in table(run, "leaderboard.csv")} == {"3"}
    assert {
        place["n"]
        for model in summary["models"].values()
        for place in model.values()
        if isinstance(place, dict)
    } == {3}
    assert len({row["scenario"] for row in table(run, "scores.csv") if row["score"]}) == 3
    assert "2 of 5 scenarios, for every model alike" in page
    assert next(say(results.exclusions, 5)).startswith("2 of 5 scenarios are excluded")
    board = leaderboard_text(
        Board(standings=results.standings, titles=results.titles, failures={}, simulated=True)
    )
    assert [line.split()[-2:] for line in board.splitlines() if line.startswith(("GPT", "Claude"))] == [
        ["3", "0"]
    ] * 2
    assert {one.kind: (one.scenarios, one.excluded) for one in stratify(results)} == dict.fromkeys(
        ("task", "speaker", "photograph"), (3, 2)
    )


def test_a_run_that_goes_on_leaves_out_the_same(tmp_path, scenes):
    run = recorded(tmp_path / "run", scenes, {("gpt-5.1", 1): LEAK})
    first = tabulate_run(run, read_plan(run))
    journal = run / "journal" / "0001.jsonl"
    (run / "journal" / "0002.jsonl").write_bytes(journal.read_bytes())
    again = tabulate_run(run, read_plan(run))
    assert again.exclusions == first.exclusions
    assert again.standings == first.standings


def test_the_sibling_of_an_excluded_twin_stays(tmp_path, scenes):
    clean = scenes[0]
    twin = replace(clean, twin_of=clean.id, truth=replace(clean.truth, photo="degraded"), title="the twin")
    twin = identify(twin)
    run = recorded(tmp_path / "run", [clean, twin], {("gpt-5.1", 1): LEAK})
    results = tabulate_run(run, read_plan(run))
    assert set(results.excluded) == {twin.id}
    assert {cell.scenario.id for cell in results.kept} == {clean.id}


def test_with_everything_excluded_the_page_says_so_and_gives_no_place(tmp_path, scenes):
    run = recorded(tmp_path / "run", scenes, {("gpt-5.1", number): LEAK for number in range(5)})
    results = tabulate_run(run, read_plan(run))
    page = " ".join(write_report(results, run).read_text().split())
    assert "5 of 5 scenarios" in page
    assert "more than one in ten" in page
    assert all(one.mean is None and one.scenarios == 0 for one in stratify(results))


def test_a_few_exclusions_are_no_alarm(tmp_path):
    many = [scenario(number) for number in range(11)]
    run = recorded(tmp_path / "run", many, {("gpt-5.1", 1): LEAK})
    assert "more than one in ten" not in write_report(tabulate_run(run, read_plan(run)), run).read_text()


def test_all_nine_ways_to_end_stand_beside_each_model(tmp_path, scenes):
    run = recorded(tmp_path / "run", scenes, {})
    counts = count_stops(tabulate_run(run, read_plan(run)))
    assert {tuple(row) for row in counts.values()} == {REASONS}
    assert Counter(row["patient_done"] for row in counts.values()) == {5: 2}


def test_an_audit_of_a_run_by_another_planner_says_nothing_of_what_was_due(tmp_path, scenes):
    run = recorded(tmp_path / "run", scenes, {})
    plan = json.loads((run / "plan.json").read_text())
    plan["prompts"]["moves"] = "0" * 64
    (run / "plan.json").write_bytes(orjson.dumps(plan))
    report = audit(run, None)
    assert report.results.drift == ("moves",)
    assert all(one.unsolicited is None for one in report.conduct)
    assert "other tables than today's (moves)" in render(report)
    assert "other tables than today's (moves)" in " ".join(
        (run / "report" / "index.html").read_text().split()
    )


def test_the_page_has_the_traits_once_the_patients_were_audited_and_not_those_of_another_state(tmp_path):
    many = [scenario(number, traits={"openness": ("open", "guarded")[number % 2]}) for number in range(8)]
    run = recorded(tmp_path / "run", many, {})
    assert (
        "How well a classifier reads" not in write_report(tabulate_run(run, read_plan(run)), run).read_text()
    )
    audit(run, None)
    assert "How well a classifier reads" in (run / "report" / "index.html").read_text()
    kept = run / "report" / "audit.json"
    stale = json.loads(kept.read_text())
    stale["conversations"].popitem()
    kept.write_text(json.dumps(stale))
    assert (
        "How well a classifier reads" not in write_report(tabulate_run(run, read_plan(run)), run).read_text()
    )


def test_what_turns_text_around_is_shown_on_the_page_and_not_obeyed(tmp_path, scenes):
    said = ("Does it bleed?", "\u202e<b>It is a rodent ulcer\x1b[2J", "See your GP.", "Bye.")
    run = recorded(tmp_path / "run", scenes, {("gpt-5.1", 1): said})
    page = write_report(tabulate_run(run, read_plan(run)), run).read_text()
    assert not {"\u202e", "\x1b"} & set(page)
    assert "<b>It" not in page
