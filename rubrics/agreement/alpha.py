"""Krippendorff's alpha: one minus the disagreement seen over that of ratings dealt out at random.

Any number of raters, any ratings missing, four levels that differ in how far two values are apart. The interval
is a bootstrap of units, or of clusters of them: a draw only weighs the different patterns of ratings, however
many units have them, so thousands of draws are a few matrix products. Krippendorff, Content Analysis, 4th ed.
2019, ch. 12; Computing Krippendorff's Alpha-Reliability, 2011. Nothing here knows who rated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_array

from rubrics.agreement.bootstrap import DRAWS, acceleration, draw, ends
from rubrics.agreement.chance import ALIKE, ONE_UNIT, ROUNDING, lack, linear_error
from rubrics.agreement.ratings import Coefficient, Floats, RatingTable, rest

Level = Literal["nominal", "ordinal", "interval", "ratio"]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")
NAME = "Krippendorff's alpha"
MOST_RATIOS = 1_000
"""Different values up to which the ratio level is computed: it compares every two of them."""
FEW_BLOCKS = 1_000
"""Up to so many blocks the interval is corrected for skewness by leaving out each; with more there is hardly any."""
NEGATIVE = "the ratio level needs values of 0 and above"
MANY_RATIOS = f"the ratio level compares every two values, and there are over {MOST_RATIOS:,}: round them"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairedRatings:
    """The ratings that can be compared with another of the same unit. P patterns, Q values, K blocks."""

    scale: Floats
    """(Q,)"""
    counts: csr_array
    """(P, Q) how often each pattern holds each value."""
    given: Floats
    """(P,) ratings in the pattern, at least two."""
    times: Floats
    """(P,) units, or of each block how many are like it."""
    member: csr_array | None
    """(K, P) units of each cluster by pattern; None when each unit is drawn by itself: blocks are patterns then."""

    @property
    def blocks(self) -> Floats:
        """Give how many there are of each thing that is drawn, (K,)."""
        return self.times if self.member is None else np.ones(self.member.shape[0])

    def spread(self, drawn: Floats) -> Floats:
        """Turn weights of blocks (B, K) into weights of patterns (B, P)."""
        return drawn if self.member is None else drawn @ self.member


def alpha(
    table: RatingTable, level: Level, generator: np.random.Generator, *, draws: int = DRAWS
) -> Coefficient:
    """Give alpha at one level."""
    return alphas(table, (level,), generator, draws=draws)[0]


def alphas(
    table: RatingTable, levels: Sequence[Level], generator: np.random.Generator, *, draws: int = DRAWS
) -> tuple[Coefficient, ...]:
    """Give alpha at several levels, from the same draws.

    Units with a single rating drop out. The interval is the bias-corrected and accelerated one (Efron 1987, J Am
    Stat Assoc 82:171-185); draws in which all ratings are the same value are left out. `draws` is an upper
    bound: a table with many different patterns gets fewer, and the method says how many.
    """
    basis = rest(table, least=2)
    missing = {level: lack(table) or _misfit(table, level) for level in levels}
    fine = [level for level in levels if not missing[level]]
    paired = pair_up(table) if fine else None
    values: dict[Level, float] = {}
    if paired:
        values = {level: v.item() for level, v in evaluate(paired, paired.times[None], fine).items()}
        missing |= {level: ALIKE for level, value in values.items() if np.isnan(value)}
    fine = [level for level in levels if not missing[level]]
    intervals = (
        _intervals(paired, {level: values[level] for level in fine}, generator, draws) if paired else {}
    )
    found = []
    for level in levels:
        value, more = None, {"why": missing[level]}
        if paired and level in intervals:
            value, more = (
                values[level],
                intervals[level] | {"error": _error(table, paired, level)},
            )
        found.append(Coefficient(name=NAME, form=level, value=value, **basis, **more))
    return tuple(found)


def _misfit(table: RatingTable, level: Level) -> str:
    if level != "ratio":
        return ""
    if len(table.scale) and table.scale[0] < 0:
        return NEGATIVE
    return MANY_RATIOS if len(table.scale) > MOST_RATIOS else ""


def pair_up(table: RatingTable) -> PairedRatings:
    """Keep the patterns with two ratings or more."""
    patterns = table.patterns
    used = patterns.given >= 2
    codes = patterns.codes[used]
    row, column = np.nonzero(codes < len(table.scale))
    counts = csr_array((np.ones(len(row)), (row, codes[row, column])), shape=(len(codes), len(table.scale)))
    member = None
    if table.clustered:
        unit = np.flatnonzero(used[patterns.of])
        place = (np.cumsum(used) - 1)[patterns.of[unit]]
        clusters, group = np.unique(table.cluster[unit], return_inverse=True)
        member = csr_array((np.ones(len(unit)), (group, place)), shape=(len(clusters), len(codes)))
    return PairedRatings(
        scale=table.scale,
        counts=counts,
        given=patterns.given[used].astype(float),
        times=patterns.times[used],
        member=member,
    )


def evaluate(paired: PairedRatings, weights: Floats, levels: Sequence[Level]) -> dict[Level, Floats]:
    """Give alpha, (B,), of draws that take each pattern `weights` (B, P) times; NaN where all ratings are alike.

    Of a unit's m ratings, each of its m (m-1) pairs counts 1 / (m-1); dealt out at random, the n ratings make
    n (n-1) pairs.
    """
    many = weights @ paired.given
    totals = weights @ paired.counts if set(levels) != {"interval"} else np.empty(0)
    found = {}
    for level in levels:
        if level == "interval":
            met, dealt = _measure(paired, weights, many)
        else:
            seen, far = _disagree(paired, level, totals)
            met = np.einsum("bp,bp->b", weights, seen) if len(seen) > 1 else weights @ seen[0]
            dealt = (totals * far).sum(axis=1)
        alike = dealt <= ROUNDING * np.maximum(many, 1) ** 2
        found[level] = 1 - np.divide((many - 1) * met, dealt, out=np.full(len(many), np.nan), where=~alike)
    return found


def _measure(paired: PairedRatings, weights: Floats, many: Floats) -> tuple[Floats, Floats]:
    """Give the squared distances met and dealt, (B,) each, of numbers: sums over a pattern say all there is."""
    marks = (paired.scale - paired.scale[0]) / max(np.ptp(paired.scale), np.finfo(float).tiny)
    marks -= paired.times @ (paired.counts @ marks) / (paired.times @ paired.given)
    sums, squares = paired.counts @ marks, paired.counts @ marks**2
    met = 2 * (paired.given * squares - sums**2) / (paired.given - 1)
    return weights @ met, 2 * (many * (weights @ squares) - (weights @ sums) ** 2)


def _disagree(paired: PairedRatings, level: Level, totals: Floats) -> tuple[Floats, Floats]:
    """Give how far the ratings of a pattern are apart, (1, P) or (B, P), and each value from all, (B, Q).

    `totals` (B, Q) is how often each value is given. The first is a sum over the pattern's pairs, each divided by
    its ratings less one, the second a sum over all ratings.
    """
    less = paired.given - 1
    if level == "nominal":
        equal = (paired.counts * paired.counts).sum(axis=1)
        return ((paired.given**2 - equal) / less)[None], totals.sum(axis=1, keepdims=True) - totals
    if level == "ratio":
        both = paired.scale[:, None] + paired.scale
        apart = np.divide(paired.scale[:, None] - paired.scale, both, out=np.zeros_like(both), where=both > 0)
        return ((paired.counts * (paired.counts @ apart**2)).sum(axis=1) / less)[None], totals @ apart**2
    many = np.maximum(totals.sum(axis=1, keepdims=True), 1)
    # The ordinal distance, `(Σ_{g=a..b} n_g - (n_a + n_b) / 2)²`, is that of the middle ranks among all ratings,
    # so it is another one in every draw.
    marks = np.cumsum(totals, axis=1) - totals / 2 if level == "ordinal" else paired.scale[None]
    # Around their mean: squares of large numbers would swallow small distances.
    marks = marks - (marks * totals).sum(axis=1, keepdims=True) / many
    far = many * marks**2 + (totals * marks**2).sum(axis=1, keepdims=True)
    sums, squares = (paired.counts @ marks.T).T, (paired.counts @ (marks**2).T).T
    return 2 * (paired.given * squares - sums**2) / less, far


def _intervals(
    paired: PairedRatings, values: dict[Level, float], generator: np.random.Generator, draws: int
) -> dict[Level, dict[str, Any]]:
    """Give the interval of each level as the fields of a coefficient."""
    blocks = paired.blocks
    if blocks.sum() < 2:
        return {level: {"why": ONE_UNIT} for level in values}
    drew = "units" if paired.member is None else "clusters"
    levels = list(values)
    parts = [evaluate(paired, paired.spread(w), levels) for w in draw(blocks, generator, draws)]
    drawn = {level: np.concatenate([part[level] for part in parts]) for level in levels}
    without = dict.fromkeys(levels, np.empty(0))
    if len(blocks) <= FEW_BLOCKS:
        without = evaluate(paired, paired.spread(blocks - np.eye(len(blocks))), levels)
    return {
        level: ends(value, drawn[level], acceleration(without[level], blocks), drew=drew)
        for level, value in values.items()
    }


def _error(table: RatingTable, paired: PairedRatings, level: Level) -> float | None:
    """Give the standard error to first order, how far two values are apart held as it is (Gwet 2014, ch. 5).

    As published it is that of `1 - seen / dealt` with n² for Krippendorff's n (n-1), larger by 1 part in n.
    """
    totals = paired.times @ paired.counts
    many, units = totals.sum(), paired.times.sum()
    seen, far = _disagree(paired, level, totals[None])
    mean = many / units  # ratings a unit
    more = paired.given / mean - 1
    met = seen[0] / mean
    share = paired.counts @ far[0] / (many * mean)
    dealt = (paired.times @ share) / units
    ratio = (paired.times @ met) / units / dealt
    parts = 1 - met / dealt + ratio * more - 2 * ratio * (1 - share / dealt + more) - (1 - ratio)
    linear = np.zeros(len(table.patterns.times))
    linear[table.patterns.given >= 2] = parts
    return linear_error(table, linear[table.patterns.of], int(units))
