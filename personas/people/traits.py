"""How a patient is: independent traits with three levels, and their words for the patient's prompt.

The one idea: traits vary one by one and not in bundles, so that a difference can be laid at one of them. This
does not know what a trait does to the facts; the gates are set where the facts are made.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("traits.toml")
NEUTRAL = "You are an ordinary patient: neither anxious nor careless, neither talkative nor silent."


@cache
def levels() -> dict[str, tuple[str, ...]]:
    """Give every trait's levels, lowest first."""
    return {name: tuple(trait["levels"]) for name, trait in _table().items()}


def neutral(name: str) -> str:
    """Give the level of a trait about which nothing is said: the middle one unless the file names another."""
    trait = _table()[name]
    return trait.get("neutral", trait["levels"][1])


def describe(traits: dict[str, str]) -> str:
    """Write one sentence a trait that is not neutral; an unknown trait or level is a KeyError.

    They come by name, as a file of scenarios keeps them: a patient read from one is asked for in the same words.
    """
    said = []
    for name, level in sorted(traits.items()):
        if level not in levels()[name]:
            raise KeyError(f"trait {name!r} has no level {level!r}: use one of {levels()[name]}")
        if level != neutral(name):
            said.append(_table()[name][level])
    return " ".join(said) or NEUTRAL


@cache
def _table() -> dict[str, dict]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
