"""Intervals by drawing again: what another sample of units, or of clusters of them, would have said.

What is drawn comes in blocks: things that are the same for the purpose count as one block with a number, so that
a million units that fall into forty patterns are drawn as forty numbers. Nothing here knows what is computed
from a draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from rubrics.agreement.chance import CONFIDENCE, NO_SPREAD, ROUNDING
from rubrics.agreement.ratings import Floats

DRAWS = 10_000
FEWEST = 200
"""Draws that are made in any case."""
WORK = 60_000_000
"""Draws times blocks; with more blocks there are fewer draws."""
CHUNK = 2_000_000
"""Weights kept at once."""
CROWDED = 20
"""Things per block from which on drawing how often each block comes is quicker than drawing things."""
FEW_DRAWS = "no interval: in most draws all ratings are the same value"


def draw(blocks: Floats, generator: np.random.Generator, draws: int = DRAWS) -> Iterator[Floats]:
    """Draw as many things as there are, with replacement: how often each block came, in pieces of (B, K).

    `blocks` (K,) says how many things each block stands for. `draws` is an upper bound, see WORK.
    """
    draws = max(FEWEST, min(draws, WORK // len(blocks)))
    many, kinds = int(blocks.sum()), len(blocks)
    step = max(1, CHUNK // kinds)
    kind = np.repeat(np.arange(kinds), blocks.astype(int))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        if many > CROWDED * kinds:
            yield generator.multinomial(many, blocks / many, size=size).astype(float)
            continue
        weights = np.empty((size, kinds))
        for row in weights:
            row[:] = np.bincount(kind[generator.integers(many, size=many)], minlength=kinds)
        yield weights


def acceleration(without: Floats, blocks: Floats) -> float:
    """Give how the error changes with the value, from the values that one thing less of each block leaves.

    `without` (K,) is NaN where undefined; of another length it is not known, and the answer 0.
    """
    known = ~np.isnan(without)
    if len(without) != len(blocks) or not known.any():
        return 0.0
    weight, left = blocks[known], without[known]
    shift = np.average(left, weights=weight) - left
    spread = float(weight @ shift**2)
    return float(weight @ shift**3) / (6 * spread**1.5) if spread > ROUNDING**2 else 0.0


def ends(value: float, drawn: Floats, bend: float, *, drew: str) -> dict[str, Any]:
    """Give the bias-corrected and accelerated interval as the fields of a coefficient; NaN draws are left out.

    Efron 1987, J Am Stat Assoc 82:171-185; `bend` is the acceleration, `drew`
    the word for what was drawn.
    """
    kept = drawn[~np.isnan(drawn)]
    if 2 * len(kept) < len(drawn):
        return {"why": FEW_DRAWS}
    if np.ptp(kept) < ROUNDING:
        return {"why": NO_SPREAD}
    below = ((kept < value - ROUNDING).sum() + 0.5 * (np.abs(kept - value) <= ROUNDING).sum()) / len(kept)
    bias = ndtri(np.clip(below, 1 / len(kept), 1 - 1 / len(kept)))
    reach = bias + ndtri((1 + CONFIDENCE) / 2) * np.array([-1.0, 1.0])
    low, high = np.quantile(kept, ndtr(bias + reach / (1 - bend * reach)))
    return {"low": float(low), "high": float(high), "method": f"by bootstrap of {drew}, {len(kept):,} draws"}
