"""The card of a conversation: its scenario as the jury reads it.

The truth card says what the assistant was given to look at, so that nobody is blamed for what it could not see.
Nothing here knows a juror.
"""

from __future__ import annotations

from engine.cells import Cell, Picture
from personas.scenarios.altered import card
from personas.values import Given, Scenario

GIVEN: dict[Picture, Given] = {
    "own": "clear",
    "withheld": "withheld",
    "degraded": "degraded",
    "swapped": "swapped",
    "caption": "captioned",
}
"""What a card calls the picture; of a scenario's own it says already what it is."""


def card_of(cell: Cell) -> Scenario:
    """Give the scenario of a conversation with what its arm showed on the card."""
    photo = cell.given.photo if cell.given else None
    return card(cell.scenario, GIVEN[cell.arm.picture], photo=photo, other=cell.other)
