"""What an exit interview was worth once the truth is known: the chance it gave to what the patient has.

The one idea: a few numbers that every score of forecasts can be made of, so that whoever computes scores needs
neither words nor conditions. All possibilities that name the true condition count together. Nothing here scores.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.interview import Interview
from personas.conditions.naming import other, same
from personas.values import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """An interview held against the truth; chances are 0 to 1 and sum to 1 at most."""

    true: float
    """Chance given to the true condition; 0 where it was not named."""
    first: float
    """Chance given to the likeliest possibility: the model's confidence."""
    squares: float
    """Sum of the squared chances of the possibilities that are not the true one."""
    rest: float
    """Chance left for something else."""
    place: int
    """Of the true condition among the possibilities, likeliest first, from 1; 0 where it was not named."""


def foresee(interview: Interview, truth: Truth) -> Foresight | None:
    """Hold an interview against the truth; None for one that was not given.

    A possibility such as "something else" is part of what is left, whatever its percent.
    """
    if interview.status != "given":
        return None
    ranked = [(each, chance) for each, chance in interview.ranked() if not other(each.condition)]
    hits = [same(each.condition, truth) for each, _ in ranked]
    chances = [chance for _, chance in ranked]
    return Foresight(
        true=sum(chance for chance, hit in zip(chances, hits, strict=True) if hit),
        first=chances[0] if chances else 0.0,
        squares=sum(chance**2 for chance, hit in zip(chances, hits, strict=True) if not hit),
        rest=max(0.0, 1 - sum(chances)),
        place=hits.index(True) + 1 if any(hits) else 0,
    )
