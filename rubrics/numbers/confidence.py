"""What confidences are worth, from counts alone: how many conversations had each percent, and how many were right.

The one idea: with a hundred and one counts a model and case, to draw the cases again is one product of matrices,
however many conversations there are. Nothing here knows what was forecast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from rubrics.agreement.bootstrap import draw
from rubrics.numbers.table import Factor
from rubrics.scores import Floats, Indices, ratio

PERCENTS = np.arange(101) / 100
"""Confidences are read in whole percents."""
BINS = tuple(range(0, 100, 10))
"""Lowest percent of each bin; the last one holds 100 too."""
COVERAGE = 0.8
"""Share of the conversations, the surest, that selective accuracy looks at."""
DRAWS = 2_000
AT_ONCE = 500
"""Draws whose counts are kept at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """Conversations by case (row) and by model and percent (column), and those that were right."""

    n: csr_array
    hit: csr_array

    def of(self, model: int) -> tuple[Floats, Floats]:
        """Give one model's conversations by percent, and those right, (101,)."""
        columns = slice(model * len(PERCENTS), (model + 1) * len(PERCENTS))
        return self.n.sum(axis=0)[columns], self.hit.sum(axis=0)[columns]


def percents(chance: Floats) -> Indices:
    """Give chances, 0 to 1, in whole percents."""
    return np.rint(100 * chance).astype(np.int64)


def count(first: Floats, right: Floats, model: Factor, case: Factor) -> Counts:
    """Count conversations by their confidence, 0 to 1, those `right` (1 or 0) apart; NaN is left out."""
    given = np.flatnonzero(~np.isnan(first) & (model.index >= 0) & (case.index >= 0))
    column = model.index[given] * len(PERCENTS) + percents(first[given])
    shape = (len(case.names), len(model.names) * len(PERCENTS))
    at = (case.index[given], column)
    return Counts(
        n=csr_array((np.ones(len(given)), at), shape=shape), hit=csr_array((right[given], at), shape=shape)
    )


def redraw(counts: Counts, models: int, generator: np.random.Generator, draws: int) -> dict[str, Floats]:
    """Draw the cases again, the same for all models; give each measure as (draws, models, …)."""
    measures = {"gaps": gaps, "auroc": auroc, "selective": selective}
    cases = counts.n.shape[0]
    found: dict[str, list[Floats]] = {kind: [] for kind in measures}
    for drawn in draw(np.ones(cases), generator, draws) if cases else [np.empty((1, 0))]:
        for weights in np.array_split(drawn, -(-len(drawn) // AT_ONCE)):
            shape = (len(weights), models, len(PERCENTS))
            n, hit = ((weights @ each).reshape(shape) for each in (counts.n, counts.hit))
            for kind, measure in measures.items():
                found[kind].append(measure(n, hit))
    return {kind: np.concatenate(values) for kind, values in found.items()}


def luck(n: Floats) -> float | None:
    """Give the mean of a sum of |normal| with the variance that each bin's hits have by chance."""
    spread = np.add.reduceat(n * PERCENTS * (1 - PERCENTS), BINS)
    return float(np.sqrt(2 * spread / np.pi).sum() / n.sum()) if n.sum() else None


def ece(n: Floats, hit: Floats) -> Floats:
    """Give the expected calibration error from counts by whole percent, (…, 101): conversations, and those right.

    The mean over conversations of |share right - mean confidence| of their bin (Naeini et al. 2015); NaN of none.
    """
    return np.abs(gaps(n, hit)).sum(axis=-1)


def gaps(n: Floats, hit: Floats) -> Floats:
    """Give each bin's share right less its mean confidence, times its share of the conversations, (…, 10)."""
    return ratio(np.add.reduceat(hit - n * PERCENTS, BINS, axis=-1), n.sum(axis=-1, keepdims=True))


def auroc(n: Floats, hit: Floats) -> Floats:
    """Give the area under the curve from counts by percent, ties half (Mann and Whitney 1947); NaN of one kind."""
    miss = n - hit
    below = np.cumsum(miss, axis=-1) - miss / 2
    return ratio((hit * below).sum(axis=-1), hit.sum(axis=-1) * miss.sum(axis=-1))


def selective(n: Floats, hit: Floats, coverage: float = COVERAGE) -> Floats:
    """Give the share right among the surest, from counts by percent; of the last percent as many as are wanted."""
    wanted = coverage * n.sum(axis=-1)
    surer = np.flip(np.cumsum(np.flip(n, axis=-1), axis=-1), axis=-1) - n
    taken = np.clip(wanted[..., None] - surer, 0, n)
    return ratio((taken * np.nan_to_num(ratio(hit, n))).sum(axis=-1), wanted)
