"""Whether a machine can tell: a linear classifier, tried on what it has not seen.

The one idea: ridge regression on indicator targets has a closed form in which the targets come last, so ten folds and
a thousand permutations are a few matrix products, and the same data give the same answer. Nothing here knows what the
classes are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from personas.seeds import derive

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
FOLDS = 10
PENALTY = 0.5
"""Of the ridge, per training row and standardised feature."""
PERMUTATIONS = 999
CHANCE = 0.5
LARGEST = 400
"""Dialogues of a side at most: more would not make the answer surer, only later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How well a classifier tells one side from the other (a classifier two-sample test)."""

    one: str
    other: str
    accuracy: float
    """Share of held-out dialogues put on the right side; 0.5 is chance, both sides being as many."""
    p: float
    """Of so much accuracy where the sides are alike, by permutation."""
    n: int
    """Dialogues of each side."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """What is learnt of the rows without one fold."""

    test: NDArray[np.bool_]
    """(n,) the rows of the fold."""
    hat: Floats
    """(test, train) how much each row of the others speaks for each of the fold."""


def tell(
    one: Sequence[Sequence[float]], other: Sequence[Sequence[float]], *address: object
) -> tuple[float, float, int]:
    """Give accuracy, p and the number of rows a side, of two lists of independent rows; NaN is filled in.

    Sides are cut to the same size, by the address. Lopez-Paz and Oquab 2017, Revisiting classifier two-sample tests.
    """
    generator = derive(*address, "tell")
    many = min(len(one), len(other), LARGEST)
    if many < 2:
        return CHANCE, 1.0, many
    rows = np.concatenate([_drawn(np.asarray(side, float), many, generator) for side in (one, other)])
    labels = np.repeat([1.0, -1.0], many)
    # Without regard to the labels, so that shuffled labels fare as the true ones would if they meant nothing.
    fold = generator.permutation(2 * many) % min(FOLDS, many)
    shuffled = [generator.permutation(labels) for _ in range(PERMUTATIONS)]
    predicted = foretell(teach(rows, fold), np.column_stack([labels, *shuffled]))
    hits = (np.sign(predicted) == np.column_stack([labels, *shuffled])).mean(axis=0)
    return float(hits[0]), float((hits >= hits[0] - 1e-12).sum() / len(hits)), many


def teach(rows: Floats, fold: Indices) -> list[Lesson]:
    """Learn rows (n, d) without each fold in turn; what is to be foretold of them comes later, and may be much.

    Rows are standardised by the training folds, NaN stands for their mean.
    """
    lessons = []
    for held in np.unique(fold):
        test = fold == held
        train = ~test
        known = np.where(np.isnan(rows[train]), 0.0, 1.0)
        centre = np.nansum(rows[train], axis=0) / np.maximum(known.sum(axis=0), 1.0)
        filled = np.where(np.isnan(rows), centre, rows) - centre
        spread = filled[train].std(axis=0)
        scaled = filled / np.where(spread > 0, spread, np.inf)
        normal = scaled[train].T @ scaled[train]
        normal[np.diag_indices_from(normal)] += PENALTY * train.sum()
        lessons.append(Lesson(test=test, hat=np.linalg.solve(normal, scaled[test].T).T @ scaled[train].T))
    return lessons


def foretell(lessons: Sequence[Lesson], targets: Floats) -> Floats:
    """Give for each row by how much its targets (n, k) are foretold to be above the mean of the other folds.

    Above the mean, and not the mean itself: where a level is rarer in training, it is the commoner in what is held
    out, and a classifier that went by rates would do worse than chance.
    """
    predicted = np.zeros(targets.shape)
    for lesson in lessons:
        known = targets[~lesson.test]
        predicted[lesson.test] = lesson.hat @ (known - known.mean(axis=0))
    return predicted


def spread_folds(clusters: Sequence[str], *address: object) -> Indices:
    """Give every row a fold, those of one cluster the same, clusters dealt out by the address."""
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    dealt = derive(*address, "folds").permutation(len(names)) % FOLDS
    return dealt[index]


def _drawn(rows: Floats, many: int, generator: np.random.Generator) -> Floats:
    return rows[generator.permutation(len(rows))[:many]]
