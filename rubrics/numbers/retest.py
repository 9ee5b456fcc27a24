"""Jurors who judged twice: would the same juror say the same again?

Each pair is one juror's first and second vote on one conversation and dimension, its own family's too, for it is
the juror that is looked at. What two readings of one transcript differ by is the vote's own error, and no second
scenario or model takes it away. Nothing here knows whether jurors agree with each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from rubrics.agreement.icc import correlate
from rubrics.agreement.kappa import cohen_kappa
from rubrics.agreement.ratings import Coefficient, RatingTable
from rubrics.agreement.survey import MOST_VALUES
from rubrics.numbers.means import average
from rubrics.numbers.table import Table
from rubrics.numbers.values import ROUNDING, Basis, Estimate
from rubrics.scores import STATUSES, Floats, Indices, Votes, spread

ABSENT = "absent"
"""The cause of a pair that lacks one of its votes altogether."""
NO_VOTE = -1
SCORED = STATUSES.index("scored")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retest:
    """One juror's second votes beside its first in one dimension, or over all; n counts pairs."""

    juror: str
    dimension: str
    """ "overall" takes the pairs of all dimensions, each weighing the same."""
    exact: Estimate
    """Share of pairs that are the same number, 0 to 1."""
    distance: Estimate
    """Mean absolute difference, points."""
    shift: Estimate
    """Mean of second less first, points: what a juror drifts by."""
    kappa: Estimate
    """Quadratic-weighted. None when undefined, or when votes are no whole points but numbers on a line."""
    icc: Estimate
    """ICC(1,1). Its interval takes pairs for independent, so there is none where a case has several."""
    error: float | None
    """Standard deviation of a vote's own error, points: sqrt(mean d² / 2) for the differences d (Dahlberg 1940)."""
    causes: Mapping[str, int]
    """Pairs without two scores by why: a status, or "absent"."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """What was asked twice of one juror, a row a pair."""

    first: Floats
    """(n,) NaN where not scored."""
    second: Floats
    """(n,)"""
    case: Indices
    """(n,)"""
    causes: Mapping[str, int]


def reread(table: Table) -> tuple[Retest, ...]:
    """Compare every juror's second readings with its first; nothing where nobody judged twice."""
    votes = table.scores.votes
    if not (votes.reading == 2).any():
        return ()
    scores, statuses = zip(*(_reading(votes, time) for time in (1, 2)), strict=True)
    rows: list[Retest] = []
    every = [*range(len(votes.dimensions))]
    for juror, name in enumerate(votes.jurors):
        for dimension, columns in zip(table.dimensions, (every, *([d] for d in every)), strict=True):
            asked = statuses[1][:, columns, juror] != NO_VOTE
            if asked.any():
                chosen = [part[:, columns, juror][asked] for part in (*scores, *statuses)]
                case = np.broadcast_to(table.case.index[:, None], asked.shape)[asked]
                rows.append(_compare(table, name, dimension, _pair(*chosen, case=case)))
    return tuple(rows)


def _reading(votes: Votes, time: int) -> tuple[Floats, Indices]:
    """Give one reading's scores, (C, D, J), and the status of each: that of any vote when none is scored."""
    here = votes.reading == time
    scores = spread(votes, here & ~np.isnan(votes.score))
    status = np.full(scores.shape, NO_VOTE, dtype=np.int64)
    status[votes.conversation[here], votes.dimension[here], votes.juror[here]] = votes.status[here]
    status[~np.isnan(scores)] = SCORED
    return scores, status


def _pair(first: Floats, second: Floats, before: Indices, after: Indices, *, case: Indices) -> Pairs:
    return Pairs(first=first, second=second, case=case, causes=Counter(_causes(before, after)))


def _causes(before: Indices, after: Indices) -> Iterator[str]:
    """Give one cause for each pair that lacks a score: the first vote's, or else the second's."""
    for first, second in zip(before.tolist(), after.tolist(), strict=True):
        if (why := first if first != SCORED else second) != SCORED:
            yield ABSENT if why == NO_VOTE else STATUSES[why]


def _compare(table: Table, juror: str, dimension: str, pairs: Pairs) -> Retest:
    apart = pairs.second - pairs.first
    lacking = np.isnan(apart)
    same = np.where(lacking, np.nan, np.abs(apart) <= ROUNDING)
    means = average(
        table,
        np.column_stack([same, np.abs(apart), apart]),
        case=pairs.case,
        index=np.zeros(len(apart), dtype=np.int64),
        groups=1,
        abstained=np.repeat(lacking[:, None], 3, axis=1),
    )
    basis = means.basis(0, 0)
    exact, distance, shift = means.estimates()[0]
    known = RatingTable.of(
        np.column_stack([pairs.first, pairs.second])[~lacking], cluster=pairs.case[~lacking]
    )
    whole = len(known.scale) <= MOST_VALUES
    icc = correlate(known)[0]
    return Retest(
        juror=juror,
        dimension=dimension,
        exact=exact,
        distance=distance,
        shift=shift,
        kappa=read(cohen_kappa(known, "quadratic"), basis) if whole else lack(basis),
        icc=read(icc, basis, interval=not known.clustered),
        error=float(np.sqrt((apart[~lacking] ** 2).mean() / 2)) if basis.n else None,
        causes=dict(sorted(pairs.causes.items())),
    )


def read(one: Coefficient, basis: Basis, *, interval: bool = True) -> Estimate:
    """Give a coefficient of agreement as every number here is given."""
    ends = {"low": one.low, "high": one.high} if interval else {"low": None, "high": None}
    return Estimate(value=one.value, **ends, basis=basis)


def lack(basis: Basis) -> Estimate:
    """Give an estimate of which nothing is known."""
    return Estimate(value=None, low=None, high=None, basis=basis)
