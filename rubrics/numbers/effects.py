"""What an arm does: the same model on the same scenarios with something changed, less the full ones.

The one idea: every question is a weighing of arms within a scenario and model, so that one pairing answers all: an
arm less the full one; a free arm less its frozen twin, which is what the changed dialogue carries; what two losses
do beyond each other. Jurors' severities are those of all arms together: a juror is no milder for the arm. Nothing
here knows what an arm takes away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from rubrics.numbers.flips import DRAWS, flip
from rubrics.numbers.means import Means, average, parts
from rubrics.numbers.multiple import holm
from rubrics.numbers.pairs import Grid, correlate, lattice
from rubrics.numbers.questions import FULL, RECORD, Kind, Question, ask
from rubrics.numbers.strata import Gap, part_gap, read_gap
from rubrics.numbers.table import Table
from rubrics.numbers.values import Estimate
from rubrics.scores import Flags, Floats, Indices, ratio

EVERY = "all models"
STRATUM, RELEVANT, IDLE = "record", "relevant", "not relevant"
"""The stratum that says whether a record decides anything, and its levels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an arm does to one model in one dimension, the mean over scenarios; n counts scenarios."""

    arm: str
    """The free arm's name, whatever the kind; of an interaction that of the arm which lacks both."""
    kind: Kind
    """free: arm less full, the patient answering anew: the total effect. frozen: arm less full, the patient's turns
    as recorded: the direct effect. carried: free less frozen, what goes by way of the changed dialogue. interaction:
    no-image and no-record added up, less neither: above 0 where one makes up for the other, below where each is of
    less use without the other."""
    model: str
    """Or "all models": the mean over models, each weighing the same."""
    dimension: str
    stratum: str | None
    """None for all scenarios."""
    level: str | None
    against: str | None
    """The level that is taken from it; None where the effect is on one level, or on all."""
    difference: Estimate
    """Points."""
    p: float | None
    """Two-sided, by flipping the signs of whole cases; of one level less another by Student's t. None when no
    scenario differs."""
    holm: float | None
    """The same, adjusted for all models of this arm, kind, dimension and level; all models together are one test."""
    correlation: float | None
    """Of the two arms' scores over scenarios: the share of variance that pairing saves; None for more than two."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighed:
    """A question's answer in every scenario and model, flat: U·M units, K columns."""

    question: Question
    value: Floats
    """(U·M, K)"""
    share: Floats
    """(U·M, K, D·J)"""
    abstained: Floats
    """(U·M, K)"""
    case: Indices
    """(U·M,)"""
    model: Indices
    """(U·M,) -1 where no arm beside the full one was to be played."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """A question's answer by model, on all scenarios or on a level: M models, and all of them as one more."""

    question: Question
    means: Means
    parts: Floats
    """(G, M+1, K) each case's part of them."""
    level: str | None
    units: Flags
    """(U,) scenarios it is about."""


def affect(table: Table, generator: np.random.Generator, *, draws: int = DRAWS) -> tuple[Effect, ...]:
    """Answer every question that the arms of a table allow; nothing without the arm "full" and another one."""
    grid = lattice(table, table.arm.index * len(table.models) + table.model.index, _groups(table))
    answers: list[Answer] = []
    contrasts: list[Effect] = []
    for question in ask(_played(table)):
        weighed = _weigh(table, grid, question)
        whole = np.ones(len(table.scenario.names), dtype=bool)
        answers.append(_answer(table, weighed, whole, None))
        if question.arm == RECORD and question.kind in ("free", "frozen"):
            split, apart = _split(table, weighed)
            answers += split
            contrasts += apart
    if not answers:
        return ()
    flips = np.concatenate([one.parts.reshape(table.cases, -1) for one in answers], axis=1)
    chances = flip(flips, generator, draws).reshape(len(answers), *answers[0].parts.shape[1:])
    rows = [row for one, p in zip(answers, chances, strict=True) for row in _rows(table, grid, one, p)]
    return tuple(_adjust([*rows, *contrasts]))


def _groups(table: Table) -> int:
    return len(table.arm.names) * len(table.models)


def _played(table: Table) -> tuple[str, ...]:
    there = np.unique(table.arm.index)
    return tuple(table.arm.names[place] for place in there)


def _weigh(table: Table, grid: Grid, question: Question) -> Weighed:
    """Add up the arms; a scenario is planned where an arm beside the full one was to be played."""
    units, models = len(table.scenario.names), len(table.models)
    arms = [(_columns(table, arm), weight) for arm, weight in question.weight.items()]
    planned = np.zeros((units, models), dtype=bool)
    for arm in (_columns(table, name) for name in question.weight if name != FULL):
        planned |= grid.planned[:, arm] > 0
    columns = grid.value.shape[2]
    return Weighed(
        question=question,
        value=sum(weight * grid.value[:, arm] for arm, weight in arms).reshape(-1, columns),
        share=sum(weight * grid.share[:, arm] for arm, weight in arms).reshape(
            units * models, columns, grid.share.shape[3]
        ),
        abstained=sum(grid.abstained[:, arm] for arm, _ in arms).reshape(-1, columns),
        case=np.repeat(grid.case, models),
        model=np.where(planned, np.arange(models), -1).ravel(),
    )


def _columns(table: Table, arm: str) -> slice:
    start = table.arm.names.index(arm) * len(table.models)
    return slice(start, start + len(table.models))


def _mean(table: Table, weighed: Weighed, index: Indices, groups: int) -> Means:
    return average(
        table,
        weighed.value,
        case=weighed.case,
        index=index,
        groups=groups,
        share=weighed.share,
        abstained=weighed.abstained,
    )


def _answer(table: Table, weighed: Weighed, units: Flags, level: str | None) -> Answer:
    """Average over some scenarios, by model and over the models that have a score."""
    models = len(table.models)
    index = np.where(np.repeat(units, models), weighed.model, -1)
    means = _mean(table, weighed, index, models)
    held = parts(means, weighed.value, case=weighed.case, index=index)
    known = ~np.isnan(means.value)
    weight = known / np.maximum(known.sum(axis=0), 1)
    total = {name: getattr(means, name).sum(axis=0) for name in ("n", "missing", "abstained")}
    total["clusters"] = means.clusters.max(axis=0, initial=0)  # the models share their cases
    total["value"] = ratio(np.where(known, means.value, 0.0).sum(axis=0), known.sum(axis=0))
    pooled = replace(
        means,
        influence=np.concatenate([means.influence, _pool(means.influence, weight)], axis=1),
        **{name: np.concatenate([getattr(means, name), row[None]]) for name, row in total.items()},
    )
    both = np.concatenate([held, _pool(held, weight)], axis=1)
    return Answer(question=weighed.question, means=pooled, parts=both, level=level, units=units)


def _pool(values: Floats, weight: Floats) -> Floats:
    """Average (G, M, K) over models by weights (M, K), (G, 1, K)."""
    return (values * weight).sum(axis=1, keepdims=True)


def _split(table: Table, weighed: Weighed) -> tuple[list[Answer], list[Effect]]:
    """Answer where the record is relevant, where it is not, and how far the two are apart."""
    stratum = table.strata.get(STRATUM)
    if stratum is None or not {RELEVANT, IDLE} <= {*stratum.names}:
        return [], []
    level = np.full(len(table.scenario.names), -1, dtype=np.int64)
    level[table.scenario.index] = stratum.index
    on = {name: level == stratum.names.index(name) for name in (RELEVANT, IDLE)}
    answers = [_answer(table, weighed, units, name) for name, units in on.items()]
    models = len(table.models)
    side = np.repeat(np.where(on[RELEVANT], 0, np.where(on[IDLE], 1, -1)), models)
    index = np.where((side >= 0) & (weighed.model >= 0), side * models + weighed.model, -1)
    gap = part_gap(_mean(table, weighed, index, 2 * models), models)
    return answers, [*_contrast(table, weighed.question, gap)]


def _contrast(table: Table, question: Question, gap: Gap) -> Iterator[Effect]:
    models = len(table.models)
    scored = (~np.isnan(gap.value)).any(axis=1).astype(float)
    there = (gap.count[0] + gap.count[2]).any(axis=1)
    weights = [(table.models[m], np.eye(models)[m]) for m in np.flatnonzero(there)]
    if scored.sum() > 1:
        weights.append((EVERY, scored / scored.sum()))
    for model, weight in weights:
        for d, dimension in enumerate(table.dimensions):
            difference, p = read_gap(gap, weight, d)
            yield Effect(
                arm=question.arm,
                kind=question.kind,
                model=model,
                dimension=dimension,
                stratum=STRATUM,
                level=RELEVANT,
                against=IDLE,
                difference=difference,
                p=p,
                holm=None,
                correlation=None,
            )


def _rows(table: Table, grid: Grid, answer: Answer, chances: Floats) -> Iterator[Effect]:
    """Read an answer; a model that was never to play the arm has no row, nor have all models where there is one."""
    means, models = answer.means, len(table.models)
    there = ((means.n + means.missing) > 0).any(axis=1)
    there[models] = there[:models].sum() > 1
    estimates = means.estimates()
    for m in np.flatnonzero(there):
        for d, dimension in enumerate(table.dimensions):
            yield Effect(
                arm=answer.question.arm,
                kind=answer.question.kind,
                model=EVERY if m == models else table.models[m],
                dimension=dimension,
                stratum=answer.level and STRATUM,
                level=answer.level,
                against=None,
                difference=estimates[m][d],
                p=None if np.isnan(chances[m, d]) else float(chances[m, d]),
                holm=None,
                correlation=None if m == models else _together(table, grid, answer, (m, d)),
            )


def _together(table: Table, grid: Grid, answer: Answer, at: tuple[int, int]) -> float | None:
    if len(answer.question.weight) != 2:
        return None
    columns = (grid.value[answer.units, _columns(table, arm)] for arm in answer.question.weight)
    return correlate(*(column[:, at[0], at[1]] for column in columns))


def _adjust(rows: list[Effect]) -> list[Effect]:
    families: dict[tuple[object, ...], list[int]] = {}
    for place, row in enumerate(rows):
        pooled = row.model == EVERY
        key = (row.arm, row.kind, row.dimension, row.level, row.against, pooled)
        families.setdefault(key, []).append(place)
    for places in families.values():
        for place, value in zip(places, holm([rows[p].p for p in places]), strict=True):
            rows[place] = replace(rows[place], holm=value)
    return rows
