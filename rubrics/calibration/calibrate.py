"""Calibration: what the jury's scores mean in the words of clinicians, dimension by dimension.

One value in, one value out. With too few labels a dimension is refused, because a map learnt from them would be
noise with the look of knowledge; the reason then stands in its place. Nothing here knows how any of it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rubrics.calibration.annotations import Annotations
from rubrics.calibration.ceiling import Concord, compare
from rubrics.calibration.correct import DRAWS, Correction, correct
from rubrics.calibration.gain import JuryGain, weigh
from rubrics.calibration.isotonic import Pairing, apply, learn, pair, whole
from rubrics.calibration.slant import FalseRate, StratumBias, choose, misjudge, slant
from rubrics.numbers.table import Table
from rubrics.scores import Floats

FEWEST = 60
"""Labelled conversations under which a dimension is refused."""
ENOUGH = 150
"""Labelled conversations under which its numbers come with a warning."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibrated:
    """One dimension, calibrated."""

    correction: Correction
    concords: tuple[Concord, ...]
    gain: JuryGain
    biases: tuple[StratumBias, ...]
    rates: tuple[FalseRate, ...]
    chosen: float | None
    """p of the labelled conversations being scored by the jury as the others are; small when not chosen by chance."""
    scores: Floats
    """(C,) every conversation's calibrated score, learnt without its own case; NaN without a jury score."""
    knots: tuple[tuple[float, float], ...]
    """The map all labels teach, (jury, clinicians), at the ends of its steps; a straight line between them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DimensionReport:
    """What can be said of one dimension."""

    dimension: str
    labelled: int
    """Conversations with a label and a jury score."""
    cases: int
    """Cases these are about."""
    unjudged: int
    """Conversations with a label and no jury score."""
    refused: str
    """Why there is no calibration; empty when there is."""
    found: Calibrated | None

    @property
    def thin(self) -> bool:
        """Tell whether the labels are enough to go on and too few to lean on."""
        return self.found is not None and self.labelled < ENOUGH


def calibrate(
    table: Table, annotations: Annotations, seed: np.random.SeedSequence, *, draws: int = DRAWS
) -> tuple[DimensionReport, ...]:
    """Calibrate every dimension; annotations are of the table's conversations and dimensions, in their order."""
    names = table.scores.votes.dimensions
    return tuple(
        _report(table, annotations, d, child, draws)
        for d, child in zip(range(len(names)), seed.spawn(len(names)), strict=True)
    )


def _report(
    table: Table, annotations: Annotations, dimension: int, seed: np.random.SeedSequence, draws: int
) -> DimensionReport:
    label, score = annotations.means[:, dimension], table.points[:, dimension + 1]
    both = ~np.isnan(label) & ~np.isnan(score)
    name, labelled = table.scores.votes.dimensions[dimension], int(both.sum())
    cases = len(np.unique(table.case.index[both]))
    refused = ""
    if labelled < FEWEST:
        refused = f"{labelled} labelled conversations; at least {FEWEST} are needed, {ENOUGH} are better"
    elif cases < 2:
        refused = "all labelled conversations are about one case, and labels of other cases teach the map"
    return DimensionReport(
        dimension=name,
        labelled=labelled,
        cases=cases,
        unjudged=int((~np.isnan(label) & np.isnan(score)).sum()),
        refused=refused,
        found=None if refused else _find(table, annotations, dimension, seed, draws),
    )


def _find(
    table: Table, annotations: Annotations, dimension: int, seed: np.random.SeedSequence, draws: int
) -> Calibrated:
    streams = [np.random.default_rng(child) for child in seed.spawn(4)]
    raw, label = table.points[:, dimension + 1], annotations.means[:, dimension]
    judged = np.flatnonzero(~np.isnan(raw))
    pairing = pair(raw[judged], label[judged], table.case.index[judged], streams[0])
    model = table.model.index
    lost = np.bincount(model[np.isnan(raw)], minlength=len(table.models))
    correction = correct(pairing, model[judged], table.models, streams[1], missing=lost, draws=draws)
    scores = np.full(len(raw), np.nan)
    scores[judged] = apply(pairing, learn(pairing))
    votes, labels = table.scores.cells[:, dimension], annotations.values[:, dimension]
    both = ~np.isnan(raw) & ~np.isnan(label)
    return Calibrated(
        correction=correction,
        concords=compare(
            votes[both],
            np.column_stack([raw, scores])[both],
            labels[both],
            table.case.index[both],
            generator=streams[2],
        ),
        gain=weigh(votes, labels, table.case.index, streams[3]),
        biases=slant(table, raw - label, scores - label, table.strata),
        rates=misjudge(raw[both], scores[both], label[both]),
        chosen=choose(table, raw, both),
        scores=scores,
        knots=_knots(pairing),
    )


def _knots(pairing: Pairing) -> tuple[tuple[float, float], ...]:
    """Give the map where it bends: within a level stretch only its ends are kept."""
    level, value = pairing.level, whole(pairing)
    bends = np.ones(len(level), dtype=bool)
    bends[1:-1] = (np.abs(value[1:-1] - value[:-2]) > 1e-12) | (np.abs(value[1:-1] - value[2:]) > 1e-12)
    return tuple((float(x), float(y)) for x, y in zip(level[bends], value[bends], strict=True))
