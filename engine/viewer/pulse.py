"""The pulse: the index, kept up with a journal that grows, and whoever wants to hear of it.

The one idea: nothing is read while nobody looks. The first reading goes on by itself; after it a page that is asked
for has what is new read first, and while a page is open the sizes of the segments are looked at about once a second.
Nothing here knows what is shown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio.to_thread import run_sync

from engine.errors import BadRun
from engine.index import Growth, Headway, RunIndex
from engine.segments import RECORDED, list_segments

PIECE = 4 << 20
"""Bytes of the journal that are read at a time, so that a page that is asked for meanwhile does not wait long."""
BEAT = 1.0
"""Seconds between two looks at the segments."""
QUIET = 15.0
"""Seconds after which a feed says that it is still there."""
SPAN = 60.0
"""Seconds that a model's pace is taken over, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast one model is asked."""

    requests: float
    """Answered calls a minute."""
    tokens: float
    """A minute, both directions."""


class Pulse:
    """What is known of the growth of one run."""

    def __init__(self, index: RunIndex, folder: Path) -> None:
        self._index = index
        self._folder = folder
        self._sizes: dict[str, int] = {}
        self._turn = anyio.Lock()
        self._news = anyio.Event()
        self._wanted = anyio.Event()
        self._lagging = anyio.Event()
        self._listeners = 0
        self._past: deque[tuple[float, Mapping[str, tuple[int, int]]]] = deque()
        self.ready = False
        """Nothing much is left to be read."""
        self.share = 0.0
        """Of the journal that is read, 0 to 1."""
        self.version = 0
        """Counts what was heard: under the same one the index says the same."""
        self.trouble = ""
        """Why the journal cannot be read any more, in a sentence; empty while it can."""

    async def catch_up(self) -> None:
        """Read what there is, piece by piece; and again, should there be much at once later."""
        while True:
            while await self._step():
                pass
            self.ready, self._lagging = True, anyio.Event()
            self._tell()
            await self._lagging.wait()
            self.ready = False

    async def _step(self) -> bool:
        """Read a piece, and tell whether it is worth reading on at once."""
        async with self._turn:
            growth = await self._read(PIECE)
        return bool(growth and growth.left and (growth.events or growth.damaged))

    async def look(self) -> None:
        """Read what is new, if something is; while much is being read anyway, nothing."""
        if not self.ready:
            return
        async with self._turn:  # whoever comes while it is read waits until it is
            sizes = await run_sync(_sizes, self._folder)
            if sizes == self._sizes:
                return
            growth = await self._read(PIECE)
            whole = growth and not (growth.left and growth.events)
            self._sizes = sizes if whole else {}
            if growth and growth.events and growth.left >= PIECE:
                self._lagging.set()

    async def beat(self) -> None:
        """Look again and again while somebody listens."""
        while True:
            await self._wanted.wait()
            await anyio.sleep(BEAT)
            await self.look()

    async def news(self, seen: Callable[[], Awaitable[str]]) -> AsyncGenerator[tuple[str, object]]:
        """Give an event each time that what `seen` gives is another, and now and then one that says nothing."""
        self._listeners += 1
        self._wanted.set()
        last = ""
        try:
            while True:
                news = self._news
                now = await seen()
                yield ("grown", now) if now != last else ("still", None)
                last = now
                with anyio.move_on_after(QUIET):
                    await news.wait()
        finally:
            self._listeners -= 1
            if not self._listeners:
                self._wanted = anyio.Event()

    def paces(self, headway: Headway) -> dict[str, Pace]:
        """Give how fast each model is asked, over the last minute that was looked at; {} without two looks."""
        if headway.latest is None:
            return {}
        now = {name: (one.calls, one.input + one.output) for name, one in headway.models.items()}
        if not self._past or self._past[-1][0] < headway.latest:
            self._past.append((headway.latest, now))
        while self._past[0][0] < headway.latest - SPAN:
            self._past.popleft()
        then, before = self._past[0]
        minutes = (headway.latest - then) / 60
        if minutes <= 0:
            return {}
        pairs = {name: (used, before.get(name, (0, 0))) for name, used in now.items()}
        return {
            name: Pace(requests=(used[0] - was[0]) / minutes, tokens=(used[1] - was[1]) / minutes)
            for name, (used, was) in pairs.items()
        }

    async def _read(self, most: int) -> Growth | None:
        """Have the index read on; None where it cannot, with the trouble noted."""
        try:
            growth = await run_sync(self._index.refresh, most)
        except BadRun as error:
            self.trouble = str(error)
            self._tell()
            return None
        told = self.trouble or not self.ready or growth.events or growth.damaged or growth.anew
        self.trouble = ""
        self.share = 1 - growth.left / growth.size if growth.size else 1.0
        if told:
            self._tell()
        return growth

    def _tell(self) -> None:
        self.version += 1
        self._news.set()
        self._news = anyio.Event()


def _sizes(folder: Path) -> dict[str, int]:
    """Give the bytes of every segment that a run rests on."""
    paths = [path for name in (RECORDED, "journal") for path in list_segments(folder / name)]
    found = {}
    for path in paths:
        try:
            found[str(path)] = path.stat().st_size
        except OSError:  # gone since it was listed
            found[str(path)] = -1
    return found
