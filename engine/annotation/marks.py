"""Marks: what an annotator says of one dimension of one conversation, and the file that loses none of them.

The one idea: nothing is ever changed. Who thinks again adds a line, the last one holds, and all are kept. A line is
on the disk before the page is told that it is saved; a last line without its end never happened; what else is no mark
is told by its file and byte, and the rest is read. Nothing here knows a page, or what a dimension means.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import orjson
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from engine.disk import open_own, sync_path
from engine.errors import BadOption, BadRun
from engine.journal import sync
from engine.segments import read_lines
from personas.tidy import tidy

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
END = ".jsonl"
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Subject = tuple[str, str]
"""Conversation and dimension."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetCap:
    """A cap that an annotator says was met."""

    cap: Annotated[str, Field(max_length=16)]
    turn: Annotated[int, Field(ge=0, le=100_000)]
    """0 for something that was never said anywhere."""
    quote: Annotated[str, Field(max_length=2_000)] = ""
    """Out of that turn; empty where none was marked."""
    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What is said of one dimension of one conversation."""

    score: Literal[1, 2, 3, 4, 5] | None = None
    abstained: Annotated[str, Field(max_length=200)] = ""
    """Why it cannot be judged; empty where it is, or is still open."""
    caps: Annotated[tuple[MetCap, ...], Field(max_length=16)] = ()
    note: Annotated[str, Field(max_length=10_000)] = ""
    card: bool = False
    """The truth card was open, now or before."""
    __pydantic_config__ = ConfigDict(extra="forbid")

    @property
    def settled(self) -> bool:
        """Tell whether it is a score or an abstention: a note alone is neither."""
        return self.score is not None or bool(self.abstained)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A line of an annotator's file."""

    key: Key
    """Given by the page, so that what is sent twice stands once."""
    conversation: str
    """`model/scenario/arm/repeat`"""
    dimension: str
    opinion: Opinion
    seconds: Annotated[float, Field(ge=0, le=86_400)]
    """Spent on it since the mark before, the page in sight."""
    revision: Annotated[int, Field(ge=1, le=1_000_000)]
    """Counts the marks on it from 1."""
    final: bool = False
    """The third, final judgement, given in sight of the others'."""
    at: float
    """Unix time, seconds."""
    __pydantic_config__ = ConfigDict(extra="forbid")

    @property
    def subject(self) -> Subject:
        return self.conversation, self.dimension


MARK = TypeAdapter(Mark)


def check_name(name: str) -> str:
    """Give an annotator's name; BadOption for one that could be a path."""
    if not NAME.fullmatch(name):
        raise BadOption(f"--annotator {tidy(name, 60)!r} is no name: take up to 40 letters, digits, - and _.")
    return name


def read_names(names: str) -> tuple[str, ...]:
    """Give the annotators of a comma-separated list, each once; BadOption as `check_name`, and for two that differ by
    case alone, which some file systems take for one.
    """
    found = tuple(dict.fromkeys(check_name(name.strip()) for name in names.split(",") if name.strip()))
    if len({name.casefold() for name in found}) < len(found):
        raise BadOption(
            f"--annotator {names!r}: two names differ by case alone; choose another for one of them."
        )
    return found


def read_marks(path: Path) -> tuple[list[Mark], list[str]]:
    """Read an annotator's file: every mark in order, and a sentence for each line that is none."""
    marks, damage = [], []
    with path.open("rb") as file:
        for start, line in read_lines(file):
            try:
                marks.append(MARK.validate_json(line))
            except ValidationError as error:
                first = tidy(error.errors(include_input=False)[0]["msg"].partition(" at line ")[0])
                damage.append(
                    f"{path.parent.name}/{path.name} at byte {start}: not a mark, {len(line)} bytes long ({first}); "
                    "left out."
                )
    return marks, damage


def latest(marks: Iterable[Mark], *, final: bool = False) -> dict[Subject, Mark]:
    """Give the mark that holds on each subject; those of adjudication apart from the annotators' own."""
    return {mark.subject: mark for mark in marks if mark.final is final}


def list_files(folder: Path) -> dict[str, Path]:
    """Give the annotators' files by name, in the order of names."""
    found = {
        path.stem: path for path in folder.glob(f"*{END}") if NAME.fullmatch(path.stem) and path.is_file()
    }
    return dict(sorted(found.items()))


class Notebook:
    """The file of one annotator, open for more; its owner has claimed it."""

    def __init__(self, path: Path) -> None:
        """Read what is there and cut off a torn end; raises BadRun when the file cannot be written."""
        self._path = path
        self._turn = threading.Lock()
        try:
            self._file = open_own(path)
            self.marks, self.damage = read_marks(path)
            self._whole = path.read_bytes().rfind(b"\n") + 1  # bytes that hold whole lines
            self._cut()
            sync_path(path.parent)
        except OSError as error:
            raise _unwritable(path, error) from error
        self._keys = {mark.key for mark in self.marks}

    def add(
        self, subject: Subject, opinion: Opinion, *, key: str, seconds: float, final: bool = False
    ) -> Mark | None:
        """Add a mark and return when it is on the disk; None when it stands there already.

        Raises BadRun when it cannot be written: then nothing of it is there.
        """
        with self._turn:
            if key in self._keys:
                return None
            before = sum(mark.subject == subject and mark.final is final for mark in self.marks)
            mark = Mark(
                key=key,
                conversation=subject[0],
                dimension=subject[1],
                opinion=opinion,
                seconds=seconds,
                revision=before + 1,
                final=final,
                at=round(time.time(), 3),
            )
            self._append(orjson.dumps(mark) + b"\n")
            self.marks.append(mark)
            self._keys.add(key)
            return mark

    def _append(self, line: bytes) -> None:
        done = 0
        try:
            self._cut()
            while done < len(line):
                done += os.write(self._file, memoryview(line)[done:])
            sync(self._file)
        except OSError as error:
            with suppress(OSError):  # if it cannot be cut off now, it is before anything is added
                self._cut()
            raise _unwritable(self._path, error) from error
        self._whole += len(line)

    def _cut(self) -> None:
        """Cut off what is behind the last whole line: a torn end, or what a write that failed left."""
        if os.fstat(self._file).st_size != self._whole:
            os.ftruncate(self._file, self._whole)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _unwritable(path: Path, error: OSError) -> BadRun:
    return BadRun(f"{path} cannot be written ({error.strerror}): free the disk, or make it writable.")
