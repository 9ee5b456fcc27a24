"""Sign flips: how often chance alone would do as much.

Under the null hypothesis a case is as likely to favour one model as the other, so the signs of the cases' sums
may be flipped at will. One matrix product does all draws for all columns. With few cases every flip is tried,
and the test is exact. Nothing here knows what the columns are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rubrics.scores import Floats

DRAWS = 10_000
BATCH = 500
CLOSE = 1e-9
"""Share of the largest possible sum below which two sums are equal."""


def flip(parts: Floats, generator: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Give the two-sided p, (K,), of the sums of `parts` (G, K) by flipping whole cases.

    The sum of squares does not change with the signs, so the test by the sum is the test by Student's t. The
    sum as observed counts as one draw, p is never 0 (Phipson and Smyth 2010). NaN where no part differs from 0.
    """
    observed = np.abs(parts.sum(axis=0))
    reach = np.abs(parts).sum(axis=0)
    floor = observed - CLOSE * reach
    often, made = np.zeros(parts.shape[1]), 0
    exact = len(parts) < 60 and 2 ** len(parts) <= draws
    for signs in _every(len(parts)) if exact else _drawn(len(parts), generator, draws):
        often += (np.abs(signs @ parts) >= floor).sum(axis=0)
        made += len(signs)
    chance = often / made if exact else (often + 1) / (made + 1)
    return np.where(reach > 0, chance, np.nan)


def _every(cases: int) -> Iterator[Floats]:
    """Give all 2^G sign vectors at once."""
    yield 1.0 - 2.0 * ((np.arange(2**cases)[:, None] >> np.arange(cases)) & 1)


def _drawn(cases: int, generator: np.random.Generator, draws: int) -> Iterator[Floats]:
    for start in range(0, draws, BATCH):
        rows = min(BATCH, draws - start)
        bits = np.frombuffer(generator.bytes((rows * cases + 7) // 8), dtype=np.uint8)
        yield 1.0 - 2.0 * np.unpackbits(bits, count=rows * cases).reshape(rows, cases)
