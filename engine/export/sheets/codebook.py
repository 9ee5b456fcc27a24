"""The codebook: which tables there are, what a row of each is, and every column with its type and meaning.

It is a file (`columns.toml`), so that the schema of a table, its documentation and its order cannot differ. Nothing
here knows where a row comes from or how it is written.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from engine.grid import STAMP

Kind = Literal["text", "int", "float", "bool", "time"]
FILE = Path(__file__).with_name("columns.toml")
STAMPED = "Whether invented minds answered: no number is then about a real model."


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetColumn:
    """A column of a table."""

    name: str
    kind: Kind
    """`time` is Unix time in seconds in a row, and UTC in the file."""
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table."""

    name: str
    row: str
    """What a row of it is, in a sentence."""
    columns: tuple[SheetColumn, ...]
    """In order, the stamp last."""


@cache
def sheets() -> dict[str, Sheet]:
    """Give the tables by name."""
    file = tomllib.loads(FILE.read_text(encoding="utf-8"))
    stamp = SheetColumn(name=STAMP, kind="bool", words=STAMPED)
    return {
        name: Sheet(
            name=name,
            row=entries.pop("row"),
            columns=(
                *(SheetColumn(name=one, kind=kind, words=words) for one, (kind, words) in entries.items()),
                stamp,
            ),
        )
        for name, entries in file.items()
    }


def describe(sheet: Sheet) -> Iterator[str]:
    """Write a table down for people, a column a line."""
    yield f"{sheet.name}: {sheet.row}"
    width = max(len(column.name) for column in sheet.columns)
    for column in sheet.columns:
        yield f"  {column.name:{width}}  {column.kind:5}  {column.words}"
