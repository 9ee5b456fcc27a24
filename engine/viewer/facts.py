"""The patient's side of one conversation: what was due in each turn, what was told, and what should not have been.

What was due is the planner's word and what was told the audit's reading, both made anew from the scenario and what
was said; where another planner played, nothing is said of what was due. What a frozen arm repeats was due in another
conversation. Nothing here knows a vote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents.planner import TurnPlan, plan_turns
from agents.speech import Turn
from engine.audit.examine import Breach, Reading
from engine.audit.knowledge import know
from engine.viewer.wording import word
from personas.people.tasks import tasks
from personas.slots import about, slots
from personas.values import Fact, Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """What one turn of the patient came to."""

    told: tuple[Fact, ...] = ()
    """Told for the first time."""
    due: tuple[Fact, ...] = ()
    """Newly due in it and not told in it."""
    plan: TurnPlan | None = None
    """None for the opening, and where another planner played."""
    breaches: tuple[Breach, ...] = ()

    @property
    def moves(self) -> tuple[str, ...]:
        """Give what else the patient was to do, in words."""
        return tuple(word("move", move.kind) for move in self.plan.moves) if self.plan else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One fact, and what became of it."""

    fact: Fact
    about: str
    gate: str
    turn: int
    """In which it was told; 0 for never."""
    due: int
    """The first turn in which it might be told; 0 for none, and where another planner played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """The patient's side of a conversation."""

    turns: dict[int, Disclosed]
    """By the index of the patient's turns."""
    facts: tuple[Known, ...]
    """In the persona's order."""
    planned: bool


def follow(script: Scenario, turns: Sequence[Turn], *, planned: bool) -> Telling:
    """Follow what a patient told; `script` is the scenario as its patient plays it."""
    knowledge = know(script)
    reading = Reading(knowledge)
    heard = tuple(turn.text for turn in turns if turn.speaker == "assistant")
    plans = plan_turns(script, heard) if planned else ()
    found: dict[int, Disclosed] = {}
    told: dict[Fact, int] = {}
    due: dict[Fact, int] = {}
    count = 0
    for turn in turns:
        if turn.speaker == "assistant":
            reading.hear(turn.text)
            reading.due.update(plans[count].facts if planned else script.persona.facts)
            count += 1
            continue
        seen = len(reading.breaches)
        reading.read(turn)
        plan = plans[count - 1] if planned and count else None
        fresh = tuple(fact for fact in script.persona.facts if fact in reading.told and fact not in told)
        told |= dict.fromkeys(fresh, turn.index)
        for fact in plan.facts if plan else ():
            due.setdefault(fact, turn.index)
        found[turn.index] = Disclosed(
            told=fresh,
            due=tuple(fact for fact in (plan.facts if plan else ()) if fact not in told),
            plan=plan,
            breaches=tuple(reading.breaches[seen:]),
        )
    return Telling(turns=found, facts=_known(script, told, due), planned=planned)


def _known(script: Scenario, told: dict[Fact, int], due: dict[Fact, int]) -> tuple[Known, ...]:
    return tuple(
        Known(fact=fact, about=asks(fact), gate=gate_of(fact), turn=told.get(fact, 0), due=due.get(fact, 0))
        for fact in script.persona.facts
    )


def asks(fact: Fact) -> str:
    """Say what a fact is about; the slot of somebody else's scenario may be one we have no words for."""
    return about(fact.slot) if fact.slot in slots() else fact.slot


def gate_of(fact: Fact) -> str:
    """Say when a fact is told."""
    says = word("gate", fact.gate)
    return f"{says} ({fact.trust} of 3)" if fact.gate == "if_trusted" else says


def task_name(key: str) -> str:
    """Give what a patient comes for, in words; empty for a task that this version does not know."""
    task = tasks().get(key)
    return task.name if task else ""
