"""Jurors who favour their own family.

A difference in differences: how far a juror stands above the other jurors on its own family's answers, less
how far it does on other families' answers to the same scenarios. Its leniency cancels in the first difference,
the answers' quality in both. Votes on the juror's own family, left out everywhere else, are what is looked at
here. Nothing here knows why a juror would.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rubrics.numbers.means import within
from rubrics.numbers.multiple import holm
from rubrics.numbers.table import Table
from rubrics.numbers.values import ROUNDING, Basis, Estimate, estimate, surprise
from rubrics.scores import Flags, Floats, Indices, gather, ratio, spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Favour:
    """One juror's self-preference in one dimension, or over all."""

    juror: str
    dimension: str
    """ "overall" weighs every vote of every dimension the same."""
    preference: Estimate
    """Points given to the own family beyond what the others give; n counts the votes on the own family."""
    p: float | None
    holm: float | None
    """Adjusted for the jurors of the dimension."""
    at_length: Estimate | None
    """The same with answers of the same length; None where lengths are not known."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gaps:
    """One juror's votes beside the others', a row a vote: what the regression is made of."""

    gap: Floats
    """(n,) points above the mean of the other jurors' votes, each less its juror's severity."""
    own: Floats
    """(n,) 1 on the own family."""
    length: Floats
    """(n,) log of the answer's length."""
    block: Indices
    """(n,) scenario and dimension."""
    case: Indices
    """(n,)"""
    share: Floats
    """(n, D·J) weight of each juror effect in the gap."""


def favour(table: Table, *, length: str = "tokens") -> tuple[Favour, ...]:
    """Estimate every juror's self-preference; `length` names the covariate that holds the answers' length."""
    votes = table.scores.votes
    own = spread(votes, votes.own & ~np.isnan(votes.score))
    rows: list[Favour] = []
    every = [*range(len(votes.dimensions))]
    for name, columns in zip(table.dimensions, (every, *([d] for d in every)), strict=True):
        found = [
            _weigh(table, own, juror=j, columns=columns, length=length) for j in range(len(votes.jurors))
        ]
        adjusted = holm([p for _, p, _ in found])
        rows += [
            Favour(juror=juror, dimension=name, preference=plain, p=p, holm=other, at_length=long)
            for juror, (plain, p, long), other in zip(votes.jurors, found, adjusted, strict=True)
        ]
    return tuple(rows)


def _weigh(
    table: Table, own: Floats, *, juror: int, columns: list[int], length: str
) -> tuple[Estimate, float | None, Estimate | None]:
    gaps = _gaps(table, own, juror=juror, columns=columns, length=length)
    votes = table.scores.votes
    lost = votes.own & np.isnan(votes.score) & (votes.juror == juror) & np.isin(votes.dimension, columns)
    counts = (int((~np.isnan(own[:, columns, juror])).sum()), int(lost.sum()))
    plain, chance = _regress(gaps, table.pull, np.empty((len(gaps.own), 0)), counts)
    if length not in table.covariates:
        return plain, chance, None
    known = _keep(gaps, ~np.isnan(gaps.length))
    return plain, chance, _regress(known, table.pull, known.length[:, None], counts)[0]


def _gaps(table: Table, own: Floats, *, juror: int, columns: list[int], length: str) -> Gaps:
    """Take the other jurors' counting votes, less their severity, from all of one juror's votes."""
    scores, (many, dimensions, jurors) = table.scores, table.scores.cells.shape
    others = ~np.isnan(scores.cells)
    others[..., juror] = False
    effects = np.nan_to_num(scores.effects)
    count = others.sum(axis=2)
    rest = ratio(np.where(others, scores.cells - effects, 0.0).sum(axis=2), count)
    mine = np.where(np.isnan(own[..., juror]), scores.cells[..., juror], own[..., juror])
    part = others / np.maximum(count, 1)[..., None]
    used: Flags = np.zeros((many, dimensions), dtype=bool)
    used[:, columns] = ~np.isnan(mine - rest)[:, columns]
    conversation, dimension = np.nonzero(used)
    share = np.zeros((len(conversation), dimensions, jurors))
    share[np.arange(len(conversation)), dimension] = part[conversation, dimension]
    with np.errstate(divide="ignore", invalid="ignore"):
        long = np.log(table.covariates.get(length, np.full(many, np.nan)))
    return Gaps(
        gap=(mine - rest)[used],
        own=(~np.isnan(own[..., juror]))[used].astype(float),
        length=np.where(np.isfinite(long), long, np.nan)[conversation],
        block=table.scenario.index[conversation] * dimensions + dimension,
        case=table.case.index[conversation],
        share=share.reshape(len(conversation), dimensions * jurors),
    )


def _regress(
    gaps: Gaps, pull: Floats, extra: Floats, counts: tuple[int, int]
) -> tuple[Estimate, float | None]:
    """Regress the gap on the own family with an effect for each scenario and dimension: slope and its p.

    `extra` (n, E) are swept out of both first (Frisch and Waugh 1933); `counts` are the votes on the own family
    and the abstentions there. None where own and other families never meet in a scenario.
    """
    n, clusters = int(gaps.own.sum()), len(np.unique(gaps.case[gaps.own > 0]))
    basis = Basis(n=n, clusters=clusters, missing=counts[0] - n, abstained=counts[1])
    swept = within(np.column_stack([gaps.own, gaps.gap, extra]), gaps.block)
    own, gap, extra = swept[:, 0], swept[:, 1], swept[:, 2:]
    if extra.shape[1]:
        fit = np.linalg.lstsq(extra, np.column_stack([own, gap]), rcond=None)[0]
        own, gap = own - extra @ fit[:, 0], gap - extra @ fit[:, 1]
    square = own @ own
    if not square > ROUNDING * max(len(own), 1):
        return estimate(np.nan, 0.0, 0, basis=basis), None
    slope = own @ gap / square
    moved = gather((own * (gap - slope * own))[:, None], gaps.case, len(pull))[:, 0] / square
    # The others' severities are estimates too: where they move, so does the slope.
    moved += pull @ (own @ gaps.share / square)
    cases = len(np.unique(gaps.case))
    error = np.sqrt((moved**2).sum() * cases / max(cases - 1, 1))
    return estimate(slope, error, clusters - 1, basis=basis), surprise(slope, error, clusters - 1)


def _keep(gaps: Gaps, keep: Flags) -> Gaps:
    names = ("gap", "own", "length", "block", "case", "share")
    return Gaps(**{name: getattr(gaps, name)[keep] for name in names})
