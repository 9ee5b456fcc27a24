"""What a simulated assistant still wants to know, and how it asks.

The one idea: a question is open while neither the conversation nor the story has its answer; an adult's
question is never put to a child's parent. It does not know what the answers will mean.
"""

from __future__ import annotations

from engine.simulator.minds.case import Case
from engine.simulator.minds.hearing import asked

SLOTS = {
    "onset": "onset",
    "change": "change",
    "bleeding": "bleeding",
    "feeling": "itch",
    "cancer": "family_history",
    "medicines": "medicines",
    "sun": "sun",
    "systemic": "fever",
    "spread": "number",
    "contacts": "contacts",
    "treatment": "treatment",
    "heat": "warmth",
    "allergy": "allergies",
    "pregnancy": "pregnancy",
    "texture": "raised",
    "trauma": "trauma",
}
"""Each question of phrases.toml with the slot it is known by once asked."""
SPOT = (
    "onset",
    "change",
    "bleeding",
    "cancer",
    "medicines",
    "feeling",
    "sun",
    "texture",
    "trauma",
    "treatment",
)
RASH = (
    "onset",
    "feeling",
    "heat",
    "systemic",
    "medicines",
    "treatment",
    "contacts",
    "spread",
    "allergy",
    "change",
)
KNOWN = {
    "change": ("changed", "growing", "stable"),
    "bleeding": ("bleeding",),
    "systemic": ("fever",),
    "heat": ("hot",),
    "texture": ("firm", "rough", "waxy", "felt"),
    "treatment": ("treated",),
    "onset": ("months", "years", "recent", "fast"),
    "trauma": ("trauma",),
    "contacts": ("contact",),
    "feeling": ("itch", "pain"),
    "cancer": ("family_cancer", "past_cancer"),
    "sun": ("sun",),
    "medicines": ("new_medicine", "suppressed", "blood_thinner"),
    "spread": ("several",),
}
"""Questions that these cues, told or denied, have answered already."""
RED = ("eczema", "tinea", "psoriasis", "infection", "reaction")
GROWN = 18
"""Years from which work outdoors and sunbeds are worth asking about."""


def rash(case: Case) -> bool:
    """Say whether it is asked about as a rash and not as a spot."""
    if {"rash", "fever", "new_medicine", "ring", "blisters", "hot"} & set(case.story):
        return True
    return case.thing == "patch" and case.ranks[0][0] in RED


def unknown(case: Case, own: list[str]) -> list[str]:
    """List what is still worth asking, most telling first; careless models start in the wrong place."""
    before = frozenset().union(*(asked(text) for text in own)) if own else frozenset()
    due = [
        name
        for name in (RASH if rash(case) else SPOT)
        if SLOTS[name] not in before and not any(cue in case.story for cue in KNOWN.get(name, ()))
    ]
    jitter = 6 * (1 - case.skill.triage)
    rank = {name: place + jitter * case.voice.chance("order", name) for place, name in enumerate(due)}
    return sorted(due, key=rank.__getitem__)


def word(case: Case, names: list[str], own: list[str], turn: int) -> list[str]:
    """Put questions into words, in those that ask nothing a second time where there are such."""
    before = set().union(*(asked(text) for text in own))
    minor = case.age is not None and case.age < GROWN and not case.voice.child
    worded = []
    for name in names:
        ways = case.voice.ways("question.young_sun" if name == "sun" and minor else f"question.{name}")
        fresh = [way for way in ways if not asked(way) & before]
        # What is known without having been asked is no more asked by the way either.
        way = case.voice.pick(fresh or ways, "question", name, turn).format(child=case.voice.child)
        worded.append(way)
        before |= asked(way)
    return worded
