"""From cells of text to conversations: which votes are about the same one, and what is known of it.

The one idea: a conversation is what one name stands for, unless that name meets several models, arms or repeats;
then the name is of what they were all asked, and a conversation is one meeting. Columns are indices throughout,
so that a million rows take seconds. Nothing here knows what a vote is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rubrics.agreement.layout import BLANKS
from rubrics.agreement.sieve import number
from rubrics.scores import Flags, Indices

PARTS = ("model", "scenario", "arm", "repeat")
"""What our own name of a conversation says, in its order, parted by slashes."""
MOST_LEVELS = 8
"""Levels a column may have to be taken for a stratum when nobody says so."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coded:
    """A column of text as numbers."""

    names: Sequence[str]
    index: Indices
    """(n,) into names."""

    @classmethod
    def of(cls, cells: Sequence[str]) -> Coded:
        """Number the texts in the order they come in."""
        names, index = number(cells)
        return cls(names=names, index=index)

    def at(self, rows: Indices) -> list[str]:
        """Give the texts of some rows."""
        return np.asarray(self.names, dtype=object)[self.index[rows]].tolist() if len(rows) else []

    def only(self, keep: Flags) -> Coded:
        """Keep some rows; names that no longer occur stay."""
        return Coded(names=self.names, index=self.index[keep])

    def blank(self) -> Flags:
        """Tell where there is nothing, (n,)."""
        empty = np.array([name.casefold() in BLANKS for name in self.names], dtype=bool)
        return empty[self.index] if len(self.names) else np.zeros(0, dtype=bool)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Meeting:
    """The conversations of a table. C conversations."""

    names: list[str]
    index: Indices
    """(n,) each row's conversation."""
    first: Indices
    """(C,) the first row of each."""
    several: bool
    """The column of conversations names what several of them are about."""


def unfold(name: Coded) -> dict[str, Coded] | None:
    """Read `model/scenario/arm/repeat` out of names of conversations; None where they are not of this form."""
    parts = [text.rsplit("/", 3) for text in name.names]
    if not parts or not all(len(part) == 4 and part[3].isdecimal() for part in parts):
        return None
    found = {}
    for kind, texts in zip(PARTS, zip(*parts, strict=True), strict=True):
        coded = Coded.of(texts)
        found[kind] = Coded(names=coded.names, index=coded.index[name.index])
    return found


def meet(columns: Mapping[str, Coded]) -> Meeting:
    """Find the conversations; `columns` holds the model and any of conversation, scenario, case, arm, repeat."""
    told = [columns[kind] for kind in PARTS if kind in columns]
    if "conversation" in columns:
        name = columns["conversation"]
        if all(settled(column.index, name.index) for column in told):
            return _meeting([name], several=False)
        return _meeting([*told, name], several=True)
    extra = [columns["case"]] if "scenario" not in columns else []
    return _meeting([*told, *extra], several=False)


def settled(value: Indices, group: Indices) -> bool:
    """Tell whether all rows of a group have one value."""
    seen = np.zeros(int(group.max(initial=-1)) + 1, dtype=np.int64)
    seen[group] = value
    return bool((seen[group] == value).all())


def steps(column: Coded, meeting: Meeting, scenario: Indices) -> bool:
    """Tell whether a column may be a stratum: a few levels, one for all votes on a scenario, none for one alone."""
    empty = column.blank()
    levels = np.unique(column.index[~empty])
    if not 2 <= len(levels) <= MOST_LEVELS or not settled(column.index, meeting.index):
        return False
    value = column.index[meeting.first]
    if not settled(value, scenario):
        return False
    pairs = np.unique(np.column_stack([value, scenario]), axis=0)
    return bool((np.bincount(pairs[:, 0])[levels] > 1).all())


def _meeting(parts: Sequence[Coded], *, several: bool) -> Meeting:
    code = np.zeros(len(parts[0].index), dtype=np.int64)
    for part in parts:
        code = np.unique(code * max(len(part.names), 1) + part.index, return_inverse=True)[1]
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    texts = zip(*(part.at(first) for part in parts), strict=True)
    return Meeting(names=["/".join(text) for text in texts], index=index, first=first, several=several)
