"""The evidence: what stands beside the jurors' scores and is read without them.

From what the models said when the patient had left (urgency, probabilities), from the words of the conversations
(caps, orders to the jury, replayed turns that answer nothing), and from the canaries. None of it changes a score.
Nothing here knows how it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.evidence.bounds import Ceiling, bound
from engine.evidence.canaries import hold
from engine.evidence.interviews import Judged, foretell, sort
from engine.evidence.orders import Order, find_orders
from engine.evidence.replays import Replay, hold_replays
from engine.results import Results
from rubrics.numbers.forecasts import Forecast, ReliabilityBin
from rubrics.numbers.triage import Triage
from rubrics.values import Canary


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All of it; rows of models are named as the leaderboard's, those of baselines included where they have any."""

    triage: tuple[Triage, ...]
    forecasts: tuple[Forecast, ...]
    reliability: tuple[ReliabilityBin, ...]
    ceilings: tuple[Ceiling, ...]
    canaries: tuple[Canary, ...]
    orders: tuple[Order, ...]
    replays: tuple[Replay, ...]


def gather(results: Results) -> Evidence:
    """Read the evidence of a run."""
    judged = Judged.of(results)
    forecasts, reliability = foretell(results, judged)
    order = [row.model for row in (*results.standings, *results.benchmarks)]
    return Evidence(
        triage=tuple(sorted(sort(results, judged), key=lambda row: order.index(row.model))),
        forecasts=tuple(sorted(forecasts, key=lambda row: order.index(row.model))),
        reliability=reliability,
        ceilings=tuple(sorted(bound(results, judged), key=lambda row: order.index(row.model))),
        canaries=hold(results),
        orders=find_orders(results),
        replays=hold_replays(results),
    )
