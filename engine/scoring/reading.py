"""From anybody's table of verdicts to ballots.

A vote a row: who judged which model's conversation, on what, and how. Nothing is mended: a row that does not say
what is needed is left out and counted; a vote that is not a number is an abstention. What is guessed is told.
Nothing here knows what is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.scoring.cells import Coded, Meeting, meet
from engine.scoring.columns import NO, YES, choose_columns
from engine.scoring.known import cases, covariates, families, scenarios, strata, urgencies
from engine.scoring.sieve import VerdictTable, parse
from engine.scoring.values import Ballots
from rubrics.agreement.layout import BLANKS, few
from rubrics.agreement.sheet import read_sheet
from rubrics.errors import Unusable
from rubrics.leaderboard import HIGHEST, LOWEST
from rubrics.numbers.table import Columns
from rubrics.scores import STATUSES, Flags, Floats, Indices, Votes

LONGEST_TIME = 9
"""Digits of the number of times that a juror judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictWish:
    """What the user says of a table; the rest is guessed."""

    columns: tuple[str, ...] = ()
    """KIND=COLUMN each."""
    low: float = LOWEST
    """Worst score there is."""
    high: float = HIGHEST


def read_verdicts(path: Path, wish: VerdictWish) -> Ballots:
    """Read a table of verdicts; raise Unusable when it holds none that can be used."""
    if not wish.low < wish.high:
        raise Unusable(f"--low {wish.low:g} is not below --high {wish.high:g}; give the ends of the scale.")
    sheet = read_sheet(path)
    table = VerdictTable(sheet, choose_columns(sheet, wish.columns))
    for kind in ("conversation", "model", "scenario", "case", "juror", "dimension"):
        if kind in table.columns:
            table.leave(table.columns[kind].blank(), f"of no {kind}")
    if "excluded" in table.columns:
        told = table.columns["excluded"]
        no = np.array([name.casefold() in NO for name in told.names], dtype=bool)[told.index]
        table.leave(~(told.blank() | no), "marked as excluded")
    scores = _scores(table, wish)
    off = (scores < LOWEST) | (scores > HIGHEST)
    if 2 * off.sum() > (~np.isnan(scores)).sum():
        raise Unusable(
            f"{sheet.name}: most scores are off the scale of {wish.low:g} to {wish.high:g}; give the scale's ends "
            "with --low and --high."
        )
    table.leave(off, f"off the scale of {wish.low:g} to {wish.high:g}")
    return _gather(table, scores[~off], wish)


def _gather(table: VerdictTable, scores: Floats, wish: VerdictWish) -> Ballots:
    meeting = meet(table.columns)
    first = {kind: column.at(meeting.first) for kind, column in table.columns.items()}
    scenario, paired = scenarios(table, meeting, first)
    family, own = families(table)
    levels = strata(table, meeting, scenario)
    columns = Columns(
        model=first["model"],
        case=cases(table, meeting, first, scenario),
        scenario=scenario,
        arm=[arm or "full" for arm in first.get("arm", ())],
        family=family,
        strata=levels,
        covariates=covariates(table, meeting),
        **{kind: urgencies(table, meeting, kind) for kind in ("truth", "given")},
    )
    parts = f"; {', '.join(table.unfolded)} are read from the conversation's name" if table.unfolded else ""
    account = {"read as": table.choice.told() + parts}
    account |= (
        {"strata": f"{few(list(levels))}{'' if table.choice.strata else ' (guessed)'}"} if levels else {}
    )
    if (wish.low, wish.high) != (LOWEST, HIGHEST):
        account["scale"] = f"{wish.low:g} to {wish.high:g}, shown as {LOWEST:g} to {HIGHEST:g}"
    said = (
        {name.casefold() for name in table.spare("simulated").names}
        if "simulated" in table.sheet.columns
        else ()
    )
    return Ballots(
        name=table.sheet.name,
        votes=_votes(table, meeting, scores, own),
        columns=columns,
        repeat=first.get("repeat", [""] * len(meeting.names)),
        paired=paired,
        simulated="true" in said,
        account=account,
        left_out=tuple(table.left),
        notes=tuple(table.notes),
    )


def _scores(table: VerdictTable, wish: VerdictWish) -> Floats:
    """Read the scores, on the scale of 1 to 5; NaN where the juror gave none."""
    column = table.columns["score"]
    commas = table.sheet.commas
    values = np.array([parse(name, commas) for name in column.names], dtype=float)
    if np.isnan(values).all():
        raise Unusable(
            f"{table.sheet.name}: no cell of {table.choice.by['score']!r} is a number; name the column of scores "
            "with --column score=COLUMN."
        )
    scaled = LOWEST + (values - wish.low) * (HIGHEST - LOWEST) / (wish.high - wish.low)
    strange = np.isnan(values) & ~Coded(names=column.names, index=np.arange(len(values))).blank()
    if strange.any():
        words = [repr(name) for name, odd in zip(column.names, strange, strict=True) if odd]
        count = int(strange[column.index].sum())
        table.notes.append(f"{count:,} scores are no number ({few(words)}): they count as abstentions.")
    return scaled[column.index]


def _votes(table: VerdictTable, meeting: Meeting, scores: Floats, own: Flags) -> Votes:
    dimensions = _named(table, "dimension", "score")
    jurors = _named(table, "juror", "the jury")
    known = {name: place for place, name in enumerate(STATUSES)}
    status = np.full(len(scores), known["scored"])
    if "status" in table.columns:
        column = table.columns["status"]
        strange = [name for name in column.names if name not in known]
        if len(strange) < len(column.names):
            status = np.array([known.get(name, known["failed"]) for name in column.names])[column.index]
        if strange:
            table.notes.append(f"Status {few(strange)} is none of ours ({', '.join(STATUSES)}).")
    scores = np.where(status == known["scored"], scores, np.nan)
    status = np.where(np.isnan(scores) & (status == known["scored"]), known["failed"], status)
    return Votes(
        conversations=tuple(meeting.names),
        dimensions=dimensions[0],
        jurors=jurors[0],
        conversation=meeting.index,
        dimension=dimensions[1],
        juror=jurors[1],
        score=scores,
        own=own,
        status=status,
        reading=_times(table),
    )


def _times(table: VerdictTable) -> Indices:
    """Give which time each juror judged, from 1: told by a number, or by yes for a second time."""
    if "reading" not in table.columns:
        return np.ones(len(table.lines), dtype=np.int64)
    column = table.columns["reading"]
    said = [name.strip().casefold() for name in column.names]
    truth = dict.fromkeys(YES - {"1"}, 2) | dict.fromkeys((NO - {"0", "1"}) | BLANKS, 1)
    if {"0"} & {*said}:
        truth |= {"0": 1, "1": 2}
    numbers = {name: int(name) for name in said if name.isdecimal() and len(name) <= LONGEST_TIME}
    times = [truth.get(name) or numbers.get(name, 0) for name in said]
    strange = [name for name, time in zip(column.names, times, strict=True) if not time]
    if strange:
        table.notes.append(f"Reading {few(strange)} is no number from 1: taken for a first one.")
    return np.array([time or 1 for time in times], dtype=np.int64)[column.index]


def _named(table: VerdictTable, kind: str, default: str) -> tuple[tuple[str, ...], Indices]:
    """Give the names of a kind that occur, dimensions as they come and jurors by the alphabet."""
    if kind not in table.columns:
        table.notes.append(f"No column says the {kind}: all votes are taken for one {kind}'s.")
        return (default,), np.zeros(len(table.lines), dtype=np.int64)
    column = table.columns[kind]
    used, index = np.unique(column.index, return_inverse=True)
    names = [column.names[place] for place in used]
    order = sorted(range(len(names)), key=names.__getitem__) if kind == "juror" else range(len(names))
    place = np.empty(len(names), dtype=np.int64)
    place[list(order)] = np.arange(len(names))
    return tuple(names[at] for at in order), place[index]
