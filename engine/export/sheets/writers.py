"""Writers of tables: CSV, JSON lines, Parquet. Rows stream through, a batch at a time, so that memory stays flat.

A row is a dictionary; what it lacks, and what is no number, is null. CSV is for spreadsheets, so nothing in it is
obeyed and what is too long for a cell is cut (`engine.grid`); the other two hold everything as it was. Nothing here
knows what a table is about.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from engine.errors import BadOption
from engine.export.sheets.codebook import Kind, Sheet
from engine.grid import STAMP, stream_grid

Row = dict[str, Any]
BATCH = 1_000
"""Rows that are held at once."""
MICRO = 1_000_000


def write_csv(
    path: Path, sheet: Sheet, rows: Iterable[Row], *, marks: Mapping[str, str], simulated: bool
) -> None:
    """Write UTF-8 CSV."""
    columns = [column.name for column in sheet.columns]
    with path.open("wb") as file:
        file.writelines(stream_grid(_dated(rows, sheet), simulated=simulated, columns=columns))


def write_jsonl(
    path: Path, sheet: Sheet, rows: Iterable[Row], *, marks: Mapping[str, str], simulated: bool
) -> None:
    """Write JSON lines."""
    names = [column.name for column in sheet.columns if column.name != STAMP]
    with path.open("wb") as file:
        for row in _dated(rows, sheet):
            file.write(orjson.dumps({name: row.get(name) for name in names} | {STAMP: simulated}) + b"\n")


def write_parquet(
    path: Path, sheet: Sheet, rows: Iterable[Row], *, marks: Mapping[str, str], simulated: bool
) -> None:
    """Write Parquet: real types, what each column means in its schema's metadata, `marks` in the table's."""
    arrow, parquet = load_arrow()
    types = {
        "text": arrow.string(),
        "int": arrow.int64(),
        "float": arrow.float64(),
        "bool": arrow.bool_(),
        "time": arrow.timestamp("us", tz="UTC"),
    }
    told = {"description": sheet.row, STAMP: str(simulated).lower(), **marks}
    schema = arrow.schema(
        [
            arrow.field(one.name, types[one.kind], metadata={"description": one.words})
            for one in sheet.columns
        ],
        metadata=told,
    )
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in _batches(rows):
            columns = [
                arrow.array([_stored(row, one.name, one.kind, simulated) for row in batch], types[one.kind])
                for one in sheet.columns
            ]
            writer.write_batch(arrow.record_batch(columns, schema=schema))


WRITERS: Mapping[str, Callable[..., None]] = {
    "csv": write_csv,
    "jsonl": write_jsonl,
    "parquet": write_parquet,
}


def load_arrow() -> tuple[Any, Any]:
    """Give pyarrow and its Parquet; BadOption where they are not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise BadOption(
            "--format parquet needs pyarrow. Install the extra: pip install -e '.[parquet]'; csv and jsonl need none."
        ) from error
    return pyarrow, pyarrow.parquet


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _stored(row: Row, name: str, kind: Kind, simulated: bool) -> Any:
    if name == STAMP:
        return simulated
    value = row.get(name)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return round(value * MICRO) if kind == "time" else value


def _dated(rows: Iterable[Row], sheet: Sheet) -> Iterator[Row]:
    """Write times as words, and leave out what is no number."""
    times = [column.name for column in sheet.columns if column.kind == "time"]
    for row in rows:
        held = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in row.items()
        }
        dated = {name: _iso(held[name]) for name in times if held.get(name) is not None}
        yield held | dated


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
