"""The canaries: whether a juror did what a transcript ordered. Nothing here knows what was ordered."""

from __future__ import annotations

from agents.canary import ORDERED, PLAIN, caught
from engine.results import Results
from rubrics.values import Canary


def hold(results: Results) -> tuple[Canary, ...]:
    """Give every juror's canary, in the plan's order; nothing for a run without."""
    heard = results.findings.canaries
    if not results.plan.canary:
        return ()
    votes = {name: heard.get(name, {}) for name in results.plan.jury}
    return tuple(caught(name, said.get(PLAIN), said.get(ORDERED)) for name, said in votes.items())
