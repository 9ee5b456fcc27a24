"""Means of groups of conversations, and how much each case moves them.

The one idea: every number here is, near enough, a sum over cases. A case's influence is what the number
moves by when the case weighs more; the severities it helped to estimate move too. The standard error is the
root of the summed squares, and a difference of numbers has the difference of influences. This is the clustered
sandwich of Liang and Zeger 1986, with the customary factor G/(G-1) and t with G-1 degrees of freedom. Nothing
here knows what the groups are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rubrics.numbers.table import Table
from rubrics.numbers.values import Basis, Estimate, estimate
from rubrics.scores import Floats, Indices, gather, ratio


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Means:
    """Means of Q groups in K columns, over G cases."""

    value: Floats
    """(Q, K); NaN for a group without a score."""
    influence: Floats
    """(G, Q, K) what each case moves the mean by, small-sample factor included; sums to zero over cases."""
    n: Indices
    """(Q, K) units with a score."""
    clusters: Indices
    """(Q, K) cases of these."""
    missing: Indices
    """(Q, K)"""
    abstained: Indices
    """(Q, K)"""

    @property
    def error(self) -> Floats:
        """Give the standard errors, (Q, K); zero where there is no spread or but one case."""
        return np.sqrt((self.influence**2).sum(axis=0))

    def basis(self, group: int, column: int) -> Basis:
        """Say what one mean rests on."""
        at = (group, column)
        return Basis(
            n=int(self.n[at]),
            clusters=int(self.clusters[at]),
            missing=int(self.missing[at]),
            abstained=int(self.abstained[at]),
        )

    def estimates(self) -> list[list[Estimate]]:
        """Give every mean with its interval."""
        error = self.error
        return [
            [
                estimate(self.value[q, k], error[q, k], self.clusters[q, k] - 1, basis=self.basis(q, k))
                for k in range(self.value.shape[1])
            ]
            for q in range(self.value.shape[0])
        ]


def group(table: Table, index: Indices, groups: int) -> Means:
    """Average the adjusted scores of each group of conversations; `index` is (C,), -1 for none."""
    return average(
        table,
        table.points,
        case=table.case.index,
        index=index,
        groups=groups,
        share=table.share,
        abstained=table.abstained,
    )


def average(
    table: Table,
    values: Floats,
    *,
    case: Indices,
    index: Indices,
    groups: int,
    share: Floats | None = None,
    abstained: Indices | None = None,
) -> Means:
    """Average values (U, K), NaN for missing, within groups of units.

    `case` and `index` say each unit's case and group (-1: none); `share` (U, K, D·J) is the weight of each
    juror effect in the values, left out where they do not hang on severities.
    """
    known = ~np.isnan(values)
    n = gather(known.astype(float), index, groups)
    mean = ratio(gather(np.where(known, values, 0.0), index, groups), n)
    off = np.where(known & (index >= 0)[:, None], values - mean[index], 0.0)
    cell = np.where(index >= 0, case * groups + index, -1)
    wide = (table.cases, groups, values.shape[1])
    present = gather(known.astype(float), cell, table.cases * groups).reshape(wide) > 0
    influence = gather(off, cell, table.cases * groups).reshape(wide) / np.maximum(n, 1)
    if share is not None and share.shape[2]:
        weight = gather(share * known[..., None], index, groups) / np.maximum(n, 1)[..., None]
        influence -= np.einsum("gx,qkx->gqk", table.pull, weight, optimize=True)
    clusters = present.sum(axis=0)
    influence *= np.where(clusters > 1, np.sqrt(clusters / np.maximum(clusters - 1, 1)), 0.0)
    one = np.ones((len(values), 1))
    votes = np.zeros_like(values) if abstained is None else abstained.astype(float)
    return Means(
        value=mean,
        influence=influence,
        n=n.astype(np.int64),
        clusters=clusters,
        missing=(gather(one, index, groups) - n).astype(np.int64),
        abstained=gather(votes, index, groups).astype(np.int64),
    )


def parts(means: Means, values: Floats, *, case: Indices, index: Indices) -> Floats:
    """Give each case's part of the means of these values, (G, Q, K): they add up to the mean, 0 without one.

    `values`, `case` and `index` are those that were averaged. Flipping the signs of parts asks what chance would do.
    """
    cases, groups, columns = means.influence.shape
    cell = np.where(index >= 0, case * groups + index, -1)
    held = gather((~np.isnan(values)).astype(float), cell, cases * groups).reshape(cases, groups, columns)
    clusters = np.maximum(means.clusters, 2)
    moved = means.influence * np.sqrt((clusters - 1) / clusters)
    return moved + held / np.maximum(means.n, 1) * np.nan_to_num(means.value)


def within(values: Floats, block: Indices) -> Floats:
    """Take from each row (n, K) the mean of its block: an effect for every block is then held still."""
    _, place = np.unique(block, return_inverse=True)
    blocks = int(place.max(initial=-1)) + 1
    count = np.bincount(place, minlength=blocks)[:, None]
    return values - ratio(gather(values, place, blocks), count)[place]
