"""The way to a person: an Ask like any other, with a human being at its end.

    tape ∘ recorder ∘ person

Their answer is on the disk before anyone hears it, costs nothing, counts no tokens, and took as long as they took.
Nothing here knows where they sit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agents.speech import Ask, Completion, Prompt
from engine.gate import Line, Tune, recorded, silent, taped
from engine.journal import Journal
from engine.models import Price
from engine.person import HUMAN
from engine.tape import Tape

Think = Callable[[Line, Prompt], Awaitable[Completion]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonWay:
    """The way to one person."""

    journal: Journal
    tape: Tape
    think: Think

    def ask(self, line: Line, tune: Tune = silent) -> Ask:
        """Give the function this role thinks through; nobody listens to a person who is writing."""

        async def asking(prompt: Prompt) -> Completion:
            clock = asyncio.get_running_loop().time
            began = clock()
            said = await self.think(line, prompt)
            line.tries.made, line.tries.seconds = [], round(clock() - began, 4)
            line.tries.close("ok")
            return said

        return taped(recorded(asking, line, self.journal, model=HUMAN, price=Price()), line, self.tape)
