"""Blinding of the words: a model that says who it is is not heard to say it.

The one idea: names are hidden where anybody speaks, what stood there is marked, and how often is told; better a word
too many than a model known. The patterns are data (`names.toml`); what the plan calls its models comes in addition.
Nothing here knows who spoke.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from engine.plan import SCRIPT, Plan

HIDDEN = "[name hidden]"
FILE = Path(__file__).with_name("names.toml")
SHORTEST = 3
"""Letters of a name of the plan's that is hidden: a model called "a" would hide half the language."""


def names_of(plan: Plan) -> frozenset[str]:
    """Give what a plan calls its models: name, title, id, family and what is before the last slash of an id."""
    found = set()
    for name, model in plan.models.items():
        if model.get("family") != SCRIPT:
            parts = [name, *(str(model.get(key, "")) for key in ("title", "id", "family"))]
            found |= {part.strip().casefold() for part in (*parts, parts[2].rpartition("/")[2])}
    return frozenset(name for name in found if len(name) >= SHORTEST)


def mask(text: str, names: frozenset[str]) -> tuple[str, int]:
    """Give the text with every such name hidden, and how many were."""
    told = 0
    for pattern in _patterns(names):
        text, many = pattern.subn(HIDDEN, text)
        told += many
    return text, told


@cache
def _patterns(names: frozenset[str]) -> tuple[re.Pattern[str], ...]:
    words = tomllib.loads(FILE.read_text(encoding="utf-8"))
    own = (rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(names, key=lambda name: (-len(name), name)))
    return tuple(
        re.compile(pattern, flag) for pattern, flag in _flagged((*own, *words["any"]), words["exact"])
    )


def _flagged(any_: Iterable[str], exact: Iterable[str]) -> Iterable[tuple[str, re.RegexFlag]]:
    yield from ((pattern, re.IGNORECASE) for pattern in any_)
    yield from ((pattern, re.NOFLAG) for pattern in exact)
