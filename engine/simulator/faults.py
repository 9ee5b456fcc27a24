"""Faults on demand: what breaks, for which model, and how often.

A share is decided by the call and by how often the very same call came before, so a retry can succeed and a
second run breaks at the same places. Nothing here knows how a fault looks on the wire.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from personas.seeds import uniform

STATUSES = ("400", "401", "404", "429", "500", "503", "529")
"""Answered with that status, in the provider's own shape."""
BREAKS = ("drop", "hang", "truncate", "midstream")
"""The connection is reset; nothing is ever sent; the answer ends early; an error event after status 200."""
ANSWERS = ("refusal", "empty", "malformed", "filter")
"""A whole answer of status 200 that is of no use."""
KINDS = (*STATUSES, *BREAKS, *ANSWERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """What breaks in the calls to one model."""

    kind: str
    share: float
    """Of the calls, 0–1."""


class FaultPlan:
    """The faults of one simulator."""

    def __init__(self, plan: Mapping[str, str], seed: int) -> None:
        """Read a plan such as {"gpt-5.1": "503@0.2"}; ValueError when a fault does not exist."""
        self._rules = {model: read_rule(text) for model, text in plan.items()}
        self._seed = seed
        self._tries: Counter[str] = Counter()

    def draw(self, model: str, digest: str) -> str:
        """Give the fault of this call, or an empty string; `digest` tells calls apart."""
        rule = self._rules.get(model)
        if rule is None or rule.share >= 1:
            return rule.kind if rule else ""
        attempt = self._tries[digest]
        self._tries[digest] += 1
        return rule.kind if uniform("fault", self._seed, model, digest, attempt) < rule.share else ""


def read_rule(text: str) -> FaultRule:
    """Read `kind` or `kind@share`; ValueError names what is wrong and the kinds there are."""
    kind, _, share = text.partition("@")
    if kind not in KINDS:
        raise ValueError(f"no fault is called {kind!r}; there are {', '.join(KINDS)}.")
    try:
        part = float(share or "1")
    except ValueError:
        part = -1.0
    if not 0 <= part <= 1:
        raise ValueError(f"the share of {text!r} must be a number between 0 and 1, as in {kind}@0.2.")
    return FaultRule(kind=kind, share=part)
