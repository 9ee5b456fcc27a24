"""The index: a run's journal made quick to look through, also while it grows.

The journal stays the only record: this is a table of contents that may be thrown away at any time. It says which
plan and which version it is of and how far it has read every segment, and reads only what is new. A conversation is
opened from the journal itself. Nothing here knows how anything is shown.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import orjson

from engine.errors import BadRun
from engine.folder import RUBRIC, read_plan
from engine.index.asking import Vocabulary, check, clauses, facets, page, phrases
from engine.index.cabinet import Cabinet, open_cabinet
from engine.index.headway import look
from engine.index.intake import TOLD, Altered, Intake
from engine.index.layout import PLACES, Layout
from engine.index.opening import read_events
from engine.index.rows import choose
from engine.index.values import (
    FACETS,
    MOST_ROWS,
    OVERALL,
    SORTS,
    Found,
    Growth,
    Headway,
    Opened,
    Siblings,
    State,
    Summary,
    Wish,
)
from engine.plan import Plan
from engine.tally import CANARY
from rubrics.rubric import load_rubric

__all__ = [
    "FACETS",
    "MOST_ROWS",
    "OVERALL",
    "SORTS",
    "Found",
    "Growth",
    "Headway",
    "Opened",
    "RunIndex",
    "Siblings",
    "Summary",
    "Wish",
    "open_index",
]


SAID = f"""
    SELECT DISTINCT rowid / {PLACES} FROM words WHERE words MATCH ? AND rowid NOT IN (SELECT line FROM stale)
"""


class RunIndex:
    """The index of one run; every method may be called by several threads, and may take a while: from an event loop,
    through `anyio.to_thread.run_sync`.
    """

    def __init__(self, folder: Path, cabinet: Cabinet, plan: Plan) -> None:
        self._folder, self._cabinet, self._plan = folder, cabinet, plan
        self._layout = Layout(folder)
        self._intake = Intake(folder, cabinet, self._layout, (plan.jury, plan.dimensions))
        rubric = folder / RUBRIC
        dimensions = load_rubric(rubric if rubric.is_file() else None).dimensions
        self._caps = tuple(f"{one.name}/{cap.key}" for one in dimensions for cap in one.caps)

    def refresh(self, most: int | None = None) -> Growth:
        """Read what the journal has grown by, whole lines only.

        `most` bounds the bytes read this time (a line is read to its end), so that a first page of a long journal
        need not wait for its end: call it until `left` is 0 or nothing was read. Raises BadRun when the folder cannot
        be read.
        """
        try:
            return self._intake.refresh(most)
        except OSError as error:
            raise BadRun(f"{self._folder} cannot be read ({error.strerror}): check its rights.") from error

    def search(self, wish: Wish) -> Found:
        """Give the conversations that meet a wish, a page of them; of the plan's, those not begun included.

        Raises BadOption, in a sentence with the nearest known name, for a value that this run does not have.
        """
        with self._cabinet.reading() as connection:
            known = self._vocabulary(connection)
            check(wish, known)
            wanted = tuple(clauses(wish, _hits(connection, wish.text)))
            rest, values = page(wish, wanted)
            rows = choose(connection, rest, *values)
            (_, _, total), *counts = connection.execute(*facets(wanted)).fetchall()
        return Found(total=total, rows=rows, facets=_ordered(counts, wish, known))

    def summary(self, name: str) -> Summary:
        """Give one conversation in a line; KeyError for a name that is none of the plan."""
        with self._cabinet.reading() as connection:
            return _one(connection, name)

    def open(self, name: str) -> Opened:
        """Read one conversation, or a canary, from the journal; KeyError for a name that is none."""
        try:
            return self._open(name)
        except Altered:
            self._intake.renew()
            self.refresh()
        try:
            return self._open(name)
        except Altered as error:
            raise BadRun(
                f"the journal of {self._folder} is altered while it is read: let that end, and try again."
            ) from error

    def _open(self, name: str) -> Opened:
        with self._cabinet.reading() as connection:
            canary = name.startswith(CANARY) and name.isprintable()
            summary = None if canary else _one(connection, name)
            taken, events = read_events(connection, self._folder, name)
        cell = None if canary else self._layout.cell(name)
        return Opened(id=name, cell=cell, summary=summary, taken=taken, events=events)

    def siblings(self, name: str) -> Siblings:
        """Give the same scenario and repeat with other models, and in other arms; KeyError as in `summary`."""
        with self._cabinet.reading() as connection:
            own = _one(connection, name)
            all_of = choose(connection, "AND scenario = ? ORDER BY place", own.scenario)
        same = [one for one in all_of if one.id != own.id]
        together = [one for one in same if one.repeat == own.repeat]
        return Siblings(
            models=tuple(one for one in together if one.arm == own.arm),
            arms=tuple(one for one in together if one.model == own.model),
            repeats=tuple(one for one in same if (one.model, one.arm) == (own.model, own.arm)),
        )

    def progress(self) -> Headway:
        """Say how far the run is, as of the last refresh."""
        with self._cabinet.reading() as connection:
            return look(connection, len(self._plan.jury) * len(self._plan.dimensions))

    def damage(self) -> tuple[str, ...]:
        """Give a sentence for each line of the journal that is no event, and for what is not in the plan; the first
        thousand of either.
        """
        strange = """
            SELECT name FROM talk WHERE place IS NULL AND state IN ('ended', 'judged', 'failed')
            AND substr(name, 1, ?) <> ? ORDER BY name LIMIT ?
        """
        with self._cabinet.reading() as connection:
            told = [row[0] for row in connection.execute("SELECT told FROM damage ORDER BY number")]
            names = connection.execute(strange, (len(CANARY), CANARY, TOLD)).fetchall()
        return (*told, *(f"{name} is not in the plan; left out." for (name,) in names))

    def _vocabulary(self, connection: sqlite3.Connection) -> Vocabulary:
        strata: dict[str, list[str]] = {}
        for title, level in connection.execute(
            "SELECT DISTINCT title, level FROM stratum ORDER BY title, level"
        ):
            strata.setdefault(title, []).append(level)
        arms = [row[0] for row in connection.execute("SELECT DISTINCT arm FROM talk WHERE place IS NOT NULL")]
        caps = [row[0] for row in connection.execute("SELECT DISTINCT cap FROM cap ORDER BY cap")]
        return Vocabulary(
            models=tuple(self._plan.models),
            arms=tuple(dict.fromkeys((*self._plan.arms, *arms))),
            caps=tuple(dict.fromkeys((*self._caps, *caps))),
            dimensions=self._plan.dimensions,
            strata={title: tuple(levels) for title, levels in strata.items()},
        )


def _hits(connection: sqlite3.Connection, text: str) -> str:
    """Give the rows of conversations in which every word was said, as JSON; signs alone are in no word."""
    found = [{row[0] for row in connection.execute(SAID, (phrase,))} for phrase in phrases(text)]
    return orjson.dumps(sorted(set.intersection(*found)) if found else []).decode()


def _one(connection: sqlite3.Connection, name: str) -> Summary:
    # Half a character, as a stranger's link may hold one, is in no name.
    found = choose(connection, "AND name = ?", name.encode(errors="replace").decode())
    if not found:
        raise KeyError(name)
    return found[0]


def _ordered(counts: list[tuple[str, str, int]], wish: Wish, known: Vocabulary) -> dict[str, dict[str, int]]:
    """Lay the counts out in the order of what is known, and with those that were named and found nowhere."""
    told = {(facet, level): count for facet, level, count in counts}
    reasons = sorted({*wish.reasons, *(level for facet, level in told if facet == "reason")})
    levels = {
        "model": (known.models, wish.models),
        "arm": (known.arms, wish.arms),
        "state": (get_args(State), wish.states),
        "reason": (reasons, wish.reasons),
        "cap": (known.caps, wish.caps),
    } | {title: (found, wish.strata.get(title, ())) for title, found in known.strata.items()}
    return {
        facet: {
            level: told.get((facet, level), 0) for level in every if (facet, level) in told or level in named
        }
        for facet, (every, named) in levels.items()
    }


@contextmanager
def open_index(folder: Path, place: Path | None = None) -> Iterator[RunIndex]:
    """Open the index of a run, made anew where there is none of this very run; nothing is read before `refresh`.

    `place` is the folder in which indices are kept, the user's own cache by default and never the run folder. Raises
    BadRun when the folder is no run.
    """
    plan = read_plan(folder)
    with open_cabinet(folder, plan.digest, place) as cabinet:
        yield RunIndex(folder, cabinet, plan)
