"""How good a model's own probabilities are: the differential scored, the confidence held against being right.

The one idea: what a model says it believes is a forecast, and forecasts have scores that lying does not improve.
Scores are means with intervals clustered by case; what is made of all confidences at once (calibration error, AUROC,
the accuracy of the surest) is drawn again by case. Nothing here knows a condition, or how an interview was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.special import expit, logit, ndtri

from rubrics.numbers.confidence import (
    BINS,
    COVERAGE,
    DRAWS,
    auroc,
    count,
    gaps,
    luck,
    percents,
    redraw,
    selective,
)
from rubrics.numbers.means import average
from rubrics.numbers.table import Factor
from rubrics.numbers.triage import interval, wilson
from rubrics.numbers.values import CONFIDENCE, ROUNDING, Basis, Estimate
from rubrics.scores import Floats

FLOOR = 0.01
"""Least probability that the log score reckons with: a truth that was not named costs ln 100 and not infinity."""
SCORES = ("brier", "brier_strict", "log", "overconfidence", "top_1", "top_3")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Foretold:
    """What each conversation's exit interview said, as columns (C,); NaN throughout where none was given."""

    true: Sequence[float]
    """Chance given to the true condition, 0 to 1; 0 where it was not named."""
    first: Sequence[float]
    """Chance given to the likeliest possibility: the confidence."""
    squares: Sequence[float]
    """Sum of the squared chances of the other possibilities than the true one."""
    rest: Sequence[float]
    """Chance left for something else."""
    place: Sequence[float]
    """Of the true condition, likeliest first, from 1; 0 where it was not named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How good one model's probabilities are; n counts conversations with an interview, missing those without."""

    model: str
    brier: Estimate
    """Mean squared error over the possibilities and "something else", 0 best to 2 (Brier 1950). A truth outside the
    list is "something else", so who names little can do well by it: read it beside the next."""
    brier_strict: Estimate
    """The same with what is left spread thinly over all that was not named, so that vagueness earns nothing: a truth
    outside the list costs 1 and the squares of what was named."""
    log: Estimate
    """Mean -ln of the chance of the truth, no less than 1 % of it: 0 best, 4.6 where it was not named."""
    top_1: Estimate
    """Share with the true condition as the likeliest."""
    top_3: Estimate
    """Share with it among the three likeliest."""
    ece: Estimate
    """Expected calibration error of the confidence in ten bins, 0 to 1."""
    ece_chance: float | None
    """What the calibration error would be on average were every percent just right, by the luck of n conversations
    that are independent; None without any."""
    auroc: Estimate
    """Chance that a right answer was stated more surely than a wrong one; none where all were right, or none."""
    overconfidence: Estimate
    """Mean confidence less the share that was right, -1 to 1."""
    selective: Estimate
    """Share right among the surest 80 % of the conversations; those on the edge count in part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Conversations of one model with confidences that are alike."""

    model: str
    low: float
    """Least confidence, 0 to 1."""
    high: float
    """Below this, except for the last bin, which holds 1."""
    confidence: float | None
    """Mean; None in an empty bin."""
    right: Estimate
    """Share that was right; its basis holds n."""


def forecast(
    told: Foretold, model: Factor, case: Factor, generator: np.random.Generator, *, draws: int = DRAWS
) -> tuple[Forecast, ...]:
    """Score every model's forecasts; `model` and `case` are each conversation's, a model index of -1 is left out."""
    scores = _scores(_columns(told))
    means = average(
        _Cases(len(case.names)),
        np.column_stack([scores[name] for name in SCORES]),
        case=case.index,
        index=model.index,
        groups=len(model.names),
    )
    estimates = means.estimates()
    counts = count(np.asarray(told.first, dtype=float), scores["top_1"], model, case)
    drawn = redraw(counts, len(model.names), generator, draws)
    rows = []
    for m, name in enumerate(model.names):
        row = dict(zip(SCORES, estimates[m], strict=True))
        row |= {top: wilson(means, m, SCORES.index(top)) for top in ("top_1", "top_3")}
        basis, (n, hit) = means.basis(m, 0), counts.of(m)
        again = {kind: values[:, m] for kind, values in drawn.items()}
        rows.append(
            Forecast(
                model=name,
                **row,
                ece=_apart(gaps(n, hit), again["gaps"], basis),
                ece_chance=luck(n),
                auroc=_bounded(float(auroc(n, hit)), again["auroc"], basis),
                selective=_shared(float(selective(n, hit)), again["selective"], basis),
            )
        )
    return tuple(rows)


def reliability(told: Foretold, model: Factor, case: Factor) -> tuple[ReliabilityBin, ...]:
    """Give ten bins of confidence for every model, in the order of the models, the least sure first."""
    known = _columns(told)
    given = ~np.isnan(known["first"]) & (model.index >= 0)
    bins = np.zeros(len(given), dtype=np.int64)
    bins[given] = np.minimum(percents(known["first"][given]) // 10, len(BINS) - 1)
    index = np.where(given, model.index * len(BINS) + bins, -1)
    values = np.column_stack([(known["place"] == 1).astype(float), known["first"]])
    means = average(
        _Cases(len(case.names)),
        np.where(given[:, None], values, np.nan),
        case=case.index,
        index=index,
        groups=len(model.names) * len(BINS),
    )
    return tuple(
        ReliabilityBin(
            model=name,
            low=low / 100,
            high=(low + 10) / 100,
            confidence=None if np.isnan(means.value[at, 1]) else float(means.value[at, 1]),
            right=wilson(means, at),
        )
        for at, (name, low) in enumerate((name, low) for name in model.names for low in BINS)
    )


@dataclass(frozen=True, slots=True)
class _Cases:
    """All that an average without severities asks of a table."""

    cases: int


def _columns(told: Foretold) -> dict[str, Floats]:
    """Give the columns as arrays; raise ValueError where they differ in length, or a chance is none."""
    known = {each.name: np.asarray(getattr(told, each.name), dtype=float) for each in fields(told)}
    many = len(known["true"])
    missing = np.isnan(known["true"])
    for name, column in known.items():
        if len(column) != many:
            raise ValueError(f"column {name!r} has {len(column)} rows, and 'true' has {many}")
        if (np.isnan(column) != missing).any():
            raise ValueError(
                f"column {name!r} is not missing where 'true' is: an interview is given or it is not"
            )
        if name != "place" and ((column < 0) | (column > 1 + ROUNDING)).any():
            raise ValueError(f"column {name!r} holds a number that is no chance from 0 to 1")
    return known


def _scores(known: dict[str, Floats]) -> dict[str, Floats]:
    """Give every conversation's scores, NaN where missing."""
    true, first, squares, rest, place = (known[each.name] for each in fields(Foretold))
    missing, named = np.isnan(true), place > 0
    off = np.where(named, (1 - true) ** 2, 0.0) + squares
    scores = {
        "brier": off + np.where(named, rest, 1 - rest) ** 2,
        "brier_strict": squares + (1 - true) ** 2,
        "log": -np.log(np.maximum(true, FLOOR)),
        "overconfidence": first - (place == 1),
        "top_1": (place == 1).astype(float),
        "top_3": (named & (place <= 3)).astype(float),
    }
    return {name: np.where(missing, np.nan, values) for name, values in scores.items()}


def _apart(off: Floats, drawn: Floats, basis: Basis) -> Estimate:
    """Give the calibration error of bins that are `off` (10,), with an interval that holds where there is none.

    The error is never below 0 and chance alone raises it, so the draws lie above it as it lies above the truth: their
    own percent points never held a truth of 0, and turned round they did half the time (200 samples each of 50, 155
    and 600 conversations). The bins of a draw less those drawn from, added up in size, are the most by which chance
    can have raised it: the lower end is the value less their 95 % point, the upper end the draws'. It then held the
    truth in 92 to 100 of 100, for errors of 0, 0.1 and 0.2.
    """
    value = float(np.abs(off).sum())
    again = np.abs(drawn).sum(axis=-1)
    ends = _ends(again, basis)
    if np.isnan(value) or ends is None:
        return _bare(value, basis)
    most = float(np.nanquantile(np.abs(drawn - off).sum(axis=-1), CONFIDENCE))
    return Estimate(value=value, low=max(0.0, value - most), high=max(value, ends[1]), basis=basis)


def _bounded(value: float, drawn: Floats, basis: Basis) -> Estimate:
    """Give the interval by the draws' spread on the scale of log odds, which keeps it between 0 and 1."""
    if np.isnan(value) or _ends(drawn, basis) is None or not 0 < value < 1:
        return _bare(value, basis)
    error = float(np.nanstd(drawn)) / (value * (1 - value))
    low, high = expit(logit(value) + ndtri((1 + CONFIDENCE) / 2) * error * np.array([-1.0, 1.0]))
    return Estimate(value=value, low=float(low), high=float(high), basis=basis)


def _shared(value: float, drawn: Floats, basis: Basis) -> Estimate:
    """Give Wilson's interval, for as many conversations as the draws' spread says they are worth."""
    if np.isnan(value) or basis.clusters < 2:
        return _bare(value, basis)
    error, spread = float(np.nanstd(drawn)), value * (1 - value)
    size = spread / error**2 if error > ROUNDING else COVERAGE * basis.clusters
    low, high = interval(value, float(np.clip(size, 1.0, COVERAGE * basis.n)))
    return Estimate(value=value, low=low, high=high, basis=basis)


def _ends(drawn: Floats, basis: Basis) -> tuple[float, float] | None:
    """Give the draws' 2.5 and 97.5 percent points; None with fewer than two cases, or without any spread."""
    kept = drawn[~np.isnan(drawn)]
    if basis.clusters < 2 or 2 * len(kept) < len(drawn) or not len(kept) or np.ptp(kept) < ROUNDING:
        return None
    low, high = np.quantile(kept, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _bare(value: float, basis: Basis) -> Estimate:
    return Estimate(value=None if np.isnan(value) else value, low=None, high=None, basis=basis)
