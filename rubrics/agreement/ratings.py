"""Who rated what, and what a coefficient of agreement is.

Everything turns on one table, units by raters with NaN where nobody rated, and on its patterns: units whose
ratings are the same up to who gave them. Most coefficients do not ask who, so they look at each pattern once and
count how often it came; a million ratings on a scale of five are a few dozen patterns. Nothing here knows any
coefficient, or where ratings come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

LARGEST = float(2**62)
"""Patterns are told apart by one whole number each, as long as it stays below this."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RatingPatterns:
    """The different sets of ratings that units got."""

    codes: Indices
    """(P, R) places on the scale, ascending; the scale's length where there is no rating."""
    times: Floats
    """(P,) units with this set."""
    of: Indices
    """(U,) the pattern of each unit."""
    given: Indices
    """(P,) ratings in the set."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RatingTable:
    """Ratings of U units by R raters; Q values can be given."""

    units: tuple[str, ...]
    raters: tuple[str, ...]
    """Empty when it is not known who gave which rating: the columns are then no raters, and whatever needs to know
    who rated is undefined."""
    values: Floats
    """(U, R) NaN where there is no rating."""
    scale: Floats
    """(Q,) the values that could be given, ascending; those that were, when nobody says."""
    cluster: Indices
    """(U,) units with the same number are alike (conversations about one case) and are drawn together."""
    patterns: RatingPatterns

    @classmethod
    def of(
        cls,
        values: ArrayLike,
        *,
        units: Sequence[str] = (),
        raters: Sequence[str] | None = None,
        scale: ArrayLike | None = None,
        cluster: ArrayLike | None = None,
    ) -> RatingTable:
        """Make a table of (U, R) values, NaN where missing; names are numbers when none are given.

        Units without any rating are kept and count nowhere. Raises ValueError when a value is not on the scale, or
        names and values do not fit each other.
        """
        table = np.asarray(values, dtype=float)
        many, width = table.shape
        names = tuple(units) or tuple(map(str, range(1, many + 1)))
        who = tuple(map(str, range(1, width + 1))) if raters is None else tuple(raters)
        together = np.arange(many) if cluster is None else np.unique(cluster, return_inverse=True)[1]
        if len(names) != many or len(who) not in (0, width) or len(together) != many:
            raise ValueError(
                f"{len(names)} units, {len(who)} raters, {len(together)} clusters for {many} by {width} values"
            )
        seen = np.unique(table[~np.isnan(table)]) if scale is None else np.unique(np.asarray(scale, float))
        return cls(
            units=names,
            raters=who,
            values=table,
            scale=seen,
            cluster=together,
            patterns=_condense(_places(table, seen), len(seen)),
        )

    @property
    def clustered(self) -> bool:
        """Tell whether some units are to be drawn together."""
        return bool(len(self.cluster)) and int(self.cluster.max()) + 1 < len(self.cluster)

    def pick(self, *columns: int) -> RatingTable:
        """Give the table of some raters only, on the same scale."""
        return RatingTable.of(
            self.values[:, columns],
            units=self.units,
            raters=[self.raters[column] for column in columns],
            scale=self.scale,
            cluster=self.cluster,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """One measure of agreement, with what it rests on."""

    name: str
    """Whose coefficient: "Krippendorff's alpha"."""
    form: str
    """Which of its forms: a level, weights, or the model of an ICC."""
    value: float | None
    """1 is perfect agreement, 0 what chance or nothing but noise gives; None when undefined, and `why` says why."""
    low: float | None = None
    """Lower end of the 95 % interval; None when there is none."""
    high: float | None = None
    error: float | None = None
    """Standard error by a formula; None where there is none."""
    method: str = ""
    """How the interval came about; empty without one."""
    units: int = 0
    """Units it rests on."""
    raters: int = 0
    """Raters who rated these; 0 when it is not known who rated."""
    values: int = 0
    """Ratings it rests on."""
    why: str = ""
    """Why the value or the interval is missing; empty when nothing is."""


def count_codes(patterns: RatingPatterns, size: int) -> Floats:
    """Count how often each pattern holds each of the `size` places on the scale, (P, Q)."""
    many = len(patterns.codes)
    flat = np.arange(many)[:, None] * (size + 1) + patterns.codes
    return np.bincount(flat.ravel(), minlength=many * (size + 1)).reshape(many, -1)[:, :size].astype(float)


def rest(table: RatingTable, least: int = 1) -> dict[str, int]:
    """Count what a coefficient rests on that takes every unit with at least so many ratings."""
    patterns = table.patterns
    used = patterns.given >= least
    raters = 0
    if table.raters:
        rows = table.values if used.all() else table.values[used[patterns.of]]
        raters = sum(not np.isnan(column).all() for column in rows.T)
    return {
        "units": int(patterns.times[used].sum()),
        "raters": raters,
        "values": int(patterns.times[used] @ patterns.given[used]),
    }


def squeeze(unit: Indices, value: Floats, units: int) -> Floats:
    """Lay ratings out side by side whoever gave them: (U, most ratings of a unit), NaN behind the last."""
    order = np.argsort(unit, kind="stable")
    many = np.bincount(unit, minlength=units)
    column = np.arange(len(unit)) - np.repeat(np.cumsum(many) - many, many)
    table = np.full((units, int(many.max(initial=0))), np.nan)
    table[unit[order], column] = value[order]
    return table


def _places(values: Floats, scale: Floats) -> Indices:
    """Give each value's place on the scale; the scale's length for NaN."""
    given = ~np.isnan(values)
    places = np.where(given, np.searchsorted(scale, values), len(scale))
    padded = np.append(scale, np.nan)
    strange = given & (padded[places] != values)
    if strange.any():
        raise ValueError(f"the value {values[strange][0]:g} is not on the scale {', '.join(map(str, scale))}")
    return places


def _condense(places: Indices, size: int) -> RatingPatterns:
    codes = np.sort(places, axis=1)
    many, width = codes.shape
    if (size + 1.0) ** width < LARGEST:
        number = codes @ (size + 1) ** np.arange(width, dtype=np.int64)
        _, first, of, times = np.unique(number, return_index=True, return_inverse=True, return_counts=True)
        codes = codes[first]
    else:  # so many raters or values that hardly two units are alike
        of, times = np.arange(many), np.ones(many)
    return RatingPatterns(
        codes=codes, times=times.astype(float), of=of, given=(codes < size).sum(axis=1, dtype=np.int64)
    )
