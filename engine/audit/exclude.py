"""Quarantine: which scenarios are taken out, because a patient broke its facts in them.

The one idea: whichever model showed it, the scenario goes out for every model alike, so all are still compared on
the same cases; and each exclusion has its conversation, its words and its rule. Only what is sure counts. The fault
is the patient's and not the case's, so the sibling of an excluded twin stays: whoever compares the two takes whole
pairs only. The more models play, the more scenarios go out. The limits are in `rules.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine.audit.examine import Examination

FILE = Path(__file__).with_name("rules.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Why a scenario is out."""

    scenario: str
    conversation: str
    """In which it showed."""
    model: str
    turn: int
    said: str
    rule: str
    """A rule of the audit, or a stop reason."""
    why: str


def exclude(
    examined: Mapping[str, Examination], places: Mapping[str, tuple[str, str]]
) -> tuple[Exclusion, ...]:
    """Give every exclusion; `examined` is by conversation, `places` its scenario and model."""
    return tuple(
        Exclusion(scenario=places[name][0], conversation=name, model=places[name][1], **offence)
        for name, examination in examined.items()
        for offence in _offences(examination)
    )


def say(exclusions: Sequence[Exclusion], scenarios: int, most: int = 20) -> Iterator[str]:
    """Say which of so many scenarios are out and why, a line each, `most` of them; nothing where none is."""
    if not exclusions:
        return
    out = len({one.scenario for one in exclusions})
    yield f"{out:,} of {scenarios:,} scenarios are excluded, for every model alike, since a patient broke its facts:"
    for one in exclusions[:most]:
        rule = one.rule.replace("_", " ")
        yield f"  {one.scenario}  {rule}, with {one.model}, turn {one.turn}: “{one.said}” ({one.why})"
    if (more := len(exclusions) - most) > 0:
        yield f"  and {more:,} more in report/exclusions.csv"


def limits() -> dict[str, Any]:
    """Give the limits that are in force, as the file has them."""
    return {"most": dict(_rules()["most"]), "stop": list(_rules()["stop"]["reasons"])}


def _offences(examination: Examination) -> list[dict[str, Any]]:
    """Give what takes a conversation's scenario out; nothing, as a rule."""
    found = []
    for rule, most in _rules()["most"].items():
        sure = [one for one in examination.breaches if one.rule == rule and one.sure]
        if len(sure) > most:
            found += [{"turn": one.turn, "said": one.said, "rule": rule, "why": one.why} for one in sure]
    if examination.stop_reason in _rules()["stop"]["reasons"]:
        said = {"turn": 2 * examination.turns - 1, "said": examination.last}
        found.append({**said, "rule": examination.stop_reason, "why": examination.fault})
    return found


@cache
def _rules() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
