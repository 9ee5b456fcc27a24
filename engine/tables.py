"""The tables of a report: a run's numbers as CSV, each row stamped with whether it is simulated.

A score never stands without the digests of what it rests on. Nothing here knows where a table is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from engine.account import Account
from engine.audit.exclude import Exclusion
from engine.cells import PARTED, Cell, arm_of
from engine.clinicians import Translated
from engine.console.clean import flatten
from engine.evidence import Evidence
from engine.grid import write_grid
from engine.plan import SCRIPT
from engine.provenance import Provenance
from engine.results import Results
from engine.scoring.files import flat
from rubrics.leaderboard import Standing
from rubrics.scores import Scores

Row = dict[str, Any]
LEDGER = [one.name for one in fields(Account)]
Words = Mapping[tuple[str, str], Translated]


def tables(results: Results, evidence: Evidence, provenance: Provenance, words: Words) -> dict[str, bytes]:
    """Give the tables by their files' names; of the evidence those that have a row. `words` are clinicians'."""
    marks, simulated = provenance.marks(), results.simulated
    beside = {one.name: getattr(evidence, one.name) for one in fields(evidence)}
    return {
        f"{name}.csv": write_grid(_marked(map(_quoted, map(flat, rows)), marks), simulated=simulated)
        for name, rows in beside.items()
        if rows
    } | {
        "leaderboard.csv": write_grid(_marked(leaderboard_rows(results, words), marks), simulated=simulated),
        "scores.csv": write_grid(_marked(_score_rows(results), marks), simulated=simulated),
        "verdicts.csv": write_grid(_marked(_verdict_rows(results), marks), simulated=simulated),
        "ledger.csv": write_grid(
            _ledger_rows(results), simulated=simulated, columns=["role", "model", "answered", *LEDGER]
        ),
        "exclusions.csv": write_grid(
            _exclusion_rows(results), simulated=simulated, columns=[f.name for f in fields(Exclusion)]
        ),
    }


def _marked(rows: Iterable[Row], marks: Mapping[str, str]) -> Iterator[Row]:
    for row in rows:
        yield row | marks


def leaderboard_rows(results: Results, words: Words) -> Iterator[Row]:
    """Give the rows of leaderboard.csv, without the digests they rest on."""
    for place in (*results.standings, *results.benchmarks):
        model = place.model.partition(PARTED)[0]
        yield {
            "model": model,
            "script": str(model in results.plan.baselines).lower(),
            "arm": arm_of(place.model),
            "dimension": place.dimension,
            "mean": _rounded(place.mean),
            "low": _rounded(place.low),
            "high": _rounded(place.high),
            "raw_mean": _rounded(place.raw),
            "n": place.n,
            "cases": place.clusters,
            "missing": place.missing,
            "abstained": place.abstained,
            "failed": results.failures.get(place.model, 0),
        } | _translated(words, place)


def _translated(words: Words, place: Standing) -> Row:
    """Give a mean in clinicians' words, where a calibration gives some model's."""
    if not words:
        return {}
    found = words.get((place.model, place.dimension))
    row = {}
    for kind in ("calibrated", "corrected"):
        ends = getattr(found, kind) if found else {}
        row |= {kind: _rounded(ends.get("value"))}
        row |= {f"{kind}_{end}": _rounded(ends.get(end)) for end in ("low", "high")}
    return row


def _score_rows(results: Results) -> Iterator[Row]:
    """Give the rows of every conversation that ended; `score` is that of the leaderboard, empty where excluded."""
    found, excluded, plan = results.findings, results.excluded, results.plan
    worth = _worth(results.kept, results.scores) | _worth(results.scripted, results.bench)
    whole = _worth(results.scripted, results.bench) | _worth(results.tried, results.unfiltered)
    for cell in results.cells:
        if cell.id not in found.ended:
            continue
        for column, dimension in enumerate(plan.dimensions):
            yield {
                "conversation": cell.id,
                "scenario": cell.scenario.id,
                "model": cell.model,
                "arm": cell.arm.name,
                "repeat": cell.repeat,
                "dimension": dimension,
                "score": _scored(worth, cell, column, "adjusted"),
                "raw": _scored(whole, cell, column, "raw"),
                "votes": " ".join(_vote(results, cell.id, juror, dimension) for juror in plan.jury),
                "excluded": excluded.get(cell.scenario.id, ""),
                "score_without_exclusion": _scored(whole, cell, column, "adjusted"),
            }


def _worth(cells: Iterable[Cell], scores: Scores) -> dict[str, tuple[Scores, int]]:
    """Give where each conversation's scores stand."""
    return {cell.id: (scores, row) for row, cell in enumerate(cells)}


def _scored(worth: Mapping[str, tuple[Scores, int]], cell: Cell, column: int, kind: str) -> str:
    if cell.id not in worth:
        return ""
    scores, row = worth[cell.id]
    value = getattr(scores, kind)[row, column]
    return "" if np.isnan(value) else f"{value:.4f}"


def _vote(results: Results, name: str, juror: str, dimension: str) -> str:
    """Write a vote as the score, `-` for an abstention, `4/5` where it judged twice, in brackets where it is left out
    as own family.
    """
    votes = [results.findings.verdicts.get((name, juror, dimension, reading)) for reading in (1, 2)]
    words = ["-" if vote is None or vote.score is None else str(vote.score) for vote in votes]
    word = "/".join(words if votes[1] else words[:1])
    return f"({word})" if votes[0] and votes[0].own_family else word


def _verdict_rows(results: Results) -> Iterator[Row]:
    """Give every vote; `excluded` says why it is in no model's score: a rule of the audit, or that a script spoke."""
    for (name, juror, dimension, reading), verdict in sorted(results.findings.verdicts.items()):
        yield {
            "conversation": name,
            "juror": juror,
            "dimension": dimension,
            "reading": reading,
            "score": "" if verdict.score is None else verdict.score,
            "status": verdict.status,
            "confidence": verdict.confidence or "",
            "caps": " ".join(event.cap for event in verdict.caps),
            "own_family": str(verdict.own_family).lower(),
            "excluded": _left_out(results, name),
        }


def _ledger_rows(results: Results) -> Iterator[Row]:
    """Give what was used and spent by role, model, and at which attempt calls were answered: first, again, never."""
    for (role, model, answered), account in sorted(results.findings.ledger.accounts.items()):
        row = asdict(account)
        money = {name: f"{row[name]:.12f}".rstrip("0").rstrip(".") for name in ("cost", "most")}
        yield {"role": role, "model": model, "answered": answered} | row | money


def _left_out(results: Results, name: str) -> str:
    model, scenario = name.rsplit("/", 3)[:2]
    return SCRIPT if model in results.plan.baselines else results.excluded.get(scenario, "")


def _exclusion_rows(results: Results) -> Iterator[Row]:
    for one in results.exclusions:
        yield _quoted(asdict(one))


def _quoted(row: Row) -> Row:
    """Put what was said in quotes and on one line: no word of a model's may begin a cell that a program obeys."""
    return row | {"said": f"“{flatten(row['said'])}”"} if "said" in row else row


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
