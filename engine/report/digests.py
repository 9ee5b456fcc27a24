"""Every hash of a run, each explained in a phrase: what must be the same for two numbers to be about the same thing.

The phrases are in digests.toml. Nothing here computes a hash.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.report.story import Story

FILE = Path(__file__).with_name("digests.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One hash."""

    name: str
    value: str
    says: str
    """What it is the hash of."""


def list_digests(story: Story) -> dict[str, tuple[Digest, ...]]:
    """Give the digests by what they are for: those beside every score, their parts, the plan's own, each prompt's."""
    plan, held, words = story.results.plan, story.provenance, _words()
    own = {name: plan.digest if name == "plan" else getattr(plan, name) for name in words["plan"]}
    return {
        "Beside every score": _listed({name: getattr(held, name) for name in words["marks"]}, words["marks"]),
        "Parts of these": _listed({name: getattr(held, name) for name in words["parts"]}, words["parts"]),
        "The plan": _listed({name: value for name, value in own.items() if value}, words["plan"]),
        "Each prompt": _listed(plan.prompts, {}),
        "Each dimension, as a juror is told of it": _listed(plan.meanings, {}),
    }


def _listed(values: dict[str, str], words: dict[str, str]) -> tuple[Digest, ...]:
    return tuple(Digest(name=name, value=value, says=words.get(name, "")) for name, value in values.items())


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
