"""Every coefficient that makes sense for a table, and what stands behind them.

The coefficients disagree by design, so none is shown alone: one glance at the pairs of raters, the values they use
and the raw pairs of ratings tells why. Nothing here knows where the table came from or how it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rubrics.agreement.alpha import LEVELS, Level, alphas
from rubrics.agreement.bootstrap import DRAWS
from rubrics.agreement.chance import (
    brennan_prediger,
    category_kappas,
    fleiss_kappa,
    fleiss_z,
    gwet_ac,
    lack,
    percent_agreement,
    specific_agreement,
)
from rubrics.agreement.icc import MeanSquares, correlate, one_way, two_way
from rubrics.agreement.kappa import MOST_RATERS, cohen_kappa, cross_tabulate
from rubrics.agreement.ratings import Coefficient, Floats, RatingTable, count_codes
from rubrics.agreement.weights import Weighting

MOST_VALUES = 25
"""Different values up to which they are categories; more are numbers on a line, and kappas of no use."""
NOMINAL: tuple[Weighting, ...] = ("unweighted",)
ORDERED: tuple[Weighting, ...] = ("unweighted", "linear", "quadratic")


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterPair:
    """Two raters side by side."""

    first: str
    second: str
    percent: Coefficient
    kappa: Coefficient
    """Cohen's; quadratic where values have an order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterUse:
    """What one rater gave."""

    rater: str
    ratings: int
    mean: float | None
    """None for words."""
    spread: float | None
    """Standard deviation; None for words or fewer than two ratings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueUse:
    """How one value of the scale was used."""

    label: str
    ratings: int
    share: float
    """0 to 1, of all ratings."""
    specific: float | None
    """0 to 1: when one rater gives it, how often another one does; None when nobody can tell."""
    kappa: float | None
    """Fleiss' kappa of this value against all others; None when undefined."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AgreementSurvey:
    """What a table says of agreement."""

    level: Level
    missing: str
    """Why there is nothing to say at all; empty when there is."""
    coefficients: tuple[Coefficient, ...] = ()
    """Alpha at the level asked for comes first."""
    squares: tuple[MeanSquares, ...] = ()
    """Of the ICCs: one-way, then two-way, as far as they can be had."""
    z: float | None = None
    """Fleiss' kappa over its error by chance alone; None when units differ in their number of ratings."""
    pairs: tuple[RaterPair, ...] = ()
    raters: tuple[RaterUse, ...] = ()
    values: tuple[ValueUse, ...] = ()
    table: Floats | None = None
    """(Q, Q) pairs of values, see cross_tabulate; None when the values are too many."""


def survey(
    table: RatingTable,
    level: Level,
    labels: Sequence[str],
    generator: np.random.Generator,
    *,
    numeric: bool = True,
    draws: int = DRAWS,
) -> AgreementSurvey:
    """Compute all that fits the level; `labels` name the values of the scale, which are words unless numeric."""
    few = len(table.scale) <= MOST_VALUES
    raters = _raters(table, numeric)
    values = _values(table, labels) if few else ()
    missing = lack(table)
    if missing:
        return AgreementSurvey(level=level, missing=missing, raters=raters, values=values)
    levels = (level, *(other for other in LEVELS if other != level)) if numeric else ("nominal",)
    if not few:  # on a line of numbers the other levels mean little, and cost much
        levels = (level,)
    weightings = NOMINAL if level == "nominal" else ORDERED
    ordered = numeric and level != "nominal"
    return AgreementSurvey(
        level=level,
        missing="",
        coefficients=(
            *alphas(table, levels, generator, draws=draws),
            *(_by_category(table, weightings) if few else ()),
            *(correlate(table) if ordered else ()),
        ),
        squares=tuple(s for s in (one_way(table), two_way(table)) if s) if ordered else (),
        z=fleiss_z(table) if few else None,
        pairs=_pairs(table, weightings[-1]) if few else (),
        raters=raters,
        values=values,
        table=cross_tabulate(table) if few else None,
    )


def _by_category(table: RatingTable, weightings: Sequence[Weighting]) -> tuple[Coefficient, ...]:
    graded: tuple[Weighting, ...] = (*weightings, "ordinal") if len(weightings) > 1 else tuple(weightings)
    return (
        percent_agreement(table),
        *(cohen_kappa(table, weighting) for weighting in weightings),
        *(fleiss_kappa(table, weighting) for weighting in weightings),
        *(gwet_ac(table, weighting) for weighting in graded),
        *(brennan_prediger(table, weighting) for weighting in weightings),
    )


def _pairs(table: RatingTable, weighting: Weighting) -> tuple[RaterPair, ...]:
    if not 2 < len(table.raters) <= MOST_RATERS:
        return ()
    pairs = []
    for first, second in combinations(range(len(table.raters)), 2):
        two = table.pick(first, second)
        pairs.append(
            RaterPair(
                first=table.raters[first],
                second=table.raters[second],
                percent=percent_agreement(two),
                kappa=cohen_kappa(two, weighting),
            )
        )
    return tuple(pairs)


def _raters(table: RatingTable, numeric: bool) -> tuple[RaterUse, ...]:
    uses = []
    for rater, column in zip(table.raters, table.values.T, strict=False):
        given = column[~np.isnan(column)]
        uses.append(
            RaterUse(
                rater=rater,
                ratings=len(given),
                mean=float(given.mean()) if numeric and len(given) else None,
                spread=float(given.std(ddof=1)) if numeric and len(given) > 1 else None,
            )
        )
    return tuple(uses)


def _values(table: RatingTable, labels: Sequence[str]) -> tuple[ValueUse, ...]:
    times = table.patterns.times @ count_codes(table.patterns, len(table.scale))
    return tuple(
        ValueUse(label=label, ratings=int(many), share=float(many / times.sum()), specific=again, kappa=kappa)
        for label, many, again, kappa in zip(
            labels, times, specific_agreement(table), category_kappas(table), strict=True
        )
    )
