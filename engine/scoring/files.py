"""Every number as a file: one CSV a table, and all of them in summary.json.

A number never stands without its n, and whatever rests on a simulated run says so in every row. Nothing here
knows what a number means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import orjson

from engine.disk import put_files
from engine.grid import write_grid
from engine.scoring.values import Counted
from rubrics.errors import Unusable
from rubrics.leaderboard import Standing
from rubrics.numbers.everything import Numbers
from rubrics.numbers.ranks import Rank
from rubrics.numbers.values import Basis, Estimate

TABLES = frozenset(
    f"{name}.csv"
    for name in (
        *(
            "leaderboard",
            "ranks",
            "pairs",
            "strata",
            "contrasts",
            "jurors",
            "self_preference",
            "smaller_panels",
        ),
        *("repeats", "components", "triage", "style", "style_means", "missing", "reweighted", "purchases"),
        *("effects", "retests", "concord"),
    )
)
RENAMED = {Rank: {"low": "rank_low", "high": "rank_high"}, Standing: {"clusters": "cases"}}
"""Columns that would be taken for another's, or are called otherwise everywhere else."""


def write_files(out: Path, counted: Counted) -> tuple[str, ...]:
    """Write all tables of all arms into a folder and give the files' names; Unusable when it cannot be written."""
    ballots, numbers = counted.ballots, counted.numbers
    tables: dict[str, list[dict[str, Any]]] = {
        name: [{"arm": arm} | flat(row) for arm, one in numbers.items() for row in _tables(one)[name]]
        for name in _tables(next(iter(numbers.values())))
    }
    tables |= {"effects": [flat(row) for row in counted.across.effects]}
    tables |= {"retests": [flat(row) for row in counted.across.retests]}
    marked = {name: [row | ballots.marks for row in rows] for name, rows in tables.items() if rows}
    # Without marks: a plan's number of scenarios has the name of one.
    bought = [{"arm": arm} | flat(row) for arm, rows in counted.purchases.items() for row in rows]
    marked |= {"purchases": bought} if bought else {}
    files = {f"{name}.csv": _csv(rows, ballots.simulated) for name, rows in marked.items()}
    summary = {
        "files": list(files),
        "source": ballots.name,
        "simulated": ballots.simulated,
        "marks": ballots.marks,
        "account": ballots.account,
        "left_out": ballots.left_out,
        "notes": ballots.notes,
        "across": counted.across,
        "arms": {
            arm: {name: list(rows) for name, rows in _tables(one).items()}
            | {"purchases": counted.purchases[arm]}
            for arm, one in numbers.items()
        },
    }
    files["summary.json"] = orjson.dumps(summary, option=orjson.OPT_INDENT_2) + b"\n"
    _keep(out, files)
    return tuple(files)


def flat(row: Any) -> dict[str, Any]:
    """Lay a row of a table out as columns; an estimate becomes its value, its interval and what it rests on."""
    cells: dict[str, Any] = {}
    several = sum(_estimated(getattr(row, one.name)) for one in fields(row)) > 1
    for one in fields(row):
        value = getattr(row, one.name)
        name = RENAMED.get(type(row), {}).get(one.name, one.name)
        if isinstance(value, Estimate):
            cells |= {name: value.value, f"{name}_low": value.low, f"{name}_high": value.high}
            cells |= _basis(value.basis, f"{name}_" if several else "")
        elif is_dataclass(value):
            cells |= flat(value)
        elif isinstance(value, Mapping):
            cells[name] = " ".join(f"{key}:{number}" for key, number in value.items())
        elif isinstance(value, tuple):
            cells[name] = " | ".join(" ".join(map(str, line)) for line in value)
        else:
            cells[name] = value
    return cells


def _tables(numbers: Numbers) -> dict[str, tuple[Any, ...]]:
    """Name the tables as their files are called."""
    return {
        "leaderboard": numbers.standings,
        "ranks": numbers.ranks,
        "pairs": numbers.pairs,
        "strata": numbers.strata.means,
        "contrasts": numbers.strata.contrasts,
        "jurors": numbers.severities,
        "self_preference": numbers.favours,
        "smaller_panels": numbers.shifts,
        "repeats": numbers.stability,
        "components": numbers.components,
        "concord": numbers.concords,
        "triage": numbers.triage,
        "style": numbers.style.confounds,
        "style_means": numbers.style.means,
        "missing": numbers.completeness,
        "reweighted": numbers.reweighted,
    }


def _estimated(value: Any) -> bool:
    return isinstance(value, Estimate)


def _basis(basis: Basis, prefix: str) -> dict[str, int]:
    counts = {"n": basis.n, "cases": basis.clusters, "missing": basis.missing, "abstained": basis.abstained}
    return {f"{prefix}{name}": count for name, count in counts.items()}


def _csv(rows: Sequence[Mapping[str, Any]], simulated: bool) -> bytes:
    columns = dict.fromkeys(name for row in rows for name in row)
    return write_grid(rows, simulated=simulated, columns=columns)


def _keep(out: Path, files: Mapping[str, bytes]) -> None:
    """Write each file whole or not at all, and remove what an earlier score left that this one has not."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in _former(out) - files.keys():
            (out / name).unlink(missing_ok=True)
        put_files(out, files)
    except OSError as error:
        raise Unusable(
            f"{out} cannot be written ({error.strerror}); what was recorded is intact: free the disk and give the "
            "command again, or choose another folder."
        ) from error


def _former(out: Path) -> set[str]:
    """Give the tables that an earlier score says it wrote here."""
    try:
        listed = orjson.loads((out / "summary.json").read_bytes()).get("files")
    except (OSError, orjson.JSONDecodeError, AttributeError):
        return set()
    return {name for name in listed if name in TABLES} if isinstance(listed, list) else set()
