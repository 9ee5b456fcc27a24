"""Where the models stand: means with intervals, and how severe the jurors were.

Everything turns on the case. Conversations about one case are alike, so cases and not conversations are
drawn in the bootstrap, the same ones for all models, and the juror effects are fitted anew in every draw. A
draw is a vector of case weights, and all it needs is in sums over each case, so 2,000 draws are a few matrix
products. Nothing here knows where scores are kept or how they are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from rubrics.scores import Flags, Floats, Indices, Scores, gather, ratio, shares, solve, sweep

DRAWS = 2_000
BATCH = 500
"""Draws made at once."""
CONFIDENCE = 0.95
LOWEST, HIGHEST = 1.0, 5.0
ROUNDING = 1e-9
"""Points; a smaller standard error is the arithmetic's."""
OVERALL = "overall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one model did in one dimension, or overall."""

    model: str
    dimension: str
    """A dimension's name, or "overall": per conversation the mean over all dimensions, none lacking."""
    mean: float | None
    """1 to 5, adjusted for juror severity; None without a score."""
    low: float | None
    """Lower end of the 95 % interval; None with fewer than two cases, or when no score differs from another."""
    high: float | None
    raw: float | None
    """Mean of the votes as given, each conversation weighing the same."""
    n: int
    """Conversations with a score."""
    clusters: int
    """Cases these conversations are about."""
    abstained: int
    """Votes that would have counted but were not given or could not be read."""
    missing: int
    """Conversations without a score."""
    linked: bool
    """False when some scores could not be adjusted: their jurors share no conversation with the panel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JurorEffect:
    """How severe one juror was in one dimension."""

    juror: str
    dimension: str
    effect: float | None
    """Points above the panel, positive for a lenient juror; None when it cannot be known."""
    votes: int
    """Votes that count."""
    abstained: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaseSums:
    """Sums over the conversations of each case. G cases, K models, D dimensions and overall, J jurors."""

    normal: Floats
    """(G, D, J, J)"""
    residual: Floats
    """(G, D, J)"""
    count: Floats
    """(G, K, D+1) conversations with a score."""
    total: Floats
    """(G, K, D+1) their raw means, summed."""
    share: Floats
    """(G, K, D+1, D·J) the weight of each juror effect in that sum."""


def tabulate(
    scores: Scores,
    *,
    models: Sequence[str],
    clusters: Sequence[str],
    generator: np.random.Generator,
    draws: int = DRAWS,
) -> tuple[Standing, ...]:
    """Rank the models by their overall mean; each comes with overall first, then its dimensions.

    `models` and `clusters` say for each conversation of the votes which model it was with and which case it
    was about. Interval: `mean ± t(G-1, 0.975) · SE · sqrt(G / (G-1))`, SE the standard deviation of the mean
    over resamples of whole cases, G the model's own number of cases. Clustered errors for evaluations:
    Miller 2024, arXiv 2411.00640; resampling clusters, and t with G-1 degrees of freedom: Cameron, Gelbach
    and Miller 2008; the factor is the small-sample one customary with the estimator of Liang and Zeger 1986.
    Mean and ends are confined to 1 … 5. Scores without any spread give no
    interval, since a resample of them can tell nothing of what else there is.
    Raises ValueError when models or clusters are not as many as the conversations.
    """
    many = len(scores.raw)
    if not len(models) == len(clusters) == many:
        raise ValueError(f"{len(models)} models and {len(clusters)} clusters for {many} conversations")
    if not many:
        return ()
    names, model = np.unique(np.asarray(models), return_inverse=True)
    cases, case = np.unique(np.asarray(clusters), return_inverse=True)
    sums = condense(scores, model, case, shape=(len(cases), len(names)))
    means = _means(sums, _draw(sums, generator, draws))
    counts = _counts(scores, model, sums)
    # Rounded, so that models equal but for the last bit stay in the order of their names.
    order = np.argsort(-np.nan_to_num(means["mean"][:, 0].round(9), nan=-np.inf), kind="stable")
    return tuple(
        Standing(
            model=str(names[k]),
            dimension=dimension,
            **{column: _confine(values[k, d]) for column, values in means.items()},
            **{column: values[k, d].item() for column, values in counts.items()},
        )
        for k in order
        for d, dimension in enumerate((OVERALL, *scores.votes.dimensions))
    )


def severities(scores: Scores) -> tuple[JurorEffect, ...]:
    """List every juror's effect in every dimension, jurors and dimensions in the order of the votes."""
    votes = scores.votes
    shape = (len(votes.jurors), len(votes.dimensions))
    counted, abstained = np.zeros(shape, dtype=int), np.zeros(shape, dtype=int)
    np.add.at(counted, (votes.juror, votes.dimension), votes.counts)
    np.add.at(abstained, (votes.juror, votes.dimension), votes.abstained)
    return tuple(
        JurorEffect(
            juror=juror,
            dimension=dimension,
            effect=None if np.isnan(scores.effects[d, j]) else float(scores.effects[d, j]),
            votes=int(counted[j, d]),
            abstained=int(abstained[j, d]),
        )
        for j, juror in enumerate(votes.jurors)
        for d, dimension in enumerate(votes.dimensions)
    )


def condense(scores: Scores, model: Indices, case: Indices, *, shape: tuple[int, int]) -> CaseSums:
    """Sum all that a draw needs over each case; `shape` is (cases, models). Overall is the first dimension.

    A score is linear in the juror effects, `raw - share · effects`, and so are sums of scores: a draw only
    weighs them.
    """
    cases, models = shape
    _, dimensions, jurors = scores.cells.shape
    scored = scores.counted > 0
    full = scored.all(axis=1)
    raw = np.nan_to_num(scores.raw)
    total = np.column_stack([raw.mean(axis=1) * full, raw])
    count = np.column_stack([full, scored]).astype(float)
    normal, residual = sweep(scores.cells, scores.linked)
    cell = case * models + model
    wide = (cases, models, dimensions + 1)
    return CaseSums(
        normal=gather(normal, case, cases),
        residual=gather(residual, case, cases),
        count=gather(count, cell, cases * models).reshape(wide),
        total=gather(total, cell, cases * models).reshape(wide),
        share=gather(shares(scores), cell, cases * models).reshape(*wide, dimensions * jurors),
    )


def resample(sums: CaseSums, weights: Floats) -> Floats:
    """Give the adjusted means (B, K, D+1) of draws that take each case `weights` (B, G) times."""
    effects = solve(_weigh(weights, sums.normal), _weigh(weights, sums.residual))
    shift = np.einsum("bkdx,bx->bkd", _weigh(weights, sums.share), effects.reshape(len(weights), -1))
    count = _weigh(weights, sums.count)
    total = _weigh(weights, sums.total) - shift
    return ratio(total, count)


def _means(sums: CaseSums, drawn: Floats) -> dict[str, Floats]:
    """Give the columns of a standing that are points, (K, D+1) each; `drawn` are the bootstrap's means."""
    mean = resample(sums, np.ones((1, len(sums.count))))[0]
    half = _reach(_spread(drawn), (sums.count > 0).sum(axis=0))
    raw = ratio(sums.total.sum(axis=0), sums.count.sum(axis=0))
    return {"mean": mean, "low": mean - half, "high": mean + half, "raw": raw}


def _draw(sums: CaseSums, generator: np.random.Generator, draws: int) -> Floats:
    """Give the means (draws, K, D+1) of resamples of whole cases, as many as there are, with replacement.

    A few hundred draws at a time, so that a million verdicts fit into memory.
    """
    cases = len(sums.count)
    found = []
    for start in range(0, draws, BATCH):
        weights = np.empty((min(BATCH, draws - start), cases))
        for row in weights:
            row[:] = np.bincount(generator.integers(cases, size=cases), minlength=cases)
        found.append(resample(sums, weights))
    return np.concatenate(found)


def _weigh(weights: Floats, sums: Floats) -> Floats:
    flat = weights @ sums.reshape(len(sums), -1)
    return flat.reshape(len(weights), *sums.shape[1:])


def _spread(means: Floats) -> Floats:
    """Give the standard deviation over draws, (B, K, D) → (K, D), leaving out draws without the model."""
    drawn = ~np.isnan(means)
    times = drawn.sum(axis=0)
    centre = np.where(drawn, means, 0.0).sum(axis=0) / np.maximum(times, 1)
    squares = np.where(drawn, (means - centre) ** 2, 0.0).sum(axis=0)
    return np.sqrt(squares / np.maximum(times - 1, 1))


def _reach(error: Floats, clusters: Indices) -> Floats:
    """Give half the width of the interval; NaN with fewer than two clusters or without any spread."""
    enough = np.maximum(clusters, 2)
    quantile = stdtrit(enough - 1, (1 + CONFIDENCE) / 2)
    return np.where(
        (clusters >= 2) & (error > ROUNDING), quantile * error * np.sqrt(enough / (enough - 1)), np.nan
    )


def _counts(scores: Scores, model: Indices, sums: CaseSums) -> dict[str, Indices | Flags]:
    """Give the columns of a standing that count something, (K, D+1) each."""
    votes = scores.votes
    n = sums.count.sum(axis=0).astype(int)
    abstained = np.zeros((len(n), len(votes.dimensions)), dtype=int)
    np.add.at(abstained, (model[votes.conversation], votes.dimension), votes.abstained)
    adrift = np.zeros_like(abstained)
    np.add.at(adrift, model, ~scores.linked)
    return {
        "n": n,
        "clusters": (sums.count > 0).sum(axis=0),
        "abstained": np.column_stack([abstained.sum(axis=1), abstained]),
        "missing": np.bincount(model)[:, None] - n,
        "linked": np.column_stack([adrift.sum(axis=1), adrift]) == 0,
    }


def _confine(value: float) -> float | None:
    return None if np.isnan(value) else float(np.clip(value, LOWEST, HIGHEST))
