"""The report: a run's numbers as files people and programs read.

Everything here is written from `Results` and can be written again at any time. Whatever comes from a simulated
run says so in every file.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import orjson

from engine.account import Account, Ledger
from engine.audit.conduct import Conduct, add_up
from engine.audit.contrast import glance
from engine.audit.exclude import Exclusion, limits
from engine.audit.style import FEATURES
from engine.breakdown import REASONS, count_stops, stratify
from engine.console.clean import flatten
from engine.fitting import measure
from engine.results import Results, entrant

PAGES = Path(__file__).parent / "pages"
MANY = 0.1
"""Share of the scenarios from which an exclusion is more than a few bad cases."""
SHOWN = 100
"""Exclusions on the page; all are in the table."""


def write_report(results: Results, folder: Path) -> Path:
    """Write `report/` of a run folder and give the path of its page."""
    files = {
        "summary.json": orjson.dumps(summarise(results), option=orjson.OPT_INDENT_2) + b"\n",
        "leaderboard.csv": tabled(results, _leaderboard_rows(results)),
        "scores.csv": tabled(results, _score_rows(results)),
        "verdicts.csv": tabled(results, _verdict_rows(results)),
        "exclusions.csv": tabled(results, _exclusion_rows(results), [f.name for f in fields(Exclusion)]),
        "index.html": _page(results, _audited(results, folder)).encode(),
    }
    return keep(folder, files) / "index.html"


def keep(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into `report/` of a run folder, each whole or not at all, and give that folder's path."""
    report = folder / "report"
    report.mkdir(exist_ok=True)
    for name, content in files.items():
        part = report / f".{name}.part"
        part.write_bytes(content)
        os.replace(part, report / name)
    return report


def summarise(results: Results) -> dict[str, Any]:
    """Give the run in one JSON value: what was planned and done, and where each model stands."""
    plan, found = results.plan, results.findings
    models: dict[str, dict[str, Any]] = {}
    for standing in results.standings:
        place = models.setdefault(standing.model, {"failed": results.failures.get(standing.model, 0)})
        place[standing.dimension] = {
            key: value for key, value in asdict(standing).items() if key not in ("model", "dimension")
        }
    stops = count_stops(results)
    return {
        "simulated": results.simulated,
        "rubric": plan.rubric,
        "planned": results.planned,
        "completed": results.completed,
        "failed": len(found.failed),
        "unfinished": results.planned - results.completed - len(found.failed),
        "stop_reasons": {r: n for r in REASONS if (n := sum(counts[r] for counts in stops.values()))},
        "stop_reasons_by_model": stops,
        "strata": [asdict(stratum) for stratum in stratify(results)],
        "missing_votes": dict(results.missing),
        "models": models,
        "jurors": [asdict(effect) for effect in results.jurors],
        "patients": [asdict(one) for one in _conduct(results)],
        "planner_changed": results.drift,
        "excluded": {
            "limits": limits(),
            "scenarios": results.excluded,
            "conversations": len(results.cells) - len(results.kept),
            "because": [asdict(one) for one in results.exclusions],
        },
        "calls": _calls(found.ledger),
        "photographs_made_smaller": [asdict(one) for one in found.fitted.values()],
        "served": {model: dict(ids) for model, ids in sorted(found.served.items())},
        "failures": {name: asdict(failure) for name, failure in sorted(found.failed.items())},
        "damage": found.damage,
        "plan": plan.digest,
    }


def _conduct(results: Results) -> tuple[Conduct, ...]:
    return add_up(results.examined, {cell.id: entrant(cell.model, cell.arm.name) for cell in results.cells})


def _calls(ledger: Ledger) -> dict[str, Any]:
    """Give what was used and spent, by role, by model and in all."""

    def written(account: Account) -> dict[str, Any]:
        return asdict(account) | {"cached_share": account.cached}

    return {
        "roles": {role: written(account) for role, account in sorted(ledger.roles().items())},
        "models": {model: written(account) for model, account in sorted(ledger.models().items())},
        "total": written(ledger.total),
    }


def tabled(results: Results, rows: Iterable[dict[str, Any]], columns: Iterable[str] = ()) -> bytes:
    """Write rows as CSV, each stamped with whether it is simulated; without rows, only the columns, if given."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*columns, "simulated"], lineterminator="\n") if columns else None
    if writer:
        writer.writeheader()
    for row in rows:
        stamped = row | {"simulated": str(results.simulated).lower()}
        if writer is None:
            writer = csv.DictWriter(text, list(stamped), lineterminator="\n")
            writer.writeheader()
        writer.writerow(stamped)
    return text.getvalue().encode()


def _leaderboard_rows(results: Results) -> Iterable[dict[str, Any]]:
    for place in results.standings:
        model, _, arm = place.model.partition(" · ")
        yield {
            "model": model,
            "arm": arm or "full",
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
        }


def _score_rows(results: Results) -> Iterable[dict[str, Any]]:
    """Give the rows of every conversation that ended; `score` is that of the leaderboard, empty where excluded."""
    found, excluded = results.findings, results.excluded
    places = {cell.id: row for row, cell in enumerate(results.kept)}
    for row, cell in enumerate(results.cells):
        if cell.id not in found.ended:
            continue
        for column, dimension in enumerate(results.plan.dimensions):
            place = places.get(cell.id)
            yield {
                "conversation": cell.id,
                "scenario": cell.scenario.id,
                "model": cell.model,
                "arm": cell.arm.name,
                "repeat": cell.repeat,
                "dimension": dimension,
                "score": "" if place is None else _scored(results.scores.adjusted[place, column]),
                "raw": _scored(results.unfiltered.raw[row, column]),
                "votes": " ".join(_vote(results, cell.id, juror, dimension) for juror in results.plan.jury),
                "excluded": excluded.get(cell.scenario.id, ""),
                "score_without_exclusion": _scored(results.unfiltered.adjusted[row, column]),
            }


def _scored(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.4f}"


def _vote(results: Results, name: str, juror: str, dimension: str) -> str:
    """Write a vote as the score, `-` for an abstention, in brackets where it is left out as own family."""
    verdict = results.findings.verdicts.get((name, juror, dimension))
    if verdict is None:
        return "-"
    word = "-" if verdict.score is None else str(verdict.score)
    return f"({word})" if verdict.own_family else word


def _verdict_rows(results: Results) -> Iterable[dict[str, Any]]:
    for (name, juror, dimension), verdict in sorted(results.findings.verdicts.items()):
        yield {
            "conversation": name,
            "juror": juror,
            "dimension": dimension,
            "score": "" if verdict.score is None else verdict.score,
            "status": verdict.status,
            "own_family": str(verdict.own_family).lower(),
            "excluded": results.excluded.get(name.split("/")[1], ""),
        }


def _exclusion_rows(results: Results) -> Iterable[dict[str, Any]]:
    """Give a row for each exclusion, the words in quotes: none of a model's may begin a cell that a program obeys."""
    for one in results.exclusions:
        yield asdict(one) | {"said": f"“{one.said}”"}


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _audited(results: Results, folder: Path) -> dict[str, Any] | None:
    """Give what `run.py audit` wrote beside the report; None where it did not, or was about another state."""
    try:
        found = orjson.loads((folder / "report" / "audit.json").read_bytes())
        current = found["plan"] == results.plan.digest and {*found["conversations"]} == {*results.examined}
        return found if current else None
    except (FileNotFoundError, orjson.JSONDecodeError, KeyError, TypeError):
        return None


def _page(results: Results, audited: dict[str, Any] | None) -> str:
    loader = jinja2.FileSystemLoader(PAGES)
    pages = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    # What a model said may hold control codes and marks that turn the text around: they are made visible.
    pages.filters["flat"] = flatten
    rows: dict[str, dict[str, Any]] = {}
    for standing in results.standings:
        rows.setdefault(standing.model, {})[standing.dimension] = standing
    return pages.get_template("report.html").render(
        plan=results.plan,
        summary=summarise(results),
        rows=rows,
        dimensions=("overall", *results.plan.dimensions),
        titles=results.titles,
        jurors=results.jurors,
        credits=results.credits,
        fitted=results.findings.fitted.values(),
        measure=measure,
        patients=_conduct(results),
        beside=audited["beside"] if audited else asdict(glance(results.dialogues())),
        traits=audited["traits"] if audited else (),
        features=FEATURES,
        reasons=REASONS,
        many=MANY,
        shown=SHOWN,
        exclusions=results.exclusions,
        scenes={cell.scenario.id: cell.scenario.title for cell in results.cells},
    )
