"""What a run consists of: one conversation per scenario, model, arm and repeat.

An arm says what the assistant is given, and whether the patient answers anew or says again, word for word, what
was recorded in the full arm. Names only; nothing here plays anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

from engine.errors import BadOption
from personas.values import Photo, Scenario
from rubrics.nearest import nearest
from rubrics.numbers.questions import FROZEN, FULL

Picture = Literal["own", "withheld", "degraded", "swapped", "caption"]
PARTED = " · "
"""Between model and arm in a row of the leaderboard."""
SHOWN: dict[Picture, str] = {
    "own": "photograph",
    "withheld": "photograph, which the assistant does not get",
    "degraded": "poorer copy of the photograph",
    "swapped": "somebody else's photograph",
    "caption": "photograph, which the assistant gets in words",
}
"""What a reader of a transcript is told in a photograph's place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What the assistant under test gets to see."""

    name: str
    picture: Picture = "own"
    record: bool = True
    frozen: bool = False
    """The patient says word for word what it said in the full arm: the direct effect of what was changed. Else it
    answers anew: the total effect."""

    @property
    def made(self) -> bool:
        """Tell whether something must be made for every scenario before the arm can be played."""
        return self.picture in ("degraded", "swapped", "caption")


PLAIN = (
    Arm(name=FULL),
    Arm(name="no-image", picture="withheld"),
    Arm(name="no-record", record=False),
    Arm(name="neither", picture="withheld", record=False),
)
"""Arms that a run can have from its beginning."""
ABLATIONS = (
    *PLAIN[1:],
    Arm(name="degraded", picture="degraded"),
    Arm(name="swapped-image", picture="swapped"),
    Arm(name="caption", picture="caption"),
)
"""Arms that can be added to a run that was played."""


def freeze(arm: Arm) -> Arm:
    """Give the arm with the patient's turns replayed, under a name of its own."""
    return replace(arm, name=f"{FROZEN}{arm.name}", frozen=True)


ARMS = {arm.name: arm for arm in (*PLAIN, *ABLATIONS, *map(freeze, ABLATIONS))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """What an arm puts in a photograph's place."""

    photo: Photo | None = None
    """None where words stand in for it."""
    words: str = ""
    other: str = ""
    """Id of the scenario whose photograph it is, where it is somebody else's."""


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
    given: Substitute | None = None
    """What the arm puts in the photograph's place; None where it changes nothing or withholds it."""
    other: Scenario | None = None
    """Whose photograph it is, where it is somebody else's."""

    @property
    def id(self) -> str:
        """Give `model/scenario/arm/repeat`, the name of the conversation everywhere."""
        return f"{self.model}/{self.scenario.id}/{self.arm.name}/{self.repeat}"

    @property
    def reference(self) -> str:
        """Give the conversation of the full arm that this one is held against."""
        return f"{self.model}/{self.scenario.id}/{FULL}/{self.repeat}"

    def script(self) -> Scenario:
        """Give the scenario as its patient plays it: with each repeat they draw their luck anew."""
        if not self.repeat:
            return self.scenario
        return replace(self.scenario, id=f"{self.scenario.id}.{self.repeat}")

    def shown(self) -> Scenario:
        """Give the scenario as the assistant meets it, with the photograph that this arm shows."""
        if self.given is None or self.given.photo is None:
            return self.scenario
        return replace(self.scenario, photo=self.given.photo)


def picture_of(conversation: str) -> str:
    """Say what the assistant got where a patient shows a photograph, by the name of the conversation."""
    parts = conversation.split("/")
    arm = ARMS.get(parts[-2]) if len(parts) > 2 else None
    return SHOWN[arm.picture if arm else "own"]


def choose_arms(names: str, known: Iterable[Arm] = PLAIN) -> tuple[Arm, ...]:
    """Give the arms of a comma-separated list, each once; BadOption names the nearest one for an unknown."""
    choice = {arm.name: arm for arm in known}
    chosen = []
    for name in dict.fromkeys(part.strip() for part in names.split(",") if part.strip()):
        if name not in choice:
            raise BadOption(f"unknown arm {name!r} in --arms: {_hint(name, choice)}")
        chosen.append(choice[name])
    if not chosen:
        raise BadOption(f"--arms names no arm; known are {', '.join(choice)}.")
    return tuple(chosen)


def _hint(name: str, choice: Mapping[str, Arm]) -> str:
    if name in ARMS:
        if FULL not in choice:
            return "every run has it."
        return f"it is added to a recorded run: python run.py ablate RUN --arms {name.removeprefix(FROZEN)}."
    return nearest(name, choice, cutoff=0.3)


def list_cells(
    scenarios: Iterable[Scenario],
    models: Iterable[str],
    arms: Iterable[Arm],
    *,
    repeats: int = 1,
    scripted: Collection[str] = (),
    givens: Mapping[str, Mapping[str, Substitute]] | None = None,
) -> list[Cell]:
    """Give every conversation of a plan in the order of beginning: scenario by scenario across the models.

    `scripted` models play the first arm once. `givens` holds, by arm and scenario, what was made for an arm; a
    scenario for which nothing could be made is not in it.
    """
    scenarios, models, arms = list(scenarios), list(models), list(arms)
    known, givens = {scenario.id: scenario for scenario in scenarios}, givens or {}
    cells = []
    for repeat, scenario, model, arm in product(range(repeats), scenarios, models, arms):
        given = givens.get(arm.name, {}).get(scenario.id) if arm.made else None
        lacks = arm.made and given is None
        if lacks or (model in scripted and (repeat or arm != arms[0])):
            continue
        other = known.get(given.other) if given else None
        cells.append(Cell(scenario=scenario, model=model, arm=arm, repeat=repeat, given=given, other=other))
    return cells


def arm_of(row: str) -> str:
    """Give the arm of a row of the leaderboard."""
    return row.partition(PARTED)[2] or FULL


def entrant(model: str, arm: str) -> str:
    """Give the row of the leaderboard a conversation belongs to."""
    return model if arm == FULL else f"{model}{PARTED}{arm}"
