"""The journal: what happened, one line an event, append-only.

A line without its newline never happened. There is one writer per process and segment; whoever must not go on
before an event is on the disk waits for `record`, and all who wait share one fdatasync (group commit). A process
that is to write a run claims it first, and reads what is there only then. Nothing here knows what an event means.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shlex
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import anyio
import orjson

from engine.disk import sync_path
from engine.errors import BadRun
from engine.events import Body, Event
from engine.segments import list_segments
from engine.stage import open_stage

Listener = Callable[[Event], None]
Waiting = tuple[Event, bytes, asyncio.Future[None] | None]
"""An event, its line, and who waits for it to be on the disk."""
sync = getattr(os, "fdatasync", os.fsync)  # not every system has the cheaper one


class Scribe(Protocol):
    """Whoever takes down what happens: a journal, or what holds it against one."""

    def note(self, body: Body, conversation: str = "") -> None:
        """Take an event down, in its order."""
        ...


class Journal:
    """The writer of one segment."""

    def __init__(self, file: int, run: Path, listeners: tuple[Listener, ...]) -> None:
        self._file = file
        self._run = run
        self._listeners = listeners
        self._waiting: list[Waiting] = []
        self._bell = anyio.Event()
        self._closing = False
        self._broken = False
        self._turn = threading.Lock()

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
            if self._waiting:
                for event, _, done in await anyio.to_thread.run_sync(self._sync):
                    if done is not None and not done.done():  # one that was cancelled is
                        done.set_result(None)
                    for listener in self._listeners:
                        listener(event)
            if self._closing and not self._waiting:
                return

    def _sync(self) -> list[Waiting]:
        """Bring what waits onto the disk and give it; BadRun when that cannot be, and nothing is written again."""
        with self._turn:  # a writer that was torn off leaves its thread behind
            batch = [] if self._broken else list(self._waiting)
            lines = b"".join(line for _, line, _ in batch)
            done = 0
            try:
                while done < len(lines):
                    done += os.write(self._file, memoryview(lines)[done:])
                if lines:
                    sync(self._file)
            except OSError as error:
                self._broken = True
                self._mend(lines[:done])
                raise BadRun(
                    f"the journal of {self._run} can no longer be written ({error.strerror}); what was recorded is "
                    f"intact: free the disk, and go on with python run.py resume {shlex.quote(str(self._run))}."
                ) from error
            del self._waiting[: len(batch)]
            return batch

    def _mend(self, written: bytes) -> None:
        """Cut off the line that was begun; those before it are whole, and were paid for."""
        torn = len(written) - (written.rfind(b"\n") + 1)
        with suppress(OSError):  # if it cannot be cut, it is a torn tail, which never happened
            if torn:
                os.ftruncate(self._file, os.fstat(self._file).st_size - torn)
            sync(self._file)

    def _close(self) -> None:
        self._closing = True
        self._bell.set()


@asynccontextmanager
async def open_journal(folder: Path, *listeners: Listener) -> AsyncIterator[Journal]:
    """Open the next segment of a journal; leaving writes and syncs the rest, also after an error.

    Raises BadRun when another process has it open, and when it can no longer be written.
    """
    lock = _lock(folder, folder.parent)
    try:
        file = _new_segment(folder)
        try:
            journal = Journal(file, folder.parent, listeners)
            try:
                async with open_stage() as stage:
                    stage.enter(journal._write, name="journal writer")
                    try:
                        yield journal
                    finally:
                        journal._close()
            finally:
                journal._sync()  # what a cancelled writer left is written here, without the loop
        finally:
            os.close(file)
    finally:
        os.close(lock)


@contextmanager
def claim(run: Path) -> Iterator[None]:
    """Be the only process that writes a run while the block lasts; BadRun names the one that does.

    A dead process claims nothing. What is read of the run within the block is what there is to go on from.
    """
    lock = _lock(run, run)
    try:
        yield
    finally:
        os.close(lock)


def _lock(folder: Path, run: Path) -> int:
    """Lock a folder, which a dead process does not, and give the file that holds the lock until it is closed."""
    try:
        lock = os.open(folder, os.O_RDONLY)
    except OSError as error:
        way = "name a run folder"
        if folder != run:
            way = "what was recorded belongs there, so put it back, or an empty folder to begin anew"
        raise BadRun(f"{folder} cannot be opened ({error.strerror}): {way}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = _holder(lock)
        os.close(lock)
        if isinstance(error, BlockingIOError):
            raise BadRun(
                f"another process{holder} is writing {run}: let it finish, or stop it first."
            ) from error
        raise BadRun(f"{run} cannot be locked ({error.strerror}): copy it to another file system.") from error
    return lock


def _holder(lock: int) -> str:
    """Name the process that holds a lock, where the system tells."""
    file = os.fstat(lock)
    place = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
    with suppress(OSError):
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()
            if words[1] == "FLOCK" and words[5] == place and int(words[4]) > 0:
                return f" (pid {words[4]})"
    return ""


def _new_segment(folder: Path) -> int:
    """Open the next segment, its name on the disk."""
    number = 1 + max((int(path.stem) for path in list_segments(folder)), default=0)
    try:
        place = folder / f"{number:04}.jsonl"
        file = os.open(place, os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY, 0o644)
        sync_path(folder)
    except OSError as error:
        raise BadRun(
            f"the journal of {folder.parent} cannot be written ({error.strerror}): free the disk, or make it "
            "writable, and give the command again."
        ) from error
    return file
