"""How a simulated patient types: shortened facts, small letters, no full stop at the end.

The one idea: a hurried thumb leaves out what everybody understands, and nothing that carries the fact. It does
not know what a fact means.
"""

from __future__ import annotations

import re

from engine.simulator.minds.card import raw_sentences
from engine.simulator.minds.script import Scene
from engine.simulator.minds.voice import phrases

LIGHT = (
    (re.compile(r"\bI have(?= (?:been|had|never|not|spent|tried|put)\b)"), "I've"),
    (re.compile(r"\bIt is\b"), "It's"),
    (re.compile(r"\bit is\b"), "it's"),
    (re.compile(r"\bdo not\b"), "don't"),
    (re.compile(r"\bdoes not\b"), "doesn't"),
    (re.compile(r"\bhas not\b"), "hasn't"),
    (re.compile(r"\bI am\b"), "I'm"),
)
"""Contractions: the lightest rephrasing that changes no fact."""
OWN = (
    (re.compile(r"\bYou are\b"), "I'm"),
    (re.compile(r"\byou are\b"), "I'm"),
    (re.compile(r"\b[Yy]ou were\b"), "I was"),
    (re.compile(r"\b[Yy]ou have\b"), "I have"),
    (re.compile(r"\b(and|but) are\b"), r"\1 I'm"),
    (re.compile(r"\b(and|but) were\b"), r"\1 I was"),
    (re.compile(r"\b(to|with|for|told|tells|asked|treated|gave|want|wants) you\b"), r"\1 me"),
    (re.compile(r"\byours\b"), "mine"),
    (re.compile(r"\byourself\b"), "myself"),
    (re.compile(r"\bYou\b|\byou\b"), "I"),
    (re.compile(r"\bYour\b|\byour\b"), "my"),
    (re.compile(r"\bit is\b"), "it's"),
)
"""What the prompt says of the person, as the person says it."""
BEGINS = 0.3
"""How often an answer begins with a filler, as people do who think while they type."""
UNMARKED = 0.7
"""How often the question marks are left out."""
SHORT = 6
"""Words up to which two facts stand in one sentence."""


def shorten(scene: Scene) -> list[str]:
    """Put every due fact into words close enough to be recognised, the short ones in one breath."""
    short, long = scene.manners & {"terse", "foreign"}, scene.manners & {"rambling", "fluent"}
    odds = 0.0 if scene.voice.register == "clinician" else 0.95 if short else 0.6 if long else 0.85
    said: list[str] = []
    for place, fact in enumerate(scene.due):
        words = _leave_out(fact) if scene.voice.luck(odds, "short", fact) else _lighten(fact, scene)
        begins = 0.0 if "fluent" in scene.manners or scene.voice.register == "clinician" else BEGINS
        if place == 0 and scene.voice.luck(begins, "start", fact):
            words = scene.voice.say(f"patient.{_filler(words)}", fact) + small(words)
        words = words if words.endswith((".", "!", "?")) else f"{words}."
        brief = (
            said and max(len(said[-1].split()), len(words.split())) <= SHORT and "," not in said[-1] + words
        )
        if brief and scene.voice.luck(odds, "join", fact):
            said[-1] = f"{said[-1][:-1]}, {small(words)}"
        else:
            said.append(words)
    return said


def _filler(words: str) -> str:
    """Say which fillers fit: one is unsure of an amount, and not of an itch."""
    return "amount" if words.lower().startswith(("about ", "roughly ")) else "answer"


def own(text: str) -> str:
    """Turn a sentence about "you" into the person's own."""
    for pattern, words in OWN:
        text = pattern.sub(words, text)
    return text


def small(words: str) -> str:
    """Begin with a small letter, except with "I"."""
    return words if words.startswith(("I ", "I'")) else words[:1].lower() + words[1:]


def style(text: str, scene: Scene) -> str:
    """Write as on a phone: some in lower case, some without the last full stop."""
    if scene.voice.register == "clinician" or "fluent" in scene.manners:
        return text
    terse = "terse" in scene.manners
    if scene.voice.luck(0.6 if terse else 0.35, "lower"):
        text = " ".join(small(line) for line in raw_sentences(text))
        text = re.sub(r"\bI('m|'ve|'d|'ll|)(?= |$)", r"i\1", text)
    if scene.voice.luck(0.7 if terse else 0.45, "stop") and text.endswith("."):
        text = text[:-1]
    if scene.voice.luck(UNMARKED, "mark", len(scene.said)):
        text = text.replace("? ", ", ").removesuffix("?")
    return text


def _leave_out(fact: str) -> str:
    for tail in phrases()["tails"]["left_out"]:
        fact = fact.removesuffix(f"{tail}.") if fact.endswith(f"{tail}.") else fact
    for begins, instead in phrases()["ellipsis"].items():
        if fact.startswith(begins):
            rest = f"{instead}{fact[len(begins) :]}"
            return rest[:1].upper() + rest[1:]
    return fact


def _lighten(fact: str, scene: Scene) -> str:
    for pattern, short in LIGHT:
        if scene.voice.luck(0.7, "light", fact, short):
            fact = pattern.sub(short, fact)
    return fact
