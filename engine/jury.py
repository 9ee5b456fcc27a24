"""The jury: long-lived actors that are fed finished conversations and vote on each dimension.

Every juror judges every conversation, its own family's too: such a vote is kept and marked. A juror whose
provider fails abstains with the cause; that is never a score. The jury does not know which model it judges.
"""

from __future__ import annotations

from collections.abc import Callable

from agents.juror import Juror
from agents.speech import Ask
from engine.conversation import Trace
from engine.errors import CallError
from engine.events import VerdictGiven
from engine.journal import Journal
from engine.mailbox import Mailbox
from engine.stage import Stage
from personas.seeds import derive
from rubrics.values import Dimension, Verdict

Asking = Callable[[str, str, str, int], Ask]
"""(juror, conversation, role, priority) → Ask."""


class Bench:
    """One juror's seat: a mailbox of finished conversations and the hands that work through it.

    `hands` is how many conversations are read at one time: as many as calls may be in flight.
    """

    def __init__(self, juror: Juror, journal: Journal, asking: Asking, *, seed: int, hands: int) -> None:
        self.inbox: Mailbox[tuple[Trace, bool]] = Mailbox(hands)
        self._hands = hands
        self._juror = juror
        self._journal = journal
        self._asking = asking
        self._seed = seed

    def open(self, stage: Stage) -> None:
        """Begin to judge whatever comes into the mailbox, until it is closed."""
        for hand in range(self._hands):
            stage.enter(self._sit, name=f"juror {self._juror.name}, hand {hand}")

    async def _sit(self) -> None:
        async for trace, own_family in self.inbox:
            for dimension in self._order(trace):
                verdict = await self._judge(trace, dimension, own_family)
                self._journal.note(VerdictGiven(verdict=verdict), trace.cell.id)

    def _order(self, trace: Trace) -> list[Dimension]:
        """Shuffle the dimensions, by seed, so that none always comes first."""
        dimensions = self._juror.rubric.dimensions
        order = derive(self._seed, trace.cell.id, self._juror.name, "order").permutation(len(dimensions))
        return [dimensions[place] for place in order]

    async def _judge(self, trace: Trace, dimension: Dimension, own_family: bool) -> Verdict:
        role = f"juror/{self._juror.name}/{dimension.name}"
        ask = self._asking(self._juror.name, trace.cell.id, role, trace.number)
        try:
            return await self._juror.judge(
                trace.cell.card(), trace.turns, dimension, ask=ask, own_family=own_family
            )
        except CallError as error:
            return Verdict(
                juror=self._juror.name,
                dimension=dimension.name,
                score=None,
                status="failed",
                own_family=own_family,
                reasoning=str(error),
            )
