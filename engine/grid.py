"""Tables as CSV: the one door through which any table leaves the program.

The one idea: a cell is a number, a truth value or somebody's words, and words are shown and never obeyed, neither
by a spreadsheet (`rubrics.cells`) nor by a terminal on which the file is printed. Each row says whether it is
simulated. Nothing here knows what a table is about or where it is kept.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from engine.console.clean import clean
from rubrics.cells import guard

STAMP = "simulated"
"""The last column of every table."""
LONGEST = 32_767
"""Characters of a cell; spreadsheets cut what is longer, or refuse the file."""


def write_grid(
    rows: Iterable[Mapping[str, Any]], *, simulated: bool, columns: Iterable[str] | None = None
) -> bytes:
    """Write rows as UTF-8 CSV, stamped; the columns are those given, else the first row's, and its order is theirs.

    What a row lacks is an empty cell; a row with a column more is a ValueError.
    """
    rest = iter(rows)
    if columns is None:
        first = next(rest, {})
        columns, rest = first.keys(), chain([first] if first else [], rest)
    return b"".join(stream_grid(rest, simulated=simulated, columns=columns))


def stream_grid(
    rows: Iterable[Mapping[str, Any]], *, simulated: bool, columns: Iterable[str]
) -> Iterator[bytes]:
    """Write rows the same way, line by line, so that a table of any length takes no memory."""
    text = io.StringIO()
    names = [*(name for name in columns if name != STAMP), STAMP]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    stamp = {STAMP: cell(simulated)}
    lines = ({name: cell(value) for name, value in row.items()} | stamp for row in rows)
    for line in chain([{name: cell(name) for name in names}], lines):
        writer.writerow(line)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


def cell(value: Any) -> str:
    """Write a cell: numbers with six digits, nothing for None, words so that nobody obeys them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    if not isinstance(value, str):
        return str(value)
    words = guard(clean(value))
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
