"""The segments of a journal, read: every whole event in order, and a word on what is none.

A line without its end never happened. What lies between two events and is none is told by its file and byte, and the
rest is read. Nothing here knows what an event means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import orjson
from pydantic import ValidationError

from engine.events import EVENT, Event
from personas.tidy import tidy

RECORDED = "recorded"
"""Folder of the events that a run took over from the one whose conversations it judges again."""
TOLD = 40
"""Letters of an unknown event's kind that are told: anything may stand there."""
LONGEST = 2**28
"""Bytes of a line: an answer has 64 MB at most, and a few times as much when every character of it is escaped."""
NINES, MANY = bytes.maketrans(b"012345678", b"9" * 9), b"9" * 19
"""A number that has so many digits may be one that fits no 64 bits, and could be read but never written again."""


class Damage(str):
    """A sentence on a line of a journal that is no event we know."""

    __slots__ = ("foreign",)
    foreign: str
    """The kind of an event that another version has written; empty for garbage."""


Complain = Callable[[Damage], object]


def read_run(folder: Path, complain: Complain | None = None) -> Iterator[Event]:
    """Read all that a run rests on: first what it took over from another (`recorded/`), then its own journal."""
    yield from read_journal(folder / RECORDED, complain)
    yield from read_journal(folder / "journal", complain)


def read_journal(folder: Path, complain: Complain | None = None) -> Iterator[Event]:
    """Read every whole event of every segment in order; `complain` hears of each line that is none.

    A segment's last line without its end, be it torn, the bytes of an event or zeros, never happened.
    """
    for path in list_segments(folder):
        for _, _, told in read_segment(path):
            if isinstance(told, Event):
                yield told
            elif complain:
                complain(told)


def read_segment(path: Path, start: int = 0) -> Iterator[tuple[int, int, Event | Damage]]:
    """Give every whole line of a segment from a byte on, at which one begins: where it starts and ends, and the event
    that it is, or what is wrong with it.
    """
    place = f"{path.parent.name}/{path.name}"
    with path.open("rb") as file:
        file.seek(start)
        for begin, end, line in _lines(file):
            yield begin, end, parse_line(line, f"{place} at byte {begin}")


def read_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Give every whole line and where it starts, of one that is too long as much as shows it; a torn tail is none."""
    for start, _, line in _lines(file):
        yield start, line


def _lines(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Give where every whole line starts and ends, and the line."""
    start = file.tell()
    while line := file.readline(LONGEST + 1):
        rest = line
        while len(rest) > LONGEST and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST + 1)
        end = file.tell()
        if rest.endswith(b"\n"):
            yield start, end, line
        start = end


def parse_line(line: bytes, place: str) -> Event | Damage:
    """Give the event that a line is, or what is wrong with it."""
    if len(line) > LONGEST:
        return _damage(place, f"not an event (a line of more than {LONGEST >> 20} MB)")
    try:
        event = EVENT.validate_json(line)
        if MANY in line.translate(NINES):
            orjson.dumps(event)
    except TypeError:
        return _damage(place, f"not an event, {len(line)} bytes long (a number beyond 64 bits)")
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        if first["type"] == "union_tag_invalid":
            kind = str(first["ctx"]["tag"])[:TOLD]
            what = f"an event {kind!r}, {len(line)} bytes long, which this version does not know"
            return _damage(place, what, foreign=kind)
        reason = tidy(first["msg"].partition(" at line ")[0])
        return _damage(place, f"not an event, {len(line)} bytes long ({reason})")
    return event


def _damage(place: str, what: str, *, foreign: str = "") -> Damage:
    told = Damage(f"{place}: {what}; left out.")
    told.foreign = foreign
    return told


def list_segments(folder: Path) -> list[Path]:
    """List the segments in the order of writing; what else lies in the folder is not ours."""
    names = (path for path in folder.glob("[0-9]*.jsonl") if path.stem.isdecimal() and path.is_file())
    return sorted(names, key=lambda path: int(path.stem))
