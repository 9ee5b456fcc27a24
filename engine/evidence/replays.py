"""Replayed turns that answer nothing: how far a frozen arm is still a conversation.

A frozen patient says what it said whatever it is asked now, so the further an assistant's questions stray, the less
the arm measures. The share stands beside the effect. Nothing here knows how such a turn is told.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.cells import entrant
from engine.reading.stale import stale
from engine.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The replayed turns of one model in one frozen arm."""

    model: str
    """As the leaderboard has it, `model · arm`."""
    conversations: int
    turns: int
    """Of the patients, after the first."""
    stale: int
    """Of these, which no longer answer what was asked."""
    share: float | None
    """0 to 1; None without a turn."""


def hold_replays(results: Results) -> tuple[Replay, ...]:
    """Hold every frozen conversation that ended against the one it repeats."""
    counts: dict[str, list[int]] = {}
    for cell in results.cells:
        if not cell.arm.frozen or cell.id not in results.findings.ended:
            continue
        turns = results.findings.turns(cell.id)
        found = stale(cell.script(), results.findings.turns(cell.reference), turns)
        count = counts.setdefault(entrant(cell.model, cell.arm.name), [0, 0, 0])
        patient = sum(turn.speaker == "patient" for turn in turns) - 1
        for place, more in enumerate((1, patient, len(found))):
            count[place] += more
    return tuple(
        Replay(model=name, conversations=n, turns=turns, stale=lost, share=lost / turns if turns else None)
        for name, (n, turns, lost) in counts.items()
    )
