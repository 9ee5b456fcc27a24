"""What each model's mean would be if clinicians had scored every conversation.

Prediction-powered inference: the calibrated jury's mean over all conversations, plus what clinicians say more
than it on the labelled ones; λ says how far the jury is trusted, 0 for the labels alone, 1 in full (Angelopoulos
et al. 2023, Science 382:669-674; power-tuned, 2311.01453; cross-fitted, Zrnic and Candès 2024, 2309.16598). Any
λ is right on average, the best is the slope of label on prediction within models. Intervals come from drawing
whole cases, labels and all, and learning map and λ anew in each draw. Right only if the labelled conversations
were chosen by chance. Nothing here knows why jury and clinicians differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rubrics.calibration.isotonic import Pairing, apply, learn
from rubrics.numbers.values import Basis, Estimate, estimate
from rubrics.scores import Floats, Indices, ratio

DRAWS = 1_000
FEWEST_CASES = 5
"""Labelled cases a model needs for a corrected mean of its own."""
COLUMNS = ("jury", "calibrated", "clinicians", "corrected")
MEASURES = ("bias", "mae", "rmse")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMean:
    """One model in one dimension, on the scale of 1 to 5."""

    model: str
    jury: Estimate
    """The jury's mean over all conversations, before calibration."""
    calibrated: Estimate
    """After it: right if the map is the same for every model."""
    clinicians: Estimate
    """The labelled conversations' labels alone."""
    corrected: Estimate
    """Prediction-powered: right whatever the jury does; n counts all conversations it draws on. None with fewer
    than five labelled cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """How far scores are from the clinicians', over the labelled conversations; in points."""

    bias: Estimate
    """Score less label."""
    mae: Estimate
    rmse: Estimate
    low_limit: float
    """Bland and Altman's limits of agreement: bias ± 1.96 standard deviations of the differences."""
    high_limit: float
    rank: float | None
    """Spearman's correlation of the models' means, -1 to 1; None with fewer than three models, or all alike."""
    models: int
    """With a label."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Correction:
    """All that one set of draws tells."""

    means: tuple[ModelMean, ...]
    raw: Distance
    calibrated: Distance
    trust: float
    """λ, 0 to 1."""
    draws: int


def correct(
    pairing: Pairing,
    model: Indices,
    names: tuple[str, ...],
    generator: np.random.Generator,
    *,
    missing: Indices,
    draws: int = DRAWS,
) -> Correction:
    """Correct the means of models; `model` is (C,), `missing` (M,) counts conversations without a jury score."""
    point, trust = _measure(pairing, model, len(names), np.ones(pairing.cases))
    drawn = np.empty((draws, len(point)))
    for row in drawn:
        cases = generator.integers(pairing.cases, size=pairing.cases)
        weights = np.bincount(cases, minlength=pairing.cases).astype(float)
        row[:] = _measure(pairing, model, len(names), weights)[0]
    # Of all cases: that the number of labelled ones differs from draw to draw makes up for the rest.
    error = _spread(drawn) * np.sqrt(pairing.cases / max(pairing.cases - 1, 1))
    size = len(COLUMNS) * len(names)
    shape = (len(names), len(COLUMNS))
    means = _means(
        pairing,
        model,
        names,
        point=point[:size].reshape(shape),
        error=error[:size].reshape(shape),
        missing=missing,
    )
    value = apply(pairing, learn(pairing))
    sides = [
        _distance(pairing, model, score, point[start : start + 3], error[start : start + 3])
        for score, start in ((pairing.jury, size), (value, size + len(MEASURES)))
    ]
    return Correction(means=means, raw=sides[0], calibrated=sides[1], trust=trust, draws=draws)


def _measure(pairing: Pairing, model: Indices, models: int, weights: Floats) -> tuple[Floats, float]:
    """Give every number whose error is wanted, with cases weighed: (4·M + 6,), and λ."""
    value = apply(pairing, learn(pairing, weights))
    known = np.flatnonzero(pairing.labelled)
    weight = weights[pairing.case]
    some = weight[known]
    jury, calibrated = (_mean(x, weight, model, models) for x in (pairing.jury, value))
    label, seen = (_mean(x[known], some, model[known], models) for x in (pairing.label, value))
    inner = value[known] - seen[model[known]]
    outer = pairing.label[known] - label[model[known]]
    square = float(np.nansum(some * inner**2))
    trust = float(np.clip(np.nansum(some * inner * outer) / square, 0, 1)) if square > 0 else 0.0
    corrected = label + trust * (calibrated - seen)
    off = [x[known] - pairing.label[known] for x in (pairing.jury, value)]
    total = max(some.sum(), 1.0)
    distances = [
        number
        for gap in off
        for number in (some @ gap / total, some @ np.abs(gap) / total, np.sqrt(some @ gap**2 / total))
    ]
    return np.concatenate([np.column_stack([jury, calibrated, label, corrected]).ravel(), distances]), trust


def _mean(value: Floats, weight: Floats, group: Indices, groups: int) -> Floats:
    total = np.bincount(group, weights=weight * value, minlength=groups)
    return ratio(total, np.bincount(group, weights=weight, minlength=groups))


def _spread(drawn: Floats) -> Floats:
    """Give the standard deviation over draws, leaving out those without the model."""
    there = ~np.isnan(drawn)
    times = there.sum(axis=0)
    centre = np.where(there, drawn, 0.0).sum(axis=0) / np.maximum(times, 1)
    squares = np.where(there, (drawn - centre) ** 2, 0.0).sum(axis=0)
    return np.sqrt(squares / np.maximum(times - 1, 1))


def _means(
    pairing: Pairing,
    model: Indices,
    names: tuple[str, ...],
    *,
    point: Floats,
    error: Floats,
    missing: Indices,
) -> tuple[ModelMean, ...]:
    rows = []
    learnt = len(np.unique(pairing.case[pairing.labelled]))
    for m, name in enumerate(names):
        own = model == m
        marked = own & pairing.labelled
        all_cases, label_cases = (len(np.unique(pairing.case[which])) for which in (own, marked))
        every = Basis(n=int(own.sum()), clusters=all_cases, missing=int(missing[m]), abstained=0)
        some = Basis(
            n=int(marked.sum()), clusters=label_cases, missing=int((own & ~marked).sum()), abstained=0
        )
        # An interval is as loose as the smaller of the samples it rests on.
        bases = (
            (every, all_cases),
            (every, min(all_cases, learnt)),
            (some, label_cases),
            (every, label_cases),
        )
        found = {}
        for k, (column, (basis, cases)) in enumerate(zip(COLUMNS, bases, strict=True)):
            bare = column == "corrected" and label_cases < FEWEST_CASES
            found[column] = estimate(np.nan if bare else point[m, k], error[m, k], cases - 1, basis=basis)
        rows.append(ModelMean(model=name, **found))
    return tuple(rows)


def _distance(pairing: Pairing, model: Indices, score: Floats, point: Floats, error: Floats) -> Distance:
    known = np.flatnonzero(pairing.labelled)
    cases = len(np.unique(pairing.case[known]))
    basis = Basis(n=len(known), clusters=cases, missing=len(score) - len(known), abstained=0)
    gap = score[known] - pairing.label[known]
    reach = 1.96 * float(gap.std(ddof=1))
    models, place = np.unique(model[known], return_inverse=True)
    one = np.ones(len(known))
    sides = [_mean(x[known], one, place, len(models)) for x in (score, pairing.label)]
    return Distance(
        **{
            name: estimate(p, e, cases - 1, basis=basis)
            for name, p, e in zip(MEASURES, point, error, strict=True)
        },
        low_limit=float(gap.mean()) - reach,
        high_limit=float(gap.mean()) + reach,
        rank=_rank(*sides),
        models=len(models),
    )


def _rank(first: Floats, second: Floats) -> float | None:
    """Give Spearman's correlation; None where it is undefined."""
    if len(first) < 3:
        return None
    # Rounded, so that means equal but for the last bit share a rank.
    ranks = [
        np.unique(side.round(9), return_inverse=True, return_counts=True)[1:] for side in (first, second)
    ]
    x, y = (np.cumsum(many)[place] - (many[place] - 1) / 2 for place, many in ranks)
    return float(np.corrcoef(x, y)[0, 1]) if x.std() > 0 and y.std() > 0 else None
