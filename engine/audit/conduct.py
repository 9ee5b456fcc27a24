"""How the patients of each model conducted themselves: the examinations of a run, added up.

The one idea: patients are one cast for all models, so a column that differs between models says what a model does
to its patients or where the cast is weak, and is never a score. Nothing here knows how it is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.audit.examine import RULES, Examination

ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """The patients of one row of the leaderboard, or of all."""

    model: str
    conversations: int = 0
    turns: int = 0
    words: int = 0
    asked: int = 0
    answered: int = 0
    told: int = 0
    """Facts told."""
    timed: int = 0
    """Of these, facts of which it is known when they were due."""
    breaches: dict[str, int] = field(default_factory=dict)
    """By rule, every rule named."""

    @property
    def pace(self) -> float:
        """Give the words a turn."""
        return self.words / self.turns if self.turns else 0.0

    @property
    def cooperation(self) -> float | None:
        """Give the share, 0 to 1, of what was asked that was answered; None where nothing was asked."""
        return self.answered / self.asked if self.asked else None

    @property
    def unsolicited(self) -> float | None:
        """Give the share, 0 to 1, of the facts told that were not due; None where that is known of none."""
        return self.breaches["unsolicited"] / self.timed if self.timed else None


def add_up(examined: Mapping[str, Examination], rows: Mapping[str, str]) -> tuple[Conduct, ...]:
    """Give the conduct by row of the leaderboard, `rows` saying whose each conversation is, and of all, last."""
    groups: dict[str, list[Examination]] = {}
    for name, examination in examined.items():
        groups.setdefault(rows[name], []).append(examination)
    found = [_add(model, group) for model, group in groups.items()]
    return (*found, _add(ALL, list(examined.values()))) if found else ()


def _add(model: str, group: list[Examination]) -> Conduct:
    counts = sum((examination.counts for examination in group), Counter())
    return Conduct(
        model=model,
        conversations=len(group),
        turns=sum(one.turns for one in group),
        words=sum(one.words for one in group),
        asked=sum(one.asked for one in group),
        answered=sum(one.answered for one in group),
        told=sum(one.told for one in group),
        timed=sum(one.told for one in group if one.planned),
        breaches={rule: counts[rule] for rule in RULES},
    )
