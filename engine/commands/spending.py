"""What a command may spend: the same options in all that call models."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cyclopts import Parameter

from engine.commands import Count

if TYPE_CHECKING:
    from engine.means import Means


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a run may use."""

    budget: str | None = None
    """USD that the run may cost in all, earlier sittings included: no call is begun that could pass it."""
    max_tokens_total: Count = None
    """The same in tokens, both directions together."""
    deadline: str | None = None
    """Time from now (90s, 45m, 2h, 1d) after which nothing shall be out any more."""
    conversation_deadline: str | None = None
    """Time a conversation may spend with its providers, 30m when left out; the wait for limits is not counted."""

    def means(self) -> Means:
        """Give the means; raise BadOption for what is none."""
        from engine.means import CONVERSATION, Means, read_dollars, read_span, read_tokens

        return Means(
            dollars=read_dollars(self.budget),
            tokens=read_tokens(self.max_tokens_total),
            seconds=read_span(self.deadline, "--deadline", math.inf),
            conversation=read_span(self.conversation_deadline, "--conversation-deadline", CONVERSATION),
        )


UNLIMITED = Spending()
