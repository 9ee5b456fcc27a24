"""How much a score scatters, and from what: the value that planning works with.

Nothing here knows whether it was measured or assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Part = Literal[
    "scenario",
    "model",
    "juror",
    "scenario_model",
    "scenario_juror",
    "model_juror",
    "repeat",
    "scenario_model_juror",
    "residual",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Variance components of a single vote, in points squared; none is negative."""

    scenario: float = 0.0
    """Scenarios that are harder for every model."""
    model: float = 0.0
    """What is to be measured."""
    juror: float = 0.0
    """Jurors who are more lenient with everybody."""
    scenario_model: float = 0.0
    """Scenarios that are harder for one model than for another."""
    scenario_juror: float = 0.0
    model_juror: float = 0.0
    """Jurors who are more lenient with one model: more scenarios do not help against it."""
    repeat: float = 0.0
    """The same scenario and model again."""
    scenario_model_juror: float = 0.0
    """A juror's view of a model on a scenario, the same in every repeat."""
    residual: float = 0.0
    unknown: tuple[Part, ...] = ()
    """Components that were measured only as part of another, and count as that one."""
