"""Who may write for a patient, and how they call the patient and the patient's skin: `speakers.toml` as values.

The one idea: whoever writes, the skin is the patient's: "my left cheek", "my daughter's left cheek", "the left
cheek". This does not know who is dealt which speaker, nor how they word an answer.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from personas.values import Sex, Speaker

FILE = Path(__file__).with_name("speakers.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerRole:
    """One who may write."""

    ages: tuple[int, int]
    """Years of the patients they may write for, both included."""
    share: float
    """How often, against the others who may."""
    register: Literal["lay", "clinical"]
    tasks: tuple[str, ...] = ()
    """The only tasks they come with; empty for any."""
    whose: dict[Sex, str]
    """Before a part of the body, by the patient's sex."""
    them: dict[Sex, str]
    """The patient, as they call them."""
    kin: dict[Sex, str] = field(default_factory=dict)
    """What the patient is to them."""
    opens: tuple[str, ...]
    """Ways to begin where the opening does not say who writes."""


@cache
def speakers() -> dict[Speaker, SpeakerRole]:
    """Give all who may write, by key."""
    names = SpeakerRole.__dataclass_fields__
    return {
        key: SpeakerRole(
            **{
                name: tuple(value) if isinstance(value, list) else value
                for name, value in table.items()
                if name in names
            }
        )
        for key, table in tomllib.loads(FILE.read_text(encoding="utf-8")).items()
    }


@cache
def may_speak(age: int, task: str, wanted: tuple[str, ...] = ()) -> dict[Speaker, float]:
    """Give those who may write for a patient of this age about this task, with their shares.

    `wanted` are those whom the task is for; empty for any.
    """
    return {
        key: role.share
        for key, role in speakers().items()
        if role.ages[0] <= age <= role.ages[1]
        and (not role.tasks or task in role.tasks)
        and (not wanted or key in wanted)
    }
