"""Which facts come out in which turn: gates, memory, trust, and how much one person says at a time.

The one idea: a fact is told once, and never before its gate is open; of what was asked and did not fit, one comes
in the next turn and the rest must be asked for again. This does not know how a fact sounds or why it was asked for.
"""

from __future__ import annotations

from collections import Counter

from agents.moves import Move, make
from personas.seeds import uniform
from personas.slots import about
from personas.values import Fact, Scenario

MOST_FACTS = {"terse": 2, "mid": 3, "rambling": 3}
"""Facts in one turn, by verbosity: an assistant asks four things at once, and people answer about half of them. To
ramble is not to tell more."""
MORE = {"guarded": -1, "open": 1}
"""What openness adds to that; there is always room for one."""
FORGOTTEN = frozenset(
    ("onset", "size", "medicines", "treatment", "family_history", "past_skin_cancer", "allergies")
)
"""What a poor memory may not have ready at the first asking."""
FORGETS = 0.4


class Disclosure:
    """What one patient has been asked and has told so far."""

    def __init__(self, scenario: Scenario, apart: str = "") -> None:
        """`apart` are the words of facts that come out by a rule of their own."""
        self._id = scenario.id
        self._facts = tuple(fact for fact in scenario.persona.facts if fact.says != apart)
        traits = scenario.persona.traits
        openness = traits.get("openness", "mid")
        self._room = max(1, MOST_FACTS[traits.get("verbosity", "mid")] + MORE.get(openness, 0))
        self._guarded = openness == "guarded"
        self._poor = traits.get("recall") == "poor"
        self._asked: Counter[str] = Counter()
        self._told: set[Fact] = set()
        self._waiting: set[Fact] = set()
        self._first = True

    def release(self, slots: frozenset[str], trust: int) -> tuple[tuple[Fact, ...], Move | None]:
        """Give the facts of this turn, those asked for first, and how to turn away from what is held back."""
        ready: list[Fact] = []
        later: list[Fact] = []
        held: Move | None = None
        for fact in self._facts:
            if fact in self._told:
                continue
            reason = self._held(fact, slots, trust)
            if fact in self._waiting or not reason:
                (ready if fact.slot in slots else later).append(fact)
            elif fact.slot in slots and held is None:
                held = make(reason, about(fact.slot))
        told = (*ready, *later)[: self._room]
        self._told.update(told)
        left = [fact for fact in ready if fact not in self._told]
        self._waiting = set() if self._guarded else {*left[:1]}
        self._asked.update(slots)
        self._first = False
        return told, held

    def _held(self, fact: Fact, slots: frozenset[str], trust: int) -> str:
        """Say what keeps a fact back: "" for nothing, else the kind of move by which it is not told."""
        now, before = fact.slot in slots, self._asked[fact.slot]
        if fact.gate == "volunteered":
            return "" if now or self._first else "withhold"
        if fact.gate == "if_trusted":
            # Asked too early, it comes by itself when trust has grown; unasked, when there is trust to spare.
            opens = (trust >= fact.trust and (now or before)) or trust > fact.trust
            return "" if opens else "withhold"
        if fact.gate == "if_asked_twice":
            return "" if now and before else "withhold"
        if now and not before and self._forgets(fact):
            return "forget"
        return "" if now else "withhold"

    def _forgets(self, fact: Fact) -> bool:
        return self._poor and fact.slot in FORGOTTEN and uniform(self._id, "forgets", fact.slot) < FORGETS
