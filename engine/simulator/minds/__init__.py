"""The simulated minds: an assistant, a patient and a juror that think with arithmetic instead of a network.

The one idea: a mind is a pure function of the request and a seed. Which of the three is wanted is told by the
structured answer asked for, by its name or by the schema the prompt spells out, as a real model would tell.
"""

from __future__ import annotations

import re
from functools import lru_cache

import orjson

from engine.simulator.minds import assistant, juror, patient
from engine.simulator.request import Request

__all__ = ["think"]

MINDS = {"patient_turn": patient.answer, "verdict": juror.answer}
FIELDS = {"patient_turn": {"says", "done"}, "verdict": {"evidence", "score"}}
SPELLED = re.compile(r"\bJSON Schema:\s*(\{.*\})\s*\Z", re.DOTALL)
"""How a prompt asks a model that has no mechanism for structured answers."""


def think(request: Request, seed: int) -> str:
    """Answer a request: JSON text for a patient's turn and a verdict, plain text otherwise; never raises."""
    name = request.schema_name or _spelled(request.system)
    return MINDS.get(name, assistant.answer)(request, seed)


@lru_cache(maxsize=256)
def _spelled(system: str) -> str:
    """Give the name of the answer whose schema ends the system text, "" for none that is known."""
    found = SPELLED.search(system)
    try:
        schema = orjson.loads(found.group(1)) if found else {}
    except orjson.JSONDecodeError:
        return ""
    asked = schema.get("properties")
    fields = set(asked) if isinstance(asked, dict) else set()
    return next((name for name, wanted in FIELDS.items() if wanted <= fields), "")
