"""What a jury of several is worth: jurors who err alike are fewer than they seem.

Reliability is how alike two jurors' votes are; Spearman and Brown 1910 tell from it what the mean of k of them
would be. Errors are votes less the clinicians' mean; where these go together, k jurors do the work of
`k / (1 + (k-1) ρ)`. The clinicians' own noise is in every juror's error alike and would make jurors look more
alike than they are; it is taken out where two clinicians scored the same conversations. Nothing here knows the
map.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rubrics.scores import Floats, Indices, gather, ratio

SIZES = (1, 3, 5, 7)
WRONG = 1.0
"""Points from the clinicians' mean beyond which a vote is wrong."""
FEWEST = 10
"""Conversations that two jurors must share to be compared."""
DRAWS = 1_000
LEAST = 0.2
"""Share of the errors' variance that must be the jurors' own for ρ to be told: the rest is a difference of noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JuryGain:
    """One dimension's jury as a panel."""

    jurors: int
    shared: int
    """Labelled conversations with two counting votes or more."""
    reliability: float | None
    """Mean correlation of two jurors' votes, -1 to 1; None when no two share enough conversations."""
    sizes: dict[int, float]
    """Reliability of the mean of so many jurors, by Spearman and Brown; empty unless a single one's is above 0."""
    together: float | None
    """ρ, mean correlation of two jurors' errors, the clinicians' noise taken out as far as it is
    known; None where hardly anything is left of them then."""
    together_low: float | None
    """Ends of its 95 % interval, by draws of cases."""
    together_high: float | None
    noise_known: bool
    """Two clinicians scored some conversation, so that their noise could be taken out."""
    effective: float | None
    """Independent jurors that would do as well; None where ρ is not known."""
    faults: int
    """Conversations in which two jurors or more are more than a point off the clinicians' mean."""


def weigh(votes: Floats, labels: Floats, case: Indices, generator: np.random.Generator) -> JuryGain:
    """Weigh a jury by its votes (C, J) and the clinicians' scores (C, A), NaN where missing."""
    scored = ~np.isnan(labels)
    used = np.flatnonzero(scored.any(axis=1) & ((~np.isnan(votes)).sum(axis=1) >= 2))
    votes, labels, scored = votes[used], labels[used], scored[used]
    jurors = int((~np.isnan(votes)).any(axis=0).sum()) if len(used) else votes.shape[1]
    mean = np.nanmean(labels, axis=1) if len(used) else np.zeros(0)
    off = votes - mean[:, None]
    noise, known = _noise(labels)
    like, error, low, high = None, None, None, None
    pairs = [
        (j, k)
        for j, k in combinations(range(votes.shape[1]), 2)
        if (~np.isnan(votes[:, j]) & ~np.isnan(votes[:, k])).sum() >= FEWEST
    ]
    if pairs:
        _, group = np.unique(case[used], return_inverse=True)
        many = int(group.max()) + 1
        seen, erred = _sums(votes, pairs, group), _sums(off, pairs, group)
        like = _number(_correlate(seen.sum(axis=0)[None], 0.0)[0])
        error = _number(_correlate(erred.sum(axis=0)[None], noise)[0])
        weights = generator.multinomial(many, np.full(many, 1 / many), size=DRAWS).astype(float)
        drawn = _correlate(np.tensordot(weights, erred, axes=1), noise)
        if error is not None and (~np.isnan(drawn)).sum() > DRAWS / 2:
            low, high = (_number(end) for end in np.nanquantile(drawn, [0.025, 0.975]))
    return JuryGain(
        jurors=jurors,
        shared=len(used),
        reliability=like,
        sizes={k: k * like / (1 + (k - 1) * like) for k in SIZES} if like is not None and like > 0 else {},
        together=error,
        together_low=low,
        together_high=high,
        noise_known=known,
        effective=None if error is None else jurors / (1 + (jurors - 1) * max(error, 0.0)),
        faults=int(((np.abs(off) > WRONG).sum(axis=1) >= 2).sum()),
    )


def _noise(labels: Floats) -> tuple[float, bool]:
    """Give the variance of the clinicians' mean about what all clinicians would say, and whether it is known."""
    many = (~np.isnan(labels)).sum(axis=1)
    free = int((many - 1)[many >= 2].sum())
    if not free:
        return 0.0, False
    doubled = labels[many >= 2]
    within = np.nansum((doubled - np.nanmean(doubled, axis=1, keepdims=True)) ** 2) / free
    return float(within * (1 / many).mean()), True


def _sums(values: Floats, pairs: list[tuple[int, int]], group: Indices) -> Floats:
    """Give sums by case over the conversations of each pair of jurors, (G, P, 6): 1, x, y, x², y², xy."""
    first, second = (values[:, list(side)] for side in zip(*pairs, strict=True))
    both = ~np.isnan(first) & ~np.isnan(second)
    x, y = np.where(both, first, 0.0), np.where(both, second, 0.0)
    parts = np.stack([both.astype(float), x, y, x**2, y**2, x * y], axis=2)
    return gather(parts, group, int(group.max()) + 1)


def _correlate(sums: Floats, noise: float) -> Floats:
    """Give the mean correlation over pairs, (B,), `noise` taken from variances and covariances alike."""
    n = sums[..., 0]
    x, y, xx, yy, xy = (ratio(sums[..., k], n) for k in range(1, 6))
    step = ratio(n, n - 1)
    all_x, all_y = (xx - x**2) * step, (yy - y**2) * step
    own_x, own_y = all_x - noise, all_y - noise
    fine = (own_x > LEAST * all_x) & (own_y > LEAST * all_y) & (all_x > 1e-12) & (all_y > 1e-12)
    scale = np.sqrt(np.where(fine, own_x * own_y, 1.0))
    shared = (xy - x * y) * step - noise
    found = np.divide(shared, scale, out=np.full(n.shape, np.nan), where=fine)
    known = ~np.isnan(found)
    return ratio(np.where(known, found, 0.0).sum(axis=1), known.sum(axis=1))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(np.clip(value, -1, 1))
