"""The jury: long-lived actors that are fed finished conversations and vote on each dimension.

Every juror judges every conversation, its own family's too: such a vote is kept and marked. Some conversations
are judged twice, so that a juror can be held against itself, and each juror is tried with a canary. A juror whose
provider fails abstains with the cause; that is never a score. The jury does not know which model it judges.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agents.canary import canaries
from agents.juror import Juror
from agents.speech import Ask, Turn
from engine.cards import card_of
from engine.conversation import Trace
from engine.errors import CallError
from engine.events import VerdictGiven
from engine.journal import Scribe
from engine.mailbox import Mailbox
from engine.plan import Plan
from engine.stage import Stage
from personas.seeds import derive, uniform
from personas.values import Scenario
from rubrics.values import Dimension, Verdict

Asking = Callable[[str, str, str, int], Ask]
"""(juror, conversation, role, priority) → Ask."""
FIRST = -1
"""Priority of a canary: before every conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Docket:
    """A finished conversation as it is laid before a juror."""

    trace: Trace
    own_family: bool
    twice: bool
    """To be judged a second time."""


def twice(plan: Plan, conversation: str) -> bool:
    """Tell whether the jury judges a conversation a second time; drawn by the seed."""
    return uniform(plan.seed, conversation, "again") < plan.again


def seat_of(juror: str, dimension: str, reading: int) -> str:
    """Name the role in which a juror is asked for one vote."""
    again = f"/{reading}" if reading > 1 else ""
    return f"juror/{juror}/{dimension}{again}"


class Bench:
    """One juror's seat: a mailbox of finished conversations and the hands that work through it.

    `hands` is how many conversations are read at one time: as many as calls may be in flight.
    """

    def __init__(
        self, juror: Juror, journal: Scribe, asking: Asking, *, seed: int, hands: int, canary: bool = False
    ) -> None:
        self.inbox: Mailbox[Docket] = Mailbox(hands)
        self._hands = hands
        self._juror = juror
        self._journal = journal
        self._asking = asking
        self._seed = seed
        self._canary = canary

    def open(self, stage: Stage) -> None:
        """Begin to judge whatever comes into the mailbox, until it is closed."""
        if self._canary:
            stage.enter(self._try, name=f"juror {self._juror.name}, canary")
        for hand in range(self._hands):
            stage.enter(self._sit, name=f"juror {self._juror.name}, hand {hand}")

    async def _sit(self) -> None:
        async for docket in self.inbox:
            trace = docket.trace
            for reading in (1, 2) if docket.twice else (1,):
                for dimension in self._order(trace, reading):
                    verdict = await self._judge(
                        trace.cell.id,
                        (card_of(trace.cell), trace.turns),
                        dimension,
                        own_family=docket.own_family,
                        reading=reading,
                        number=trace.number,
                    )
                    self._journal.note(VerdictGiven(verdict=verdict), trace.cell.id)

    async def _try(self) -> None:
        """Judge the canary, without and with its order, in the first dimension of the rubric."""
        dimension = self._juror.rubric.dimensions[0]
        for talk in canaries(self._seed, self._juror.name):
            case = (talk.scenario, talk.turns)
            verdict = await self._judge(talk.id, case, dimension, own_family=False, reading=1, number=FIRST)
            self._journal.note(VerdictGiven(verdict=verdict), talk.id)

    def _order(self, trace: Trace, reading: int) -> list[Dimension]:
        """Shuffle the dimensions, by seed, so that none always comes first."""
        dimensions = self._juror.rubric.dimensions
        address = (trace.cell.id, self._juror.name, "order", *((reading,) if reading > 1 else ()))
        return [dimensions[at] for at in derive(self._seed, *address).permutation(len(dimensions))]

    async def _judge(
        self,
        conversation: str,
        case: tuple[Scenario, tuple[Turn, ...]],
        dimension: Dimension,
        *,
        own_family: bool,
        reading: int,
        number: int,
    ) -> Verdict:
        role = seat_of(self._juror.name, dimension.name, reading)
        ask = self._asking(self._juror.name, conversation, role, number)
        try:
            return await self._juror.judge(*case, dimension, ask=ask, own_family=own_family, reading=reading)
        except CallError as error:
            return Verdict(
                juror=self._juror.name,
                dimension=dimension.name,
                score=None,
                status="failed",
                own_family=own_family,
                reasoning=str(error),
                reading=reading,
            )
