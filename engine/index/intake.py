"""The intake: reads what a journal has grown by, and begins anew where it is not what was read.

The one idea: a segment is only appended to, so that how far it was read, and a mark of its first and last bytes, tell
what is new. Lines are read as every reader of a journal reads them (`engine.segments`), so that no line counts here
that counts nowhere else. Nothing here knows what an event means.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.events import Event
from engine.index.cabinet import Cabinet
from engine.index.fold import Batch
from engine.index.layout import Layout
from engine.index.values import Growth
from engine.segments import RECORDED, list_segments, read_segment

BATCH = 32 << 20
"""Bytes of the journal that go into one transaction."""
MARKED = 4096
"""Bytes at each end of what was read by which a segment is known again."""
TOLD = 1000
"""Lines that are no event of which something is said."""
UNFINISHED = -1
"""Size of a segment that was not read to its end."""
KEEP = "INSERT OR REPLACE INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
TABLES = ("segment", "talk", "event", "vote", "score", "cap", "stratum", "said", "stale", "account", "damage")


class Altered(Exception):
    """A journal is not the one that was read."""


@dataclass(slots=True)
class Segment:
    """How far a file was read; the fields are those of the table, in its order."""

    rank: int
    name: str
    taken: bool
    at: int = 0
    mark: str = ""
    size: int = UNFINISHED
    changed: int = 0
    inode: int = 0
    done: bool = False
    """There is nothing new in it; not in the table."""

    def row(self) -> tuple[object, ...]:
        """Give what is written down."""
        return self.rank, self.name, self.taken, self.at, self.mark, self.size, self.changed, self.inode

    def path(self, folder: Path) -> Path:
        """Give where it lies in a run folder."""
        return folder / self.name

    def looked(self, file: os.stat_result) -> bool:
        """Tell whether it is as it was when it was read to its end."""
        return (self.size, self.changed, self.inode) == (file.st_size, file.st_mtime_ns, file.st_ino)

    def check(self, folder: Path, file: os.stat_result, *, last: bool) -> None:
        """Raise Altered where a file cannot be what was read and more.

        One that is no longer the last may have a tail, but no line more: what came later was folded after it.
        """
        path, at = self.path(folder), self.at
        if file.st_size < at or (at and _mark(path, at) != self.mark):
            raise Altered
        # Written to and no longer: its middle may be another. A writer changes the time a moment before the size.
        if at and at == self.size == file.st_size == path.stat().st_size:
            raise Altered
        if not last:
            with path.open("rb") as rest:
                rest.seek(at)
                if any(line.endswith(b"\n") for line in rest):
                    raise Altered


class Intake:
    """What brings an index up to its journal."""

    def __init__(
        self, folder: Path, cabinet: Cabinet, layout: Layout, panel: tuple[Sequence[str], ...]
    ) -> None:
        self._folder, self._cabinet, self._layout = folder, cabinet, layout
        self._jury, self._dimensions = panel

    def refresh(self, most: int | None) -> Growth:
        """Read what is new, in batches; see `RunIndex.refresh`."""
        read = 0
        growth = Growth(events=0, damaged=0, left=1, size=0, anew=False)
        while growth.left and (most is None or read < most):
            with self._cabinet.writing() as connection:
                got, step = self._step(connection, BATCH if most is None else min(BATCH, most - read))
            read += got
            growth = Growth(
                events=growth.events + step.events,
                damaged=growth.damaged + step.damaged,
                left=step.left,
                size=step.size,
                anew=growth.anew or step.anew,
            )
            if not got:
                break
        return growth

    def renew(self) -> None:
        """Throw away what was read, so that the next refresh reads it all."""
        with self._cabinet.writing() as connection:
            _clear(connection)

    def _step(self, connection: sqlite3.Connection, most: int) -> tuple[int, Growth]:
        """Read one batch; give its bytes, and what came of it."""
        anew = False
        try:
            segments = self._look(connection)
        except Altered:
            _clear(connection)
            anew, segments = True, self._look(connection)
        batch = Batch(connection, self._jury, self._dimensions)
        got = events = damaged = 0
        for segment, size in segments:
            if got < most and not segment.done:
                grown = self._read(batch, segment, size, most - got)
                got, events, damaged = got + grown[0], events + grown[1], damaged + grown[2]
                connection.execute(KEEP, segment.row())
        if events or damaged:
            batch.write()
        left = sum(size - segment.at for segment, size in segments)
        self._layout.follow(connection, ended=batch.ended, more=got >= most)
        total = sum(size for _, size in segments)
        return got, Growth(events=events, damaged=damaged, left=left, size=total, anew=anew)

    def _read(self, batch: Batch, segment: Segment, size: int, most: int) -> tuple[int, int, int]:
        """Read a segment on, and note in it how far; give bytes, events and lines that are none."""
        before, events, damaged, whole = segment.at, 0, 0, True
        for start, end, told in read_segment(segment.path(self._folder), segment.at):
            if end > size:  # it grows while it is read; the next look is for that
                break
            if isinstance(told, Event):
                batch.hear(told, segment.rank, start, end, taken=segment.taken)
                events += 1
            else:
                batch.damaged(told, TOLD)
                damaged += 1
            segment.at = end
            if end - before >= most:
                whole = False
                break
        segment.mark = _mark(segment.path(self._folder), segment.at)
        segment.size = size if whole else UNFINISHED
        return segment.at - before, events, damaged

    def _look(self, connection: sqlite3.Connection) -> list[tuple[Segment, int]]:
        """Give every segment as it was left and its size by now; Altered when one is not what was read."""
        known = [Segment(*row) for row in connection.execute("SELECT * FROM segment ORDER BY rank")]
        names = [
            f"{folder}/{path.name}"
            for folder in (RECORDED, "journal")
            for path in list_segments(self._folder / folder)
        ]
        if [one.name for one in known] != names[: len(known)]:
            raise Altered
        for rank in range(len(known), len(names)):
            known.append(Segment(rank, names[rank], names[rank].startswith(RECORDED)))
        found = []
        for segment, following in zip(known, [*known[1:], None][: len(known)], strict=True):
            file = segment.path(self._folder).stat()
            segment.done = segment.looked(file)
            if not segment.done:
                segment.check(self._folder, file, last=following is None or not following.at)
                segment.changed, segment.inode = file.st_mtime_ns, file.st_ino
            found.append((segment, file.st_size))
        return found


def _mark(path: Path, at: int) -> str:
    """Give what the first and the last bytes before a place are known by."""
    with path.open("rb") as file:
        first = file.read(min(at, MARKED))
        file.seek(max(0, at - MARKED))
        return hashlib.sha256(first + file.read(min(at, MARKED))).hexdigest()


def _clear(connection: sqlite3.Connection) -> None:
    """Empty the tables, but for what they are the index of."""
    for table in TABLES:
        connection.execute(f"DELETE FROM {table}")
    connection.execute("INSERT INTO words (words) VALUES ('delete-all')")
    connection.execute("DELETE FROM note WHERE key <> 'known'")
