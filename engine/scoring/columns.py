"""Which column of a table of verdicts says what.

The user names them (`juror=grader`) or they are guessed from their names (`columns.toml`), and either way it is
told, because a wrong guess gives numbers that look right. Nothing here looks at a cell.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rubrics.agreement.layout import SURPLUS, few
from rubrics.agreement.sheet import TextSheet
from rubrics.errors import Unusable
from rubrics.nearest import nearest

FILE = tomllib.loads(Path(__file__).with_name("columns.toml").read_text(encoding="utf-8"))
WORDS: Mapping[str, Sequence[str]] = FILE["words"]
YES = frozenset(FILE["yes"]["words"])
NO = frozenset(FILE["no"]["words"])
STRATUM = "stratum"
"""The one kind that several columns may be of."""
SHAPE = "--column KIND=COLUMN, for example --column juror=grader"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChoice:
    """What each column is."""

    by: Mapping[str, str]
    """The column of each kind that there is."""
    strata: tuple[str, ...]
    """Columns the user wants as strata; None are looked for when there are some."""
    guessed: tuple[str, ...]
    """Kinds whose column nobody named."""

    def told(self) -> str:
        """Say it in words."""
        parts = [f"{kind.replace('_', ' ')} is {column!r}" for kind, column in self.by.items()]
        guess = " (all guessed)" if len(self.guessed) == len(self.by) else ""
        if self.guessed and not guess:
            guess = f" (guessed: {', '.join(kind.replace('_', ' ') for kind in self.guessed)})"
        return ", ".join(parts) + guess


def choose_columns(
    sheet: TextSheet, wishes: Sequence[str], kinds: Collection[str] = tuple(WORDS)
) -> ColumnChoice:
    """Find the columns of these kinds; raise Unusable for a wish that names no kind or no column.

    `KIND=` with nothing behind it says that there is no such column.
    """
    named, strata = _named(sheet, wishes)
    taken = {column for column in (*named.values(), *strata) if column}
    by, guessed = {}, []
    for kind in (kind for kind in WORDS if kind in kinds):
        if kind in named:
            by |= {kind: named[kind]} if named[kind] else {}
            continue
        plain = {_plain(name): name for name in reversed(sheet.columns) if name not in taken}
        column = next((plain[word] for word in WORDS[kind] if word in plain), None)
        if column is not None:
            by[kind] = column
            taken.add(column)
            guessed.append(kind)
    return ColumnChoice(by=by, strata=tuple(strata), guessed=tuple(guessed))


def refuse(sheet: TextSheet, kind: str, what: str) -> Unusable:
    """Make the error for a column that is needed and not there."""
    columns = few(list(sheet.columns))
    return Unusable(
        f"{sheet.name}: no column looks like {what}; name it with --column {kind}=COLUMN. Columns are {columns}."
    )


def _named(sheet: TextSheet, wishes: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    named: dict[str, str] = {}
    strata: list[str] = []
    for wish in wishes:
        kind, equals, column = wish.partition("=")
        kind, column = kind.strip().replace("-", "_"), " ".join(column.split())
        if not equals:
            raise Unusable(f"--column {wish!r} is not KIND=COLUMN; write {SHAPE}.")
        if kind not in (*WORDS, STRATUM):
            hint = nearest(
                kind, (*WORDS, STRATUM), f"kinds are {', '.join(WORDS)} and {STRATUM}.", cutoff=0.6
            )
            raise Unusable(f"--column: there is no kind {kind!r}; {hint}")
        if column and column not in sheet.columns:
            hint = nearest(column, sheet.columns, f"columns are {few(list(sheet.columns))}.")
            raise Unusable(f"--column: {sheet.name} has no column {column!r}; {hint}")
        if kind == STRATUM:
            strata += [column] if column else []
        else:
            named[kind] = column
    return named, strata


def _plain(name: str) -> str:
    return SURPLUS.sub("", name.casefold()).replace("_", " ").replace("-", " ")
