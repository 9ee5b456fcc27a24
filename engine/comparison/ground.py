"""The ground two runs stand on together: what of them may be compared, how, and why not the rest.

    one instrument    the same rubric, prompts of the jury and jurors: a change is tested
    two instruments   a change is shown with its interval, as one of instruments, and never tested
    one leaderboard   one instrument, and conversations made alike: models may be pooled

Where juries differ, only jurors who sit on both are heard, unless the conversations are the same ones: then it is
the juries that are compared. Nothing here computes a score.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from engine.comparison.differs import Difference, alike, changed_models, jurors
from engine.comparison.sides import Side
from engine.errors import BadRun
from engine.provenance import SHOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Which scenarios both runs have."""

    shared: frozenset[str]
    """In both, and taken out in neither: those that are compared."""
    first: int
    """Scenarios only the first run has."""
    second: int
    excluded: int
    """In both, and taken out in one since the audit found a patient at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What may be done with two runs."""

    overlap: Overlap
    met: int
    """Conversations that ended in both, on shared scenarios in shared arms: of one name, whatever was said."""
    same_words: int
    """Those of them that are word for word the same."""
    same_votes: bool
    """All of them are, and of all of them the jury said the same."""
    models: tuple[str, ...]
    """In both runs and one model each: those that are paired."""
    only: tuple[tuple[str, ...], tuple[str, ...]]
    """Models of the first run alone, and of the second."""
    jurors: tuple[str, ...]
    """Whose votes are compared under one instrument."""
    tested: tuple[str, ...]
    """Dimensions with one instrument."""
    shown: tuple[str, ...]
    """Dimensions with two."""
    refused: tuple[str, ...]
    """Why the two may not stand in one leaderboard, a sentence each; empty when they may."""

    @property
    def same_talk(self) -> bool:
        """Tell whether all conversations of both are the same ones."""
        return 0 < self.same_words == self.met


def survey(first: Side, second: Side, differences: Sequence[Difference]) -> Ground:
    """Find out what may be compared; raises BadRun when nothing can."""
    _kind(first, second)
    overlap = _overlap(first, second)
    arms = first.arms & second.arms
    here, there = (_ended(side, overlap.shared, arms) for side in (first, second))
    met = here.keys() & there.keys()
    same = sum(here[name] == there[name] for name in met)
    talk = 0 < same == len(met)
    heard, tested, shown = _instrument(first, second, differences, talk)
    changed = changed_models(first, second)
    plans = first.models, second.models
    return Ground(
        overlap=overlap,
        met=len(met),
        same_words=same,
        same_votes=talk and first.votes(met) == second.votes(met),
        models=tuple(name for name in plans[0] if name in plans[1] and name not in changed),
        only=tuple(
            tuple(name for name in one if name not in other or name in changed)
            for one, other in (plans, plans[::-1])
        ),
        jurors=heard,
        tested=tested,
        shown=shown,
        refused=tuple(_refusals(differences, talk and here.keys() == there.keys())),
    )


def _kind(first: Side, second: Side) -> None:
    """Refuse to hold invented minds against real models."""
    if first.results.simulated != second.results.simulated:
        invented, real = (first, second) if first.results.simulated else (second, first)
        raise BadRun(
            f"{invented.name} is simulated and {real.name} is live, and invented minds are not compared with real "
            "models: name two runs of one kind."
        )


def _overlap(first: Side, second: Side) -> Overlap:
    both = first.scenarios & second.scenarios
    if not both:
        raise BadRun(
            f"{first.name} and {second.name} share no scenario ({first.provenance.scenarios[:SHOWN]} and "
            f"{second.provenance.scenarios[:SHOWN]}): play both on one file, as --scenarios takes it."
        )
    out = both & (first.results.excluded.keys() | second.results.excluded.keys())
    if both == out:
        raise BadRun(
            f"each scenario that {first.name} and {second.name} share is taken out in one of them, since a patient "
            "was at fault: see report/exclusions.csv there."
        )
    if not first.arms & second.arms:
        raise BadRun(
            f"{first.name} and {second.name} share no arm ({', '.join(sorted(first.arms))} and "
            f"{', '.join(sorted(second.arms))}), and an arm is compared with its like only: play one in both."
        )
    return Overlap(
        shared=frozenset(both - out),
        first=len(first.scenarios - both),
        second=len(second.scenarios - both),
        excluded=len(out),
    )


def _ended(side: Side, shared: frozenset[str], arms: Collection[str]) -> dict[str, str]:
    """Give what was said in the conversations that count and ended, on shared scenarios in shared arms."""
    ended = {
        name: side.said[name]
        for name, cell in side.cells.items()
        if name in side.said and cell.scenario.id in shared and cell.arm.name in arms
    }
    if not ended:
        raise BadRun(
            f"{side.name} has no finished conversation that counts on the {len(shared)} scenarios both runs have: "
            "go on with it by python run.py resume."
        )
    return ended


def _instrument(
    first: Side, second: Side, differences: Sequence[Difference], talk: bool
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Give the jurors who are heard, the dimensions they scored under one instrument, and the others."""
    held = [side.held["dimensions"] for side in (first, second)]
    shared = tuple(name for name in held[0] if name in held[1])
    other = {one.key for one in differences if one.moves == "judging"}
    heard = jurors(first, second)
    reworded = other & {"judging", "sight"}
    if not heard or reworded or (talk and "jury" in other):
        return (), (), shared
    one = alike(first, second)
    return heard, one, tuple(name for name in shared if name not in one)


def _refusals(differences: Sequence[Difference], twice: bool) -> Iterator[str]:
    """Say why two runs may not stand in one leaderboard; `twice` where neither has a conversation of its own."""
    for one in differences:
        if one.refusal:
            yield f"Not pooled into one leaderboard: {one.refusal}."
    if twice:
        yield "Not pooled into one leaderboard: both hold the same conversations, which would count twice."
