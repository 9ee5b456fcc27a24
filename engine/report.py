"""The report: a run's numbers as files people and programs read.

Everything here is written from `Results` and can be written again at any time. Whatever comes from a simulated
run says so in every file.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2
import orjson

from agents.baselines import describe
from engine.account import Account, Ledger
from engine.audit.conduct import Conduct, add_up
from engine.audit.contrast import glance
from engine.audit.exclude import limits
from engine.audit.style import FEATURES
from engine.breakdown import REASONS, count_stops, stratify
from engine.cells import arm_of, entrant
from engine.clinicians import translate
from engine.console.clean import clean, flatten
from engine.disk import put_files
from engine.errors import BadRun
from engine.evidence import Evidence, gather
from engine.fitting import measure
from engine.provenance import trace
from engine.results import Results
from engine.scoring import count
from engine.scoring.arms import KINDS
from engine.scoring.files import write_files
from engine.scoring.fold import fold
from engine.scoring.prose import percent
from engine.scoring.values import Counted
from engine.tables import Words, tables
from rubrics.leaderboard import OVERALL, Standing
from rubrics.numbers.effects import EVERY

PAGES = Path(__file__).parent / "pages"
MANY = 0.1
"""Share of the scenarios from which an exclusion is more than a few bad cases."""
SHOWN = 100
"""Exclusions on the page; all are in the table."""


def write_report(results: Results, folder: Path, evidence: Evidence | None = None) -> Path:
    """Write `report/` of a run folder and give the path of its page; the evidence is read where none is given."""
    evidence = evidence or gather(results)
    counted = _count(results, folder)
    provenance = trace(results.plan, folder)
    words = translate(folder, results.plan)
    told = summarise(results)
    summary = told | {"evidence": asdict(evidence), "provenance": asdict(provenance)}
    files = {
        "summary.json": orjson.dumps(summary, option=orjson.OPT_INDENT_2) + b"\n",
        **tables(results, evidence, provenance, words),
        "index.html": _page(results, told, evidence, words, counted, _audited(results, folder)).encode(),
    }
    return keep(folder, files) / "index.html"


def _count(results: Results, folder: Path) -> Counted | None:
    """Write every table of numbers into `report/numbers/` and give them; None without a score."""
    if not results.kept or not results.scores.votes.counts.any():
        return None
    counted = count(fold(results, folder))
    write_files(folder / "report" / "numbers", counted)
    return counted


def keep(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into `report/` of a run folder, each whole or not at all, and give that folder's path.

    Raises BadRun when it cannot be written.
    """
    report = folder / "report"
    try:
        report.mkdir(exist_ok=True)
        put_files(report, files)
    except OSError as error:
        raise BadRun(
            f"{report} cannot be written ({error.strerror}); what was recorded is intact: free the disk and give "
            "the same command again."
        ) from error
    return report


def summarise(results: Results) -> dict[str, Any]:
    """Give the run in one JSON value: what was planned and done, and where each model stands."""
    plan, found = results.plan, results.findings
    models: dict[str, dict[str, Any]] = {}
    for standing in (*results.standings, *results.benchmarks):
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
    """Give what was used and spent, by role, by model, by attempt and in all."""

    def written(account: Account) -> dict[str, Any]:
        return asdict(account) | {"cached_share": account.cached}

    return {
        "roles": {role: written(account) for role, account in sorted(ledger.roles().items())},
        "models": {model: written(account) for model, account in sorted(ledger.models().items())},
        "attempts": {name: written(account) for name, account in sorted(ledger.attempts().items())},
        "total": written(ledger.total),
    }


def _audited(results: Results, folder: Path) -> dict[str, Any] | None:
    """Give what `run.py audit` wrote beside the report; None where it did not, or was about another state."""
    try:
        found = orjson.loads((folder / "report" / "audit.json").read_bytes())
        current = found["plan"] == results.plan.digest and {*found["conversations"]} == {*results.examined}
        return found if current else None
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        return None


def _rows(results: Results) -> dict[str, dict[str, Standing]]:
    """Give the rows of the leaderboard by dimension, the scripts' last."""
    rows: dict[str, dict[str, Standing]] = {}
    for standing in (*results.standings, *results.benchmarks):
        rows.setdefault(standing.model, {})[standing.dimension] = standing
    return rows


def _overall(counted: Counted | None) -> dict[str, Any]:
    """Give what the page shows of the numbers: what arms do to the overall score, and how far jurors agree."""
    effects = counted.across.effects if counted else ()
    retests = counted.across.retests if counted else ()
    concords = next(iter(counted.numbers.values())).concords if counted else ()
    return {
        "concords": [row for row in concords if row.level is None],
        "astray": [row for row in concords if row.flagged],
        "effects": [row for row in effects if row.dimension == OVERALL and row.level is None],
        "retests": [row for row in retests if row.dimension == OVERALL],
        "every": EVERY,
        "kinds": KINDS,
    }


def _shown(value: Any) -> Any:
    """Make visible what turns text around or hides it, wherever a stranger's words stand on the page."""
    return clean(value) if type(value) is str else value  # what is markup already was made of such values


def _page(
    results: Results,
    summary: dict[str, Any],
    evidence: Evidence,
    words: Words,
    counted: Counted | None,
    audited: dict[str, Any] | None,
) -> str:
    loader = jinja2.FileSystemLoader(PAGES)
    pages = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, finalize=_shown
    )
    pages.filters["flat"] = flatten
    return pages.get_template("report.html").render(
        plan=results.plan,
        summary=summary,
        evidence=evidence,
        words=words,
        **_overall(counted),
        triage={row.model: row for row in evidence.triage},
        models=len({standing.model for standing in results.standings}),
        scripts=results.plan.baselines,
        about=describe,
        arm_of=arm_of,
        percent=percent,
        rows=_rows(results),
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
