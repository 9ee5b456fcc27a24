"""Two runs in numbers: what changed with each model, and where all models of both stand.

Under one instrument both runs lie in one table, so that a juror is as severe in the one as in the other. Arms are
never mixed. Nothing here decides what may be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.cells import Cell
from engine.comparison.ground import Ground
from engine.comparison.sides import Side
from personas.seeds import derive
from rubrics.leaderboard import OVERALL, Standing, tabulate
from rubrics.numbers.changes import Change, contrast, follow
from rubrics.numbers.table import Columns, Table, lay
from rubrics.scores import Flags, Indices, Votes

Sides = tuple[Side, Side]
COLUMNS = ("conversation", "dimension", "juror")
VOTES = ("score", "own", "status", "reading")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some conversations of one run."""

    side: Side
    keep: Callable[[Cell], bool]
    title: Callable[[Cell], str]
    """What a conversation's model is called in the table."""


def arms(sides: Sides, ground: Ground) -> tuple[str, ...]:
    """Name the arms in which both runs have a shared scenario."""
    first, second = ({cell.arm.name: None for cell in side.results.kept} for side in sides)
    return tuple(arm for arm in first if arm in second and _scenes(sides, ground, arm))


def changes(sides: Sides, ground: Ground, arm: str) -> tuple[Change, ...]:
    """Give the second run less the first for each model of both, dimension by dimension, overall first."""
    met = _scenes(sides, ground, arm)
    models = [name for name in ground.models if all(_plays(side, name, arm, met) for side in sides)]
    found: list[Change] = []
    if models and ground.tested:
        found += _tested(sides, ground, arm, models)
    if models and ground.shown:
        found += _shown(sides, ground, arm, models)
    first = {name: place for place, name in enumerate((OVERALL, *sides[0].held["dimensions"]))}
    return tuple(sorted(found, key=lambda one: first[one.dimension]))


def pool(sides: Sides, ground: Ground, arm: str) -> tuple[Standing, ...]:
    """Rank the models of both runs on the scenarios both have; what both hold word for word counts once."""
    met = _scenes(sides, ground, arm)
    again = {
        name
        for name, said in sides[1].said.items()
        if name in sides[0].cells and sides[0].said.get(name) == said
    }
    parts = [
        Part(
            side=side,
            keep=lambda cell, twice=twice: _is(cell, arm, met) and cell.id not in twice,
            title=lambda cell, side=side: named(side, ground, cell.model),
        )
        for side, twice in zip(sides, (frozenset(), again), strict=True)
    ]
    table = _laid(parts, jurors=sides[0].results.plan.jury, dimensions=sides[0].held["dimensions"])
    return tabulate(
        table.scores,
        models=[table.model.names[place] for place in table.model.index],
        clusters=[table.case.names[place] for place in table.case.index],
        generator=derive("compare", "leaderboard", arm),
    )


def named(side: Side, ground: Ground, model: str) -> str:
    """Call a model by its name; one that is another in the other run, by its run too."""
    twice = model in ground.only[0] and model in ground.only[1]
    return f"{model} ({side.letter})" if twice else model


def _tested(sides: Sides, ground: Ground, arm: str, models: Sequence[str]) -> Sequence[Change]:
    met = _scenes(sides, ground, arm)
    parts = [
        Part(
            side=side,
            keep=lambda cell: _is(cell, arm, met),
            title=lambda cell, side=side: f"{side.letter} {cell.model}",
        )
        for side in sides
    ]
    table = _laid(parts, jurors=ground.jurors, dimensions=ground.tested)
    couples = {name: tuple(table.models.index(f"{side.letter} {name}") for side in sides) for name in models}
    found = follow(table, couples, derive("compare", "flips", arm))
    # Overall is of all dimensions or of none.
    whole = all({*side.held["dimensions"]} == {*ground.tested} for side in sides)
    return [one for one in found if whole or one.dimension != OVERALL]


def _shown(sides: Sides, ground: Ground, arm: str, models: Sequence[str]) -> Sequence[Change]:
    met = _scenes(sides, ground, arm)
    dimensions = [*ground.tested, *ground.shown]
    tables = [
        _laid(
            [Part(side=side, keep=lambda cell: _is(cell, arm, met), title=lambda cell: cell.model)],
            jurors=side.results.plan.jury,
            dimensions=dimensions,
        )
        for side in sides
    ]
    whole = all({*side.held["dimensions"]} == {*dimensions} for side in sides)
    kept = {*ground.shown, *((OVERALL,) if whole else ())}
    return [one for one in contrast(*tables, models) if one.dimension in kept]


def _scenes(sides: Sides, ground: Ground, arm: str) -> frozenset[str]:
    """Give the shared scenarios that both runs have in an arm."""
    both = (
        {cell.scenario.id for cell in side.results.kept if cell.arm.name == arm} & ground.overlap.shared
        for side in sides
    )
    return frozenset(set.intersection(*both))


def _is(cell: Cell, arm: str, met: frozenset[str]) -> bool:
    return cell.arm.name == arm and cell.scenario.id in met


def _plays(side: Side, model: str, arm: str, met: frozenset[str]) -> bool:
    return any(cell.model == model and _is(cell, arm, met) for cell in side.results.kept)


def _laid(parts: Sequence[Part], *, jurors: Sequence[str], dimensions: Sequence[str]) -> Table:
    """Lay conversations of one or two runs into one table, with the votes of some jurors on some dimensions."""
    jurors, dimensions = sorted(jurors), list(dimensions)
    names: list[str] = []
    cells: list[Cell] = []
    models: list[str] = []
    columns: dict[str, list[np.ndarray]] = {name: [] for name in (*COLUMNS, *VOTES)}
    for part in parts:
        votes, known = part.side.results.scores.votes, part.side.cells
        keep = np.array([part.keep(known[name]) for name in votes.conversations], dtype=bool)
        places = (_shift(keep, len(names)), _find(votes.dimensions, dimensions), _find(votes.jurors, jurors))
        _add(columns, votes, places)
        chosen = [known[name] for name, stays in zip(votes.conversations, keep, strict=True) if stays]
        cells += chosen
        names += [f"{part.side.letter} {cell.id}" for cell in chosen]
        models += [part.title(cell) for cell in chosen]
    return lay(
        Votes(
            conversations=tuple(names),
            dimensions=tuple(dimensions),
            jurors=tuple(jurors),
            **{name: np.concatenate(column) for name, column in columns.items()},
        ),
        Columns(
            model=models,
            case=[cell.scenario.cluster for cell in cells],
            scenario=[cell.scenario.id for cell in cells],
        ),
    )


def _add(columns: dict[str, list[np.ndarray]], votes: Votes, places: tuple[Indices, ...]) -> None:
    """Add the votes whose conversation, dimension and juror all have a place."""
    at = [place[getattr(votes, name)] for name, place in zip(COLUMNS, places, strict=True)]
    heard: Flags = np.logical_and.reduce([place >= 0 for place in at])
    for name, place in zip(COLUMNS, at, strict=True):
        columns[name].append(place[heard])
    for name in VOTES:
        columns[name].append(getattr(votes, name)[heard])


def _shift(keep: Flags, start: int) -> Indices:
    """Number those that are kept from `start`, -1 for the others."""
    return np.where(keep, np.cumsum(keep) - 1 + start, -1)


def _find(names: Sequence[str], among: Sequence[str]) -> Indices:
    """Give the place of each name among others, -1 where it is not there."""
    return np.array([among.index(name) if name in among else -1 for name in names], dtype=np.int64)
