"""Intraclass correlation: how much of the spread of ratings is between units, in its six forms.

Everything follows from mean squares. (1, ·) raters differ from unit to unit; (2, ·) all units have the same
raters, a sample of those who might rate, and must give the same numbers; (3, ·) these raters only, and a rater
who is always a point higher agrees. (·, 1) says how good one rating is, (·, k) the mean of k. Nothing here knows
scales: a number is taken for what it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtri

from rubrics.agreement.chance import CONFIDENCE, ROUNDING, lack
from rubrics.agreement.ratings import Coefficient, RatingTable, rest

NAME = "ICC"
ABOVE = (1 + CONFIDENCE) / 2
NOBODY = "it is not known who gave which rating"
CONSTANT = "all ratings are the same number, so there is no spread to share out"
FEW = "fewer than two units have two ratings"
INCOMPLETE = "fewer than two units are rated by every rater"
FLAT = "the units' means do not differ, and the ICC of means has no lower bound"
EXACT = "no interval: ratings of a unit do not differ at all"


Fit = tuple[float, float | None, float | None]
"""The correlation of single ratings and the ends of its interval, which are None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSquares:
    """An analysis of variance of ratings by units and raters (Shrout and Fleiss 1979, their names)."""

    units: int
    raters: float
    """Ratings a unit; of unequal numbers the mean that belongs to the one-way model."""
    values: int
    between: float
    """BMS, between units."""
    within: float
    """WMS, within units."""
    judges: float | None = None
    """JMS, between raters; None in a one-way analysis."""
    error: float | None = None
    """EMS, what units and raters leave; None in a one-way analysis."""


def correlate(table: RatingTable) -> tuple[Coefficient, ...]:
    """Give ICC(1,1), (2,1), (3,1), (1,k), (2,k) and (3,k), with intervals by F.

    Shrout and Fleiss 1979, Psychol Bull 86:420-428; McGraw and Wong 1996, Psychol Methods 1:30-46. (1, ·) takes
    every unit with two ratings; with unequal numbers k is that of Donner and Koval 1980 (Biometrics 36:19-25),
    and the interval is approximate. (2, ·) and (3, ·) take the units that every rater rated. The intervals take
    units for independent, also those of one cluster.
    """
    one, two = one_way(table), two_way(table)
    reason = lack(table)
    complete = reason or (INCOMPLETE if table.raters else NOBODY)
    fits = (
        ("1", one, _one(one) if one else reason or FEW),
        ("2", two, _two(two) if two else complete),
        ("3", two, _three(two) if two else complete),
    )
    raters = rest(table, least=2)["raters"]
    return tuple(
        _coefficient(f"({model},{size})", squares, fit, raters=raters)
        for size in "1k"
        for model, squares, fit in fits
    )


def one_way(table: RatingTable) -> MeanSquares | None:
    """Analyse all units with two ratings or more, whoever rated; None with fewer than two of them."""
    given = ~np.isnan(table.values)
    used = given.sum(axis=1) >= 2
    many = int(used.sum())
    if many < 2:
        return None
    values, counted = table.values[used], given[used].sum(axis=1)
    total = int(counted.sum())
    known = np.where(given[used], values - np.nanmin(values), 0.0)
    means = known.sum(axis=1) / counted
    between = float(counted @ (means - known.sum() / total) ** 2) / (many - 1)
    apart = np.where(given[used], known - means[:, None], 0.0)
    return MeanSquares(
        units=many,
        raters=float((total - (counted @ counted) / total) / (many - 1)),
        values=total,
        between=between,
        within=float((apart**2).sum()) / (total - many),
    )


def two_way(table: RatingTable) -> MeanSquares | None:
    """Analyse the units that every rater rated; None with fewer than two of them, or of two raters."""
    rated = (~np.isnan(table.values)).any(axis=0)
    values = table.values[:, rated]
    values = values[~np.isnan(values).any(axis=1)]
    many, raters = values.shape
    if not table.raters or many < 2 or raters < 2:
        return None
    values = values - values[0, 0]  # so that equal numbers differ by nothing at all
    values -= values.mean()
    units, judges = values.mean(axis=1), values.mean(axis=0)
    left = values - units[:, None] - judges
    return MeanSquares(
        units=many,
        raters=raters,
        values=many * raters,
        between=float(raters * units @ units) / (many - 1),
        within=float(((values - units[:, None]) ** 2).sum()) / (many * (raters - 1)),
        judges=float(many * judges @ judges) / (raters - 1),
        error=float((left**2).sum()) / ((many - 1) * (raters - 1)),
    )


def _one(squares: MeanSquares) -> Fit | str:
    free = squares.units - 1, squares.values - squares.units
    return _consistency(squares, squares.within, free)


def _three(squares: MeanSquares) -> Fit | str:
    free = squares.units - 1, (squares.units - 1) * (squares.raters - 1)
    return _consistency(squares, squares.error or 0.0, free)


def _consistency(squares: MeanSquares, noise: float, free: tuple[float, float]) -> Fit | str:
    """Fit a model in which F, between units over noise, says all there is."""
    between, raters = squares.between, squares.raters
    if between + noise == 0:
        return CONSTANT
    value = (between - noise) / (between + (raters - 1) * noise)
    if noise < ROUNDING * between:
        return value, None, None
    ratio = between / noise
    low, high = ratio / fdtri(*free, ABOVE), ratio * fdtri(*free[::-1], ABOVE)
    return value, (low - 1) / (low + raters - 1), (high - 1) / (high + raters - 1)


def _two(squares: MeanSquares) -> Fit | str:
    """Fit absolute agreement; its interval's degrees of freedom are Satterthwaite's."""
    n, k = squares.units, squares.raters
    between, judges, error = squares.between, squares.judges or 0.0, squares.error or 0.0
    if between + judges + error == 0:
        return CONSTANT
    value = (between - error) / (between + (k - 1) * error + k * (judges - error) / n)
    if error < ROUNDING * (between + judges):
        return value, None, None
    tilt = k * value * judges / error
    level = n * (1 + (k - 1) * value) - k * value
    free = (k - 1) * (n - 1) * (tilt + level) ** 2 / ((n - 1) * tilt**2 + level**2)
    few, many = fdtri(n - 1, free, ABOVE), fdtri(free, n - 1, ABOVE)
    rest = k * judges + (k * n - k - n) * error
    low = n * (between - few * error) / (few * rest + n * between)
    high = n * (many * between - error) / (rest + n * many * between)
    return value, low, high


def _coefficient(form: str, squares: MeanSquares | None, fit: Fit | str, *, raters: int) -> Coefficient:
    """Give one form; that of a mean follows from single ratings by Spearman and Brown."""
    size = squares.raters if squares and form.endswith("k)") else 1.0
    basis = (
        {"units": squares.units, "values": squares.values, "raters": raters}
        if squares
        else {"raters": raters}
    )
    if isinstance(fit, str):
        return Coefficient(name=NAME, form=form, value=None, why=fit, **basis)
    value, low, high = (None if end is None else _stretch(end, size) for end in fit)
    if value is None:
        return Coefficient(name=NAME, form=form, value=None, why=FLAT, **basis)
    if low is None or high is None:
        return Coefficient(
            name=NAME, form=form, value=value, why=FLAT if fit[1] is not None else EXACT, **basis
        )
    return Coefficient(name=NAME, form=form, value=value, low=low, high=high, method="F", **basis)


def _stretch(single: float, size: float) -> float | None:
    """Give the correlation of means of `size` ratings; None where units differ by nothing, and it has no bound."""
    share = 1 + (size - 1) * single
    return float(size * single / share) if share > ROUNDING else None
