"""Cohen's kappa: two raters who are known, each with habits of his own.

Chance is what two independent raters would agree on if each kept giving values as often as he does. For more
than two raters it is the mean over all pairs (Light 1971, Psychol Bull 76:365-377). Nothing here knows how
raters came to rate.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from rubrics.agreement.chance import ALIKE, ROUNDING, lack, reach
from rubrics.agreement.ratings import Coefficient, Floats, RatingTable, rest
from rubrics.agreement.weights import Weighting, weigh

NAME = "Cohen's kappa"
NOBODY = "it is not known who gave which rating"
NONE_SHARED = "there is no unit that both rated"
MOST_RATERS = 25
"""Of more, the 300 pairs and upwards are not looked at one by one; Fleiss' kappa says much the same."""
CROWD = f"over {MOST_RATERS} raters are too many pairs; see Fleiss' kappa"


def cohen_kappa(table: RatingTable, weighting: Weighting = "unweighted") -> Coefficient:
    """Give the kappa of two raters, or the mean over all pairs of more.

    Cohen 1960 and 1968; large-sample error of Fleiss, Cohen and Everitt 1969 (Psychol Bull 72:323-327) for two,
    its mean over pairs for more, normal interval. Only units that both of a pair rated count. A pair whose kappa
    is undefined makes the mean so.
    """
    missing = _missing(table)
    basis = rest(table, least=2)
    if missing:
        return Coefficient(name=NAME, form=weighting, value=None, why=missing, **basis)
    values, linear = [], np.zeros(len(table.units))
    for first, second in combinations(range(len(table.raters)), 2):
        both = ~np.isnan(table.values[:, [first, second]]).any(axis=1)
        value, parts = _pair(table, (first, second), weigh(table.scale, weighting))
        if value is None:
            pair = f"{table.raters[first]} and {table.raters[second]}: "
            why = (pair if len(table.raters) > 2 else "") + (ALIKE if both.any() else NONE_SHARED)
            return Coefficient(name=NAME, form=weighting, value=None, why=why, **basis)
        values.append(value)
        linear[both] += parts * basis["units"] / both.sum()
    mean = float(np.mean(values))
    interval = reach(table, mean, linear / len(values), basis["units"], normal=True)
    return Coefficient(name=NAME, form=weighting, value=mean, **basis, **interval)


def cross_tabulate(table: RatingTable) -> Floats:
    """Count pairs of values, (Q, Q).

    Of two raters: units that the first rated as the row says and the second as the column says. Of more, or of
    unknown ones: every pair of ratings of a unit, both ways round.
    """
    size = len(table.scale)
    counts = np.zeros(size * size)
    columns = range(table.values.shape[1])
    for first, second in combinations(columns, 2):
        counts += np.bincount(_cells(table, (first, second)), minlength=size * size)
    square = counts.reshape(size, size)
    return square if len(table.raters) == 2 else square + square.T


def _missing(table: RatingTable) -> str:
    if not table.raters:
        return NOBODY
    return lack(table) or (CROWD if len(table.raters) > MOST_RATERS else "")


def _pair(table: RatingTable, pair: tuple[int, int], weights: Floats) -> tuple[float | None, Floats]:
    """Give kappa and what each unit that both rated adds to it, less the mean; None when undefined."""
    cells = _cells(table, pair)
    if not len(cells):
        return None, np.zeros(0)
    size = len(weights)
    share = np.bincount(cells, minlength=size * size).reshape(size, size) / len(cells)
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    seen, luck = float((weights * share).sum()), float(rows @ weights @ columns)
    if 1 - luck < ROUNDING:
        return None, np.zeros(0)
    value = (seen - luck) / (1 - luck)
    habit = (weights @ columns)[:, None] + rows @ weights
    linear = (weights * (1 - luck) - habit * (1 - seen)) / (1 - luck) ** 2
    return value, (linear - (linear * share).sum()).ravel()[cells]


def _cells(table: RatingTable, pair: tuple[int, int]) -> Floats:
    """Give, for each unit that both rated, the number of its cell in their table."""
    values = table.values[:, pair]
    places = np.searchsorted(table.scale, values[~np.isnan(values).any(axis=1)])
    return places[:, 0] * len(table.scale) + places[:, 1]
