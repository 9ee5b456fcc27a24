"""Two runs held against each other: what differs, what is comparable and by how much, and what is refused.

Both are read as they stand, so that a run under way, or one that was judged again, can be compared like any other.
Nothing is written unless a folder is named. Nothing here knows how a number is computed.
"""

from __future__ import annotations

from pathlib import Path

from engine.comparison.differs import differ
from engine.comparison.files import write_files
from engine.comparison.ground import survey
from engine.comparison.page import write_page
from engine.comparison.pairing import arms, changes, pool
from engine.comparison.sides import Side, read_side
from engine.comparison.values import Comparison


def compare(first: Path, second: Path, out: Path | None = None) -> str:
    """Compare two run folders and give the page; raises BadRun in one sentence when nothing is comparable."""
    comparison = hold(first, second)
    files = write_files(out, comparison) if out else ()
    return write_page(comparison, files)


def hold(first: Path, second: Path) -> Comparison:
    """Hold two runs against each other."""
    return weigh(read_side("A", first), read_side("B", second))


def weigh(*sides: Side) -> Comparison:
    """Hold two sides against each other, which may be those of other pairs too; raises BadRun as `hold` does."""
    differences = differ(*sides)
    ground = survey(*sides, differences)
    both = arms(sides, ground)
    return Comparison(
        first=sides[0],
        second=sides[1],
        differences=differences,
        ground=ground,
        changes={arm: changes(sides, ground, arm) for arm in both},
        standings={} if ground.refused else {arm: pool(sides, ground, arm) for arm in both},
    )
