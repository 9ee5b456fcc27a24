"""Every table at once, for a report or a machine to read.

One value in, one value out; each table has a stream of random numbers of its own, so that adding one changes
no other. Nothing here knows how a table is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rubrics.leaderboard import JurorEffect, Standing, severities, tabulate
from rubrics.numbers.components import Component, decompose
from rubrics.numbers.concord import Concord, agree
from rubrics.numbers.effects import Effect, affect
from rubrics.numbers.favour import Favour, favour
from rubrics.numbers.flips import DRAWS
from rubrics.numbers.gaps import Completeness, Reweighted, complete, reweigh
from rubrics.numbers.pairs import Pair, compare
from rubrics.numbers.panels import Shift, shrink, standing
from rubrics.numbers.ranks import Rank
from rubrics.numbers.repeats import Stability, most, repeat
from rubrics.numbers.retest import Retest, reread
from rubrics.numbers.strata import Strata, stratify
from rubrics.numbers.style import Style, confound
from rubrics.numbers.table import Factor, Table
from rubrics.numbers.triage import Triage, TriageRule, triage


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """All that is said of one arm of a run."""

    standings: tuple[Standing, ...]
    severities: tuple[JurorEffect, ...]
    pairs: tuple[Pair, ...]
    ranks: tuple[Rank, ...]
    strata: Strata
    stability: tuple[Stability, ...]
    """Empty without repeats."""
    favours: tuple[Favour, ...]
    shifts: tuple[Shift, ...]
    style: Style
    completeness: tuple[Completeness, ...]
    reweighted: tuple[Reweighted, ...]
    components: tuple[Component, ...]
    concords: tuple[Concord, ...]
    """Empty for one juror."""
    triage: tuple[Triage, ...]
    """Empty without a known urgency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Across:
    """What is said of all arms together."""

    effects: tuple[Effect, ...]
    """Empty without an arm beside the full one."""
    retests: tuple[Retest, ...]
    """Empty where nobody judged twice."""


def span(table: Table, seed: np.random.SeedSequence, *, draws: int = DRAWS) -> Across:
    """Compute what needs every arm: what each does, and what jurors say again."""
    return Across(effects=affect(table, np.random.default_rng(seed), draws=draws), retests=reread(table))


def number(
    table: Table,
    seed: np.random.SeedSequence,
    *,
    draws: int = DRAWS,
    rule: TriageRule | None = None,
    whole: bool = True,
) -> Numbers:
    """Compute every table of one arm; select it first. `draws` is of bootstraps and sign flips alike.

    Without `whole`, only what says where the models stand and how complete that is: who differs from whom, in an
    arm that is looked at for what it does, is asked of the full one.
    """
    streams = [np.random.default_rng(child) for child in seed.spawn(5)]
    times = most(table)
    return Numbers(
        standings=tabulate(
            table.scores,
            models=_spell(table.model),
            clusters=_spell(table.case),
            generator=streams[0],
            draws=draws,
        ),
        severities=severities(table.scores),
        pairs=compare(table, streams[1], draws=draws),
        ranks=standing(table, streams[2], draws=draws),
        strata=stratify(table) if whole else Strata(means=(), contrasts=()),
        stability=repeat(table, times) if times > 1 else (),
        favours=favour(table),
        shifts=shrink(table, streams[3], draws=draws) if whole else (),
        style=confound(table) if whole else Style(confounds=(), means=()),
        completeness=complete(table),
        reweighted=reweigh(table) if whole else (),
        components=decompose(table) if whole else (),
        concords=agree(table, streams[4], draws=draws) if whole else (),
        triage=triage(table, rule) if not np.isnan(table.truth).all() else (),
    )


def _spell(column: Factor) -> Sequence[str]:
    """Give the names a column stands for."""
    return np.asarray(column.names, dtype=object)[column.index].tolist() if len(column.index) else ()
