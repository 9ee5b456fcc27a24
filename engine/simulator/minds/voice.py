"""How simulated minds phrase things: variants of sentences, and draws with an address.

The one idea: every choice is drawn at an address made of the seed, the model and the content of the request,
so the same request always sounds the same and another one does not. It does not know what it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from statistics import NormalDist
from string import Formatter

from engine.simulator.minds.hearing import load
from personas.seeds import uniform

NORMAL = NormalDist()
NEXT = {"relative": ("child",), "colleague": ("child",)}
"""Where words are looked for that a register does not have, before those for a patient who writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One speaker's luck and choice of words."""

    address: tuple[object, ...]
    spoken: str = ""
    """What this speaker has said already, in lower case; other words are preferred."""
    child: str = ""
    """Whom the conversation is about when somebody else writes ("your son", "my husband"); else empty."""
    register: str = "child"
    """Section with the words of those who write about somebody else."""

    def chance(self, *about: object) -> float:
        """Draw a number in [0, 1) for one matter; the same matter always gives the same number."""
        return uniform(*self.address, *about)

    def luck(self, odds: float, *about: object) -> bool:
        """Say whether something of the given probability happens."""
        return self.chance(*about) < odds

    def error(self, spread: float, *about: object) -> float:
        """Draw a normal deviate with the given standard deviation."""
        return NORMAL.inv_cdf(min(max(self.chance(*about), 1e-6), 1 - 1e-6)) * spread

    def pick(self, choices: tuple | list, *about: object):
        """Choose one of several, evenly."""
        return choices[int(self.chance(*about) * len(choices))]

    def say(self, key: str, *about: object, **parts: str) -> str:
        """Phrase `section.name`; a place with a capital (`{One}`) gets a capital."""
        variants = self.ways(key)
        fresh = [words for words in variants if _core(words, self.child) not in self.spoken]
        words = self.pick(fresh or variants, key, *about)
        parts = {"child": self.child, **parts}
        filled = {place: _part(place, parts) for _, place, _, _ in Formatter().parse(words) if place}
        return words.format(**filled)

    def spent(self, key: str) -> bool:
        """Say whether every variant of a phrase has been used."""
        return all(_core(words, self.child) in self.spoken for words in self.ways(key))

    def ways(self, key: str) -> list[str]:
        """Give the variants of a phrase: those of somebody else where there are such and somebody else writes."""
        section, name = key.split(".")
        registers = (self.register, *NEXT.get(self.register, ())) if self.child else ()
        theirs = (ways for register in registers if (ways := phrases()[register].get(key)))
        return next(theirs, None) or phrases()[section][name]


@cache
def phrases() -> dict[str, dict]:
    """Give the sentences of phrases.toml and patient.toml."""
    return load("phrases") | load("patient")


@lru_cache(maxsize=4096)
def _core(words: str, child: str) -> str:
    """Give the longest run of a phrase that is always the same, by which it is known again."""
    pieces = (piece for piece, _, _, _ in Formatter().parse(words.replace("{child}", child)))
    return max(pieces, key=len, default="").strip().lower()


def _part(place: str, parts: dict[str, str]) -> str:
    if place[0].isupper():
        words = parts[place.lower()]
        return words[:1].upper() + words[1:]
    return parts[place]


def listed(words: list[str] | tuple[str, ...], link: str = "and") -> str:
    """Join words as a person would: "a, b and c"."""
    *most, last = words
    return f"{', '.join(most)} {link} {last}" if most else last
