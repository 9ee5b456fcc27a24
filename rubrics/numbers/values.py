"""What every number is made of: an estimate, and what it rests on.

A number without its n is an opinion, so no table holds a bare one. Nothing here knows where numbers come from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

CONFIDENCE = 0.95
ROUNDING = 1e-9
"""Points; a smaller standard error is the arithmetic's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a number rests on."""

    n: int
    """Units that are in it: conversations, scenarios or votes, as the table says."""
    clusters: int
    """Cases these are about."""
    missing: int
    """Units that should be in it and have no score."""
    abstained: int
    """Votes that would have counted but were not given or could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its interval."""

    value: float | None
    """None where nothing is known."""
    low: float | None
    """Lower end of the 95 % interval; None with fewer than two cases, or without any spread."""
    high: float | None
    basis: Basis


def estimate(value: float, error: float, freedom: float, *, basis: Basis) -> Estimate:
    """Put `value ± t(freedom, 0.975) · error` together; what is NaN becomes None."""
    if np.isnan(value):
        return Estimate(value=None, low=None, high=None, basis=basis)
    if not (error > ROUNDING and freedom > 0):
        return Estimate(value=float(value), low=None, high=None, basis=basis)
    half = stdtrit(freedom, (1 + CONFIDENCE) / 2) * error
    return Estimate(value=float(value), low=float(value - half), high=float(value + half), basis=basis)


def surprise(value: float, error: float, freedom: float) -> float | None:
    """Give the two-sided p of `value` being zero, by Student's t; None without an error to hold it against."""
    if np.isnan(value) or not (error > ROUNDING and freedom > 0):
        return None
    return float(2 * stdtr(freedom, -abs(value) / error))
