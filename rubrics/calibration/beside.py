"""Two juries, or two versions of a rubric, held against the same clinicians.

Only conversations that both have judged and clinicians have scored are looked at, and what is compared is the
distance from the label on each of them: paired, so that hard conversations weigh on both alike. Each side has a
map of its own, learnt from the same folds. Nothing here knows what differs between the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rubrics.calibration.annotations import Annotations
from rubrics.calibration.calibrate import FEWEST
from rubrics.calibration.isotonic import apply, learn, pair
from rubrics.numbers.means import average
from rubrics.numbers.table import Table
from rubrics.numbers.values import Estimate, surprise
from rubrics.scores import Floats

SIDES = ("first, raw", "second, raw", "first, calibrated", "second, calibrated")


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """One dimension on either side."""

    dimension: str
    n: int
    """Conversations that both have judged and clinicians have scored."""
    refused: str
    """Why nothing is compared; empty when something is."""
    errors: dict[str, Estimate]
    """Mean distance from the label in points, by SIDES."""
    raw: Estimate | None
    """Second less first: below 0 the second is nearer to the clinicians."""
    raw_p: float | None
    calibrated: Estimate | None
    """The same after each side's own calibration: what is left is order and noise."""
    calibrated_p: float | None


def match(
    first: Table, second: Table, annotations: Annotations, seed: np.random.SeedSequence
) -> list[SideBySide]:
    """Compare two tables dimension by dimension, conversations and dimensions paired by their names.

    `annotations` are in the order of the first table.
    """
    places = {name: c for c, name in enumerate(second.scores.votes.conversations)}
    other = np.array([places.get(name, -1) for name in first.scores.votes.conversations], dtype=np.int64)
    names = second.scores.votes.dimensions
    found = []
    for d, dimension in enumerate(first.scores.votes.dimensions):
        theirs = np.full(len(other), np.nan)
        if dimension in names and len(places):
            theirs = np.where(other >= 0, second.points[other, names.index(dimension) + 1], np.nan)
        label, ours = annotations.means[:, d], first.points[:, d + 1]
        shared = np.flatnonzero(~np.isnan(label) & ~np.isnan(ours) & ~np.isnan(theirs))
        if len(shared) < FEWEST:
            why = "the second has no such dimension" if dimension not in names else ""
            why = why or f"{len(shared)} labelled conversations on both sides; at least {FEWEST} are needed"
            found.append(_refuse(dimension, len(shared), why))
            continue
        case = first.case.index[shared]
        child = seed.spawn(1)[0]
        mapped = []
        for score in (ours, theirs):
            # One seed for both: the same cases lie in the same folds.
            pairing = pair(score[shared], label[shared], case, np.random.default_rng(child))
            mapped.append(apply(pairing, learn(pairing)))
        gaps = np.abs(np.column_stack([ours[shared], theirs[shared], *mapped]) - label[shared, None])
        found.append(_set(first, dimension, gaps, case))
    return found


def _set(table: Table, dimension: str, gaps: Floats, case: np.ndarray) -> SideBySide:
    columns = np.column_stack([gaps, gaps[:, 1] - gaps[:, 0], gaps[:, 3] - gaps[:, 2]])
    means = average(table, columns, case=case, index=np.zeros(len(case), dtype=np.int64), groups=1)
    estimates, error = means.estimates()[0], means.error[0]
    chances = [surprise(means.value[0, k], error[k], means.clusters[0, k] - 1) for k in (4, 5)]
    return SideBySide(
        dimension=dimension,
        n=len(case),
        refused="",
        errors=dict(zip(SIDES, estimates[:4], strict=True)),
        raw=estimates[4],
        raw_p=chances[0],
        calibrated=estimates[5],
        calibrated_p=chances[1],
    )


def _refuse(dimension: str, n: int, why: str) -> SideBySide:
    return SideBySide(
        dimension=dimension,
        n=n,
        refused=why,
        errors={},
        raw=None,
        raw_p=None,
        calibrated=None,
        calibrated_p=None,
    )
