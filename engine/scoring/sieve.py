"""A table of verdicts while it is read: what is kept of it, and what was left out and why.

Nothing here knows what a column means.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.scoring.cells import Coded, unfold
from engine.scoring.columns import ColumnChoice, refuse
from rubrics.agreement.sheet import NUMBER, TextSheet
from rubrics.agreement.sieve import LeftOut
from rubrics.errors import Unusable
from rubrics.scores import Flags

SHOWN = 3
"""Lines named of each kind that is left out."""
NEEDED = {"model": "the model that was judged", "score": "the score"}


class VerdictTable:
    """A table of verdicts while it is read."""

    def __init__(self, sheet: TextSheet, choice: ColumnChoice) -> None:
        self.sheet, self.choice = sheet, choice
        self.columns = {kind: Coded.of(sheet.columns[name]) for kind, name in choice.by.items()}
        self.lines = np.asarray(sheet.lines)
        self.left: list[LeftOut] = []
        self.notes: list[str] = [*sheet.notes]
        self.unfolded: dict[str, Coded] = {}
        if sheet.broken:
            self._count("rows that have more or fewer cells than the header", list(sheet.broken))
        if "model" not in self.columns and "conversation" in self.columns:
            self.unfolded = unfold(self.columns["conversation"]) or {}
            self.columns |= self.unfolded
        for kind, what in NEEDED.items():
            if kind not in self.columns:
                raise refuse(sheet, kind, what)
        if not {"conversation", "scenario", "case"} & self.columns.keys():
            raise refuse(sheet, "scenario", "what was judged (a conversation, a scenario or a case)")

    def leave(self, where: Flags, cause: str) -> None:
        """Leave rows out of everything that follows."""
        if where.any():
            self._count(cause, self.lines[where].tolist())
            self.lines = self.lines[~where]
            self.columns = {kind: column.only(~where) for kind, column in self.columns.items()}
        if not len(self.lines):
            causes = ", ".join(f"{left.count:,} {left.cause}" for left in self.left)
            raise Unusable(f"{self.sheet.name}: no vote is left ({causes}); see what --column says.")

    def spare(self, name: str) -> Coded:
        """Give a column that is of no kind, for the rows that are kept."""
        column = Coded.of(self.sheet.columns[name])
        if len(column.index) == len(self.lines):
            return column
        return column.only(np.isin(np.asarray(self.sheet.lines), self.lines))

    def _count(self, cause: str, lines: Sequence[int]) -> None:
        places = ", ".join(f"{self.sheet.place} {line}" for line in lines[:SHOWN])
        self.left.append(LeftOut(cause=cause, count=len(lines), examples=(places,)))


def parse(cell: str, commas: bool) -> float:
    """Read a number; NaN when it is none."""
    plain = cell.replace("−", "-")
    plain = plain if commas or "." in plain else plain.replace(",", ".", 1)
    return float(plain) if NUMBER.fullmatch(plain) else np.nan
