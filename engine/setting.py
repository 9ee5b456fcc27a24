"""The setting: what a run consists of, as its folder says: the plan, the scenarios, and arms added since.

    plan.json   scenarios.jsonl   arms.jsonl

An ablation adds arms to a run that was played. Each is a line of arms.jsonl with what was made for it (the
photograph or the words that each scenario shows instead), appended and never changed; a line without its end
never happened. Nothing here knows what was said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from engine.cells import ARMS, Cell, Substitute, list_cells
from engine.disk import keep_file
from engine.errors import BadRun
from engine.plan import Plan
from engine.tally import UNJUDGED
from personas.scenarios.store import load
from personas.tidy import tidy
from personas.values import Photo, Scenario

ADDED = "arms.jsonl"
UNREPEATED = UNJUDGED | {""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """An arm that was added to a run."""

    arm: str
    created: str
    """ISO time, UTC."""
    givens: Mapping[str, Substitute]
    """What is shown in the photograph's place, by scenario; empty for an arm for which nothing is made."""


ADDITIONS = TypeAdapter(Addition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A run as it stands."""

    plan: Plan
    """With the arms added since."""
    scenarios: tuple[Scenario, ...]
    additions: tuple[Addition, ...]

    @property
    def photos(self) -> tuple[Photo, ...]:
        """Give every photograph that is shown in some arm."""
        made = (given.photo for addition in self.additions for given in addition.givens.values())
        return (*(scenario.photo for scenario in self.scenarios), *filter(None, made))

    def cells(self, reasons: Mapping[str, str]) -> list[Cell]:
        """Give every conversation there should be, in the plan's order.

        `reasons` says why each one that came to its end did; a frozen one has nothing to repeat where its full one
        did not, or was kept from the jury.
        """
        return [
            cell
            for cell in self._cells()
            if not cell.arm.frozen or reasons.get(cell.reference, "") not in UNREPEATED
        ]

    def plus(self, additions: tuple[Addition, ...]) -> Setting:
        """Give the run as it stands once these arms are added."""
        arms = (*self.plan.arms, *(addition.arm for addition in additions))
        plan = replace(self.plan, arms=tuple(dict.fromkeys(arms)))
        return replace(self, plan=plan, additions=(*self.additions, *additions))

    def _cells(self) -> list[Cell]:
        return list_cells(
            self.scenarios,
            self.plan.models,
            [ARMS[name] for name in self.plan.arms],
            repeats=self.plan.repeats,
            scripted=self.plan.baselines,
            givens={addition.arm: addition.givens for addition in self.additions},
        )


def open_setting(folder: Path, base: Plan) -> Setting:
    """Read what a run consists of; `base` is its plan.json. Raises BadRun or Unreadable in a sentence."""
    additions = read_additions(folder)
    if strange := [name for name in base.arms if name not in ARMS]:
        raise BadRun(
            f"{folder}: its plan has an arm {strange[0]!r}, which this version does not know: use its own."
        )
    scenarios = _read_scenarios(folder / "scenarios.jsonl")
    return Setting(plan=base, scenarios=scenarios, additions=()).plus(additions)


def _read_scenarios(path: Path) -> tuple[Scenario, ...]:
    try:
        return tuple(load(path.read_bytes()))
    except OSError as error:
        raise BadRun(
            f"{path} cannot be read ({error.strerror}), and without its scenarios a run says nothing: put it back."
        ) from error


def read_additions(folder: Path) -> tuple[Addition, ...]:
    """Give the arms that were added to a run; BadRun names a line that is none."""
    path = folder / ADDED
    if not path.is_file():
        return ()
    found = []
    *lines, _ = path.read_bytes().split(b"\n")  # behind the last end of a line stands nothing, or a torn one
    for number, line in enumerate(lines, start=1):
        try:
            addition = ADDITIONS.validate_json(line)
        except ValidationError as error:
            first = tidy(error.errors(include_input=False)[0]["msg"])
            raise BadRun(
                f"{path}, line {number}: not an arm of this version ({first}); take the line out."
            ) from error
        if addition.arm not in ARMS:
            raise BadRun(f"{path}, line {number}: there is no arm {addition.arm!r}; take the line out.")
        found.append(addition)
    return tuple(found)


def add_arms(folder: Path, additions: Iterable[Addition]) -> None:
    """Append arms to a run; BadRun when the folder cannot be written."""
    lines = b"".join(orjson.dumps(addition) + b"\n" for addition in additions)
    path = folder / ADDED
    try:
        there = path.read_bytes() if path.is_file() else b""
        keep_file(path, there[: there.rfind(b"\n") + 1] + lines)  # a torn line never happened
    except OSError as error:
        raise BadRun(f"{path} cannot be written ({error.strerror}): free the disk and try again.") from error
