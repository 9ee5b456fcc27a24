"""A frozen patient: the recorded turns, said again word for word while the assistant sees something else.

Whatever differs then is the assistant's doing alone, the direct effect of what it was given. The conversation is
as long as the recorded one and ends as it did. Nothing here calls a model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from agents.speech import Ask, Turn
from engine.events import StopReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A conversation that came to its end."""

    turns: tuple[Turn, ...]
    stop_reason: StopReason

    def over(self, turns: tuple[Turn, ...]) -> StopReason | None:
        """Tell whether a replay is as long as this, and then why this ended."""
        return self.stop_reason if len(turns) >= len(self.turns) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenPatient:
    """The patient of a recorded conversation."""

    recorded: Recorded
    photo: str
    """sha-256 of the photograph that is shown where the recorded turn showed one."""

    async def reply(self, heard: tuple[Turn, ...], ask: Ask) -> Turn:
        """Give the recorded turn of this place; what it cost was paid when it was recorded."""
        turn = self.recorded.turns[len(heard)]
        return replace(turn, tokens=0, photo=self.photo if turn.photo else "")
