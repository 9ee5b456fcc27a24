"""What one patient may say: the facts of the scenario, the words they came with, and what must not pass their lips.

The one idea: everything a patient says is traced to here or to the assistant's own words, and to nothing else; the
record is the assistant's, so what stands only there is not theirs. Made once a scenario and used for every model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

from agents.watch import CLINICIANS
from engine.audit.claims import abroad, dates, laboratory, medicines, personal
from engine.audit.words import Amount, amounts, plain
from personas.values import Fact, Scenario

GENERAL = frozenset({"cancer", "skin cancer", "mole", "spot", "rash", "wart", "infection", "eczema"})
"""What anybody calls what they fear; unless the scenario forbids it, such a name gives nothing away."""
LONG = 5
"""Letters of a word from which a letter off is taken for a slip: a shorter one is too soon another word."""
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
    spelling: Mapping[str, str]
    """What the long words of `secret` become with a letter left out, and the words themselves: see `respelt`."""
    report: re.Pattern[str]
    """Words of the laboratory, which they must not state."""
    clinician: bool
    """The speaker is a nurse or a doctor."""
    opening: frozenset[Fact] = field(default_factory=frozenset)
    """Facts that the opening tells."""


def respelt(spelling: Mapping[str, str], words: str) -> str:
    """Give a plain text with words that are a letter off a long word of the secret spelt as that.

    Two words are a letter off where they are the same with one letter of either or both left out; the first letter
    has to be right, so that no nasal becomes basal.
    """
    if not spelling:
        return words
    return " ".join([_nearest(spelling, word) if len(word) >= LONG - 1 else word for word in words.split()])


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
    opening, names = plain(persona.opening), _names(scenario)
    return Knowledge(
        scenario=scenario,
        facts=facts,
        sayings=tuple(sorted(sayings, key=lambda one: -len(one[0]))),
        values=tuple((plain(f.value), f) for f in persona.facts if len(f.value) >= TELLING),
        text=f"{given} . {today}",
        amounts=(*amounts(given), *amounts(f"{age} years")),
        words=frozenset((*medicines(given), *dates(given), *dates(today))),
        thoughts=frozenset(plain(" ".join(own[1:])).split()) | personal(),
        secret=_secret(names),
        spelling=_spelling(names),
        report=_report() if names else NOTHING,
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
    longest = sorted(map(re.escape, {*names, *_called(names)}), key=len, reverse=True)
    others = dict.fromkeys(other for name in names for other in abroad(name))
    return re.compile(rf"\b(?:{'|'.join((*longest, *others))})(?:e?s)?\b")


@cache
def _report() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(laboratory())})\b")


def _called(names: Iterable[str]) -> Iterator[str]:
    """Give what people call a carcinoma."""
    for name in names:
        if name.endswith(" cell carcinoma"):
            for kind in ("cancer", "skin cancer", "skin carcinoma"):
                yield f"{name.removesuffix('carcinoma')}{kind}"


@lru_cache(maxsize=4096)
def _spelling(names: tuple[str, ...]) -> dict[str, str]:
    words = sorted({word for name in names for word in name.split() if len(word) >= LONG})
    return {one: word for word in words for one in _shorter(word)} | {word: word for word in words}


def _nearest(spelling: Mapping[str, str], word: str) -> str:
    """Give the word of the secret that a word is a letter off, else the word."""
    if word in spelling and spelling[word] == word:
        return word
    for one in _shorter(word):
        meant = spelling.get(one, word)
        if meant != word and meant[0] == word[0] and abs(len(meant) - len(word)) <= 1:
            return meant
    return word


@lru_cache(maxsize=65536)
def _shorter(word: str) -> tuple[str, ...]:
    """Give a word, and the same with each letter but the first left out."""
    return (word, *(word[:at] + word[at + 1 :] for at in range(1, len(word))))
