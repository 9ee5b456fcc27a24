"""A roll: what was told already, at some 16 to 32 bytes a name, in a table that is there before the first.

The one idea: whoever only asks whether something came before needs no copy of it, just 64 bits that stand for it, and
half of the places empty so that they are soon found. Two names of a million share theirs in one of forty million
runs. Nothing here knows what is called.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable

SMALLEST = 1024
"""Places."""
BITS = (1 << 64) - 1


class Roll:
    """Names that were called."""

    __slots__ = ("_count", "_places")

    def __init__(self, room: int = 0) -> None:
        """Make room for so many names; more are taken, for the price of moving all."""
        self._count = 0
        self._places = _empty(room)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, name: Hashable) -> bool:
        mark = _mark(name)
        return self._places[_seek(self._places, mark)] == mark

    @property
    def size(self) -> int:
        """Bytes that the table takes."""
        return len(self._places) * self._places.itemsize

    def add(self, name: Hashable) -> bool:
        """Write a name down; False when it was there."""
        mark = _mark(name)
        place = _seek(self._places, mark)
        if self._places[place]:
            return False
        self._places[place] = mark
        self._count += 1
        if 2 * self._count > len(self._places):
            self._grow()
        return True

    def _grow(self) -> None:
        wider = _empty(2 * self._count)
        for mark in self._places:
            if mark:
                wider[_seek(wider, mark)] = mark
        self._places = wider


def _empty(room: int) -> array[int]:
    """Give a table of which so many names fill half at most."""
    return array("Q", bytes(8 * max(SMALLEST, 1 << (2 * room).bit_length())))


def _mark(name: Hashable) -> int:
    return hash(name) & BITS or 1  # 0 is an empty place


def _seek(places: array[int], mark: int) -> int:
    """Find where a mark stands, or where it belongs."""
    last = len(places) - 1
    place = mark & last
    while places[place] and places[place] != mark:
        place = (place + 1) & last
    return place
