"""Agreement beyond chance for any number of raters, whoever they are: percent, Fleiss, Gwet, Brennan-Prediger.

All are one formula, `(seen - chance) / (1 - chance)`; they differ in what they call chance. So do their errors:
the coefficient is a function of means over units, and the spread of what each unit adds to it, to first order,
is its error (Gwet, Handbook of Inter-Rater Reliability, 4th ed. 2014, ch. 5; Gwet 2008, Br J Math Stat Psychol
61:29-48). A unit with one rating tells how often values are given and nothing of agreement. Nothing here knows
the raters' names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri, stdtrit

from rubrics.agreement.ratings import Coefficient, Floats, RatingTable, count_codes, rest
from rubrics.agreement.weights import Weighting, weigh

CONFIDENCE = 0.95
ROUNDING = 1e-12
"""Shares and errors below this are the arithmetic's."""
ALIKE = "all ratings are the same value, so chance alone would agree as much"
ONE_RATER = "there is only one rater"
NO_PAIR = "no unit has two ratings"
ONE_VALUE = "the scale has a single value"
NO_SPREAD = "no interval: no unit says anything different from the others"
ONE_UNIT = "no interval: there is only one unit, or one cluster of them"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitShares:
    """What each pattern adds to the means; zero for those without a rating."""

    times: Floats
    """(P,) units."""
    paired: Floats
    """(P,) 1 where there are two ratings or more."""
    seen: Floats
    """(P,) share of the pairs of ratings that agree, each pair by its weight; 0 without a pair."""
    shares: Floats
    """(P, Q) how the ratings spread over the scale, adding up to 1."""

    @property
    def units(self) -> float:
        """Units with a rating."""
        return float(self.times @ (self.shares.sum(axis=1) > 0))

    @property
    def agreement(self) -> float:
        """The share of agreeing pairs, each unit with a pair weighing the same."""
        return float(self.times @ self.seen / (self.times @ self.paired))

    @property
    def usage(self) -> Floats:
        """How often each value is given, (Q,), each unit weighing the same."""
        return self.times @ self.shares / self.units


Chance = Callable[[UnitShares, Floats], Floats]
"""From what units add and the weights (Q, Q): what each pattern adds to the agreement by chance, (P,)."""


def percent_agreement(table: RatingTable) -> Coefficient:
    """Give the share of pairs of ratings of the same unit that are alike; chance is not taken out.

    Units with a single rating do not count.
    """
    name, basis, missing = "Percent agreement", rest(table, least=2), lack(table)
    if missing:
        return Coefficient(name=name, form="exact", value=None, why=missing, **basis)
    part = measure(table, weigh(table.scale, "unweighted"))
    value = part.agreement
    linear = (part.paired * (part.seen - value))[table.patterns.of]
    interval = reach(table, value, linear, basis["units"], least=0.0)
    return Coefficient(name=name, form="exact", value=value, **basis, **interval)


def fleiss_kappa(table: RatingTable, weighting: Weighting = "unweighted") -> Coefficient:
    """Give Fleiss' kappa: by chance, all raters give values as often as they are given on the whole.

    Fleiss 1971, Psychol Bull 76:378-382; with missing ratings and weights after Gwet 2014.
    """

    def chance(part: UnitShares, weights: Floats) -> Floats:
        return part.shares @ (weights @ part.usage)

    return _coefficient("Fleiss' kappa", table, weighting, chance)


def gwet_ac(table: RatingTable, weighting: Weighting = "unweighted") -> Coefficient:
    """Give Gwet's AC1, or AC2 when weighted: by chance, only what is hard to rate is rated at random.

    Hardly falls where nearly all ratings are the same value, as kappa and alpha do. It depends on how many values
    the scale has.
    """

    def chance(part: UnitShares, weights: Floats) -> Floats:
        size = len(weights)
        return weights.sum() / (size * (size - 1)) * (part.shares @ (1 - part.usage))

    name = "Gwet's AC1" if weighting == "unweighted" else "Gwet's AC2"
    return _coefficient(name, table, weighting, chance, least=2)


def brennan_prediger(table: RatingTable, weighting: Weighting = "unweighted") -> Coefficient:
    """Give Brennan and Prediger's coefficient: by chance, every value of the scale is as likely.

    Brennan and Prediger 1981, Educ Psychol Meas 41:687-699. It depends on how many values the scale has.
    """

    def chance(part: UnitShares, weights: Floats) -> Floats:
        return weights.mean() * part.shares.sum(axis=1)

    return _coefficient("Brennan-Prediger", table, weighting, chance, least=2)


def category_kappas(table: RatingTable) -> tuple[float | None, ...]:
    """Give Fleiss' kappa of each value of the scale against all others.

    None where it is undefined, as for a value that no unit with two ratings got.
    """
    if lack(table):
        return (None,) * len(table.scale)
    counts = count_codes(table.patterns, len(table.scale))
    part = measure(table, weigh(table.scale, "unweighted"))
    given = table.patterns.given[:, None]
    others = given - counts
    pairs = np.maximum(given * (given - 1), 1)
    alike = (counts * (counts - 1) + others * (others - 1)) / pairs * part.paired[:, None]
    seen = part.times @ alike / (part.times @ part.paired)
    chance = part.usage**2 + (1 - part.usage) ** 2
    chance = np.where((part.times * part.paired) @ counts > 0, chance, 1.0)
    return tuple(
        float((s - c) / (1 - c)) if 1 - c > ROUNDING else None for s, c in zip(seen, chance, strict=True)
    )


def fleiss_z(table: RatingTable) -> float | None:
    """Give Fleiss' kappa over its standard error were there no agreement but by chance.

    Fleiss, Nee and Landis 1979, Psychol Bull 86:974-977. None when units differ in their number of ratings, for
    which the error is not known, or kappa is undefined.
    """
    kappa = fleiss_kappa(table).value
    given = np.unique(table.patterns.given[table.patterns.given > 0])
    if kappa is None or len(given) != 1:
        return None
    part = measure(table, weigh(table.scale, "unweighted"))
    share = part.usage
    spread = share @ (1 - share)
    skew = (share * (1 - share)) @ (1 - 2 * share)
    variance = 2 * (spread**2 - skew) / (part.units * given[0] * (given[0] - 1) * spread**2)
    return float(kappa / np.sqrt(variance))


def specific_agreement(table: RatingTable) -> tuple[float | None, ...]:
    """Give for each value: when one rater gives it, how often another one does too; None when nobody can tell.

    Of two values these are the positive and the negative agreement of Cicchetti and Feinstein 1990.
    """
    counts = count_codes(table.patterns, len(table.scale))
    others = counts.sum(axis=1, keepdims=True) - 1
    both = table.patterns.times @ (counts * (counts - 1))
    chances = table.patterns.times @ (counts * others)
    return tuple(float(b / c) if c > 0 else None for b, c in zip(both, chances, strict=True))


def measure(table: RatingTable, weights: Floats) -> UnitShares:
    """Give what each pattern adds to the means."""
    counts = count_codes(table.patterns, len(table.scale))
    given = table.patterns.given.astype(float)
    agreeing = (counts * (counts @ weights - 1)).sum(axis=1)
    pairs = given * (given - 1)
    return UnitShares(
        times=table.patterns.times,
        paired=(given >= 2).astype(float),
        seen=np.divide(agreeing, pairs, out=np.zeros_like(agreeing), where=pairs > 0),
        shares=counts / np.maximum(given, 1)[:, None],
    )


def reach(
    table: RatingTable, value: float, linear: Floats, units: int, *, normal: bool = False, least: float = -1.0
) -> dict[str, Any]:
    """Give the interval of a mean over units within least … 1, by t or normal, as the fields of a coefficient.

    t has one degree of freedom less than there are clusters; `normal` is the large-sample interval, for which the
    error has no small-sample factor either. For `linear` see linear_error.
    """
    groups = _groups(table, linear, units)
    error = linear_error(table, linear, units)
    if error is None:
        return {"why": NO_SPREAD if groups > 1 else ONE_UNIT}
    above = (1 + CONFIDENCE) / 2
    if normal:
        error *= float(np.sqrt((groups - 1) / groups))
    half = float(ndtri(above) if normal else stdtrit(groups - 1, above)) * error
    low, high = max(min(least, value), value - half), min(1.0, value + half)
    return {"low": low, "high": high, "error": error, "method": "normal" if normal else "t"}


def linear_error(table: RatingTable, linear: Floats, units: int) -> float | None:
    """Give the standard error of a mean over units; None when fewer than two clusters or without any spread.

    `linear` (U,) is what each unit adds to the mean, less the mean; zero for a unit that does not count. The error
    is `sqrt(G / (G-1) · Σ_g (Σ_i x_i)²) / n` over G clusters, which are the n units themselves when none belong
    together.
    """
    groups = _groups(table, linear, units)
    if groups < 2:
        return None
    sums = np.bincount(table.cluster, weights=linear)
    error = float(np.sqrt(sums @ sums * groups / (groups - 1))) / units
    return error if error > ROUNDING else None


def _groups(table: RatingTable, linear: Floats, units: int) -> int:
    return len(np.unique(table.cluster[linear != 0])) if table.clustered else units


def lack(table: RatingTable) -> str:
    """Say why no coefficient can be had of a table; empty when one can."""
    if table.raters and int((~np.isnan(table.values)).any(axis=0).sum()) < 2:
        return ONE_RATER
    return "" if (table.patterns.given >= 2).any() else NO_PAIR


def _coefficient(
    name: str, table: RatingTable, weighting: Weighting, chance: Chance, *, least: int = 1
) -> Coefficient:
    """Compute one of the family; `least` is how many values the scale must have."""
    basis = rest(table)
    missing = lack(table) or (ONE_VALUE if len(table.scale) < least else "")
    if missing:
        return Coefficient(name=name, form=weighting, value=None, why=missing, **basis)
    weights = weigh(table.scale, weighting)
    part = measure(table, weights)
    guessed = chance(part, weights)
    luck = float(part.times @ guessed / part.units)
    if 1 - luck < ROUNDING:
        return Coefficient(name=name, form=weighting, value=None, why=ALIKE, **basis)
    value = (part.agreement - luck) / (1 - luck)
    scaled = part.paired * part.units / (part.times @ part.paired)
    linear = (scaled * (part.seen - luck) - 2 * (1 - value) * (guessed - luck)) / (1 - luck) - value
    linear = np.where(table.patterns.given > 0, linear, 0.0)[table.patterns.of]
    interval = reach(table, value, linear, basis["units"])
    return Coefficient(name=name, form=weighting, value=value, **basis, **interval)
