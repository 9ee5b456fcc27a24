"""A run's own journal is a source of scores too, and gives what its verdict table and scenarios give."""

from __future__ import annotations

import csv

import pytest

from engine.commands.abacus import score
from engine.errors import BadOption, BadRun
from engine.folder import read_plan
from engine.report import write_report
from engine.results import tabulate_run
from engine.scoring.fold import fold_run
from tests.audited import recorded, scenario

LEAK = ("Does it bleed?", "It has bled a few times. It is a rodent ulcer.", "Please see your GP.", "Bye.")
HEDGED = ("It might be a mole, perhaps. Does it bleed?", "It has bled a few times.", "See your GP.", "Bye.")


@pytest.fixture
def run(tmp_path):
    """Give a run of six scenarios with two models; one is out, since its patient gave the answer away."""
    said = {("gpt-5.1", 1): LEAK, ("gpt-5.1", 2): HEDGED}
    return recorded(tmp_path / "run", [scenario(number) for number in range(5)], said)


def means(folder):
    with (folder / "leaderboard.csv").open() as file:
        return [
            (row["model"], row["dimension"], row["n"], f"{float(row['mean']):.4f}")
            for row in csv.DictReader(file)
        ]


def test_a_run_goes_into_its_report_and_says_what_is_simulated(run):
    page = "".join(score(run).pieces)
    assert "(SIMULATED)" in page.splitlines()[0]
    assert "patient at fault: 1 scenario." in " ".join(page.split())
    assert (run / "report" / "numbers" / "leaderboard.csv").exists()


def test_a_run_and_its_report_agree_on_every_mean(run):
    score(run)
    results = tabulate_run(run, read_plan(run))
    write_report(results, run)
    assert sorted(means(run / "report" / "numbers")) == sorted(means(run / "report"))


def test_what_the_assistant_said_is_measured(run):
    ballots = fold_run(run)
    at = next(
        row for row, name in enumerate(ballots.votes.conversations) if name.startswith("gpt-5.1") and row
    )
    assert set(ballots.columns.covariates) == {"tokens", "hedges", "questions"}
    hedges = dict(zip(ballots.votes.conversations, ballots.columns.covariates["hedges"], strict=True))
    scene = scenario(2).id
    assert hedges[f"gpt-5.1/{scene}/full/0"] > hedges[f"claude-haiku-4.5/{scene}/full/0"] == 0.0
    assert ballots.columns.covariates["questions"][at] == 1.0


@pytest.mark.parametrize(
    "wish",
    [{}, {"verdicts": True, "run": True}, {"run": True, "column": ["juror=x"]}, {"run": True, "low": 0.0}],
    ids=["nothing", "both", "columns of a run", "scale of a run"],
)
def test_a_wish_that_contradicts_itself_is_one_sentence(run, tmp_path, wish):
    given = {
        key: (run if key == "run" else tmp_path / "v.csv") if value is True else value
        for key, value in wish.items()
    }
    with pytest.raises(BadOption):
        score(given.pop("run", None), out=tmp_path / "out", **given)


def test_a_verdict_table_needs_a_folder_to_write_to(tmp_path):
    with pytest.raises(BadOption, match="--out is missing"):
        score(verdicts=tmp_path / "v.csv")


def test_a_folder_that_is_no_run_is_refused_by_name(tmp_path):
    with pytest.raises(BadRun, match="not a run folder"):
        score(tmp_path)
