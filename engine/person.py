"""A person who plays a part: what they are called in a plan, and where they are found in one.

Whoever reads a run treats them as it treats a model that nobody can call: they have a name, a title and a family of
their own, and no price. Nothing here knows how they are asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

HUMAN = "human"
"""Their name, in the place of a model's."""
PERSON = "person"
"""Their provider, and what they are served by."""
DESCRIBED = {"title": "Human", "family": HUMAN, "provider": PERSON, "id": PERSON}
"""What a plan says of them."""

Part = Literal["", "assistant", "patient"]
"""Which part a person plays; empty where models play them all."""


def is_person(held: Mapping[str, Mapping[str, Any]]) -> bool:
    """Tell whether a person is among those whom a plan describes, by name."""
    return held.get(HUMAN, {}).get("provider") == PERSON
