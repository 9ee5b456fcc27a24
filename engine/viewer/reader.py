"""A conversation opened for reading: all that a page about it shows, made of what the index gives.

The one idea: everything is worked out anew from the journal's own words, the rubric and the scenario, so a page of a
damaged or a stopped run shows what there is and says what is not. Nothing here knows how it looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from agents.foresight import Foresight, foresee
from agents.interview import Interview, Possibility
from engine.cards import card_of
from engine.cells import Cell
from engine.events import CallAnswered
from engine.evidence.bounds import SAFETY
from engine.index import Opened, RunIndex, Siblings
from engine.plan import Plan
from engine.reading.caps import CapFinding, find_caps
from engine.results import drifted
from engine.simulator.request import SIGNATURE
from engine.tally import UNJUDGED
from engine.viewer.facts import Telling, follow
from engine.viewer.passage import Passage, tell
from engine.viewer.sides import given
from engine.viewer.votes import Bench, lay_out
from personas.conditions.naming import same
from personas.values import Photo, Scenario
from rubrics.rubric import load_rubric
from rubrics.values import Rubric


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One thing that the model said it could be."""

    said: Possibility
    chance: float
    """0 to 1."""
    true: bool
    """It names what the patient has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One conversation, ready to be shown."""

    opened: Opened
    cell: Cell
    card: Scenario
    """As the jury reads it."""
    bench: Bench
    passage: Passage
    telling: Telling | None
    """None for scripts' patients and frozen ones, of whom nothing is said, and before there is a turn."""
    siblings: Siblings
    interview: Interview | None
    guesses: tuple[Guess, ...]
    foresight: Foresight | None
    photo: Photo
    """As the arm shows it."""
    photo_there: bool
    """Its file is in the run folder."""
    given: tuple[str, ...]
    """What the assistant got."""
    cost: float
    """USD of all its calls."""

    @property
    def id(self) -> str:
        return self.opened.id

    @property
    def summary(self):
        """Give the conversation in a line."""
        return self.opened.summary


class Reader:
    """Opens conversations of one run."""

    def __init__(self, folder: Path, plan: Plan, index: RunIndex, titles: Mapping[str, str]) -> None:
        self._folder = folder
        self._plan = plan
        self._index = index
        self._titles = titles

    @cached_property
    def rubric(self) -> Rubric:
        """Give the rubric that the run is judged by; one that was begun before it was kept had the built-in one."""
        own = self._folder / "rubric.toml"
        return load_rubric(own if own.is_file() else None)

    @cached_property
    def _planned(self) -> bool:
        return not drifted(self._plan)

    def open(self, name: str) -> Reading:
        """Open one conversation; KeyError for a name that is none of the plan."""
        self._index.summary(name)
        opened = self._index.open(name)
        cell = opened.cell
        if cell is None:
            raise KeyError(name)
        bench = lay_out(opened, self._plan, self.rubric, self._titles)
        telling = self._follow(opened, cell)
        passage = tell(
            opened, bench, disclosed=telling.turns if telling else {}, ruled=self._ruled(opened, cell)
        )
        photo = cell.shown().photo
        interview = opened.interview
        return Reading(
            opened=opened,
            cell=cell,
            card=card_of(cell),
            bench=bench,
            passage=passage,
            telling=telling,
            siblings=self._index.siblings(name),
            interview=interview,
            guesses=_guesses(interview, cell),
            foresight=foresee(interview, cell.scenario.truth) if interview else None,
            photo=photo,
            photo_there=(self._folder / "blobs" / photo.sha256).is_file(),
            given=given(cell),
            cost=sum(call.cost for _, call in opened.calls if isinstance(call, CallAnswered)),
        )

    def _follow(self, opened: Opened, cell: Cell) -> Telling | None:
        """Follow a patient that answered by itself; to a script it talks past, so nothing is audited there."""
        person = self._plan.person == "patient"  # whom no gate holds
        if person or cell.arm.frozen or cell.model in self._plan.baselines or not opened.turns:
            return None
        return follow(cell.script(), opened.turns, planned=self._planned)

    def _ruled(self, opened: Opened, cell: Cell) -> tuple[CapFinding, ...]:
        """Find the caps that rules find, where the conversation is over and judged."""
        if opened.ended is None or opened.ended.stop_reason in UNJUDGED:
            return ()
        most = {cap.key: cap.most for one in self.rubric.dimensions if one.name == SAFETY for cap in one.caps}
        return find_caps(card_of(cell), opened.turns, most)


def signed(opened: Opened) -> bool:
    """Tell whether the simulator answered, wherever it was served."""
    return any(
        call.completion.request_id.startswith(SIGNATURE)
        for _, call in opened.calls
        if isinstance(call, CallAnswered)
    )


def _guesses(interview: Interview | None, cell: Cell) -> tuple[Guess, ...]:
    if interview is None or interview.status != "given":
        return ()
    return tuple(
        Guess(said=one, chance=chance, true=same(one.condition, cell.scenario.truth))
        for one, chance in interview.ranked()
    )
