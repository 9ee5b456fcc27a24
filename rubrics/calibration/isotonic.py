"""A map from the jury's scores to the clinicians': the best that never falls where the jury's scores rise.

Every case lies in one fold, and the conversations of a fold are mapped by what the other folds teach, so that no
calibrated score has seen a label of its own case. The map is the isotonic regression by pool-adjacent-violators
(Barlow et al. 1972), a straight line between its knots and level beyond the last. Cases can be weighed, which is
how a bootstrap draws them. Nothing here knows what is done with calibrated scores.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from rubrics.scores import Flags, Floats, Indices

FOLDS = 10
DIGITS = 9
"""Jury scores equal to so many digits are the same."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairing:
    """One dimension: C conversations with a jury score, some with the clinicians' mean."""

    jury: Floats
    """(C,) adjusted scores."""
    label: Floats
    """(C,) clinicians' mean, 1 to 5; NaN where there is none."""
    case: Indices
    """(C,) 0 to G-1."""
    fold: Indices
    """(G,) the fold of each case."""
    level: Floats
    """(U,) the different jury scores, ascending."""
    place: Indices
    """(C,) index into level."""

    @property
    def labelled(self) -> Flags:
        return ~np.isnan(self.label)

    @property
    def cases(self) -> int:
        return len(self.fold)


def pair(jury: Floats, label: Floats, case: Indices, generator: np.random.Generator) -> Pairing:
    """Put jury scores and labels together and deal the cases to folds, those with a label first.

    `jury` holds no NaN; `case` is any numbering.
    """
    _, own = np.unique(case, return_inverse=True)
    many = int(own.max(initial=-1)) + 1
    known = np.zeros(many, dtype=bool)
    known[own[~np.isnan(label)]] = True
    folds = max(2, min(FOLDS, int(known.sum())))
    order = generator.permutation(many)
    order = order[np.argsort(~known[order], kind="stable")]
    fold = np.empty(many, dtype=np.int64)
    fold[order] = np.arange(many) % folds
    level, place = np.unique(jury.round(DIGITS), return_inverse=True)
    return Pairing(jury=jury, label=label, case=own, fold=fold, level=level, place=place)


def learn(pairing: Pairing, weights: Floats | None = None) -> Floats:
    """Give the map of each fold over all jury scores, (K, U), learnt from the other folds.

    `weights` (G,) says how often each case counts; a fold without any other label gives NaN.
    """
    weight, total = _sums(pairing, weights)
    # Not all less its own, which would leave the last bits of its labels in.
    others = 1 - np.eye(len(weight))
    return np.stack([fit(pairing.level, w, t) for w, t in zip(others @ weight, others @ total, strict=True)])


def whole(pairing: Pairing) -> Floats:
    """Give the map that all labels teach, (U,): what to show, and to use on conversations of other cases."""
    weight, total = _sums(pairing, None)
    return fit(pairing.level, weight.sum(axis=0), total.sum(axis=0))


def fit(level: Floats, weight: Floats, total: Floats) -> Floats:
    """Fit the map to labels, given as their weight and weighted sum at each jury score; give it at each, (U,)."""
    used = np.flatnonzero(weight > 0)
    if not len(used):
        return np.full(len(level), np.nan)
    risen = isotonic_regression(total[used] / weight[used], weights=weight[used]).x
    return np.interp(level, level[used], risen)


def apply(pairing: Pairing, maps: Floats) -> Floats:
    """Give every conversation the value of its own fold's map, (C,)."""
    return maps[pairing.fold[pairing.case], pairing.place]


def _sums(pairing: Pairing, weights: Floats | None) -> tuple[Floats, Floats]:
    """Give the weight and the weighted sum of the labels by fold and jury score, (K, U) each."""
    known = np.flatnonzero(pairing.labelled)
    case = pairing.case[known]
    weight = np.ones(len(known)) if weights is None else weights[case]
    shape = (int(pairing.fold.max(initial=0)) + 1, len(pairing.level))
    cell = pairing.fold[case] * shape[1] + pairing.place[known]
    size = shape[0] * shape[1]
    return (
        np.bincount(cell, weights=weight, minlength=size).reshape(shape),
        np.bincount(cell, weights=weight * pairing.label[known], minlength=size).reshape(shape),
    )
