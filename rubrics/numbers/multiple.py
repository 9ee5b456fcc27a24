"""Many tests at once: p values that may be read side by side.

Nothing here knows what was tested; None stands for a test that could not be made and is not counted as one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import false_discovery_control

from rubrics.scores import Floats


def holm(chances: Sequence[float | None]) -> list[float | None]:
    """Adjust so that any false finding among all has at most the level's chance (Holm 1979)."""
    return _among(chances, _step_down)


def hochberg(chances: Sequence[float | None]) -> list[float | None]:
    """Adjust so that the share of false findings is at most the level (Benjamini and Hochberg 1995)."""
    return _among(chances, false_discovery_control)


def _step_down(known: Floats) -> Floats:
    order = np.argsort(known, kind="stable")
    stepped = np.maximum.accumulate(known[order] * np.arange(len(known), 0, -1))
    adjusted = np.empty_like(known)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _among(chances: Sequence[float | None], adjust: Callable[[Floats], Floats]) -> list[float | None]:
    at = [place for place, chance in enumerate(chances) if chance is not None]
    answers: list[float | None] = [None] * len(chances)
    if at:
        for place, value in zip(at, adjust(np.array([chances[p] for p in at])), strict=True):
            answers[place] = float(value)
    return answers
