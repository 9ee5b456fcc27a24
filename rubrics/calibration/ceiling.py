"""Does the jury agree with a clinician as well as another clinician does?

Like is compared with like: one juror with one clinician beside one clinician with another; the jury's mean with
one clinician beside the mean of the other clinicians with that one. All rows rest on the same conversations,
those that at least two clinicians scored, and each conversation weighs the same however many pairs it makes.
Quadratic-weighted kappa and alpha at the interval level are then both functions of five means over pairs
(Krippendorff 1970; Fleiss and Cohen 1973), so means need no rounding, and a draw of cases only weighs sums.
Nothing here knows what is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rubrics.numbers.values import CONFIDENCE, Basis, Estimate
from rubrics.scores import Flags, Floats, Indices, gather

DRAWS = 2_000
PAIRS = (
    ("one juror", "one clinician", "one"),
    ("one clinician", "another clinician", "one"),
    ("the jury's mean", "one clinician", "mean"),
    ("the calibrated jury", "one clinician", "mean"),
    ("the others' mean", "one clinician", "mean"),
)
"""Who, with whom, and the level of aggregation; the last of a level is the ceiling of those before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concord:
    """How far two kinds of raters agree."""

    who: str
    whom: str
    level: str
    """one: a single rater with a single one. mean: the mean of several with a single one."""
    human: bool
    """Clinicians among themselves: the ceiling of its level."""
    kappa: Estimate
    """Quadratic-weighted; n counts conversations."""
    alpha: Estimate
    """Krippendorff's, interval level."""
    short: Estimate | None
    """Kappa less that of the ceiling, in the same draws; None for the ceiling itself, or without one."""


def compare(
    votes: Floats,
    scores: Floats,
    labels: Floats,
    case: Indices,
    *,
    generator: np.random.Generator,
    draws: int = DRAWS,
) -> tuple[Concord, ...]:
    """Compare the jury with clinicians and these with each other.

    `votes` is (C, J), `scores` (C, 2) the jury's mean before and after calibration, `labels` (C, A); NaN where
    missing. Without a conversation that two clinicians scored there is no ceiling, and the jury's rows rest on
    all labelled conversations.
    """
    many = (~np.isnan(labels)).sum(axis=1)
    judged = ~np.isnan(votes).all(axis=1) & ~np.isnan(scores).any(axis=1)
    shared = (many >= 2) & judged
    doubled = bool(shared.any())
    used = np.flatnonzero(shared if doubled else (many >= 1) & judged)
    if not len(used):
        return ()
    _, group = np.unique(case[used], return_inverse=True)
    groups = int(group.max()) + 1
    parts = _moments(votes[used], scores[used], labels[used], doubled)
    drawn = np.stack(
        [np.bincount(d, minlength=groups) for d in generator.integers(groups, size=(draws, groups))]
    )
    basis = Basis(n=len(used), clusters=groups, missing=int((many >= 1).sum()) - len(used), abstained=0)
    found = {}
    for title, part in parts.items():
        sums = gather(part, group, groups)
        found[title] = (_agree(sums.sum(axis=0)[None]), _agree(drawn @ sums))
    return tuple(_concord(row, found, basis) for row in PAIRS if row[:2] in found)


def _moments(votes: Floats, scores: Floats, labels: Floats, doubled: bool) -> dict[tuple[str, str], Floats]:
    """Give for each kind of pair the means over a conversation's pairs of 1, a, b, a², b² and ab, (C, 6)."""
    mean, square = np.nanmean(labels, axis=1), np.nanmean(labels**2, axis=1)
    juror, jurors = np.nanmean(votes, axis=1), np.nanmean(votes**2, axis=1)
    found = {PAIRS[0][:2]: (juror, mean, jurors, square, juror * mean)}
    for row, side in zip((PAIRS[2], PAIRS[3]), scores.T, strict=True):
        found[row[:2]] = (side, mean, side**2, square, side * mean)
    if doubled:
        many = (~np.isnan(labels)).sum(axis=1)
        total = np.nansum(labels, axis=1)
        cross = (total**2 - many * square) / (many * (many - 1))
        found[PAIRS[1][:2]] = (mean, mean, square, square, cross)
        others = (total[:, None] - labels) / (many - 1)[:, None]
        found[PAIRS[4][:2]] = (
            np.nanmean(others, axis=1),
            mean,
            np.nanmean(others**2, axis=1),
            square,
            np.nanmean(others * labels, axis=1),
        )
    return {title: np.column_stack([np.ones(len(mean)), *part]) for title, part in found.items()}


def _agree(sums: Floats) -> Floats:
    """Give kappa and alpha, (B, 2), from sums (B, 6) of 1, a, b, a², b² and ab over conversations."""
    n, (a, b, aa, bb, ab) = sums[:, 0], (sums[:, k] / sums[:, 0] for k in range(1, 6))
    apart = aa + bb - 2 * ab
    pooled = (aa + bb) / 2 - ((a + b) / 2) ** 2
    chance = np.column_stack([aa + bb - 2 * a * b, 2 * pooled * 2 * n / (2 * n - 1)])
    bare = np.full(chance.shape, np.nan)
    return 1 - np.divide(apart[:, None], chance, out=bare, where=chance > 1e-12)


def _concord(
    row: tuple[str, str, str], found: dict[tuple[str, str], tuple[Floats, Floats]], basis: Basis
) -> Concord:
    who, whom, level = row
    human = "juror" not in who and "jury" not in who
    point, drawn = found[row[:2]]
    top = next((r[:2] for r in PAIRS if r[2] == level and r[:2] in found and "jur" not in r[0]), None)
    short = None
    if top and not human:
        ceiling, drawn_ceiling = found[top]
        short = _between(point[0, 0] - ceiling[0, 0], drawn[:, 0] - drawn_ceiling[:, 0], basis)
    return Concord(
        who=who,
        whom=whom,
        level=level,
        human=human,
        kappa=_between(point[0, 0], drawn[:, 0], basis),
        alpha=_between(point[0, 1], drawn[:, 1], basis),
        short=short,
    )


def _between(value: float, drawn: Floats, basis: Basis) -> Estimate:
    """Take the interval from the draws' quantiles; none where most draws are undefined."""
    known: Flags = ~np.isnan(drawn)
    if np.isnan(value):
        return Estimate(value=None, low=None, high=None, basis=basis)
    if 2 * known.sum() < len(drawn) or basis.clusters < 2 or np.ptp(drawn[known]) < 1e-12:
        return Estimate(value=float(value), low=None, high=None, basis=basis)
    low, high = np.quantile(drawn[known], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(value=float(value), low=float(low), high=float(high), basis=basis)
