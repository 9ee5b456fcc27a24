"""What is scored, wherever it came from: votes, what is known of each conversation, and how that was read.

Values only. Nothing here knows files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.scoring.purchases import Purchase
from rubrics.agreement.sieve import LeftOut
from rubrics.numbers.everything import Across, Numbers
from rubrics.numbers.power import Prices
from rubrics.numbers.table import Columns, Table, lay
from rubrics.scores import Votes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ballots:
    """Votes and columns, with an account of how they were read."""

    name: str
    """Of the file or the run."""
    votes: Votes
    columns: Columns
    repeat: Sequence[str]
    """By conversation; "" where not told."""
    paired: bool = True
    """False where nothing says that two models met the same scenario."""
    simulated: bool = False
    account: Mapping[str, str] = field(default_factory=dict)
    """How it was read: a title and a sentence each."""
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    prices: Prices | None = None
    """What a conversation and a vote cost, USD; None where nobody paid."""

    marks: Mapping[str, str] = field(default_factory=dict)
    """Digests of what a run's scores rest on, that stand in every row; none of a stranger's table."""

    def table(self) -> Table:
        """Lay them out as every number wants them."""
        return lay(self.votes, self.columns)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """Every number that ballots give."""

    ballots: Ballots
    table: Table
    """Of all arms."""
    numbers: Mapping[str, Numbers]
    """By arm, the full one first."""
    purchases: Mapping[str, Sequence[Purchase]]
    """By arm."""
    across: Across
