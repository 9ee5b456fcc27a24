"""How a patient takes what the assistant said: trust from 0 to 3, and one of four moods.

The one idea: both are functions of the signs in a message and of two or three traits, so they can be repeated.
This does not know what trust unlocks or how a mood sounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from agents.cues import load

Mood = Literal["calm", "worried", "irritated", "low"]
MOST_TRUST = 3


def first_trust(traits: Mapping[str, str]) -> int:
    """Give the trust, 0 to 3, that somebody begins with."""
    return load("mood")["trust"]["start"][traits.get("trust_in_ai", "mid")]


def next_trust(trust: int, signs: frozenset[str]) -> int:
    """Give the trust after a message; it moves by one at most."""
    sums = sum(change for sign, change in load("mood")["trust"]["signs"].items() if sign in signs)
    return min(max(trust + (sums > 0) - (sums < 0), 0), MOST_TRUST)


def first_mood(traits: Mapping[str, str]) -> Mood:
    """Give the mood that somebody begins with."""
    worried = traits.get("anxiety") == "high" or traits.get("urgency_perception") == "exaggerates"
    return "worried" if worried else "calm"


def next_mood(mood: Mood, signs: frozenset[str], traits: Mapping[str, str]) -> Mood:
    """Give the mood after a message: the first sign of the file that was heard decides."""
    for sign, turns in load("mood")["mood"].items():
        if sign not in signs or (sign == "alarm" and traits.get("anxiety") == "low"):
            continue
        after = turns[mood]
        if after == "irritated" and traits.get("assertiveness") == "passive":
            return "low"
        # One kind word does not take a great fear away.
        return "worried" if after == "calm" and mood == "worried" == first_mood(traits) else after
    return mood
