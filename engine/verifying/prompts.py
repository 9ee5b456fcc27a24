"""The prompts of one conversation, made again: what every model was asked, word for word.

The journal keeps a prompt's digest and not its words. The engine's own actors make it anew from the recorded answers,
and the digest says whether it is the one that was sent; how a provider was told of it is not made again. Nothing
here reads a journal.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from agents.speech import Prompt
from engine.cells import Cell
from engine.errors import BadRun
from engine.events import Event
from engine.plan import Plan
from engine.tape import Key
from engine.verifying import Script, assemble
from engine.verifying.memory import remember
from engine.verifying.witness import Witness
from personas.errors import Unreadable
from rubrics.values import Rubric


async def make_prompts(
    folder: Path, plan: Plan, rubric: Rubric, cell: Cell, *, taken: Iterable[Event], own: Iterable[Event]
) -> dict[Key, Prompt]:
    """Give the prompts of a conversation by conversation, role and sequence, as far as its record goes.

    `taken` and `own` are its events, those that were taken over from another run apart; for a frozen arm those of the
    conversation that it repeats as well. Raises BadRun, in a sentence, where it cannot be made again.
    """
    memory = remember(taken, own)
    if cell.arm.frozen and not memory.whole(cell.reference):
        raise BadRun(f"{cell.reference}, which it repeats, is not whole in the journal.")
    found: dict[Key, Prompt] = {}
    script = Script(cells=((0, cell),), names={cell.id: 0}, whole=False, unseen=0)
    troupe = assemble(folder, plan, rubric, script, Witness(memory), overhear=found.__setitem__)
    try:
        await troupe.perform(list(script.cells))
    except (KeyError, OSError, Unreadable) as error:
        raise BadRun(f"its photograph, which the script describes, cannot be looked at ({error}).") from error
    return found
