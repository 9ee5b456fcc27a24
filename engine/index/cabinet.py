"""The cabinet: where the index of a run is kept, and how many may look into it at once.

It is kept in the user's own cache and never in the run folder: a folder may come from a stranger, and an index that
came with it could say what its journal does not, or be a link to somebody's file. Here, what is found was written by
this user, for this very folder, plan and schema, or it is made anew. Where there is no such place, it lies in a
temporary folder and goes when it is closed. Nothing here knows what is in it.
"""

from __future__ import annotations

import hashlib
import os
import queue
import re
import sqlite3
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import orjson

from engine.config import home
from engine.errors import BadRun

SCHEMA = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
STATEMENTS = [part for part in re.sub(r"--[^\n]*", "", SCHEMA).split(";") if part.strip()]
EDITION = 1
"""Counts up when something else is written into the same tables."""
KEPT = 30 * 24 * 3600
"""Seconds that an index is kept after it was last used."""
PATIENCE = 60.0
"""Seconds to wait while another process writes a batch."""
TRIES = 5
LIKE_A_RUN = 32
"""Hex digits in a file's name."""


class Cabinet:
    """One database: a connection that writes, and as many that read as are needed at once."""

    def __init__(self, path: Path, run: Path) -> None:
        self.path = path
        self._run = run
        self._writer = self._connect()
        self._turn = threading.Lock()
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the one connection that writes, within a transaction that another process waits for."""
        with self._turn, self._told(), _transaction(self._writer, "BEGIN IMMEDIATE"):
            yield self._writer

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that sees one state of the index, whatever is written meanwhile."""
        with self._told():
            try:
                reader = self._readers.get_nowait()
            except queue.Empty:
                reader = self._connect()
                reader.execute("PRAGMA query_only = 1")
            try:
                with _transaction(reader, "BEGIN"):
                    yield reader
            finally:
                self._readers.put(reader)

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._writer.close()
        with suppress(queue.Empty):
            while True:
                self._readers.get_nowait().close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -32000")
        connection.execute("PRAGMA mmap_size = 268435456")
        return connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise BadRun(
                f"the index of {self._run} ({self.path}) cannot be used ({error}): free the disk if it is full, else "
                "remove that file; it is made anew."
            ) from error


@contextmanager
def open_cabinet(run: Path, plan: str, place: Path | None = None) -> Iterator[Cabinet]:
    """Open the index of a run, empty where there is none of this folder and plan (its digest) in `place`."""
    known = [EDITION, hashlib.sha256(SCHEMA.encode()).hexdigest(), os.fspath(run.resolve()), plan]
    name = f"{hashlib.sha256(orjson.dumps(known)).hexdigest()[:LIKE_A_RUN]}.sqlite"
    with ExitStack() as after:
        folder = _own_folder(place if place is not None else Path(home(), ".cache", "imcbench", "index"))
        if folder is not None:
            _sweep(folder)
        if folder is None or not _settle(folder / name, known):
            folder = Path(after.enter_context(tempfile.TemporaryDirectory(prefix="imcbench-index-")))
            _settle(folder / name, known)
        cabinet = Cabinet(folder / name, run)
        after.callback(cabinet.close)
        yield cabinet


def _own_folder(folder: Path) -> Path | None:
    """Give a folder that is there, writable, this user's, and into which nobody else can put anything; or None."""
    if not folder.is_absolute():
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        there = folder.lstat()
    except OSError:
        return None
    ours = stat.S_ISDIR(there.st_mode) and there.st_uid == os.getuid() and not there.st_mode & 0o022
    return folder if ours and os.access(folder, os.W_OK | os.X_OK) else None


def _settle(path: Path, known: list[object]) -> bool:
    """Make of a file the index wanted, unless it is that; False where it is somebody else's or cannot be shared."""
    for _ in range(TRIES):
        try:
            if not _own_file(path):
                return False
            with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as connection:
                connection.execute("PRAGMA synchronous = OFF")  # what a power cut leaves of it is made anew
                if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
                    return False  # readers could not look in beside a writer
                _lay(connection, known)
                there = connection.execute("SELECT value FROM note WHERE key = 'known'").fetchone()
            if there and orjson.loads(there[0]) == known:
                os.utime(path)
                return True
        except sqlite3.OperationalError:
            continue  # another process makes it at this moment
        except (OSError, sqlite3.DatabaseError, orjson.JSONDecodeError):
            pass  # no database, or none of ours: a new one
        with suppress(OSError):
            _remove(path)
    return False


def _lay(connection: sqlite3.Connection, known: list[object]) -> None:
    """Make the tables and note what they are for, both or neither; where there are some, leave them."""
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return
    with _transaction(connection, "BEGIN IMMEDIATE"):
        for statement in STATEMENTS:
            connection.execute(statement)
        connection.execute("INSERT INTO note VALUES ('known', ?)", (orjson.dumps(known).decode(),))


def _own_file(path: Path) -> bool:
    """Tell whether there is no such file yet, or a plain one of this user's under this one name."""
    try:
        there = path.lstat()
    except FileNotFoundError:
        return True
    return stat.S_ISREG(there.st_mode) and there.st_uid == os.getuid() and there.st_nlink == 1


def _sweep(folder: Path) -> None:
    """Remove indices that nobody has used for long."""
    before = time.time() - KEPT
    for path in folder.glob("*.sqlite"):
        with suppress(OSError):
            if path.lstat().st_mtime < before:
                _remove(path)


def _remove(path: Path) -> None:
    for one in (path, *_beside(path)):
        one.unlink(missing_ok=True)


def _beside(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
