"""From a file of ratings to columns of text, whatever wrote it.

CSV with commas, semicolons, tabs or bars, with or without a byte order mark or a header; JSON as a list of
objects or rows, as columns, or as units by raters; JSON Lines. Nothing is interpreted here: a cell is its text.
What is not a row is left out and said. Nothing here knows what a rating is.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import orjson

from rubrics.cells import unguard
from rubrics.errors import Unusable
from rubrics.nearest import short

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
EXCEL_HINT = re.compile(r"sep=([,;\t|])\r?\n")
"""A first line by which Excel tells itself the delimiter."""
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
Parts = tuple[list[str], Sequence[Sequence[str]], list[int], tuple[int, ...]]
"""Header, columns, the line of each row, and the lines that were left out."""
SUFFIXES = "a table as .csv, .tsv, .json or .jsonl"
JSON_SHAPES = "a list of objects, a list of rows, columns by name, or units by raters"
LOOKED_AT = 20
"""Lines that tell the delimiter."""
LONGEST_TITLE = 500
"""Characters of a column's name: some tables have whole questions there."""
LARGEST = 2**30
"""Bytes of a file: a table of ten million votes has half of it."""
MOST_PLACES, SPARSEST = 20_000_000, 0.01
"""A table of more places is refused when fewer of them are filled: a small file of objects that share no key would
otherwise fill the memory with nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSheet:
    """A table before anybody knows what its columns are."""

    name: str
    """The file's name, without its folder."""
    columns: dict[str, Sequence[str]]
    """Cells by the column's name, outer blanks removed; "" where there is nothing."""
    lines: Sequence[int]
    """Where each row is: the line of a text file, the number of a JSON item."""
    place: str
    """What these count: "line" or "item"."""
    commas: bool
    """Commas part the cells, so that 3,5 cannot be a number."""
    notes: tuple[str, ...]
    """What was decided in reading it, a sentence each."""
    broken: tuple[int, ...]
    """Lines that were left out: they have not as many cells as the header, or are no JSON."""


def read_sheet(path: Path) -> TextSheet:
    """Read a file; raise Unusable, naming file, place and next step, when there is no table in it."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise Unusable(f"{path}: cannot be read ({error.strerror}); give {SUFFIXES}.") from error
    if len(raw) > LARGEST:
        raise Unusable(f"{path}: is larger than {LARGEST >> 20} MB; give it in parts.")
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1")):
        raise Unusable(f"{path}: is a workbook or a binary table; save it as CSV and give that.")
    text, notes = _decode(raw, path)
    if not text.strip():
        raise Unusable(f"{path}: is empty; give {SUFFIXES}.")
    suffix = path.suffix.casefold()
    if suffix in (".jsonl", ".ndjson"):
        return _read_lines(text, path, notes)
    if suffix == ".json" or (suffix not in (".csv", ".tsv", ".txt") and text.lstrip()[0] in "[{"):
        return _read_json(text, path, notes)
    return _read_cells(text, path, notes)


def _decode(raw: bytes, path: Path) -> tuple[str, list[str]]:
    for mark, encoding in MARKS.items():
        if raw.startswith(mark):
            return raw.decode(encoding, "replace"), ["The file is in UTF-16."]
    if b"\x00" in raw:
        raise Unusable(f"{path}: is no text (a zero byte at {raw.index(0)}); give {SUFFIXES}.")
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        note = f"Read as Windows-1252, since byte {error.start} is not UTF-8; names may look odd."
        return raw.decode("cp1252", "replace"), [note]


def _read_cells(text: str, path: Path, notes: list[str]) -> TextSheet:
    hint = EXCEL_HINT.match(text)
    try:
        delimiter = hint[1] if hint else _sniff(text, path)
        header, columns, lines, broken = _part(text, delimiter, 1 if hint else 0)
    except csv.Error as error:
        raise Unusable(f"{path}: {error}; correct the file there, or give {SUFFIXES}.") from error
    if len(header) > 1 and all(NUMBER.fullmatch(cell.strip()) for cell in header):
        columns = [[first, *cells] for first, cells in zip(header, columns, strict=True)]
        lines = [1, *lines]
        header = [f"column {number}" for number in range(1, len(header) + 1)]
        notes.append(
            "The first line holds numbers only, so it is read as ratings and not as names of columns."
        )
    if delimiter != "," or path.suffix.casefold() == ".tsv":
        notes.append(f"Cells are parted by {DELIMITERS[delimiter]}.")
    plain = [list(map(str.strip, cells)) for cells in columns]
    if "'" in text:
        plain = [list(map(unguard, cells)) for cells in plain]
        header = list(map(unguard, header))
    return _sheet(
        path, header, plain, lines, place="line", commas=delimiter == ",", notes=notes, broken=broken
    )


def _part(text: str, delimiter: str, skipped: int) -> Parts:
    """Part a text into its header, its columns, the line of each row, and the lines that are no rows.

    Where nothing is quoted and every line has as many cells, all of it is cut at once, many times faster.
    """
    if '"' not in text:
        lines = text.replace("\r\n", "\n").split("\n")[skipped:]
        rows = list(filter(None, lines))
        cuts = {row.count(delimiter) for row in rows}
        if len(cuts) == 1 and "\r" not in rows[0]:
            cells, width = delimiter.join(rows).split(delimiter), cuts.pop() + 1
            places = [place for place, line in enumerate(lines, start=1 + skipped) if line]
            return cells[:width], [cells[width + column :: width] for column in range(width)], places[1:], ()
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    held = [(row, reader.line_num) for row in reader if any(map(str.strip, row))][skipped:]
    if not held:
        return [], [], [], ()
    header = held[0][0]
    kept = [(row, line) for row, line in held[1:] if len(row) == len(header)]
    broken = tuple(line for row, line in held[1:] if len(row) != len(header))
    columns = list(zip(*(row for row, _ in kept), strict=True)) or [() for _ in header]
    return header, columns, [line for _, line in kept], broken


def _sniff(text: str, path: Path) -> str:
    """Give the delimiter: the one that parts the first lines into most cells, and all into as many."""
    head = [line for line in text.lstrip().splitlines()[:LOOKED_AT] if line.strip()]
    best, most = "\t" if path.suffix.casefold() == ".tsv" else ",", 0.0
    for delimiter in DELIMITERS:
        counts = [len(row) for row in csv.reader(head, delimiter=delimiter)]
        alike = counts.count(counts[0]) / len(counts)
        score = alike + counts[0] / 1000 if counts[0] > 1 else 0.0
        if score > most:
            best, most = delimiter, score
    return best


def _read_lines(text: str, path: Path, notes: list[str]) -> TextSheet:
    items, lines, broken = [], [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            item = orjson.loads(line)
        except orjson.JSONDecodeError:
            item = None
        if isinstance(item, dict):
            items.append(item)
            lines.append(number)
        else:
            broken.append(number)
    if not items:
        raise Unusable(f"{path}: no line is a JSON object; write one object a line, or give {SUFFIXES}.")
    header, columns = _objects(path, items)
    return _sheet(path, header, columns, lines, place="line", commas=False, notes=notes, broken=broken)


def _read_json(text: str, path: Path, notes: list[str]) -> TextSheet:
    try:
        content = json.loads(text)  # orjson knows no NaN, which Python writes
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{path}: not JSON: {error}; correct the file there.") from error
    if isinstance(content, dict) and content and all(isinstance(part, dict) for part in content.values()):
        header, columns = _objects(path, [{"unit": unit} | ratings for unit, ratings in content.items()])
    elif isinstance(content, dict) and content and all(isinstance(part, list) for part in content.values()):
        _check_places(path, len(content) * max(map(len, content.values())), sum(map(len, content.values())))
        rows = list(zip_longest(*content.values()))
        header, columns = list(content), _words(zip(*rows, strict=True))
    elif isinstance(content, list) and content and all(isinstance(item, dict) for item in content):
        header, columns = _objects(path, content)
    elif isinstance(content, list) and content and all(isinstance(item, list) for item in content):
        _check_places(path, len(content) * max(map(len, content)), sum(map(len, content)))
        columns = _words(zip_longest(*content))
        header = [f"column {number}" for number in range(1, len(columns) + 1)]
    else:
        raise Unusable(f"{path}: holds no table; write {JSON_SHAPES}.")
    lines = range(1, len(columns[0]) + 1) if columns else ()
    return _sheet(path, header, columns, lines, place="item", commas=False, notes=notes)


def _objects(path: Path, items: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    header = list(dict.fromkeys(key for item in items for key in item))
    _check_places(path, len(header) * len(items), sum(map(len, items)))
    return header, _words([item.get(key) for item in items] for key in header)


def _check_places(path: Path, places: int, filled: int) -> None:
    """Refuse a table that is large and empty."""
    if places > MOST_PLACES and filled < SPARSEST * places:
        raise Unusable(
            f"{path}: has {places:,} places of which {filled:,} are filled; give every row the same columns."
        )


def _words(columns: Iterable[Iterable[Any]]) -> list[list[str]]:
    return [[cell.strip() if isinstance(cell, str) else _word(cell) for cell in cells] for cells in columns]


def _sheet(
    path: Path,
    header: Sequence[str],
    columns: Sequence[Sequence[str]],
    lines: Sequence[int],
    *,
    place: str,
    commas: bool,
    notes: Iterable[str],
    broken: Sequence[int] = (),
) -> TextSheet:
    if not lines:
        odd = f" of {len(header)} columns as its first line has ({short(header[0])!r})" if broken else ""
        raise Unusable(f"{path}: has no rows{odd}; begin the table with the names of its columns.")
    named: dict[str, Sequence[str]] = {}
    for number, (title, cells) in enumerate(zip(header, columns, strict=True), start=1):
        name = " ".join(str(title).split())[:LONGEST_TITLE] or f"column {number}"
        named[name if name not in named else f"{name} ({number})"] = cells
    return TextSheet(
        name=path.name,
        columns=named,
        lines=lines,
        place=place,
        commas=commas,
        notes=tuple(notes),
        broken=tuple(broken),
    )


def _word(cell: Any) -> str:
    if cell is None:
        return ""
    return json.dumps(cell, ensure_ascii=False) if isinstance(cell, bool | dict | list) else str(cell)
