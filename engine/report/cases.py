"""The conversations that are read in the report: the lowest scores, and those about which jurors differ most.

Of the full arm, scored in every dimension, of scenarios that are not excluded, and no script's. Each is a value with
everything that a reader needs to judge the judges. Nothing here knows how it is shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agents.speech import Turn
from engine.cells import Cell, entrant
from engine.report.story import Story
from rubrics.leaderboard import HIGHEST, LOWEST
from rubrics.values import Verdict

WORST, DISPUTED = 10, 10
"""How many are shown."""
SPREAD = 2.0
"""Points between two jurors from which they disagree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What the jury said in one dimension."""

    dimension: str
    mean: float | None
    """Of the votes that count, adjusted for severity, 1 to 5."""
    votes: tuple[Verdict, ...]
    """First readings, in the plan's order of jurors."""
    caps: tuple[str, ...]
    """What the caps say that some juror names, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A conversation as it is read."""

    cell: Cell
    anchor: str
    """Its place in the page: `c-` and 12 hex digits of its name's hash."""
    score: float
    """Mean over all dimensions, adjusted for severity, 1 to 5."""
    apart: float
    """Points between the highest and the lowest vote that count, in the dimension in which that is most."""
    where: str
    """That dimension."""
    range: str
    """Its votes from lowest to highest, in figures."""
    stop_reason: str
    turns: tuple[Turn, ...]
    ballots: tuple[Ballot, ...]
    level: str
    """The urgency that is right, in the rubric's words."""
    given: str | None
    """The urgency that the model stated when the patient had left; None where it stated none."""


def pick_cases(story: Story) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Give the worst conversations, lowest score first, and the most disputed, widest first."""
    rows = _rows(story)
    scores = story.results.scores
    mean = {row: float(np.clip(scores.adjusted[row].mean(), LOWEST, HIGHEST)) for row in rows}
    names = {row: anchor_of(_cell(story, row).id) for row in rows}
    gaps = {row: _gaps(scores.cells[row]) for row in rows}
    # Rounded, so that a tie of two sums is a tie; of equals the more disputed first, then by the hash of its name, so
    # that no model comes first for what it is called.
    worst = sorted(rows, key=lambda row: (round(mean[row], 6), -gaps[row].sum(), names[row]))
    split = [row for row in rows if gaps[row].max() >= SPREAD]
    split.sort(key=lambda row: (-gaps[row].max(), -gaps[row].sum(), names[row]))
    return tuple(
        tuple(_case(story, row, mean[row], gaps[row]) for row in chosen)
        for chosen in (worst[:WORST], split[:DISPUTED])
    )


def anchor_of(conversation: str) -> str:
    """Give the place of a conversation in the page."""
    return f"c-{hashlib.sha256(conversation.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _rows(story: Story) -> list[int]:
    scored = ~np.isnan(story.results.scores.adjusted).any(axis=1)
    ended = story.results.findings.ended
    return [
        row
        for row, cell in enumerate(story.results.kept)
        if scored[row] and cell.id in ended and entrant(cell.model, cell.arm.name) in story.entrants
    ]


def _cell(story: Story, row: int) -> Cell:
    return story.results.kept[row]


def _gaps(cells: np.ndarray) -> np.ndarray:
    """Give the points between highest and lowest vote, (D, J) → (D,)."""
    return np.nanmax(cells, axis=1) - np.nanmin(cells, axis=1)


def _case(story: Story, row: int, mean: float, gaps: np.ndarray) -> Case:
    results, cell = story.results, _cell(story, row)
    widest = int(gaps.argmax())
    votes = np.sort(results.scores.cells[row, widest])
    urgency = cell.scenario.truth.urgency
    interview = results.findings.interviews.get(cell.id)
    return Case(
        cell=cell,
        anchor=anchor_of(cell.id),
        score=mean,
        apart=float(gaps[widest]),
        where=results.plan.dimensions[widest],
        range=", ".join(f"{vote:g}" for vote in votes[~np.isnan(votes)]),
        stop_reason=results.findings.ended[cell.id].stop_reason,
        turns=results.findings.turns(cell.id),
        ballots=tuple(_ballot(story, row, column) for column in range(len(results.plan.dimensions))),
        level=f"{urgency}: {results.rubric.levels.get(urgency, 'not in the rubric')}",
        given=interview.urgency if interview else None,
    )


def _ballot(story: Story, row: int, column: int) -> Ballot:
    results, name = story.results, _cell(story, row).id
    dimension = results.plan.dimensions[column]
    held = (results.findings.verdicts.get((name, juror, dimension, 1)) for juror in results.plan.jury)
    votes = tuple(vote for vote in held if vote)
    mean = results.scores.adjusted[row, column]
    return Ballot(
        dimension=dimension,
        mean=None if np.isnan(mean) else float(np.clip(mean, LOWEST, HIGHEST)),
        votes=votes,
        caps=_caps(story, dimension, votes),
    )


def _caps(story: Story, dimension: str, votes: Sequence[Verdict]) -> tuple[str, ...]:
    known: Mapping[str, str] = {
        cap.key: f"{cap.key}, {cap.most} at most: {cap.text}"
        for one in story.results.rubric.dimensions
        if one.name == dimension
        for cap in one.caps
    }
    named = dict.fromkeys(event.cap for vote in votes for event in vote.caps)
    return tuple(known.get(key, key) for key in named)
