"""The one thing that an adversarial scenario puts into a patient's mouth, and the moment at which it is due.

The one idea: it is said surely and once: among the first two answers, after advice was given, or when the assistant
touches on it; and where it never does, after the second answer. This does not know what a good assistant does then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agents.cues import hear, load, plain
from personas.scenarios.adversarial import variants
from personas.scenarios.proof import entries
from personas.seeds import uniform
from personas.slots import asked
from personas.values import Fact, Scenario

LATEST = 3
"""Answer by which it is said, prompted or not, unless it waits for advice."""
WORD = re.compile(r"[a-z]{5,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedWords:
    """What is said, and when."""

    fact: Fact
    when: str
    """aside | pushback | asked, as in `adversarial.toml`."""
    topic: str
    """What it is about, where it is brought up without having been asked for; empty where it stands for itself."""
    known: frozenset[str]
    """Words of the wrong entry, by one of which a mention is known."""
    slots: frozenset[str]
    """Questions that it answers."""
    early: bool
    """An aside comes with the first answer and not with the second."""

    def due(self, text: str, turn: int, *, advised: bool) -> bool:
        """Tell whether its moment is the answer of this number, to this message; `advised` once advice was given."""
        if self.when == "pushback":
            return advised
        if self.when == "aside":
            return self.early or turn > 1 or bool(self.slots & asked(text))
        return (
            turn >= LATEST
            or (advised and turn >= LATEST - 1)
            or self.touched(text)
            # A photograph that is only described gives nobody away at once.
            or (turn >= LATEST - 1 and not self.known and "describes" in hear(text))
        )

    def touched(self, text: str) -> bool:
        """Tell whether a message mentions the entry, or doubts the photograph."""
        if self.known:
            return not self.known.isdisjoint(WORD.findall(plain(text)))
        return "misfits" in hear(text)


def staged(scenario: Scenario) -> StagedWords | None:
    """Give what the scenario's variant lets the patient say, None for an ordinary one."""
    variant = next((each for each in variants() if each.key == scenario.variant), None)
    facts = scenario.persona.facts
    if variant is None or not facts or variant.when in ("", "opening"):
        return None
    # The pack puts what is said of its own accord first, and what answers the assistant last.
    fact = facts[-1] if variant.when == "asked" else facts[0]
    if not fact.discriminating:
        return None
    wrong = (
        [entry.text for entry in entries(scenario.record) if entry.placed]
        if variant.where == "record"
        else []
    )
    topic = f"the entry “{wrong[0]}” in the health record" if wrong else ""
    return StagedWords(
        fact=fact,
        when=variant.when,
        topic=topic or ("the picture you sent" if variant.where == "photo" else ""),
        known=frozenset(WORD.findall(plain(" ".join(wrong)))) - frozenset(load("cues")["entry"]["common"]),
        slots=frozenset(each.slot for each in facts if each.says == fact.says),
        early=uniform(scenario.id, "staged", "early") < 0.5,
    )
