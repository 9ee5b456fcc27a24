"""What people think it is before they ask, and who told them: `beliefs.toml` as values.

The one idea: a belief fits by how the thing looks or by its diagnosis group, and by who writes, and never names the
answer. This does not know what becomes of it in conversation.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from personas.conditions.book import conditions
from personas.values import Speaker

FILE = Path(__file__).with_name("beliefs.toml")
Source = Literal["own", "friend", "web", "prior_clinician"]
SOURCES: tuple[Source, ...] = ("own", "friend", "web", "prior_clinician")
NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """One thing that people think it is."""

    says: str
    """To whoever plays the one who writes."""
    source: Source
    strength: float
    """0-1, how firmly it is held."""
    speakers: tuple[Speaker, ...]
    """Who may hold it; empty for anybody."""
    fits: dict[str, tuple[str, ...]]
    """By kind (shapes, specialities, groups); it fits when any does."""


@cache
def beliefs_about(label: str, shape: str, speaker: Speaker) -> dict[Source, tuple[Belief, ...]]:
    """Give, by source, the beliefs that this speaker may have about this condition and that do not name it."""
    condition = conditions()[label]
    have = {"specialities": condition.speciality, "groups": condition.group}
    if condition.speciality == "skin":
        have = {"shapes": shape, "groups": condition.group}
    fitting = [
        belief
        for belief in _table()[1]
        if any(have.get(kind) in wanted for kind, wanted in belief.fits.items())
        and (not belief.speakers or speaker in belief.speakers)
        and not condition.named(belief.says)
    ]
    grouped = {source: tuple(each for each in fitting if each.source == source) for source in SOURCES}
    return {source: beliefs for source, beliefs in grouped.items() if beliefs}


@cache
def shares(label: str, shape: str, speaker: Speaker) -> dict[str, float]:
    """Give the share of each source among those who believe something, and of "none"."""
    share = _table()[0]
    sources = beliefs_about(label, shape, speaker)
    return {NONE: share} | {source: (1 - share) / len(sources) for source in sources}


@cache
def _table() -> tuple[float, tuple[Belief, ...]]:
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    beliefs = tuple(
        Belief(
            says=each["says"],
            source=each["source"],
            strength=each["strength"],
            speakers=tuple(each.get("speakers", ())),
            fits={kind: tuple(values) for kind, values in each["fits"].items()},
        )
        for each in table["beliefs"]
    )
    return table["none_share"], beliefs
