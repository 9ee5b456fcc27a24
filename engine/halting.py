"""Halting: how a run is stopped before its end, so that nothing is lost that was paid for.

A signal, the purse, and the end of the sitting stop one. Each time no other call is started, what is out comes home
and is recorded, and then everybody leaves. Nothing here knows what anybody was doing.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import anyio

from engine.account import Ledger
from engine.console import Console
from engine.errors import BadOption
from engine.gate import Gate, Way
from engine.journal import Journal
from engine.means import AMPLE, Means, Short, shortage
from engine.purse import BOUNDLESS, Curfew, Purse, cost_of
from engine.segments import read_journal
from engine.stage import Stage, open_stage
from engine.tape import Tape


class Warden:
    """Keeps a run within its means, and says why it was stopped."""

    def __init__(self, means: Means, purse: Purse) -> None:
        self.purse = purse
        self.curfew = Curfew(asyncio.get_running_loop().time() + means.seconds)
        self.stopped: tuple[Short, ...] = ()
        """The means that ran out; empty while there is enough."""
        self._means = means

    async def watch(self, gates: Mapping[str, Gate], stage: Stage, console: Console) -> None:
        """When the means have run out let the calls in flight come home and start no other."""
        left = self.curfew.ends - asyncio.get_running_loop().time()
        with anyio.move_on_after(left):
            await self.purse.ended()
        self.purse.end()
        self.stopped = self._why()
        options = " and ".join(short.option for short in self.stopped)
        console.say(f"stopping for {options}: {count_flying(gates)} calls are on their way home.")
        await drain(gates, stage)

    def _why(self) -> tuple[Short, ...]:
        state = self.purse.statistics()
        short = tuple(shortage(self._means, state.known, state.doubtful, self.purse.cheapest))
        if short:
            return short
        return (
            Short(option="--deadline", said="--deadline: no call is begun that would come home after it."),
        )


def open_warden(means: Means, folder: Path, *, idle: bool) -> Warden:
    """Count what earlier sittings of a run used; raise BadOption when nothing is left.

    A run that is `idle` has no call to make: it is short of nothing, and finished before any deadline.
    """
    if idle:
        return Warden(AMPLE, Purse())
    if means.cap == BOUNDLESS:
        return Warden(means, Purse())
    ledger = Ledger()
    for event in read_journal(folder / "journal"):
        ledger.hear(event)
    used = ledger.total
    purse = Purse(
        means.cap,
        known=cost_of(used.cost, used.input + used.output),
        doubtful=cost_of(used.most, used.most_tokens),
    )
    if purse.empty:
        state = purse.statistics()
        said = " ".join(short.said for short in shortage(means, state.known, state.doubtful, None))
        raise BadOption(f"{folder} has used up what it may use ({said[:-1]}): give more, and it goes on.")
    return Warden(means, purse)


class Guest(Protocol):
    """A person who plays a part."""

    def way(self, journal: Journal, tape: Tape) -> Way:
        """Give the way on which they are asked."""
        ...

    async def gone(self) -> None:
        """Return when they have left their seat."""
        ...


async def see_off(guest: Guest, gates: Mapping[str, Gate], stage: Stage) -> None:
    """When a person has left their seat let the calls in flight come home, and end."""
    await guest.gone()
    await drain(gates, stage)


async def heed(gates: Mapping[str, Gate], stage: Stage, console: Console) -> None:
    """On the first signal let the calls in flight come home and start no other; on the second leave at once."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        await anext(signals)
        flying = count_flying(gates)
        console.say(f"stopping: {flying} calls are on their way home; once more leaves without them.")
        async with open_stage() as leaving:
            leaving.enter(drain, gates, stage, name="drain")
            await anext(signals)
            stage.clear()


def count_flying(gates: Mapping[str, Gate]) -> int:
    """Give how many calls are out."""
    limiters = {id(gate.limiter): gate.limiter for gate in gates.values()}
    return sum(limiter.statistics().in_flight for limiter in limiters.values())


async def drain(gates: Mapping[str, Gate], stage: Stage) -> None:
    """Start no other call, wait for those that are out, and let everybody leave."""
    for gate in gates.values():
        gate.limiter.close()
    for gate in gates.values():
        await gate.limiter.drained()
    stage.clear()
