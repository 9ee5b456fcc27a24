"""What is kept of the ratings in a file, and an account of everything that is not.

Nothing is mended: a rating that is blank, no number, off the scale, or contradicts another by the same rater on
the same unit is left out, counted under its cause, and the first of each kind is named by its place. Nothing
here knows what the ratings mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rubrics.agreement.layout import RawRatings
from rubrics.agreement.ratings import Flags, Floats, Indices
from rubrics.agreement.sheet import TextSheet
from rubrics.errors import Unusable
from rubrics.nearest import short

SHOWN = 3
"""Examples of each kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Ratings that were not used, by cause."""

    cause: str
    count: int
    examples: tuple[str, ...] = ()


class RatingSieve:
    """Which ratings are kept, and why the others are not."""

    def __init__(self, sheet: TextSheet, raw: RawRatings) -> None:
        self.sheet, self.raw = sheet, raw
        self.kept = np.ones(len(raw.cell), dtype=bool)
        self.left: list[LeftOut] = []
        self.notes: list[str] = []
        if sheet.broken:
            lines = ", ".join(f"{sheet.place} {line}" for line in sheet.broken[:SHOWN])
            cause = "rows that are cut off, or have more or fewer cells than the header"
            self.left.append(LeftOut(cause=cause, count=len(sheet.broken), examples=(lines,)))

    def leave(self, where: Flags, cause: str, *, show: bool = True) -> None:
        """Leave out what is still kept where the flags (n,) say so."""
        out = np.flatnonzero(where & self.kept)
        if len(out):
            self.kept[out] = False
            examples = tuple(map(self.name, out[:SHOWN])) if show else ()
            self.left.append(LeftOut(cause=cause, count=len(out), examples=examples))

    def name(self, place: int) -> str:
        """Say where a rating is and what it says."""
        raw = self.raw
        who = f" ({raw.rater[place]})" if raw.rater else ""
        return f"{self.sheet.place} {raw.line[place]}{who}: {short(raw.cell[place])!r}"


def drop_repeats(sieve: RatingSieve, key: Indices, values: Floats) -> None:
    """Keep one of ratings that a rater gave a unit twice alike, and none of those that contradict each other."""
    place = np.flatnonzero(sieve.kept)
    order = place[np.argsort(key[place], kind="stable")]
    if not len(order):
        return
    first = np.append(True, key[order][1:] != key[order][:-1])
    group = np.cumsum(first) - 1
    many = np.bincount(group)
    differs = np.zeros(len(many), dtype=bool)
    differs[group[values[order] != values[order[first]][group]]] = True
    torn, twice = np.zeros(len(key), dtype=bool), np.zeros(len(key), dtype=bool)
    torn[order] = differs[group]
    twice[order] = ~first & ~differs[group]
    if 2 * torn.sum() > len(place):
        raise Unusable(_advise(sieve, key, int(torn.sum()), len(place)))
    sieve.leave(torn, "contradict another rating of the unit by the same rater")
    sieve.leave(twice, "say again what the same rater said of the unit")


def _advise(sieve: RatingSieve, key: Indices, torn: int, among: int) -> str:
    """Say that the unit is not told by what was taken for it, and by what it might be."""
    told = (
        f"{sieve.sheet.name}: {torn:,} of {among:,} ratings contradict another of the same unit and rater ("
    )
    told += f"{sieve.raw.layout})"
    place = np.flatnonzero(sieve.kept)
    for name, cells in sieve.raw.spare.items():
        _, part = number([cells[p] for p in place])
        if len(np.unique(np.stack([key[place], part]), axis=1).T) == len(place):
            unit = sieve.raw.layout.partition("unit is ")[2].partition(", rater")[0].replace(", ", ",")
            some = cells[place[0]]
            return (
                f"{told}. Column {name!r} tells them apart: keep one part of the table, --where {name}={some}, or "
                f"take the parts for units of their own, --unit {unit},{name}."
            )
    return f"{told}. Name the columns that tell units apart: --unit COLUMN,COLUMN."


def number(names: Sequence[str]) -> tuple[list[str], Indices]:
    """Number names in their order of appearance."""
    known = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return list(known), np.fromiter((known[name] for name in names), dtype=np.int64, count=len(names))


def find(texts: Sequence[str], wrong: Callable[[str], bool]) -> Flags:
    """Tell where a text is wrong, each different text looked at once."""
    found = {text for text in set(texts) if wrong(text)}
    return np.fromiter((text in found for text in texts), dtype=bool, count=len(texts))
