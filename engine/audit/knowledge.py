"""What one patient may say: the facts of the scenario, the words they came with, and what must not pass their lips.

The one idea: everything a patient says is traced to here or to the assistant's own words, and to nothing else; the
record is the assistant's, so what stands only there is not theirs. Made once a scenario and used for every model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from agents.watch import CLINICIANS
from engine.audit.claims import dates, laboratory, medicines, personal
from engine.audit.words import Amount, amounts, plain
from personas.values import Fact, Scenario

GENERAL = frozenset({"cancer", "skin cancer", "mole", "spot", "rash", "wart", "infection", "eczema"})
"""What anybody calls what they fear; unless the scenario forbids it, such a name gives nothing away."""
NOTHING = re.compile(r"(?!)")
TELLING = 4
"""Letters from which a value says by itself which fact it is of: "eight months" does, "6" does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """A scenario as the audit reads it."""

    scenario: Scenario
    facts: dict[str, tuple[Fact, ...]]
    """By slot."""
    sayings: tuple[tuple[str, Fact | None], ...]
    """Everything the patient may say word for word, as `plain` gives it, the longest first; None for what is no
    fact (the opening, the belief, what they want)."""
    values: tuple[tuple[str, Fact], ...]
    """Bare values, as `plain` gives them, that tell their fact wherever they stand."""
    text: str
    """All of it, and what is known of everybody: their age and today's date."""
    amounts: tuple[Amount, ...]
    words: frozenset[str]
    """Medicines and dates."""
    thoughts: frozenset[str]
    """Words of what they believe and want, which is written to them ("You think …") and said by them as theirs."""
    secret: re.Pattern[str]
    """What they must not say before the assistant has said it, unless it is theirs to say (`text`)."""
    clinician: bool
    """The speaker is a nurse or a doctor."""
    opening: frozenset[Fact] = field(default_factory=frozenset)
    """Facts that the opening tells."""


def know(scenario: Scenario) -> Knowledge:
    """Lay out what the patient of a scenario knows."""
    persona = scenario.persona
    facts: dict[str, tuple[Fact, ...]] = {}
    for fact in persona.facts:
        facts[fact.slot] = (*facts.get(fact.slot, ()), fact)
    sayings = [(plain(fact.says), fact) for fact in persona.facts]
    own = (persona.opening, persona.belief, persona.worry, persona.hidden)
    sayings += [(plain(text), None) for text in own if text]
    given = " . ".join((*(text for text, _ in sayings), *(plain(fact.value) for fact in persona.facts)))
    age = persona.age or scenario.record.age
    today = f"{scenario.record.as_of[:4]} {age} years"
    opening = plain(persona.opening)
    return Knowledge(
        scenario=scenario,
        facts=facts,
        sayings=tuple(sorted(sayings, key=lambda one: -len(one[0]))),
        values=tuple((plain(f.value), f) for f in persona.facts if len(f.value) >= TELLING),
        text=f"{given} . {today}",
        amounts=(*amounts(given), *amounts(f"{age} years")),
        words=frozenset((*medicines(given), *dates(given), *dates(today))),
        thoughts=frozenset(plain(" ".join(own[1:])).split()) | personal(),
        secret=_secret(_names(scenario)),
        clinician=persona.speaker in CLINICIANS,
        opening=frozenset(f for f in persona.facts if f.value and f" {plain(f.value)} " in f" {opening} "),
    )


def _names(scenario: Scenario) -> tuple[str, ...]:
    """Give what names the answer, plain and sorted; nothing where the patient may know it, as of a result."""
    truth, secret = scenario.truth, {plain(name) for name in scenario.persona.must_not_know}
    if not secret:
        return ()
    return tuple(
        sorted((secret | ({plain(name) for name in (*truth.accepted, truth.title)} - GENERAL)) - {""})
    )


@lru_cache(maxsize=4096)
def _secret(names: tuple[str, ...]) -> re.Pattern[str]:
    if not names:
        return NOTHING
    longest = sorted(map(re.escape, names), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join((*longest, *laboratory()))})(?:e?s)?\b")
