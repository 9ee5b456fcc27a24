"""The jury among itself: how far jurors agree, and on which kind of patient they do not.

An aggregate looks fine while a category is off, so agreement stands by dimension and by every level of every
stratum. Only first readings that count are looked at. A level on which all answers are alike in worth has a lower
alpha though jurors differ by no more: the share within a point tells the two apart. Nothing here knows who is
right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy.sparse import csr_array

from rubrics.agreement.alpha import PairedRatings, evaluate, pair_up
from rubrics.agreement.bootstrap import draw, ends
from rubrics.agreement.chance import lack
from rubrics.agreement.kappa import cohen_kappa
from rubrics.agreement.ratings import RatingTable
from rubrics.agreement.survey import MOST_VALUES
from rubrics.numbers.flips import DRAWS
from rubrics.numbers.means import average
from rubrics.numbers.multiple import hochberg
from rubrics.numbers.retest import read
from rubrics.numbers.table import Table
from rubrics.numbers.values import Basis, Estimate, surprise
from rubrics.scores import Flags, Floats, spread

WORK = 600_000_000
"""Draws times scored conversations and levels; with more of them there are fewer draws."""
CHUNK = 4_000_000
"""Weights of patterns kept at once."""
LEVEL = 0.05
NEAR = 1.0
"""Points within which two votes are as good as the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concord:
    """How far the jurors agree in one dimension, or on one level of a stratum; n counts conversations."""

    dimension: str
    stratum: str | None
    """None for all conversations."""
    level: str | None
    alpha: Estimate
    """Krippendorff's, ordinal (interval for votes on a line); the interval by bootstrap of cases."""
    kappa: Estimate
    """Quadratic-weighted, the mean over pairs of jurors; None where one pair's is undefined, or votes on a line."""
    near: Estimate
    """Share of pairs of votes within a point, 0 to 1."""
    below: float | None
    """Alpha less the dimension's; None for all conversations."""
    p: float | None
    """Of that being zero, by Student's t with the error of the same draws."""
    adjusted: float | None
    """p after Benjamini and Hochberg, over all levels of all strata of the dimension."""
    flagged: bool
    """The interval lies wholly below the dimension's alpha, and the adjusted p is below 0.05."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Some conversations of one dimension."""

    stratum: str | None
    level: str | None
    keep: Flags
    """(C,)"""
    member: csr_array
    """(G, P) conversations of each case by pattern of ratings."""


def agree(table: Table, generator: np.random.Generator, *, draws: int = DRAWS) -> tuple[Concord, ...]:
    """Say how far jurors agree, by dimension and by level; nothing for fewer than two jurors."""
    votes = table.scores.votes
    if len(votes.jurors) < 2 or table.cases < 2:
        return ()
    cells = spread(votes, votes.counts & (votes.reading == 1))
    state = generator.bit_generator.state
    rows: list[Concord] = []
    for d, dimension in enumerate(votes.dimensions):
        generator.bit_generator.state = state  # the same cases are drawn in every dimension
        rows += _agree(table, cells[:, d], dimension, generator, draws)
    return tuple(rows)


def _agree(
    table: Table, cells: Floats, dimension: str, generator: np.random.Generator, draws: int
) -> list[Concord]:
    ratings = RatingTable.of(cells, raters=table.scores.votes.jurors, cluster=table.case.index)
    if lack(ratings):
        return []
    line = len(ratings.scale) > MOST_VALUES
    paired = pair_up(ratings)
    parts = [*_parts(table, ratings, len(paired.times))]
    drawn = _draw(paired, parts, generator, draws, line=line)
    whole = _value(paired, parts[0], line=line)
    near = _near(cells)
    rows = []
    for part, values in zip(parts, drawn, strict=True):
        basis, share = _share(table, near, part, dimension)
        value = _value(paired, part, line=line)
        alpha = Estimate(value=None, low=None, high=None, basis=basis)
        if not np.isnan(value):
            found = ends(value, values, 0.0, drew="cases") if basis.clusters > 1 else {}
            alpha = replace(alpha, value=value, low=found.get("low"), high=found.get("high"))
        below, p = _below(alpha, whole, values - drawn[0]) if part.level else (None, None)
        own = RatingTable.of(cells[part.keep], raters=ratings.raters, cluster=table.case.index[part.keep])
        kappa = read(cohen_kappa(own, "quadratic"), basis) if not line else None
        rows.append(
            Concord(
                dimension=dimension,
                stratum=part.stratum,
                level=part.level,
                alpha=alpha,
                kappa=kappa or Estimate(value=None, low=None, high=None, basis=basis),
                near=share,
                below=below,
                p=p,
                adjusted=None,
                flagged=False,
            )
        )
    return [*_flag(rows, whole)]


def _parts(table: Table, ratings: RatingTable, patterns: int) -> Iterator[Part]:
    """Give all conversations, then each level of each stratum that has any."""
    used = ratings.patterns.given >= 2
    place = np.where(used, np.cumsum(used) - 1, -1)[ratings.patterns.of]
    chosen: list[tuple[str | None, str | None, Flags]] = [(None, None, np.ones(len(place), dtype=bool))]
    for name, stratum in table.strata.items():
        if len(np.unique(stratum.index[stratum.index >= 0])) > 1:
            chosen += [
                (name, level, stratum.index == number)
                for number, level in enumerate(stratum.names)
                if (stratum.index == number).any()
            ]
    for name, level, keep in chosen:
        unit = np.flatnonzero(keep & (place >= 0))
        at = (table.case.index[unit], place[unit])
        member = csr_array((np.ones(len(unit)), at), shape=(table.cases, patterns))
        yield Part(stratum=name, level=level, keep=keep, member=member)


def _value(paired: PairedRatings, part: Part, *, line: bool) -> float:
    level = "interval" if line else "ordinal"
    weights = np.asarray(part.member.sum(axis=0), dtype=float)[None]
    return float(evaluate(paired, weights, (level,))[level][0]) if weights.any() else np.nan


def _draw(
    paired: PairedRatings, parts: list[Part], generator: np.random.Generator, draws: int, *, line: bool
) -> list[Floats]:
    """Draw cases, the same for every part, and give each part's alpha in every draw, (B,)."""
    level = "interval" if line else "ordinal"
    cases = parts[0].member.shape[0]
    draws = min(draws, max(1, WORK // max(sum(part.member.nnz for part in parts), 1)))
    step = max(1, CHUNK // len(paired.times))
    found: list[list[Floats]] = [[] for _ in parts]
    for piece in draw(np.ones(cases), generator, draws):
        for start in range(0, len(piece), step):
            for values, part in zip(found, parts, strict=True):
                weights = piece[start : start + step] @ part.member
                values.append(evaluate(paired, weights, (level,))[level])
    return [np.concatenate(values) for values in found]


def _near(cells: Floats) -> Floats:
    """Give each conversation's share of pairs of votes within a point, (C,); NaN with fewer than two votes."""
    apart = [np.abs(cells[:, a] - cells[:, b]) for a, b in combinations(range(cells.shape[1]), 2)]
    gaps = np.stack(apart, axis=1)
    count = (~np.isnan(gaps)).sum(axis=1)
    return np.where(count > 0, (gaps <= NEAR).sum(axis=1) / np.maximum(count, 1), np.nan)


def _share(table: Table, near: Floats, part: Part, dimension: str) -> tuple[Basis, Estimate]:
    column = table.dimensions.index(dimension)
    means = average(
        table,
        near[:, None],
        case=table.case.index,
        index=np.where(part.keep, 0, -1),
        groups=1,
        abstained=table.abstained[:, [column]],
    )
    return means.basis(0, 0), means.estimates()[0][0]


def _below(alpha: Estimate, whole: float, apart: Floats) -> tuple[float | None, float | None]:
    """Give how far a level stands from the whole, and the p of its not doing so."""
    if alpha.value is None or np.isnan(whole):
        return None, None
    known = apart[~np.isnan(apart)]
    error = float(known.std(ddof=1)) if 2 * len(known) > len(apart) > 1 else 0.0
    gap = alpha.value - whole
    return gap, surprise(gap, error, alpha.basis.clusters - 1)


def _flag(rows: list[Concord], whole: float) -> Iterator[Concord]:
    for row, adjusted in zip(rows, hochberg([row.p for row in rows]), strict=True):
        high = row.alpha.high
        off = row.level is not None and high is not None and high < whole
        yield replace(row, adjusted=adjusted, flagged=bool(off and adjusted is not None and adjusted < LEVEL))
