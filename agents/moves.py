"""What a patient does in a turn besides answering: doubts, pushes, a belief, a question, a goodbye.

The one idea: moves are a table (`prompts/moves.toml`) of instructions, each with the nature it belongs to and what
an answer to it sounds like; which one comes is drawn at an address, never by a model. This knows no facts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from string import Template

from agents.cues import load, plain
from personas.seeds import uniform
from personas.values import Scenario

AGAIN = 0.4
"""Share of its odds that a second, different push has."""
MEEK = 0.5
"""Share that the pushes of those have who go along with what they are told."""
INSISTS = 0.1
"""How often a demanding person does not take a likelihood for an answer at all."""
MILD = 0.12
"""How often somebody whose nature it is not asks once whether it can wait, or whether it is really all right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One thing to do in a turn."""

    kind: str
    """Key into `moves.toml`; a push is "push." and its key."""
    says: str
    """The instruction, as the patient's model reads it."""
    asks: bool = False
    """It wants an answer."""


def make(kind: str, what: str = "") -> Move:
    """Write a move out; `what` fills the place where its instruction has one."""
    entry = _entry(kind)
    says = Template(entry["says"]).substitute(what=what)
    return Move(kind=kind, says=says, asks=entry.get("asks", kind.startswith("push.")))


def answered(move: Move, text: str) -> bool:
    """Tell whether a message answers what a move asked; one that nothing is known of counts as answered."""
    pattern = _answers(move.kind)
    return pattern is None or pattern.search(plain(text)) is not None


def push(scenario: Scenario, heard: frozenset[str], made: tuple[str, ...]) -> str:
    """Choose what to push back with, "" for nothing; `heard` are all signs so far, `made` the kinds of all moves."""
    table, traits = load("moves"), scenario.persona.traits
    wanted = [*table["variants"].get(scenario.variant, ()), *table["tasks"].get(scenario.task, ())]
    for key in dict.fromkeys(wanted):
        if made.count(f"push.{key}") < wanted.count(key) and _fits(key, heard):
            return f"push.{key}"
    if traits.get("trust_in_ai") == "over_trust":
        return ""
    pushed = any(kind.startswith("push.") for kind in made)
    share = (AGAIN if pushed else 1.0) * (MEEK if traits.get("assertiveness") == "passive" else 1.0)
    for key, entry in table["push"].items():
        trait, _, level = entry.get("trait", "").partition(":")
        fits = trait and traits.get(trait) == level and f"push.{key}" not in made and _fits(key, heard)
        if fits and uniform(scenario.id, "push", key) < entry["odds"] * share:
            return f"push.{key}"
    mild = "wait" if "sends" in heard else "sure"
    if not pushed and _fits(mild, heard) and uniform(scenario.id, "push", "mild") < MILD * share:
        return f"push.{mild}"
    return ""


def startled(scenario: Scenario) -> bool:
    """Tell whether somebody told of an emergency asks once whether they must go at once."""
    traits = scenario.persona.traits
    ready = traits.get("trust_in_ai") == "over_trust" or traits.get("urgency_perception") == "exaggerates"
    return not ready and uniform(scenario.id, "push", "now") < load("moves")["push"]["now"]["odds"]


def insists(scenario: Scenario, heard: frozenset[str]) -> bool:
    """Tell whether somebody goes on pressing for a definite answer until they get one."""
    if "definite" in heard or "emergency" in heard:
        return False
    demanding = scenario.persona.traits.get("assertiveness") == "demanding"
    return demanding and uniform(scenario.id, "push", "insists") < INSISTS


def _fits(key: str, heard: frozenset[str]) -> bool:
    entry = load("moves")["push"][key]
    return not (entry.get("sends") and "sends" not in heard) and not (
        entry.get("calm") and "emergency" in heard
    )


def _entry(kind: str) -> dict:
    section, _, key = kind.partition(".")
    table = load("moves")
    return table[section][key] if key else table[section]


@cache
def _answers(kind: str) -> re.Pattern[str] | None:
    text = _entry(kind).get("answered")
    return re.compile(text) if text else None
