"""The summary: a run in one JSON value, for programs, and the parts of it that the page shows.

What was planned and done, where each model stands, what was used. Nothing here knows how a page looks.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.account import Account, Ledger
from engine.audit.conduct import Conduct, add_up
from engine.audit.exclude import limits
from engine.breakdown import REASONS, count_stops, stratify
from engine.cells import entrant
from engine.results import Results


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
        "patients": [asdict(one) for one in conducts(results)],
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


def conducts(results: Results) -> tuple[Conduct, ...]:
    """Give how the patients of each row of the leaderboard conducted themselves, and all of them last."""
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
