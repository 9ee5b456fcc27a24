"""The tasks of `tasks.toml` as values: what patients come for, and which patients come for it.

The one idea: a task says itself whom it fits, so a sample is made of the tasks that its cases allow. This does not
know which case is dealt which task.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from personas.conditions.book import Condition, conditions
from personas.people.speakers import may_speak
from personas.values import Speaker

FILE = Path(__file__).with_name("tasks.toml")
SPECIAL = {"chest": "opening_chest", "eye": "opening_eye"}
CLINIC = "opening_clinic"
DEGRADED = "T11"
"""What a scenario asks once its photograph cannot answer; dealt to no clean one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What somebody comes for."""

    key: str
    name: str
    good: str
    """What a good conversation does."""
    risk: str
    """The main thing that goes wrong."""
    openings: dict[str, tuple[str, ...]]
    """First messages: about skin (opening), about an X-ray, about an eye, and by a clinician."""
    worry: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    """What they want as well and do not say at first."""
    hidden_self: tuple[str, ...] = ()
    """More of that, of those who write for themselves only."""
    fits: dict[str, tuple] = field(default_factory=dict)
    """What it is for, by kind (groups, specialities, urgencies, speakers, ages); a kind that is not there is any."""
    knows_title: bool = False
    """True where the patient comes with the answer in hand."""
    draw: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Words for the openings and facts, one of each list."""
    draw_child: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """In place of those, for a child."""
    facts: tuple[dict[str, str], ...] = ()
    """What it adds to what the patient knows: slot, answer, value, says, gate, needs."""

    def suits(self, condition: Condition, age: int) -> bool:
        """Say whether somebody of this age with this condition could come for it, with a clear photograph."""
        wanted = (
            ("groups", condition.group),
            ("specialities", condition.speciality),
            ("urgencies", condition.urgency),
            ("photo", "clear"),
        )
        low, high = self.fits.get("ages", (0, 120))
        right = low <= age <= high and all(have in self.fits.get(kind, (have,)) for kind, have in wanted)
        spoken = bool(self.said(condition.speciality)) and bool(may_speak(age, self.key, self.speakers))
        return right and spoken and self.key != DEGRADED

    def said(self, speciality: str, *, clinical: bool = False) -> tuple[str, ...]:
        """Give the first messages about a speciality; empty where there are none."""
        if clinical and CLINIC in self.openings:
            return self.openings[CLINIC]
        return self.openings.get(SPECIAL.get(speciality, "opening"), ())

    def hides(self, speaker: Speaker) -> tuple[str, ...]:
        """Give what this speaker may want and not say at first."""
        return self.hidden + self.hidden_self if speaker == "self" else self.hidden

    @property
    def speakers(self) -> tuple[str, ...]:
        """Those whom it is for; empty for any."""
        return self.fits.get("speakers", ())


@cache
def tasks() -> dict[str, Task]:
    """Give all tasks by key."""
    return {key: _task(key, table) for key, table in _file().items() if "opening" in table}


@cache
def tasks_for(label: str, age: int) -> dict[str, float]:
    """Give the tasks that somebody of this age with this condition could come for, all of one weight."""
    condition = conditions()[label]
    return {key: 1.0 for key, task in tasks().items() if task.suits(condition, age)}


@cache
def words() -> dict[str, tuple[str, ...]]:
    """Give plain words for a lesion, by how it looks."""
    return _lists(_file()["words"])


def _task(key: str, table: dict) -> Task:
    return Task(
        key=key,
        name=table["name"],
        good=table["good"],
        risk=table["risk"],
        openings=_lists({name: said for name, said in table.items() if name.startswith("opening")}),
        worry=tuple(table["worry"]),
        hidden=tuple(table.get("hidden", ())),
        hidden_self=tuple(table.get("hidden_self", ())),
        fits=_lists(table.get("for", {})),
        knows_title=table.get("knows_title", False),
        draw=_lists(table.get("draw", {})),
        draw_child=_lists(table.get("draw_child", {})),
        facts=tuple(table.get("facts", ())),
    )


def _lists(table: dict[str, list]) -> dict[str, tuple]:
    return {name: tuple(values) for name, values in table.items()}


@cache
def _file() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
