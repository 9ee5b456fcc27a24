"""The layout: a row for every conversation of the plan, begun or not, and the strata of its scenarios.

It follows the run folder: arms may be added while the index is open, and a frozen conversation is planned only once
there is one to repeat. Nothing here knows what was said.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from itertools import product
from pathlib import Path

import orjson

from engine.cells import ARMS, Cell
from engine.folder import read_plan
from engine.setting import ADDED, Setting, open_setting
from engine.strata import stratify
from rubrics.numbers.questions import FULL

PLACES = 1 << 20
"""Lines of `words` that each conversation has room for; the first says what it is."""
UPSERT = """
    INSERT INTO talk (name, place, scenario, title, model, arm, repeat, script) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET place = excluded.place, scenario = excluded.scenario, title = excluded.title,
        model = excluded.model, arm = excluded.arm, repeat = excluded.repeat, script = excluded.script
"""


class Layout:
    """What the run folder says there should be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._setting: tuple[object, Setting] | None = None
        self._cells: tuple[Setting, dict[str, Cell]] | None = None

    def marks(self) -> list[list[int]]:
        """Give what shows whether the folder says something else than before."""
        names = ("plan.json", "scenarios.jsonl", ADDED)
        files = [path.stat() for name in names if (path := self._folder / name).is_file()]
        return [[file.st_ino, file.st_size, file.st_mtime_ns] for file in files]

    def setting(self) -> Setting:
        """Give what the run consists of, read again when it changed."""
        marks = self.marks()
        if self._setting is None or self._setting[0] != marks:
            self._setting = marks, open_setting(self._folder, read_plan(self._folder))
        return self._setting[1]

    def cell(self, name: str) -> Cell | None:
        """Give a conversation as it would be planned; None where it is none."""
        setting = self.setting()
        if self._cells is None or self._cells[0] is not setting:
            played = product(setting.plan.models, setting.scenarios, range(setting.plan.repeats))
            every = {f"{model}/{one.id}/{FULL}/{repeat}": "patient_done" for model, one, repeat in played}
            self._cells = setting, {cell.id: cell for cell in setting.cells(every)}
        return self._cells[1].get(name)

    def follow(self, connection: sqlite3.Connection, *, ended: bool, more: bool) -> None:
        """Bring the rows up to what is planned by now.

        `ended` says that some conversation came to its end, so that a frozen one may repeat it; that can wait where
        `more` is to be read.
        """
        marks = self.marks()
        had, waited = _note(connection, "layout"), _note(connection, "ended")
        due = ended or bool(waited)
        if had != marks or (due and not more):
            setting = self.setting()
            if had != marks:
                _stratify(connection, setting)
            if had != marks or any(ARMS[arm].frozen for arm in setting.plan.arms):
                _place(connection, setting)
            due = False
        for key, value, before in (("layout", marks, had), ("ended", due, waited)):
            if value != before:
                row = key, orjson.dumps(value).decode()
                connection.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", row)


def _note(connection: sqlite3.Connection, key: str) -> object:
    row = connection.execute("SELECT value FROM note WHERE key = ?", (key,)).fetchone()
    return orjson.loads(row[0]) if row else None


def _stratify(connection: sqlite3.Connection, setting: Setting) -> None:
    connection.execute("DELETE FROM stratum")
    levels = ((one.id, *level) for one in setting.scenarios for level in stratify(one).items())
    connection.executemany("INSERT OR REPLACE INTO stratum VALUES (?, ?, ?)", levels)


def _place(connection: sqlite3.Connection, setting: Setting) -> None:
    """Give every planned conversation its place, and take it from those that are planned no more."""
    ended = connection.execute("SELECT name, reason FROM talk WHERE state IN ('ended', 'judged')")
    cells = setting.cells(dict(ended.fetchall()))
    # Only what was planned once has a model in its row.
    there = dict(connection.execute("SELECT name, place FROM talk WHERE model <> ''").fetchall())
    planned = {cell.id for cell in cells}
    gone = [(name,) for name in there if name not in planned]
    connection.executemany("UPDATE talk SET place = NULL WHERE name = ?", gone)
    moved = [(place, cell) for place, cell in enumerate(cells) if there.get(cell.id) != place]
    connection.executemany(UPSERT, (_row(place, cell, setting) for place, cell in moved))
    _call(connection, [cell for _, cell in moved if cell.id not in there], setting)


def _row(place: int, cell: Cell, setting: Setting) -> tuple[object, ...]:
    script = cell.model in setting.plan.baselines
    scenario = cell.scenario
    return cell.id, place, scenario.id, scenario.title, cell.model, cell.arm.name, cell.repeat, script


def _call(connection: sqlite3.Connection, cells: Collection[Cell], setting: Setting) -> None:
    """Let conversations be found by what they are called."""
    ids = dict(connection.execute("SELECT name, id FROM talk").fetchall()) if cells else {}
    titles = {name: str(one.get("title", "")) for name, one in setting.plan.models.items()}
    words = (
        (
            ids[cell.id] * PLACES,
            f"{cell.scenario.title}\n{cell.model}\n{titles[cell.model]}\n{cell.scenario.id}",
        )
        for cell in cells
    )
    connection.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", words)
