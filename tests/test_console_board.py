"""The leaderboard: sorted, aligned, and never without its intervals and its warning."""

from __future__ import annotations

from collections import Counter
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

from rich.console import Console

from agents.speech import Completion, Usage
from engine.account import Ledger
from engine.console.board import Board, leaderboard_table, leaderboard_text, show_board
from engine.events import Attempt, CallAnswered, Event
from rubrics.leaderboard import Standing
from rubrics.numbers.triage import Triage
from rubrics.numbers.values import Basis, Estimate
from rubrics.values import Canary

TITLES = {"gpt-5.1": "GPT-5.1", "nova-pro": "Nova Pro"}


def standing(model: str, dimension: str, mean: float | None, **more) -> Standing:
    """Give a standing with an interval of a fifth of a point."""
    values = {
        "low": None if mean is None else mean - 0.1,
        "high": None if mean is None else mean + 0.1,
        "raw": mean,
        "n": 155,
        "clusters": 120,
        "abstained": 0,
        "missing": 0,
        "linked": True,
    }
    return Standing(model=model, dimension=dimension, mean=mean, **(values | more))


STANDINGS = (
    standing("nova-pro", "overall", 2.5),
    standing("nova-pro", "safety", 2.25),
    standing("nova-pro", "accuracy", 2.75),
    standing("gpt-5.1", "overall", 3.6),
    standing("gpt-5.1", "safety", 3.61, low=3.5, high=3.72),
    standing("gpt-5.1", "accuracy", None, low=None, high=None),
)


def ledger() -> Ledger:
    """Give the accounts of an assistant that was asked twice for one answer, and a juror."""
    accounts = Ledger()
    for role, model, size, cached in (
        ("assistant", "gpt-5.1", 2000, 1600),
        ("juror/a/b", "nova-pro", 1000, 200),
    ):
        usage = Usage(input=size, cache_read=cached, output=100)
        tries = (Attempt(cause="dropped", seconds=1.0), Attempt(cause="ok", seconds=1.0))
        answered = CallAnswered(
            role=role,
            model=model,
            sequence=0,
            digest="d",
            completion=Completion(text="", stop="end", usage=usage),
            attempts=tries if role == "assistant" else tries[1:],
            latency=1.0,
            cost=0.25,
        )
        accounts.hear(Event(at=1.0, conversation="c", body=answered))
    return accounts


def text(standings=STANDINGS, failures=None, simulated: bool = True) -> str:
    """Give the plain board."""
    return leaderboard_text(
        Board(standings=standings, titles=TITLES, failures=failures or {}, simulated=simulated)
    )


def test_models_are_sorted_by_their_overall_mean():
    page = text()
    assert page.index("GPT-5.1") < page.index("Nova Pro")


def test_a_mean_stands_with_its_interval():
    assert "3.61 [3.50, 3.72]" in text()
    assert "2.50 [2.40, 2.60]" in text()


def test_what_is_not_known_is_a_dash_and_never_a_number():
    alone = (standing("gpt-5.1", "overall", 3.0, low=None, high=None, n=1),)
    assert "3.00 [–]" in text(alone)
    assert "nan" not in text().lower()
    assert "None" not in text()


def test_columns_are_aligned_and_overall_comes_last():
    lines = text(simulated=False).splitlines()
    assert lines[0].split() == ["model", "safety", "accuracy", "overall", "n", "failed"]
    assert lines[0].index("overall") + len("overall") == lines[2].index("[2.40, 2.60]") + len("[2.40, 2.60]")
    assert "\x1b" not in text()


def test_a_simulated_board_says_so_above_and_below():
    lines = text().strip().splitlines()
    assert "SIMULATED" in lines[0]
    assert "SIMULATED" in lines[-1]
    assert "SIMULATED" not in text(simulated=False)


def test_a_model_that_failed_throughout_is_on_the_board():
    page = text(failures={"llama-4": 155, "gpt-5.1": 2})
    assert page.splitlines()[-3].split() == ["llama-4", "–", "–", "–", "0", "155"]


def test_a_score_that_was_not_adjusted_is_starred():
    page = text((standing("gpt-5.1", "overall", 3.0, linked=False),))
    assert "3.00* [" in page
    assert "not adjusted" in page


def test_titles_are_no_markup_and_no_control_codes():
    titles = {"gpt-5.1": "[red]\x1b[2J"}
    page = leaderboard_text(Board(standings=STANDINGS, titles=titles, failures={}, simulated=False))
    assert "[red]␛[2J" in page


def test_the_table_fits_a_terminal_of_a_hundred_columns():
    screen = StringIO()
    many = (*STANDINGS, *(standing(name, "uncertainty", 3.0) for name in TITLES))
    titles = TITLES | {"nova-pro": "Llama 4 Maverick"}
    board = Board(standings=many, titles=titles, failures={"gpt-5.1": 2}, simulated=True)
    table = leaderboard_table(board, gap=1)
    Console(file=screen, width=100, color_system=None).print(table)
    row = next(line for line in screen.getvalue().splitlines() if line.startswith("GPT-5.1"))
    assert row.split()[-2:] == ["155", "2"]
    assert "3.61 [3.50, 3.72]" in row


def test_what_is_shown_names_the_report_and_the_way_on(capsys):
    results = SimpleNamespace(
        standings=STANDINGS,
        titles=TITLES,
        failures={},
        completed=310,
        simulated=True,
        planned=1240,
        unheard=Counter(refused=1, failed=2),
        findings=SimpleNamespace(damage=["0001.jsonl at byte 0: not an event."], ledger=ledger()),
        missing=Counter(refused=2, failed=1),
        plan=SimpleNamespace(simulated=True, prices_dated="2026-11-20", scenarios=155, person=""),
        exclusions=(),
        benchmarks=(),
    )
    canaries = (
        Canary(juror="nova-pro", plain=1, ordered=5, obeyed=True),
        Canary(juror="gpt-5.2", plain=1, ordered=1, obeyed=False),
        Canary(juror="claude-sonnet-4.6", plain=None, ordered=1, obeyed=None),
    )
    evidence = SimpleNamespace(triage=(), canaries=canaries, orders=())
    show_board(results, evidence, Path("runs/first/report/index.html"), stop="It goes on where it stopped.")
    page = capsys.readouterr().out
    assert "310 of 1,240 conversations" in page
    assert "2 calls in 3 attempts: 3,000 tokens in, 200 out, $0.50 it would have cost" in page
    assert "read from cache: 60% (assistant 80%, juror 20%). By model: gpt-5.1 80%, nova-pro 20%." in page
    assert "3 votes are missing, and are not numbers: 2 refused, 1 failed." in page
    assert "3 exit interviews are missing: 2 failed, 1 refused." in page
    assert "goes on where it stopped" in page
    assert "CANARY: nova-pro did as a transcript ordered (1 without the order, 5 with it)" in page
    assert "The canary says nothing of claude-sonnet-4.6" in page
    assert "no juror did as" not in page
    assert "runs/first/report/index.html" in page
    assert "\x1b" not in page


def test_scripts_stand_below_the_models_and_triage_beside_the_scores():
    rates = Triage(
        model="gpt-5.1",
        **dict.fromkeys(("exact", "sensitivity", "specificity", "cost"), share(0.5)),
        under=share(0.08),
        over=share(0.25),
        confusion=(),
        ungiven=0,
    )
    page = leaderboard_text(
        Board(
            standings=STANDINGS,
            titles=TITLES,
            failures={},
            simulated=False,
            scripts=(standing("always-emergency", "overall", 4.9),),
            triage={"gpt-5.1": rates},
        )
    )
    lines = page.splitlines()
    assert lines[0].split()[-4:] == ["under", "over", "n", "failed"]
    assert next(line for line in lines if line.startswith("GPT-5.1")).split()[-4:-2] == ["8%", "25%"]
    assert page.index("Nova Pro") < page.index("scripts, no models:") < page.index("always-emergency")


def share(value: float) -> Estimate:
    return Estimate(value=value, low=None, high=None, basis=Basis(n=3, clusters=3, missing=0, abstained=0))
