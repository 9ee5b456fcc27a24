"""What a run consists of: one conversation per scenario, model, arm and repeat.

An arm says what the assistant is given. Names only; nothing here plays anything.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.errors import BadOption
from personas.values import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What the assistant under test gets to see."""

    name: str
    photo: bool
    record: bool


ARMS = {
    arm.name: arm
    for arm in (
        Arm(name="full", photo=True, record=True),
        Arm(name="no-image", photo=False, record=True),
        Arm(name="no-record", photo=True, record=False),
        Arm(name="neither", photo=False, record=False),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far a conversation may go; the same in all arms."""

    turns: int = 8
    """The patient's, the opening included; the assistant still answers the last."""
    tokens: int = 400_000
    """Input and output of all its calls, the patient's included; looked at after each answer of the assistant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One conversation to be had."""

    scenario: Scenario
    model: str
    arm: Arm
    repeat: int = 0

    @property
    def id(self) -> str:
        """Give `model/scenario/arm/repeat`, the name of the conversation everywhere."""
        return f"{self.model}/{self.scenario.id}/{self.arm.name}/{self.repeat}"

    def card(self) -> Scenario:
        """Give the scenario as the jury reads it: a photograph that was withheld is called withheld."""
        if self.arm.photo:
            return self.scenario
        return replace(self.scenario, truth=replace(self.scenario.truth, photo="withheld"))


def choose_arms(names: str) -> tuple[Arm, ...]:
    """Give the arms of a comma-separated list, each once; BadOption names the nearest one for an unknown."""
    chosen = []
    for name in dict.fromkeys(part.strip() for part in names.split(",") if part.strip()):
        if name not in ARMS:
            near = difflib.get_close_matches(name, ARMS, n=1, cutoff=0.3)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(ARMS)}."
            raise BadOption(f"unknown arm {name!r} in --arms: {hint}")
        chosen.append(ARMS[name])
    if not chosen:
        raise BadOption(f"--arms names no arm; known are {', '.join(ARMS)}.")
    return tuple(chosen)


def list_cells(scenarios: Iterable[Scenario], models: Iterable[str], arms: Iterable[Arm]) -> list[Cell]:
    """Give every conversation of a plan in the order of beginning: scenario by scenario across the models."""
    return [
        Cell(scenario=scenario, model=model, arm=arm)
        for scenario in scenarios
        for model in models
        for arm in arms
    ]
