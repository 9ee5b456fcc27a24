"""From a file of ratings to a table of numbers.

What the values are (numbers or words, which level, which scale) is said by the user or guessed from them, and
always told. Nothing here knows what is computed from the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rubrics.agreement.alpha import Level
from rubrics.agreement.layout import BLANKS, ColumnWish, few, lay_out
from rubrics.agreement.ratings import Floats, Indices, RatingTable, squeeze
from rubrics.agreement.sheet import NUMBER, read_sheet
from rubrics.agreement.sieve import LeftOut, RatingSieve, drop_repeats, find, number
from rubrics.errors import Unusable
from rubrics.nearest import short

MOST_NUMBERS = 0.9
"""Share of cells that must be numbers for the ratings to be taken for numbers when nobody says."""
FEW_STEPS = 11
"""Up to so many different whole numbers are taken for an ordinal scale when nobody says."""
LONGEST_SCALE = 25
"""A scale given by its ends is every whole number between them up to so many."""
LARGEST = 1e50
"""Numbers from here on are none: their squares and cubes could not be added up."""
MOST_CELLS = 20_000_000
"""A table with more places for ratings is kept without its raters' names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleWish:
    """What the user says of the values; None leaves it to be guessed."""

    level: Level | None = None
    low: float | None = None
    """The lowest rating that can be given."""
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RatingReading:
    """A file of ratings, read."""

    table: RatingTable
    level: Level
    guessed_level: bool
    labels: tuple[str, ...]
    """Of the values of the scale, in their order."""
    given_scale: bool
    """The user said what the lowest or the highest rating is."""
    numeric: bool
    """False when the values are words."""
    layout: str
    guessed_layout: bool
    cells: int
    """Places in the file where a rating could be."""
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


def read_ratings(path: Path, columns: ColumnWish, scale: ScaleWish) -> RatingReading:
    """Read anybody's ratings; raise Unusable when none are left, or what was wished does not fit them."""
    if scale.low is not None and scale.high is not None and scale.low >= scale.high:
        raise Unusable(f"--low {scale.low:g} is not below --high {scale.high:g}; give the ends of the scale.")
    sheet = read_sheet(path)
    raw = lay_out(sheet, columns)
    sieve = RatingSieve(sheet, raw)
    sieve.leave(find(raw.cell, lambda cell: cell.casefold() in BLANKS), "blank", show=False)
    sieve.leave(find(raw.unit, lambda name: name.casefold() in BLANKS), "of no unit")
    if raw.rater:
        sieve.leave(find(raw.rater, lambda name: name.casefold() in BLANKS), "by no rater")
    values, words = _values(sieve, scale)
    level = scale.level or _guess(values[sieve.kept], scale, words)
    units, unit = number(raw.unit)
    raters, rater = number(raw.rater)
    if raw.rater:
        drop_repeats(sieve, unit * len(raters) + rater, values)
    if not sieve.kept.any():
        causes = ", ".join(f"{left.count:,} {left.cause}" for left in sieve.left)
        raise Unusable(f"{sheet.name}: no rating is left ({causes}); see what --value names.")
    notes = [*sheet.notes, *raw.notes, *sieve.notes, *_oddities(values[sieve.kept], words, scale)]
    table = _table(sieve, values, (units, unit), (raters, rater), _scale(values[sieve.kept], scale), notes)
    return RatingReading(
        table=table,
        level=level,
        guessed_level=scale.level is None,
        labels=tuple(words[int(v)] if words else f"{v:g}" for v in table.scale),
        given_scale=scale.low is not None or scale.high is not None,
        numeric=not words,
        layout=raw.layout,
        guessed_layout=raw.guessed,
        cells=len(raw.cell),
        left_out=tuple(sieve.left),
        notes=tuple(notes),
    )


def _values(sieve: RatingSieve, scale: ScaleWish) -> tuple[Floats, list[str]]:
    """Give the ratings as numbers, and the words these stand for when they are words."""
    cells = sieve.raw.cell
    numbers = {cell: _parse(cell, sieve.sheet.commas) for cell in set(cells)}
    values = np.fromiter((numbers[cell] for cell in cells), dtype=float, count=len(cells))
    kept = values[sieve.kept]
    share = float((~np.isnan(kept)).mean()) if len(kept) else 1.0
    ends = (scale.low, scale.high) != (None, None)
    wanted = ends or scale.level not in (None, "nominal")
    if not wanted and share < (MOST_NUMBERS if scale.level is None else 1.0):
        words = sorted({cells[place] for place in np.flatnonzero(sieve.kept)})
        place = {word: number for number, word in enumerate(words)}
        return np.fromiter((place.get(cell, np.nan) for cell in cells), dtype=float, count=len(cells)), words
    if not share:
        word = cells[np.flatnonzero(sieve.kept)[0]]
        why = "--low and --high are" if ends else f"--level {scale.level} is"
        raise Unusable(
            f"{sieve.sheet.name}: no rating is a number ({short(word)!r}), and {why} for numbers; words can be "
            "compared with --level nominal."
        )
    if any("," in cell and not np.isnan(number) for cell, number in numbers.items()):
        sieve.notes.append("Commas in numbers are decimal points.")
    sieve.leave(np.isnan(values), "not a number")
    low = -np.inf if scale.low is None else scale.low
    high = np.inf if scale.high is None else scale.high
    sieve.leave((values < low) | (values > high), f"off the scale of {low:g} to {high:g}")
    return values, []


def _parse(cell: str, commas: bool) -> float:
    """Read a number; NaN when it is none. What Python would take beyond that (1_000, inf) is none."""
    plain = cell.replace("−", "-")
    if not commas and plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    number = float(plain) if NUMBER.fullmatch(plain) else np.nan
    return number if abs(number) < LARGEST else np.nan


def _guess(values: Floats, scale: ScaleWish, words: Sequence[str]) -> Level:
    if words:
        return "nominal"
    seen = np.unique(values)
    whole = bool((seen == np.round(seen)).all())
    steps = len(_scale(values, scale))
    if whole and steps <= FEW_STEPS:
        return "nominal" if steps <= 2 else "ordinal"
    return "interval"


def _scale(values: Floats, scale: ScaleWish) -> Floats:
    """Give the values that could be given: all whole ones between the ends the user named, else those seen."""
    seen = np.unique(values)
    if not len(seen) or (scale.low is None and scale.high is None):
        return seen
    low = seen[0] if scale.low is None else scale.low
    high = seen[-1] if scale.high is None else scale.high
    whole = all(float(v).is_integer() for v in (low, high, *seen[:LONGEST_SCALE]))
    if whole and high - low < LONGEST_SCALE:
        return np.arange(low, high + 1)
    return seen


def _oddities(values: Floats, words: Sequence[str], scale: ScaleWish) -> list[str]:
    """Point at what may not be meant as it stands."""
    if words:
        folded: dict[str, list[str]] = {}
        for word in words:
            folded.setdefault(" ".join(word.casefold().split()), []).append(word)
        return [
            f"{' and '.join(map(repr, same))} count as different."
            for same in folded.values()
            if len(same) > 1
        ]
    seen, times = np.unique(values, return_counts=True)
    if not 3 <= len(seen) <= LONGEST_SCALE:
        return []
    gap = int(np.argmax(np.diff(seen)))
    near, far, strays = seen[: gap + 1], seen[gap + 1 :], int(times[gap + 1 :].sum())
    if 2 * strays > times.sum():
        near, far, strays = far, near, int(times.sum()) - strays
    if len(near) < 2 or seen[gap + 1] - seen[gap] <= near[-1] - near[0]:
        return []
    codes = ", ".join(f"{v:g}" for v in far)
    count = f"{strays:,} rating" + ("s" if strays > 1 else "")
    return [
        f"Far from all others: {codes} ({count}). If it stands for something else, give --low and --high."
    ]


def _table(
    sieve: RatingSieve,
    values: Floats,
    unit: tuple[list[str], Indices],
    rater: tuple[list[str], Indices],
    scale: Floats,
    notes: list[str],
) -> RatingTable:
    """Lay out what is kept; units and raters of whom nothing is left are told in the notes."""
    kept = sieve.kept
    units, rows = _pack(unit[0], unit[1][kept])
    silent = set(unit[0]) - set(units) - BLANKS
    if silent:
        notes.append(f"No rating is left of {len(silent):,} more units.")
    if not rater[0]:
        return RatingTable.of(squeeze(rows, values[kept], len(units)), units=units, raters=(), scale=scale)
    raters, columns = _pack(rater[0], rater[1][kept])
    silent = set(rater[0]) - set(raters) - BLANKS
    if silent:
        notes.append(f"No rating is left of {few(sorted(silent))}.")
    if len(units) * len(raters) > MOST_CELLS:
        notes.append(f"{len(raters):,} raters of {len(units):,} units are not told apart: too large a table.")
        return RatingTable.of(squeeze(rows, values[kept], len(units)), units=units, raters=(), scale=scale)
    grid = np.full((len(units), len(raters)), np.nan)
    grid[rows, columns] = values[kept]
    return RatingTable.of(grid, units=units, raters=raters, scale=scale)


def _pack(names: Sequence[str], place: Indices) -> tuple[list[str], Indices]:
    """Number the names that occur anew."""
    used, fresh = np.unique(place, return_inverse=True)
    return [names[p] for p in used], fresh
