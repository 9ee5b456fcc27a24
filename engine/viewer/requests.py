"""What a model was asked, word for word, and what it answered: one call of one conversation.

The answer stands in the journal. The request is made again from the recorded answers and held against the digest
that was written down, so that a page can say that it is the very one. Nothing here knows a provider's words.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import orjson

from agents.speech import Prompt
from engine.errors import BadRun
from engine.events import CallAnswered, CallFailed
from engine.index import Opened, RunIndex
from engine.plan import Plan
from engine.verifying.prompts import make_prompts
from rubrics.values import Rubric


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A call, and what was asked in it."""

    at: float
    """Unix time of its end, seconds."""
    call: CallAnswered | CallFailed
    prompt: Prompt | None
    """None where it cannot be made again."""
    why: str
    """Why it cannot, in a sentence; else empty."""

    @property
    def exact(self) -> bool:
        """Tell whether the prompt is the one that was sent, to the letter."""
        return self.prompt is not None and self.prompt.digest == self.call.digest

    @property
    def schema(self) -> str:
        """Give the shape that was asked for, as JSON; empty for none."""
        return pretty(self.prompt.schema.body) if self.prompt and self.prompt.schema else ""

    @property
    def value(self) -> str:
        """Give the structured answer as it was read, as JSON; empty for none."""
        answered = isinstance(self.call, CallAnswered) and self.call.completion.value is not None
        return pretty(self.call.completion.value) if answered else ""


def find_exchange(
    folder: Path, plan: Plan, rubric: Rubric, index: RunIndex, opened: Opened, *, role: str, sequence: int
) -> Exchange:
    """Give one call of a conversation with its request; KeyError where it has none of that role and number.

    A call that was made twice is told as it was answered last.
    """
    calls = [(at, call) for at, call in opened.calls if call.role == role and call.sequence == sequence]
    if not calls or opened.cell is None:
        raise KeyError(role)
    at, call = next((pair for pair in reversed(calls) if isinstance(pair[1], CallAnswered)), calls[-1])
    try:
        prompts = asyncio.run(_remake(folder, plan, rubric, index, opened))
    except BadRun as error:
        return Exchange(at=at, call=call, prompt=None, why=str(error))
    prompt = prompts.get((opened.id, role, sequence))
    why = "" if prompt else "What came before it in this conversation is not whole in the journal."
    return Exchange(at=at, call=call, prompt=prompt, why=why)


async def _remake(folder: Path, plan: Plan, rubric: Rubric, index: RunIndex, opened: Opened):
    cell = opened.cell
    all_of = [opened]
    if cell.arm.frozen:
        try:
            all_of.append(index.open(cell.reference))
        except KeyError:
            raise BadRun(f"{cell.reference}, which it repeats, is not in this run.") from None
    taken = [event for one in all_of for event in one.taken]
    own = [event for one in all_of for event in one.events[len(one.taken) :]]
    return await make_prompts(folder, plan, rubric, cell, taken=taken, own=own)


def pretty(value: object) -> str:
    """Write a value as JSON for people."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
