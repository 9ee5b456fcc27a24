"""From a table of clinicians' scores to one number for each conversation, dimension and annotator.

A score a row, or a column for each dimension. Nothing is mended: a score that cannot be used is left out under
its cause, the first of each kind named by its place. Nothing here knows what the jury said.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rubrics.agreement.layout import BLANKS, RawRatings, few
from rubrics.agreement.sheet import NUMBER, TextSheet, read_sheet
from rubrics.agreement.sieve import LeftOut, RatingSieve, drop_repeats, find, number
from rubrics.errors import Unusable
from rubrics.nearest import nearest
from rubrics.scores import Flags, Floats, Indices

WORDS: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("columns.toml").read_text())
ABSTAINED = frozenset(WORDS["abstained"])
LOWEST, HIGHEST = 1.0, 5.0
NAMELESS = "Nobody says who scored: all scores of a conversation count, and repeats stay unseen."


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleWish:
    """What the user says of the columns; None leaves it to be guessed."""

    conversation: str | None = None
    dimension: str | None = None
    annotator: str | None = None
    score: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Annotations:
    """What clinicians say of a run's conversations. C conversations, D dimensions, A annotators."""

    annotators: tuple[str, ...]
    values: Floats
    """(C, D, A) 1 to 5; NaN where an annotator said nothing."""
    layout: str
    """How the table was read, in words."""
    guessed: bool
    cells: int
    """Places in the file where a score could be."""
    used: int
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    @property
    def means(self) -> Floats:
        """Give the mean over annotators, (C, D); NaN where there is none."""
        many = self.counts
        total = np.nansum(self.values, axis=2)
        return np.divide(total, many, out=np.full(many.shape, np.nan), where=many > 0)

    @property
    def counts(self) -> Floats:
        """Count the annotators of each, (C, D)."""
        return (~np.isnan(self.values)).sum(axis=2).astype(float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The table as one score an entry."""

    conversation: Sequence[str]
    dimension: Sequence[str]
    annotator: Sequence[str]
    """Empty when the table does not say who."""
    cell: Sequence[str]
    line: Sequence[int]
    layout: str
    guessed: bool


def read_annotations(
    path: Path,
    wish: TitleWish,
    *,
    conversations: Sequence[str],
    dimensions: Sequence[str],
    barred: Mapping[str, str],
) -> Annotations:
    """Read clinicians' scores of listed conversations and dimensions.

    `barred` names conversations whose scores are not used, with the cause. Raises Unusable when the file holds
    no such table, or nothing of it can be used.
    """
    sheet = read_sheet(path)
    listed = _list(sheet, wish, dimensions)
    sieve = RatingSieve(sheet, _raw(listed))
    values = _values(sieve)
    places = {name: place for place, name in enumerate(conversations)}
    kinds = {name.casefold(): place for place, name in enumerate(dimensions)}
    _sift(sieve, listed, places=places, kinds=kinds, barred=barred)
    annotators, annotator = _who(sieve, listed)
    conversation = np.array([places.get(name, 0) for name in listed.conversation], dtype=np.int64)
    dimension = np.array([kinds.get(name.casefold(), 0) for name in listed.dimension], dtype=np.int64)
    if listed.annotator:
        _thin(sieve, (conversation * len(dimensions) + dimension) * len(annotators) + annotator, values)
    kept = np.flatnonzero(sieve.kept)
    if not len(kept):
        causes = "; ".join(f"{left.count:,} {left.cause}" for left in sieve.left)
        raise Unusable(
            f"{sheet.name}: no score can be used ({causes}). See what --conversation and --score name; "
            "conversations are named as in the run's scores.csv."
        )
    grid = np.full((len(conversations), len(dimensions), len(annotators)), np.nan)
    grid[conversation[kept], dimension[kept], annotator[kept]] = values[kept]
    return Annotations(
        annotators=tuple(annotators),
        values=grid,
        layout=listed.layout,
        guessed=listed.guessed,
        cells=len(listed.cell),
        used=len(kept),
        left_out=tuple(sieve.left),
        notes=sheet.notes if listed.annotator else (*sheet.notes, NAMELESS),
    )


def _raw(listed: Listed) -> RawRatings:
    """Give the table as ratings whose unit is the conversation."""
    return RawRatings(
        unit=listed.conversation,
        rater=listed.annotator,
        cell=listed.cell,
        line=listed.line,
        layout=listed.layout,
        guessed=listed.guessed,
        notes=(),
        spare={},
    )


def _sift(
    sieve: RatingSieve,
    listed: Listed,
    *,
    places: Mapping[str, int],
    kinds: Mapping[str, int],
    barred: Mapping[str, str],
) -> None:
    """Leave out what is about nothing that is known."""
    names = listed.conversation
    sieve.leave(find(names, lambda name: name.casefold() in BLANKS), "of no conversation")
    if listed.annotator:
        sieve.leave(find(listed.annotator, lambda name: name.casefold() in BLANKS), "by no annotator")
    for cause in sorted(set(barred.values())):
        sieve.leave(find(names, lambda name, cause=cause: barred.get(name) == cause), cause, show=False)
    strange = find(names, lambda name: name not in places and name not in barred)
    _name(sieve, strange, names, "of conversations that are not in the run")
    odd = find(listed.dimension, lambda name: name.casefold() not in kinds)
    _name(sieve, odd, listed.dimension, f"on none of the dimensions ({few(list(kinds))})")


def _thin(sieve: RatingSieve, key: Indices, values: Floats) -> None:
    """Keep one of scores that are said twice, and none of those that contradict each other."""
    try:
        drop_repeats(sieve, key, values)
    except Unusable as error:
        raise Unusable(
            f"{sieve.sheet.name}: most scores contradict another one of the same annotator on the same conversation "
            f"and dimension ({sieve.raw.layout}). Name the columns that tell them apart: --conversation, "
            "--dimension, --annotator."
        ) from error


def _list(sheet: TextSheet, wish: TitleWish, dimensions: Sequence[str]) -> Listed:
    """Find the columns: a score a row, or else a column for each dimension."""
    titles = {
        kind: _column(sheet, kind, getattr(wish, kind))
        for kind in ("conversation", "dimension", "annotator", "score")
    }
    if titles["conversation"] is None:
        raise _refuse(sheet, "conversation")
    names, who = sheet.columns[titles["conversation"]], titles["annotator"]
    annotator = sheet.columns[who] if who else ()
    told = f"conversation is {titles['conversation']}, annotator is {who or 'not known'}"
    if titles["dimension"] and titles["score"]:
        return Listed(
            conversation=names,
            dimension=sheet.columns[titles["dimension"]],
            annotator=annotator,
            cell=sheet.columns[titles["score"]],
            line=sheet.lines,
            layout=f"a score a row: {told}, dimension is {titles['dimension']}, score is {titles['score']}",
            guessed=None in (wish.conversation, wish.dimension, wish.annotator, wish.score),
        )
    kinds = {name.casefold() for name in dimensions}
    wide = [title for title in sheet.columns if title.casefold() in kinds]
    if not wide:
        raise _refuse(sheet, "score" if titles["dimension"] else "dimension", dimensions)
    return Listed(
        conversation=list(names) * len(wide),
        dimension=[title for title in wide for _ in names],
        annotator=list(annotator) * len(wide),
        cell=[cell for title in wide for cell in sheet.columns[title]],
        line=list(sheet.lines) * len(wide),
        layout=f"a column a dimension: {told}, dimensions are {few(wide)}",
        guessed=None in (wish.conversation, wish.annotator),
    )


def _refuse(sheet: TextSheet, kind: str, dimensions: Sequence[str] = ()) -> Unusable:
    other = f", or give each dimension ({few(list(dimensions))}) a column of its own" if dimensions else ""
    return Unusable(
        f"{sheet.name}: no column looks like the {kind}; name it: --{kind} COLUMN{other}. Columns are "
        f"{few(list(sheet.columns))}."
    )


def _column(sheet: TextSheet, kind: str, wish: str | None) -> str | None:
    """Give the column the user names, or the first that is called like one; None where there is none."""
    if wish is None:
        plain = {" ".join(t.casefold().replace("_", " ").replace("-", " ").split()): t for t in sheet.columns}
        return next((plain[word] for word in WORDS[kind] if word in plain), None)
    if wish not in sheet.columns:
        hint = nearest(wish, sheet.columns, f"columns are {few(list(sheet.columns))}.")
        raise Unusable(f"--{kind}: {sheet.name} has no column {wish!r}; {hint}")
    return wish


def _values(sieve: RatingSieve) -> Floats:
    cells = sieve.raw.cell
    # What was never a score is counted before what is wrong with the row.
    sieve.leave(find(cells, lambda cell: cell.casefold() in ABSTAINED), "where the annotator cannot judge")
    sieve.leave(find(cells, lambda cell: cell.casefold() in BLANKS), "blank", show=False)
    numbers = {cell: _parse(cell, sieve.sheet.commas) for cell in set(cells)}
    values = np.fromiter((numbers[cell] for cell in cells), dtype=float, count=len(cells))
    sieve.leave(np.isnan(values), "not a number")
    sieve.leave((values < LOWEST) | (values > HIGHEST), f"off the scale of {LOWEST:g} to {HIGHEST:g}")
    return values


def _parse(cell: str, commas: bool) -> float:
    plain = cell if commas else cell.replace(",", ".", 1)
    return float(plain) if NUMBER.fullmatch(plain) else np.nan


def _name(sieve: RatingSieve, where: Flags, names: Sequence[str], cause: str) -> None:
    """Leave out rows for a name they hold, and give those names as the examples."""
    before = len(sieve.left)
    fresh = where & sieve.kept
    sieve.leave(where, cause, show=False)
    if len(sieve.left) > before:
        strange = list(dict.fromkeys(names[place] for place in np.flatnonzero(fresh)))
        last = sieve.left.pop()
        sieve.left.append(LeftOut(cause=last.cause, count=last.count, examples=(few(strange),)))


def _who(sieve: RatingSieve, listed: Listed) -> tuple[list[str], Indices]:
    """Number the annotators of whom something is kept; without names, the scores of a unit are numbered."""
    if listed.annotator:
        kept = np.flatnonzero(sieve.kept)
        names, _ = number([listed.annotator[place] for place in kept])
        places = {name: place for place, name in enumerate(names)}
        return names, np.array([places.get(name, 0) for name in listed.annotator], dtype=np.int64)
    seen: dict[tuple[str, str], int] = {}
    found = np.zeros(len(listed.cell), dtype=np.int64)
    for place in np.flatnonzero(sieve.kept):
        unit = (listed.conversation[place], listed.dimension[place].casefold())
        found[place] = seen[unit] = seen.get(unit, -1) + 1
    return [f"score {k + 1}" for k in range(int(found.max(initial=0)) + 1)], found
