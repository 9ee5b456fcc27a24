"""The errors a fault plan asks for, in each provider's own terms; what they say stands in refusals.toml.

Nothing here knows when a fault is due, or how a protocol writes an error.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from engine.simulator.faults import STATUSES, FaultRule
from engine.simulator.wire import Refused

FILE = Path(__file__).with_name("refusals.toml")
USUAL_PAUSE = 1.0
"""Seconds that a 429 tells to wait when the plan does not say."""


def refusal(rule: FaultRule, protocol: str) -> Refused:
    """Give the error of a rule whose kind is one."""
    if rule.kind in STATUSES or rule.kind == "status":
        status = rule.status or int(rule.kind)
        made = _told(status)
        made.retry_after = USUAL_PAUSE if status == 429 else None
    else:
        made = Refused(**_sayings()[rule.kind][protocol])
    if rule.code is not None:
        made.code, made.kind = rule.code, rule.code if protocol == "bedrock" else made.kind
    if rule.retry_after is not None:
        made.retry_after = rule.retry_after
    return made


def broken() -> Refused:
    """Give the error of an answer that fails when its stream would already have begun."""
    return _told(500)


def _told(status: int) -> Refused:
    said = _sayings()["sayings"]
    return Refused(status, said.get(str(status), said["other"]))


@cache
def _sayings() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
