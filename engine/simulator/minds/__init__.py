"""The simulated minds: an assistant, a patient and a juror that think with arithmetic instead of a network.

The one idea: a mind is a pure function of the request and a seed. Which of the three is wanted is told by the
name of the structured answer asked for, as a real model would tell from it.
"""

from __future__ import annotations

from engine.simulator.minds import assistant, juror, patient
from engine.simulator.request import Request

__all__ = ["think"]


def think(request: Request, seed: int) -> str:
    """Answer a request: JSON text for a patient's turn and a verdict, plain text otherwise; never raises."""
    if request.schema_name == "patient_turn":
        return patient.answer(request, seed)
    if request.schema_name == "verdict":
        return juror.answer(request, seed)
    return assistant.answer(request, seed)
