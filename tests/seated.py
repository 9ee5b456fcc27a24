"""A person at a seat as tests want one: a script of lines, and the folder it was played into."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.casting import CastWish
from engine.seat.opening import PlayWish
from engine.seat.playing import play_here

JURY = "nova-pro,claude-sonnet-4.6"
FIRST = "When did it begin, has it changed, and has it bled? Any skin cancer in the family?"
SECOND = "It may be harmless, but I cannot tell from a picture. See a doctor within two weeks. Goodbye."
CLOSING = ("melanoma 30", "mole, 50%", "", "U3")
GOODBYE = "/done Thank you, goodbye."


class Script:
    """Lines that were written beforehand; how many were read is known."""

    typed = False

    def __init__(self, *lines: str) -> None:
        self.read = 0
        self._lines = lines

    async def next(self) -> str | None:
        """Give the next line; None when there are no more."""
        self.read += 1
        return self._lines[self.read - 1] if self.read <= len(self._lines) else None


def said(*messages: str) -> tuple[str, ...]:
    """Give messages as lines, an empty one after each."""
    return tuple(line for message in messages for line in (message, ""))


def wished(role: str, scenarios: Path | None, run: Path | None, **changes: object) -> PlayWish:
    """Ask for a short conversation with a small jury."""
    cast = CastWish(
        models="gpt-5.1" if role == "patient" else "", backend="simulated", faults={}, jury=JURY, seed=7
    )
    told = {"scenario": "1", "turns": 3, "cast": cast} | changes
    return PlayWish(role=role, scenarios=scenarios, run=run, **told)


async def played(
    role: str, scenarios: Path | None, run: Path, lines: Iterable[str], **changes: object
) -> int:
    """Play by a script and give the exit status."""
    return await play_here(wished(role, scenarios, run, **changes), Script(*lines))
