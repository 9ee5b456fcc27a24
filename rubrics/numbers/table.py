"""Scores with what is known of each conversation beside them, as columns.

One value that every other room here reads. It also holds how much each case pulls at each juror's severity:
severities are estimates, and an interval that takes them as known is too narrow. Nothing here knows what the
columns mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rubrics.scores import (
    ROUNDING,
    Flags,
    Floats,
    Indices,
    Scores,
    Votes,
    gather,
    points,
    score,
    shares,
    sweep,
)

OVERALL = "overall"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factor:
    """A column of names."""

    names: tuple[str, ...]
    index: Indices
    """(C,) index into names; -1 where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What is known of each conversation, in the order of the votes' conversations."""

    model: Sequence[str]
    case: Sequence[str]
    """The cluster: conversations about one case, or one patient, are alike."""
    scenario: Sequence[str]
    """What models have in common, and are paired by."""
    arm: Sequence[str] = ()
    """All "full" when empty."""
    family: Mapping[str, str] = field(default_factory=dict)
    """The family of each model, judged or judging, by its name; a model without one is of none."""
    strata: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    """By stratum, each conversation's level; None where it is not known. One never known is left out."""
    covariates: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Length in tokens, questions, hedges, …, by name; NaN where not known."""
    truth: Sequence[float] = ()
    """Urgency the case has, 0 to 5; NaN where not known, all so when empty."""
    given: Sequence[float] = ()
    """Urgency the model gave, 0 to 5; NaN where it gave none, all so when empty."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Scores and columns. C conversations, G cases, D dimensions (overall is before them), J jurors."""

    scores: Scores
    model: Factor
    case: Factor
    scenario: Factor
    arm: Factor
    family: Mapping[str, str]
    strata: Mapping[str, Factor]
    covariates: Mapping[str, Floats]
    truth: Floats
    given: Floats
    points: Floats
    """(C, D+1) adjusted scores, overall first; NaN without a score."""
    share: Floats
    """(C, D+1, D·J) weight of each juror effect in the score."""
    pull: Floats
    """(G, D·J) how each case moves each juror effect; sums to zero over the cases."""
    abstained: Indices
    """(C, D+1) votes that would have counted but were not given."""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Give the names of the columns of `points`."""
        return (OVERALL, *self.scores.votes.dimensions)

    @property
    def cases(self) -> int:
        return len(self.case.names)

    @property
    def models(self) -> tuple[str, ...]:
        return self.model.names


def lay(votes: Votes, columns: Columns) -> Table:
    """Score the votes and lay the columns beside them.

    Raises ValueError, with the column's name, when a column is not as long as there are conversations.
    """
    many = len(votes.conversations)
    unknown = [np.nan] * many
    plain = {"model": columns.model, "case": columns.case, "scenario": columns.scenario}
    plain |= {"arm": columns.arm or ["full"] * many}
    plain |= {"truth": columns.truth or unknown, "given": columns.given or unknown}
    for name, column in {**plain, **columns.strata, **columns.covariates}.items():
        if len(column) != many:
            raise ValueError(f"column {name!r} has {len(column)} rows for {many} conversations")
    kinds = ("model", "case", "scenario", "arm")
    return _weigh(
        votes,
        {kind: factor(plain[kind]) for kind in kinds}
        | {kind: np.asarray(plain[kind], dtype=float) for kind in ("truth", "given")}
        | {
            "family": dict(columns.family),
            "strata": {name: factor(column) for name, column in columns.strata.items() if any(column)},
            "covariates": {name: np.asarray(c, dtype=float) for name, c in columns.covariates.items()},
        },
    )


def factor(values: Sequence[str | None]) -> Factor:
    """Index a column of names, in the order of the alphabet."""
    known = np.array([value is not None for value in values], dtype=bool)
    names, place = np.unique([value for value in values if value is not None], return_inverse=True)
    index = np.full(len(values), -1, dtype=np.int64)
    index[known] = place
    return Factor(names=tuple(map(str, names)), index=index)


def hear(table: Table, votes: Votes) -> Table:
    """Score the same conversations by other votes, as of a smaller jury."""
    names = ("model", "case", "scenario", "arm", "truth", "given", "family", "strata", "covariates")
    return _weigh(votes, {name: getattr(table, name) for name in names})


def select(table: Table, keep: Flags) -> Table:
    """Keep some conversations, (C,), and score those alone; names that no longer occur stay listed."""
    votes = table.scores.votes
    place = np.cumsum(keep) - 1
    kept = heed(votes, keep[votes.conversation])
    names = tuple(name for name, stays in zip(votes.conversations, keep, strict=True) if stays)
    columns = {kind: _cut(getattr(table, kind), keep) for kind in ("model", "case", "scenario", "arm")}
    return _weigh(
        replace(kept, conversations=names, conversation=place[kept.conversation]),
        columns
        | {
            "truth": table.truth[keep],
            "given": table.given[keep],
            "family": table.family,
            "strata": {name: _cut(stratum, keep) for name, stratum in table.strata.items()},
            "covariates": {name: column[keep] for name, column in table.covariates.items()},
        },
    )


def heed(votes: Votes, which: Flags) -> Votes:
    """Keep some votes, (n,); jurors and conversations without any stay listed."""
    columns = ("conversation", "dimension", "juror", "score", "own", "status", "reading")
    return replace(votes, **{column: getattr(votes, column)[which] for column in columns})


def _weigh(votes: Votes, columns: dict[str, object]) -> Table:
    scores = score(votes)
    share = shares(scores)
    abstained = np.zeros((len(share), len(votes.dimensions)), dtype=np.int64)
    np.add.at(abstained, (votes.conversation, votes.dimension), votes.abstained)
    return Table(
        scores=scores,
        points=points(scores),
        share=share.reshape(*share.shape[:2], share.shape[2] * share.shape[3]),
        pull=_pull(scores, columns["case"]),
        abstained=np.column_stack([abstained.sum(axis=1), abstained]),
        **columns,
    )


def _pull(scores: Scores, case: Factor) -> Floats:
    """Give `N⁺ (r_g - N_g e)` for each case: how the least-squares solution e moves with the case's weight."""
    many = len(case.names)
    normal, residual = (gather(part, case.index, many) for part in sweep(scores.cells, scores.linked))
    effects = np.nan_to_num(scores.effects)
    left = residual - np.einsum("gdjk,dk->gdj", normal, effects)
    inverse = np.linalg.pinv(normal.sum(axis=0), rcond=ROUNDING, hermitian=True)
    return np.einsum("djk,gdk->gdj", inverse, left).reshape(many, left.shape[1] * left.shape[2])


def _cut(column: Factor, keep: Flags) -> Factor:
    return replace(column, index=column.index[keep])
