"""From verdicts to one score per conversation and dimension, with the jurors' severity taken out.

A vote on a model of the juror's own family is left out, so models are judged by different jurors, and a raw
mean would credit a model with the leniency of whoever is left. The headline is therefore the additive two-way
model `vote = conversation + juror`, fitted by least squares to the votes that count. An abstention is not a
number anywhere here. Nothing here knows models, cases or intervals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from rubrics.values import Status, Verdict

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]

STATUSES: tuple[str, ...] = get_args(Status)
ROUNDING = 1e-9
"""Eigenvalues of the normal equations below this share of the largest are zero."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Votes:
    """Verdicts as columns: one row a vote, abstentions included. C conversations, D dimensions, J jurors."""

    conversations: tuple[str, ...]
    dimensions: tuple[str, ...]
    jurors: tuple[str, ...]
    conversation: Indices
    """(n,) index into conversations."""
    dimension: Indices
    """(n,) index into dimensions."""
    juror: Indices
    """(n,) index into jurors."""
    score: Floats
    """(n,) 1 to 5; NaN for an abstention."""
    own: Flags
    """(n,) the juror is of the judged model's family."""
    status: Indices
    """(n,) index into STATUSES: whether the vote was scored, and if not, why."""
    reading: Indices = field(default_factory=lambda: np.ones(0, dtype=np.int64))
    """(n,) which time the juror judged the conversation, from 1; all 1 when left out."""

    def __post_init__(self) -> None:
        if len(self.score) and not len(self.reading):
            object.__setattr__(self, "reading", np.ones(len(self.score), dtype=np.int64))

    @property
    def counts(self) -> Flags:
        """Tell which votes count, (n,): scored, and not on the juror's own family."""
        return ~self.own & ~np.isnan(self.score)

    @property
    def abstained(self) -> Flags:
        """Tell which votes would have counted had they been given, (n,)."""
        return ~self.own & np.isnan(self.score)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """What the votes say about each conversation; NaN where nothing counts."""

    votes: Votes
    cells: Floats
    """(C, D, J) the vote vectors: each juror's counting vote, the mean of them where one voted twice."""
    raw: Floats
    """(C, D) mean over the jurors whose vote counts."""
    adjusted: Floats
    """(C, D) the same with juror effects taken out; not confined to 1 to 5."""
    counted: Indices
    """(C, D) jurors whose vote counts."""
    effects: Floats
    """(D, J) points a juror gives above the panel, summing to zero over it; NaN where it cannot be known."""
    linked: Flags
    """(C, D) False where the score rests on jurors who share no conversation with the main body of the panel:
    their severity is not identifiable, and the adjusted score is the raw one."""


def collect(
    ballots: Iterable[tuple[str, Verdict]], *, conversations: Sequence[str], dimensions: Sequence[str]
) -> Votes:
    """Lay out (conversation, verdict) pairs as columns.

    Conversations without a verdict stay in, without a score; jurors come in the order of their names.
    Raises ValueError for a verdict on a conversation or dimension that is not listed.
    """
    rows = list(ballots)
    jurors = sorted({verdict.juror for _, verdict in rows})
    scores = [verdict.score if verdict.status == "scored" else None for _, verdict in rows]
    return Votes(
        conversations=tuple(conversations),
        dimensions=tuple(dimensions),
        jurors=tuple(jurors),
        conversation=_index([name for name, _ in rows], conversations, "conversation"),
        dimension=_index([verdict.dimension for _, verdict in rows], dimensions, "dimension"),
        juror=_index([verdict.juror for _, verdict in rows], jurors, "juror"),
        score=np.array([np.nan if score is None else score for score in scores], dtype=float),
        own=np.array([verdict.own_family for _, verdict in rows], dtype=bool),
        status=_index([verdict.status for _, verdict in rows], STATUSES, "status"),
        reading=np.array([verdict.reading for _, verdict in rows], dtype=np.int64),
    )


def score(votes: Votes) -> Scores:
    """Score every conversation in every dimension.

    Least squares for `vote = conversation + juror`: sweeping the conversations out leaves J normal equations
    in the juror effects, and their pseudo-inverse gives the solution that sums to zero (the two-way crossed
    classification without interaction, e.g. Searle, Linear Models, 1971). An adjusted score is the mean of
    the conversation's votes, each less its juror's effect.
    """
    cells = spread(votes, votes.counts)
    given = ~np.isnan(cells)
    counted = given.sum(axis=2)
    raw = ratio(np.where(given, cells, 0.0).sum(axis=2), counted)
    panel = np.stack([_panel(given[:, d]) for d in range(len(votes.dimensions))])
    linked = ~(given & ~panel).any(axis=2)
    normal, residual = sweep(cells, linked)
    effects = solve(normal.sum(axis=0), residual.sum(axis=0))
    shift = ratio((given * effects).sum(axis=2), counted)
    return Scores(
        votes=votes,
        cells=cells,
        raw=raw,
        adjusted=raw - shift,
        counted=counted,
        effects=np.where(panel, effects, np.nan),
        linked=linked,
    )


def sweep(cells: Floats, linked: Flags) -> tuple[Floats, Floats]:
    """Give each conversation's part of the normal equations for the juror effects.

    Returns (C, D, J, J), `diag(m) - m m' / n` for the 0/1 vector m of the n jurors who voted, and (C, D, J),
    their votes less the conversation's mean; zero where not linked. Both need only be summed.
    """
    given = (~np.isnan(cells) & linked[..., None]).astype(float)
    counted = np.maximum(given.sum(axis=2, keepdims=True), 1.0)
    known = np.where(given > 0, cells, 0.0)
    residual = given * (known - known.sum(axis=2, keepdims=True) / counted)
    outer = given[..., :, None] * given[..., None, :] / counted[..., None]
    return given[..., None] * np.eye(cells.shape[2]) - outer, residual


def solve(normal: Floats, residual: Floats) -> Floats:
    """Solve normal equations (…, J, J) = (…, J) for the juror effects (…, J) that sum to zero."""
    inverse = np.linalg.pinv(normal, rcond=ROUNDING, hermitian=True)
    return (inverse @ residual[..., None])[..., 0]


def spread(votes: Votes, which: Flags) -> Floats:
    """Spread votes, those of `which` (n,), over (C, D, J); a juror who voted twice weighs no more for it."""
    shape = (len(votes.conversations), len(votes.dimensions), len(votes.jurors))
    at = (votes.conversation[which], votes.dimension[which], votes.juror[which])
    total, times = np.zeros(shape), np.zeros(shape)
    np.add.at(total, at, votes.score[which])
    np.add.at(times, at, 1.0)
    return ratio(total, times)


def points(scores: Scores) -> Floats:
    """Give the adjusted scores with overall first, (C, D+1): the mean over all dimensions, none lacking."""
    return np.column_stack([scores.adjusted.mean(axis=1), scores.adjusted])


def shares(scores: Scores) -> Floats:
    """Give the weight of each juror effect in each of `points`, (C, D+1, D, J): `raw - share · effects`."""
    many, dimensions, jurors = scores.cells.shape
    part = ~np.isnan(scores.cells) / np.maximum(scores.counted, 1)[..., None]
    full = (scores.counted > 0).all(axis=1)
    share = np.zeros((many, dimensions + 1, dimensions, jurors))
    share[:, 0] = part * full[:, None, None] / dimensions
    for d in range(dimensions):
        share[:, d + 1, d] = part[:, d]
    return share


def gather(values: Floats, group: Indices, groups: int) -> Floats:
    """Sum (C, …) over conversations of the same group, (groups, …); group -1 is left out."""
    known = np.flatnonzero(group >= 0)
    member = csr_array((np.ones(len(known)), (group[known], known)), shape=(groups, len(values)))
    flat = values.reshape(len(values), prod(values.shape[1:]))
    return (member @ flat).reshape(groups, *values.shape[1:])


def ratio(total: Floats, count: Floats | Indices) -> Floats:
    """Divide, NaN where the count is zero; both of one shape, or a count that broadcasts."""
    shape = np.broadcast_shapes(np.shape(total), np.shape(count))
    return np.divide(total, count, out=np.full(shape, np.nan), where=np.asarray(count) > 0)


def _panel(given: Flags) -> Flags:
    """Tell which jurors, (J,), shared conversations connect to one body: the one with most votes."""
    together = given.T.astype(np.int64) @ given.astype(np.int64)
    if not together.any():
        return np.zeros(given.shape[1], dtype=bool)
    _, body = connected_components(together > 0, directed=False)
    cast = np.bincount(body, weights=np.diag(together))
    return (body == cast.argmax()) & (np.diag(together) > 0)


def _index(names: Sequence[str], known: Sequence[str], kind: str) -> Indices:
    place = {name: index for index, name in enumerate(known)}
    for name in names:
        if name not in place:
            raise ValueError(f"a verdict is about {kind} {name!r}, which is not listed")
    return np.array([place[name] for name in names], dtype=np.int64)
