"""A comparison as files: one table a program reads, and everything in one JSON value.

Each row says by which digests it was made and whether it is simulated. Nothing here computes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from engine.comparison.sides import Side
from engine.comparison.values import Comparison
from engine.disk import put_files
from engine.grid import write_grid
from engine.scoring.files import flat
from rubrics.errors import Unusable

RENAMED = {"first": "a", "second": "b", "difference_low": "low", "difference_high": "high"}
"""Columns of compare.csv, by what the value calls them."""


def write_files(out: Path, comparison: Comparison) -> tuple[str, ...]:
    """Write the files into a folder and give their names; Unusable when it cannot be written."""
    files = {
        "compare.csv": write_grid(_rows(comparison), simulated=comparison.simulated),
        "compare.json": _whole(comparison),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        put_files(out, files)
    except OSError as error:
        raise Unusable(
            f"--out {out}: cannot be written ({error.strerror}); choose another folder."
        ) from error
    return tuple(files)


def _rows(comparison: Comparison) -> Iterator[dict[str, Any]]:
    """Give a row for each arm, model and dimension, with both runs' digests."""
    marks = {
        f"{name}_{side.letter.lower()}": digest
        for side in comparison.sides
        for name, digest in side.provenance.marks().items()
    }
    for arm, changes in comparison.changes.items():
        for change in changes:
            row = {"arm": arm} | flat(change) | marks
            yield {RENAMED.get(name, name): value for name, value in row.items()}


def _whole(comparison: Comparison) -> bytes:
    ground = comparison.ground
    content = {
        "simulated": comparison.simulated,
        "runs": {side.letter: _run(side) for side in comparison.sides},
        "differences": [asdict(one) for one in comparison.differences],
        "scenarios": asdict(ground.overlap) | {"shared": sorted(ground.overlap.shared)},
        "conversations": {
            "in_both": ground.met,
            "same_words": ground.same_words,
            "same_votes": ground.same_votes,
        },
        "models": {"both": ground.models, "only": dict(zip("AB", ground.only, strict=True))},
        "jurors": ground.jurors,
        "tested": ground.tested,
        "two_instruments": ground.shown,
        "refused": ground.refused,
        "changes": {arm: [asdict(one) for one in changes] for arm, changes in comparison.changes.items()},
        "leaderboard": {arm: [asdict(one) for one in rows] for arm, rows in comparison.standings.items()},
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n"


def _run(side: Side) -> dict[str, Any]:
    results = side.results
    return {
        "name": side.name,
        "plan": results.plan.digest,
        "provenance": asdict(side.provenance),
        "planned": results.planned,
        "completed": results.completed,
        "failed": len(results.findings.failed),
        "damage": results.findings.damage,
    }
