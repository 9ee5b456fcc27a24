"""One look at every byte that is to leave: how many there are, what they hash to, and whether they may leave.

What a provider says is scrubbed before it is recorded, as far as the keys were known then. Here it is held against
the keys of today, once more: one that is found stops the export. Nothing here knows a zip.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from engine.config import LONG_KEY, home, keys_here
from engine.errors import BadRun
from engine.events import EVENT, CallAnswered, PhotoFitted, RunFinished, RunStarted
from engine.secrets import forms
from engine.simulator.request import SIGNATURE

CHUNK = 2**20
"""Bytes read at a time."""
TELLING = 6
"""Characters from which a folder's name says something about its owner."""
Listen = Callable[[bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a file is, as far as it goes along."""

    size: int
    """Bytes, a line that has no end left out."""
    sha256: str
    torn: int = 0
    """Bytes of that line."""


@dataclass(slots=True, kw_only=True)
class Heard:
    """What the journal says of itself."""

    simulated: bool = False
    """Whether some answer is signed by the simulator."""
    finished: bool = False
    """Whether everything planned had been tried when the last process left."""
    damaged: int = 0
    """Lines that are no events."""
    fitted: dict[str, str] = field(default_factory=dict)
    """Photographs that were made smaller: hash of what was sent → of what it was made from."""

    def hear(self, line: bytes) -> None:
        """Take in one line."""
        try:
            body = EVENT.validate_json(line).body
        except ValidationError:
            self.damaged += 1
            return
        if isinstance(body, CallAnswered):
            self.simulated |= body.completion.request_id.startswith(SIGNATURE)
        elif isinstance(body, PhotoFitted):
            self.fitted[body.sent.sha256] = body.photo.sha256
        elif isinstance(body, RunStarted | RunFinished):
            self.finished = isinstance(body, RunFinished)


class Guard:
    """Knows what must not leave."""

    def __init__(self, keys: dict[str, str], places: tuple[str, ...]) -> None:
        """Watch for keys, by the variable that holds them, and for names of folders."""
        long = {name: key for name, key in keys.items() if len(key) >= LONG_KEY}
        self._keys = [(form.encode(), name) for name, key in long.items() for form in forms(key)]
        self._places = [os.fsencode(place) for place in places]
        self._seen = 0
        self._first = ""

    @classmethod
    def of(cls, run: Path) -> Guard:
        """Watch for the keys of this machine, and for where its user and this run live."""
        places = {f"{place.rstrip('/')}/" for place in (home(), str(run.resolve().parent))}
        return cls(keys_here(), tuple(sorted(place for place in places if len(place) >= TELLING)))

    def look(self, line: bytes, name: str, offset: int) -> None:
        """Look at a line; BadRun when it holds a key."""
        for form, key in self._keys:
            if form in line:
                raise BadRun(
                    f"{name}, in the line at byte {offset}, holds the key in {key}, and is not exported: revoke that "
                    "key, and say where it came from to whoever made the program that wrote it."
                )
        if any(place in line for place in self._places):
            self._seen += 1
            self._first = self._first or f"{name}, in the line at byte {offset}"

    def told(self) -> Iterator[str]:
        """Say where a folder of this machine is named: a model may have made it up, a file of one's own may not."""
        if self._seen:
            lines = "A line names" if self._seen == 1 else f"{self._seen:,} lines name"
            yield f"{lines} a folder of this machine (first: {self._first}): look before you pass it on."


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a plain file and nothing else: where a link leads, or a pipe comes from, is not the run's."""
    file = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(file, "rb") as stream:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise BadRun(f"{path} is no plain file: take it out of the run.")
        yield stream


def scan(path: Path, name: str, guard: Guard, listen: Listen | None = None) -> Scanned:
    """Look at a file line by line; of one that is listened to, a last line without its end never happened.

    Raises BadRun when it holds a key or is no plain file, OSError when it cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    with opened(path) as file:
        for line in file:
            if listen and not line.endswith(b"\n"):
                return Scanned(size=size, sha256=digest.hexdigest(), torn=len(line))
            guard.look(line, name, size)
            if listen:
                listen(line)
            digest.update(line)
            size += len(line)
    return Scanned(size=size, sha256=digest.hexdigest())


def weigh(path: Path) -> Scanned:
    """Take a photograph's size and hash."""
    with opened(path) as file:
        digest = hashlib.file_digest(file, "sha256")
        return Scanned(size=os.fstat(file.fileno()).st_size, sha256=digest.hexdigest())
