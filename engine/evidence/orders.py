"""Orders in transcripts: turns that speak to the jury, where somebody can look at them.

An order is told, never obeyed and never taken out: what it did to the votes is for the canaries to say. Nothing here
knows how one is found.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.reading.orders import flag_orders
from engine.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A turn that speaks to the jury."""

    conversation: str
    turn: int
    speaker: str
    kind: str
    said: str

    @property
    def own(self) -> bool:
        """Tell whether the speaker gives the order, and does not tell of one it has read, in a picture say."""
        return self.kind != "quoted"


def find_orders(results: Results) -> tuple[Order, ...]:
    """Give every such turn of the conversations that ended, in the plan's order."""
    found = []
    for cell in results.cells:
        if cell.id not in results.findings.ended:
            continue
        turns = results.findings.turns(cell.id)
        speakers = {turn.index: turn.speaker for turn in turns}
        found += [
            Order(
                conversation=cell.id,
                turn=flag.turn,
                speaker=speakers[flag.turn],
                kind=flag.kind,
                said=flag.said,
            )
            for flag in flag_orders(turns)
        ]
    return tuple(found)
