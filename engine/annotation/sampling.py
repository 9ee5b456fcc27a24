"""Which conversations clinicians score: a sample with known chances in which no kind is missing.

The one idea: chances first, then a draw that keeps them. Each level of each stratum is to have half of what its share
of the run would give it and half of what an even split would, so that rare levels are seen and common ones still
tell; raking (Deming and Stephan 1940) turns that into a chance for each conversation. The cube method (Deville and
Tillé 2004, Biometrika 91:893-912) draws by exactly these chances, and each level comes out within a few of its
expected number. Nothing here knows what a stratum means, or what a conversation is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rubrics.scores import Floats, Indices

EVEN = 0.5
"""How much of a level's number is by an even split of its stratum; the rest is by its share."""
ROUNDS, NEAR = 100, 1e-6
"""Rounds of raking at most, and the change of a chance below which they end."""
SURE = 1e-9
"""A chance nearer than this to 0 or 1 is decided."""


def draw_sample(
    strata: Sequence[Sequence[str]], size: int, generator: np.random.Generator
) -> tuple[Indices, Floats]:
    """Draw `size` of N things; give their places, (size,), ascending, and the chance each thing had, (N,).

    `strata` holds the level of each thing, N names a stratum, the more important strata first. With `size` of N or
    more everything is taken, and every chance is 1.
    """
    many = len(strata[0])
    if size >= many:
        return np.arange(many), np.ones(many)
    codes = [np.unique(list(levels), return_inverse=True)[1] for levels in strata]
    chance = spread_chances(codes, size)
    return np.flatnonzero(_cube(chance, _rows(codes), generator)), chance


def spread_chances(codes: Sequence[Indices], size: int) -> Floats:
    """Give the chance of each thing, (N,), above 0 and at most 1, that sum to `size` < N."""
    many = len(codes[0])
    chance = np.full(many, size / many)
    for _ in range(ROUNDS):
        before = chance
        for code in codes:
            there = np.bincount(code).astype(float)
            aim = size * (EVEN / len(there) + (1 - EVEN) * there / many)
            chance = np.minimum(chance * (np.minimum(aim, there) / np.bincount(code, chance))[code], 1.0)
        chance = _fill(chance, size)
        if np.abs(chance - before).max() < NEAR:
            break
    return chance


def _fill(chance: Floats, size: int) -> Floats:
    """Scale the chances that are below 1 until all sum to `size`."""
    while abs(chance.sum() - size) > SURE:
        free = chance < 1.0
        chance = np.where(free, chance * (size - (~free).sum()) / chance[free].sum(), 1.0)
        chance = np.minimum(chance, 1.0)
    return chance


def _rows(codes: Sequence[Indices]) -> Floats:
    """Give what the draw keeps, (P, N): the whole number, then each level but the last of its stratum."""
    rows = [np.ones(len(codes[0]))]
    for code in codes:
        rows += [(code == level).astype(float) for level in range(int(code.max()))]
    return np.array(rows)


def _cube(chance: Floats, rows: Floats, generator: np.random.Generator) -> np.ndarray:
    """Decide everything, (N,) of truth values: walk within the cube along directions that change no row's sum.

    Each step is as likely to go one way as makes up for the other, so that no chance changes, and ends where one
    thing more is decided. When too few are open for all rows to be kept, the last row is given up.
    """
    chance = chance.copy()
    open_ = [int(at) for at in generator.permutation(len(chance)) if SURE < chance[at] < 1 - SURE]
    kept = len(rows)
    while open_:
        kept = min(kept, len(open_) - 1)
        taken = np.array(open_[: kept + 1])
        way = np.linalg.svd(rows[:kept, taken])[2][-1] if kept else np.ones(1)
        here = chance[taken]
        with np.errstate(divide="ignore", invalid="ignore"):
            up = np.where(way > SURE, (1 - here) / way, np.where(way < -SURE, -here / way, np.inf)).min()
            down = np.where(way > SURE, here / way, np.where(way < -SURE, (here - 1) / way, np.inf)).min()
        step = up if generator.random() * (up + down) < down else -down
        chance[taken] = np.clip(here + step * way, 0.0, 1.0)
        nearest = taken[np.abs(chance[taken] - 0.5).argmax()]  # decided, but for the arithmetic's last bits
        chance[nearest] = chance[nearest] > 0.5
        done = {int(at) for at in taken if not SURE < chance[at] < 1 - SURE}
        open_ = [at for at in open_ if at not in done]
    return chance > 0.5
