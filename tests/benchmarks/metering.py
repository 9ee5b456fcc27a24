"""What a long run is watched by: how late the loop is, what the process holds, what it has spent.

The one idea: a watcher that sleeps for a few milliseconds is late by as much as everybody else was, and nothing has
to be changed in what is watched. It knows no run.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

BREATH = 0.005
"""Seconds between two looks at the clock."""
LATEST = 2**16 - 1
"""Tenths of a millisecond that are told, 6.5 s."""
WORK = 60_000
"""Steps of the yardstick, some 3 ms of one core."""


@dataclass(frozen=True, slots=True)
class Delays:
    """How late the loop was, a number for each look, in tenths of a millisecond: two bytes, for what watches for
    growth must hardly grow itself.
    """

    late: array[int] = field(default_factory=lambda: array("H"))
    """By the clock."""
    own: array[int] = field(default_factory=lambda: array("H"))
    """As much of it as the loop's thread was at work meanwhile; the rest is the machine's, which served others."""

    def add(self, late: float, worked: float) -> None:
        """Take one look in."""
        self.late.append(_tenths(late))
        self.own.append(_tenths(min(late, worked)))


def _tenths(seconds: float) -> int:
    return min(LATEST, max(0, round(seconds * 10_000)))


class LagMeter:
    """Measures how late the loop comes back to whoever sleeps."""

    def __init__(self) -> None:
        self._delays = Delays()

    async def watch(self) -> None:
        """Look at the clock until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due, worked = loop.time() + BREATH, time.thread_time()
            await asyncio.sleep(BREATH)
            self._delays.add(loop.time() - due, time.thread_time() - worked)

    def take(self) -> Delays:
        """Give what was measured since the last time."""
        taken, self._delays = self._delays, Delays()
        return taken


def quantile(values: Iterable[float], share: float) -> float:
    """Give the value that this share of them does not pass; 0 for none."""
    row = sorted(values)
    return row[min(len(row) - 1, int(share * len(row)))] if row else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a process stands."""

    wall: float
    """Seconds, by a clock that never goes back."""
    cpu: float
    """Seconds of all its threads."""
    resident: float
    """MB."""
    files: int
    sockets: int
    """Of these files."""
    tasks: int
    yardstick: float
    """Milliseconds of CPU that a fixed piece of work takes just now: a busy machine makes everything dearer."""


def read_process() -> Reading:
    """Read how this process stands."""
    kinds = [_target(path) for path in Path("/proc/self/fd").iterdir()]
    return Reading(
        wall=time.monotonic(),
        cpu=time.process_time(),
        resident=psutil.Process().memory_info().rss / 1e6,
        files=len(kinds),
        sockets=sum(kind.startswith("socket:") for kind in kinds),
        tasks=len(asyncio.all_tasks()),
        yardstick=yardstick(),
    )


def _target(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:  # the folder's own, closed by now
        return ""


def yardstick() -> float:
    """Give the milliseconds of this thread that a fixed piece of work takes."""
    began, total = time.thread_time(), 0
    for number in range(WORK):
        total += number & 7
    return 1000 * (time.thread_time() - began)


def census(most: int = 12) -> list[tuple[str, int]]:
    """Count the objects that the collector knows, by type, the most frequent first."""
    counts: dict[str, int] = {}
    for thing in gc.get_objects():
        name = f"{type(thing).__module__}.{type(thing).__qualname__}"
        counts[name] = counts.get(name, 0) + 1
    return sorted(counts.items(), key=lambda pair: -pair[1])[:most]
