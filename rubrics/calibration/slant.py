"""Where the jury errs, and which way: bias by stratum, and credit or blame that clinicians would not give.

A map that is right on the whole can be wrong on dark skin, so bias is shown for each level of each stratum,
before and after, with a test against all other levels. Rates of false credit and blame are given those that
clinicians scored low or high: how common these are does not move them. Nothing here knows how scores were made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from rubrics.numbers.means import average, within
from rubrics.numbers.multiple import hochberg
from rubrics.numbers.table import Factor, Table
from rubrics.numbers.values import CONFIDENCE, Estimate, surprise
from rubrics.scores import Flags, Floats

GOOD, POOR = 4.0, 2.0
"""Scores from which on something is good, and down to which it is poor."""
FEWEST_CASES = 5
"""Labelled cases a level needs."""
NEAR = 1e-9
"""A mean of adjusted votes may miss a whole number by the arithmetic's last bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumBias:
    """Score less label on one level of a stratum, in points."""

    stratum: str
    level: str
    raw: Estimate
    calibrated: Estimate
    p: float | None
    """That the calibrated bias is that of the other levels."""
    adjusted: float | None
    """The same, Benjamini and Hochberg over all levels of the dimension."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseRate:
    """How often the jury gives what clinicians would not."""

    kind: str
    """credit: the jury says at least 4 where clinicians say at most 2. blame: the other way round."""
    scale: str
    """raw or calibrated scores."""
    hits: int
    n: int
    """Labelled conversations that clinicians scored so."""
    rate: float | None
    """0 to 1; None where there are none."""
    upper: float | None
    """One-sided 95 % bound, Clopper and Pearson; conversations count as if each were of a case of its own."""


def slant(
    table: Table, raw: Floats, calibrated: Floats, strata: Mapping[str, Factor]
) -> tuple[StratumBias, ...]:
    """Give the bias by stratum; `raw` and `calibrated` (C,) are score less label, NaN without a label."""
    gaps = np.column_stack([raw, calibrated])
    rows = []
    for title, stratum in strata.items():
        for level, name in enumerate(stratum.names):
            index = np.where(stratum.index < 0, -1, (stratum.index != level).astype(np.int64))
            means = average(table, gaps, case=table.case.index, index=index, groups=2)
            if means.clusters[0, 1] < FEWEST_CASES:
                continue
            apart = means.influence[:, 0, 1] - means.influence[:, 1, 1]
            freedom = min(means.clusters[:, 1]) - 1
            chance = surprise(means.value[0, 1] - means.value[1, 1], float(np.sqrt(apart @ apart)), freedom)
            both = means.estimates()[0]
            rows.append((title, name, both, chance))
    adjusted = hochberg([row[3] for row in rows])
    return tuple(
        StratumBias(stratum=title, level=name, raw=both[0], calibrated=both[1], p=chance, adjusted=after)
        for (title, name, both, chance), after in zip(rows, adjusted, strict=True)
    )


def choose(table: Table, raw: Floats, labelled: Flags) -> float | None:
    """Give the p of labelled conversations being scored by the jury as the others of the same models are.

    What was labelled by chance is like the rest; `raw` (C,) are the jury's scores. None where nothing is unlabelled.
    """
    inner = within(raw[~np.isnan(raw), None], table.model.index[~np.isnan(raw)])
    values = np.full((len(raw), 1), np.nan)
    values[~np.isnan(raw)] = inner
    means = average(table, values, case=table.case.index, index=(~labelled).astype(np.int64), groups=2)
    if (means.clusters[:, 0] < FEWEST_CASES).any():
        return None
    apart = means.influence[:, 0, 0] - means.influence[:, 1, 0]
    gap = means.value[0, 0] - means.value[1, 0]
    return surprise(gap, float(np.sqrt(apart @ apart)), int(min(means.clusters[:, 0])) - 1)


def misjudge(raw: Floats, calibrated: Floats, label: Floats) -> tuple[FalseRate, ...]:
    """Count false credit and false blame; scores and labels are (n,), all known."""
    poor, good = label <= POOR + NEAR, label >= GOOD - NEAR
    rows = []
    for scale, score in (("raw", raw), ("calibrated", calibrated)):
        for kind, among, wrong in (
            ("credit", poor, score >= GOOD - NEAR),
            ("blame", good, score <= POOR + NEAR),
        ):
            n, hits = int(among.sum()), int((among & wrong).sum())
            bound = (
                1.0 if n and hits == n else float(betaincinv(hits + 1, n - hits, CONFIDENCE)) if n else None
            )
            rows.append(
                FalseRate(kind=kind, scale=scale, hits=hits, n=n, rate=hits / n if n else None, upper=bound)
            )
    return tuple(rows)
