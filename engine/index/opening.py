"""One conversation, read from the journal where the index says that its lines stand, and validated anew.

What an index says of a journal is never shown as what the journal says: a line that is not this conversation's event
after all is a sign that the journal was altered. Nothing here knows what an event means.
"""

from __future__ import annotations

import sqlite3
from itertools import groupby
from pathlib import Path

from engine.events import Event
from engine.index.intake import Altered
from engine.segments import parse_line


def read_events(
    connection: sqlite3.Connection, folder: Path, name: str
) -> tuple[tuple[Event, ...], tuple[Event, ...]]:
    """Give the events of a conversation: those taken over from another run, and all, these first.

    Raises KeyError for a name that the journal does not hold, and Altered.
    """
    row = connection.execute("SELECT id FROM talk WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise KeyError(name)
    rows = """
        SELECT segment.name, taken, start, length FROM event JOIN segment USING (rank)
        WHERE talk = ? ORDER BY rank, start
    """
    places = connection.execute(rows, row).fetchall()
    taken: list[Event] = []
    every: list[Event] = []
    for (segment, borrowed), lines in groupby(places, key=lambda place: place[:2]):
        found = _read(folder / segment, name, [(start, length) for _, _, start, length in lines])
        every += found
        taken += found if borrowed else ()
    return tuple(taken), tuple(every)


def _read(path: Path, name: str, lines: list[tuple[int, int]]) -> list[Event]:
    found = []
    try:
        with path.open("rb") as file:
            for start, length in lines:
                file.seek(start)
                told = parse_line(file.read(length), f"{path.parent.name}/{path.name} at byte {start}")
                if not isinstance(told, Event) or told.conversation != name:
                    raise Altered
                found.append(told)
    except FileNotFoundError as error:
        raise Altered from error
    return found
