"""The leads: how each section of the report begins, THE finding in a sentence or two, computed from the numbers.

The one idea: a reader who reads nothing else has been told the truth, so a sentence claims what its interval carries,
and where it carries nothing, that is the finding. Nothing here knows how a sentence is shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.report.cases import Case
from engine.report.leads import board, jury, play
from engine.report.story import Story

TELLERS = {
    "run": board.tell_run,
    "leaderboard": board.tell_board,
    "safety": board.tell_safety,
    "strata": board.tell_strata,
    "arms": play.tell_arms,
    "triage": play.tell_triage,
    "jury": jury.tell_jury,
    "calibration": jury.tell_calibration,
    "patients": play.tell_patients,
    "cost": play.tell_cost,
}
"""By section, who finds its words."""


def lead(story: Story, worst: Sequence[Case], disputed: Sequence[Case]) -> dict[str, tuple[str, ...]]:
    """Give the first sentences of every section, by its key."""
    told = {key: tuple(teller(story)) for key, teller in TELLERS.items()}
    digests = "Scores may stand in one table only where the first five of these digests are the same."
    return told | {"worst": tuple(play.tell_worst(worst, disputed)), "hashes": (digests,)}
