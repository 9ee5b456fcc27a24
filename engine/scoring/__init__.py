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
from engine.scoring.values import Ballots, Counted
from personas.seeds import digest
from rubrics.numbers.everything import number, span
from rubrics.numbers.table import Table, select
from rubrics.numbers.triage import TriageRule, read_rule


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
    counted = count(gather(wish), rule)
    return write_page(counted, write_files(out, counted))


def count(ballots: Ballots, rule: TriageRule | None = None) -> Counted:
    """Compute every table of the first arm, the full one where there is one, where models stand in the others, and
    what is said of all of them together.
    """
    table = ballots.table()
    numbers, purchases = {}, {}
    for arm in sorted(table.arm.names, key=lambda name: (name != "full", name)):
        one = _only(table, arm)
        numbers[arm] = number(one, _seed(arm), rule=rule, whole=not numbers)
        purchases[arm] = offer(one, numbers[arm].components)
    across = span(table, _seed("all arms"))
    return Counted(ballots=ballots, table=table, numbers=numbers, purchases=purchases, across=across)


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
