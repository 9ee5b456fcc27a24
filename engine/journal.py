"""The journal: what happened, one line an event, append-only.

A line without its newline never happened. There is one writer per process and segment; whoever must not go on
before an event is on the disk waits for `record`, and all who wait share one fdatasync (group commit). Readers
take what is whole and say what is not. Nothing here knows what an event means.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import orjson
from pydantic import ValidationError

from engine.errors import BadRun
from engine.events import EVENT, Body, Event
from engine.stage import open_stage

RECORDED = "recorded"
"""Folder of the events that a run took over from the one whose conversations it judges again."""
Listener = Callable[[Event], None]
Waiting = tuple[Event, bytes, asyncio.Future[None] | None]
"""An event, its line, and who waits for it to be on the disk."""
sync = getattr(os, "fdatasync", os.fsync)  # not every system has the cheaper one


class Journal:
    """The writer of one segment."""

    def __init__(self, file: int, listeners: tuple[Listener, ...]) -> None:
        self._file = file
        self._listeners = listeners
        self._waiting: list[Waiting] = []
        self._bell = anyio.Event()
        self._closing = False
        self.bytes_written = 0

    async def record(self, body: Body, conversation: str = "") -> None:
        """Write an event and return when it is on the disk."""
        done = asyncio.get_running_loop().create_future()
        self._append(body, conversation, done)
        await done

    def note(self, body: Body, conversation: str = "") -> None:
        """Write an event in its order without waiting for the disk: for what can be rebuilt from the calls."""
        self._append(body, conversation, None)

    def _append(self, body: Body, conversation: str, done: asyncio.Future[None] | None) -> None:
        event = Event(at=round(time.time(), 6), conversation=conversation, body=body)
        self._waiting.append((event, orjson.dumps(event) + b"\n", done))
        self._bell.set()

    async def _write(self) -> None:
        """Write what waits, sync once, tell those who waited and those who listen; until closed and empty."""
        while True:
            await self._bell.wait()
            self._bell = anyio.Event()
            batch = list(self._waiting)
            if batch:
                await anyio.to_thread.run_sync(self._sync, batch)
                # Taken off only now: a cancelled writer leaves its batch to be written on the way out.
                del self._waiting[: len(batch)]
                for event, _, done in batch:
                    if done is not None and not done.done():  # one that was cancelled is
                        done.set_result(None)
                    for listener in self._listeners:
                        listener(event)
            if self._closing and not self._waiting:
                return

    def _sync(self, batch: list[Waiting]) -> None:
        view = memoryview(b"".join(line for _, line, _ in batch))
        self.bytes_written += len(view)
        try:
            while view:
                view = view[os.write(self._file, view) :]
            sync(self._file)
        except OSError as error:
            raise BadRun(
                f"the journal can no longer be written ({error.strerror}); what was recorded is intact: "
                "free the disk and give the same command again."
            ) from error

    def _close(self) -> None:
        self._closing = True
        self._bell.set()


@asynccontextmanager
async def open_journal(folder: Path, *listeners: Listener) -> AsyncIterator[Journal]:
    """Open the next segment of a journal; leaving writes and syncs the rest, also after an error."""
    file, lock = _new_segment(folder)
    journal = Journal(file, listeners)
    try:
        async with open_stage() as stage:
            stage.enter(journal._write, name="journal writer")
            try:
                yield journal
            finally:
                journal._close()
    finally:
        # What a cancelled writer left is written here, without the loop.
        if journal._waiting:
            journal._sync(journal._waiting)
        os.close(file)
        os.close(lock)


def _new_segment(folder: Path) -> tuple[int, int]:
    """Open the next segment and lock the folder; a dead process holds no lock. Give both files."""
    number = 1 + max((int(path.stem) for path in _segments(folder)), default=0)
    try:
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        place = folder / f"{number:04}.jsonl"
        return os.open(place, os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY, 0o644), lock
    except BlockingIOError as error:
        raise BadRun(
            f"another process is writing {folder.parent}: wait for it, or choose another --run."
        ) from error
    except OSError as error:
        raise BadRun(f"the journal in {folder} cannot be written: {error.strerror}.") from error


def read_run(folder: Path, complain: Callable[[str], None] | None = None) -> Iterator[Event]:
    """Read all that a run rests on: first what it took over from another (`recorded/`), then its own journal."""
    yield from read_journal(folder / RECORDED, complain)
    yield from read_journal(folder / "journal", complain)


def read_journal(folder: Path, complain: Callable[[str], None] | None = None) -> Iterator[Event]:
    """Read every whole event of every segment in order; `complain` gets a sentence for each line that is not one."""
    for path in _segments(folder):
        offset = 0
        with path.open("rb") as file:
            for line in file:
                start, offset = offset, offset + len(line)
                if not line.endswith(b"\n"):
                    continue  # torn tail: it never happened
                try:
                    yield EVENT.validate_json(line)
                except ValidationError as error:
                    if complain:
                        first = error.errors(include_input=False)[0]
                        complain(f"{path.name} at byte {start}: not an event ({first['msg']}); skipped.")


def _segments(folder: Path) -> list[Path]:
    """List the segments in the order of writing; what else lies in the folder is not ours."""
    names = (path for path in folder.glob("[0-9]*.jsonl") if path.stem.isdigit() and path.is_file())
    return sorted(names, key=lambda path: int(path.stem))
