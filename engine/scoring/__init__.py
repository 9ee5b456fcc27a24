"""Scores from anywhere: every table from verdicts alone, anybody's or a run's own.

Ballots in; a folder of tables and a page of text out. All arms are scored, each by itself. Nothing here knows how
a number is computed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.errors import BadOption
from engine.scoring.files import write_files
from engine.scoring.fold import fold_run
from engine.scoring.page import write_page
from engine.scoring.purchases import offer
from engine.scoring.reading import VerdictWish, read_verdicts
from engine.scoring.scenes import join, read_scenes
from engine.scoring.values import Ballots
from personas.seeds import digest
from rubrics.numbers.everything import number
from rubrics.numbers.table import Table, select
from rubrics.numbers.triage import read_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreWish:
    """What was asked on the command line."""

    run: Path | None = None
    verdicts: Path | None = None
    scenarios: Path | None = None
    out: Path | None = None
    costs: Path | None = None
    reading: VerdictWish = field(default_factory=VerdictWish)


def score(wish: ScoreWish) -> str:
    """Compute every table, write them, and give the page; raises Unusable or Unreadable in one sentence."""
    out = wish.out or (wish.run / "report" / "numbers" if wish.run else None)
    if out is None:
        raise BadOption("--out is missing: name the folder the tables go into.")
    rule = read_rule(wish.costs)
    ballots = gather(wish)
    table = ballots.table()
    numbers, purchases = {}, {}
    for arm in sorted(table.arm.names, key=lambda name: (name != "full", name)):
        one = _only(table, arm)
        numbers[arm] = number(one, _seed(arm), rule=rule)
        purchases[arm] = offer(one, numbers[arm].components)
    files = write_files(out, ballots, numbers, purchases)
    return write_page(ballots, table, numbers, purchases=purchases, files=files)


def gather(wish: ScoreWish) -> Ballots:
    """Read the ballots from where the user says."""
    if (wish.run is None) == (wish.verdicts is None):
        raise BadOption("give a run folder or --verdicts FILE, one of them.")
    if wish.run is not None:
        if wish.scenarios or wish.reading != VerdictWish():
            raise BadOption(
                "--scenarios, --column, --low and --high go with --verdicts: a run knows its own."
            )
        return fold_run(wish.run)
    ballots = read_verdicts(wish.verdicts, wish.reading)
    return join(ballots, read_scenes(wish.scenarios), wish.scenarios.name) if wish.scenarios else ballots


def _only(table: Table, arm: str) -> Table:
    keep = table.arm.index == table.arm.names.index(arm)
    return table if keep.all() else select(table, keep)


def _seed(arm: str) -> np.random.SeedSequence:
    return np.random.SeedSequence(int.from_bytes(digest("score", arm)[:16], "big"))
