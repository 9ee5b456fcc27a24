"""The index says of a run what its results and its tally say, whatever was done to the run."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path

import numpy as np
import pytest

from engine.account import Ledger
from engine.events import CallAnswered
from engine.evidence import gather
from engine.findings import read_findings
from engine.folder import read_plan
from engine.index import Wish
from engine.provenance import trace
from engine.results import Results, tabulate_run
from engine.segments import RECORDED, read_journal, read_run
from engine.tables import tables
from engine.tally import Tally
from rubrics.scores import Scores
from tests.indexed import DIMENSIONS, JURY, MODELS, SCENES, ablate, indexed, made, name, play, rejudge, rows


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Path]:
    """Play one small run, add an arm to a copy of it, and judge another copy again."""
    folder = tmp_path_factory.mktemp("runs")
    played = asyncio.run(play(folder / "played"))
    return {
        "played": played,
        "ablated": ablate(played, folder / "ablated"),
        "rejudged": rejudge(played, folder / "rejudged"),
    }


@pytest.fixture(scope="module", params=("played", "ablated", "rejudged"))
def run(runs, request) -> Path:
    return runs[request.param]


def raw(results: Results) -> dict[str, dict[str, float]]:
    """Give the scores of every conversation before severity is taken out, by the run's results."""
    parts: list[tuple[tuple, Scores]] = [
        (results.tried, results.unfiltered),
        (results.scripted, results.bench),
    ]
    found = {}
    for cells, scores in parts:
        for cell, values in zip(cells, scores.raw, strict=True):
            points = zip(results.plan.dimensions, values, strict=True)
            found[cell.id] = {name: float(value) for name, value in points if not np.isnan(value)}
    return found


def test_every_planned_conversation_is_a_row_with_the_scores_of_the_results(run):
    results = tabulate_run(run, read_plan(run))
    with indexed(run) as index:
        told = rows(index)
    assert list(told) == [cell.id for cell in results.cells]
    assert len(told) in (6, 10)
    for id, scores in raw(results).items():
        assert told[id].scores == pytest.approx(scores, abs=1e-12), id
        assert told[id].overall == pytest.approx(sum(scores.values()) / 3, abs=1e-12)


def test_the_reports_table_of_scores_says_the_same(run):
    results = tabulate_run(run, read_plan(run))
    text = tables(results, gather(results), trace(results.plan, run), {})["scores.csv"].decode()
    table = {(row["conversation"], row["dimension"]): row["raw"] for row in csv.DictReader(text.splitlines())}
    with indexed(run) as index:
        told = {(id, name): row.scores.get(name) for id, row in rows(index).items() for name in DIMENSIONS}
    kept = {key: score for key, score in table.items() if score}
    assert kept
    assert {key: f"{told[key]:.4g}" for key in kept} == {key: f"{float(s):.4g}" for key, s in kept.items()}


def test_each_row_says_how_it_ended_and_what_its_calls_took(run):
    found = read_findings(run)
    spent = {}
    for event in read_journal(run / "journal"):
        if isinstance(event.body, CallAnswered):
            one = spent.setdefault(event.conversation, [0, 0, 0, 0.0])
            usage = event.body.completion.usage
            for place, more in enumerate((1, usage.input, usage.output, event.body.cost)):
                one[place] += more
    with indexed(run) as index:
        for id, row in rows(index).items():
            assert (row.reason, row.turns) == (found.ended[id].stop_reason, len(found.turns(id)))
            assert [row.calls, row.input, row.output, row.cost] == spent.get(id, [0, 0, 0, 0.0])
            assert row.votes == len([key for key in found.verdicts if key[0] == id and key[3] == 1])


def test_progress_is_the_tallys_and_the_money_the_ledgers(run):
    plan = read_plan(run)
    with indexed(run) as index:
        progress, told = index.progress(), rows(index)
    tally, ledger = Tally(planned=len(told), votes=len(plan.jury) * len(plan.dimensions)), Ledger()
    for event in read_run(run):
        tally.hear(event)
    for event in read_journal(run / "journal"):
        ledger.hear(event)
    state = tally.statistics()
    for field in ("planned", "started", "under_way", "ended", "failed", "judged", "abstained"):
        assert getattr(progress, field) == getattr(state, field), field
    assert progress.votes == progress.votes_planned == sum(row.votes for row in told.values())
    assert (progress.total, progress.roles, progress.models) == (
        ledger.total,
        ledger.roles(),
        ledger.models(),
    )
    assert progress.finished
    if not (run / RECORDED).exists():
        assert progress.latest == state.at
        assert progress.calls_per_second == pytest.approx(state.calls_per_second)
        assert progress.tokens_per_second == pytest.approx(state.tokens_per_second)


def test_a_conversation_is_opened_whole(run):
    found = read_findings(run)
    own = sum(1 for event in read_journal(run / "journal") if event.conversation)
    with indexed(run) as index:
        told = rows(index)
        every = [index.open(id) for id in [*told, *sorted({i for c in found.canaries.values() for i in c})]]
    assert sum(len(one.events) - len(one.taken) for one in every) == own
    for one in every[: len(told)]:
        assert one.turns == found.turns(one.id)
        assert one.ended == found.ended[one.id]
        assert one.interview == found.interviews.get(one.id)
        assert {(one.id, *key): vote for key, vote in one.verdicts.items()} == {
            key: vote for key, vote in found.verdicts.items() if key[0] == one.id
        }
        assert one.cell is not None
        assert (one.cell.id, one.summary) == (one.id, told[one.id])


def test_what_was_taken_over_is_read_and_cost_nothing(runs):
    with indexed(runs["rejudged"]) as index:
        talk = next(row for row in rows(index).values() if not row.script)
        one = index.open(talk.id)
        roles = {role.partition("/")[0] for role in index.progress().roles}
    assert one.taken
    assert one.turns
    assert roles == {"juror"}


def test_an_arm_that_was_added_is_beside_the_one_it_repeats(runs):
    with indexed(runs["ablated"]) as index:
        one = next(row for row in rows(index).values() if row.arm == "frozen-no-image")
        siblings = index.siblings(one.id)
        full = index.siblings(siblings.arms[0].id)
        assert index.search(Wish(arms=("frozen-no-image",))).total == 4
    assert [row.arm for row in siblings.arms] == ["full"]
    assert [row.id for row in full.arms] == [one.id]
    assert {row.model for row in full.models} | {one.model} == {*MODELS, "always-emergency"}
    assert {row.scenario for row in (*full.models, *siblings.arms)} == {one.scenario}


def test_a_run_in_the_midst_of_it_has_conversations_in_every_state(tmp_path):
    with indexed(made(tmp_path / "run")) as index:
        told, progress = rows(index), index.progress()
        strange = index.damage()
    assert [(row.id, row.state) for row in told.values()] == [
        *((name(0, 0), "judged"), (name(1, 0), "failed")),
        *((name(0, 1), "judged"), (name(1, 1), "judged")),
        *((name(0, 2), "ended"), (name(1, 2), "running")),
        *((name(0, 3), "planned"), (name(1, 3), "planned")),
    ]
    assert [row.id for row in progress.running] == [name(1, 2)]
    assert (progress.planned, progress.started, progress.under_way, progress.judged) == (8, 6, 1, 3)
    assert (progress.failed, progress.votes_planned) == ({"dropped": 1}, 72)
    assert progress.total.most == 0.5
    assert strange == ("stranger/s-1/full/0 is not in the plan; left out.",)


def test_votes_of_the_models_family_are_left_out_and_a_second_one_weighs_no_more(tmp_path):
    with indexed(made(tmp_path / "run")) as index:
        one = index.summary(name(0, 0))
        kept = tabulate_run(tmp_path / "run", read_plan(tmp_path / "run"))
    assert one.scores == {"safety": 4.5, "accuracy": 3.5, "uncertainty": 3.0}  # accuracy: (3 + 5) / 2, and 3
    assert (one.least, one.disagreement, one.votes) == (3, 1.0, 9)
    assert raw(kept)[name(0, 0)] == one.scores


def test_an_attempt_that_failed_counts_for_its_calls_alone(tmp_path):
    with indexed(made(tmp_path / "run")) as index:
        one, opened = index.summary(name(0, 1)), index.open(name(0, 1))
        words = {word: index.search(Wish(text=word)).total for word in ("psoriasis", "went", "eczema")}
    assert (one.state, one.reason, one.cause, one.turns, one.calls) == ("judged", "max_turns", "", 1, 1)
    assert [turn.text for turn in opened.turns] == ["the second spoke of eczema"]
    assert opened.failed is None
    assert one.caps == ("safety/C6",)
    assert words == {"psoriasis": 0, "went": 0, "eczema": 1}


def test_what_has_not_all_its_votes_has_no_overall_score(tmp_path):
    with indexed(made(tmp_path / "run")) as index:
        one = index.summary(name(0, 2))
        failed = index.open(name(1, 0))
    assert (dict(one.scores), one.overall, one.votes, one.caps) == ({"safety": 2.0}, None, 2, ("safety/C1",))
    assert one.disagreement is None
    assert failed.failed is not None
    assert [type(body).__name__ for _, body in failed.calls] == ["CallAnswered", "CallFailed"]


def test_a_name_that_is_none_is_a_key_error(tmp_path):
    with indexed(made(tmp_path / "run")) as index:
        for wrong in (
            "",
            "nobody",
            "stranger/s-1/full/0",
            "canary/none",
            f"{MODELS[0]}/{SCENES[0].id}/full/1",
        ):
            for ask in (index.open, index.summary, index.siblings):
                with pytest.raises(KeyError):
                    ask(wrong)
        assert index.open("canary/plain").cell is None
        assert list(index.open("canary/plain").verdicts) == [(JURY[1], "safety", 1)]
