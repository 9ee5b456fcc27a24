"""A row of the index as a summary. Nothing here knows which rows are wanted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

import orjson

from engine.index.values import Summary

COLUMNS = (
    *(
        "name",
        "place",
        "scenario",
        "title",
        "model",
        "arm",
        "repeat",
        "script",
        "state",
        "reason",
        "cause",
        "turns",
    ),
    *("calls", "input", "output", "cost", "began", "over", "votes", "overall", "least", "disagreement"),
    *("scores", "caps"),
)
SELECT = f"SELECT {', '.join(COLUMNS)} FROM talk WHERE place IS NOT NULL"


def summarize(rows: Iterable[tuple[Any, ...]]) -> tuple[Summary, ...]:
    """Give rows of SELECT as summaries."""
    found = []
    for row in rows:
        told = dict(zip(COLUMNS, row, strict=True))
        told["id"] = told.pop("name")
        told["script"] = bool(told["script"])
        told["scores"] = orjson.loads(told["scores"])
        told["caps"] = tuple(orjson.loads(told["caps"]))
        found.append(Summary(**told))
    return tuple(found)


def choose(connection: sqlite3.Connection, rest: str, *values: object) -> tuple[Summary, ...]:
    """Give the planned conversations that meet a condition, `rest` being ours and the values whoever's."""
    return summarize(connection.execute(f"{SELECT} {rest}", values).fetchall())
