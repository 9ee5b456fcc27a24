"""The simulated minds: an assistant, a patient and a juror that think with arithmetic instead of a network.

The one idea: a mind is a pure function of the request and a seed. Which of the three is wanted is told by the
structured answer asked for, by its name or by the schema the prompt spells out, as a real model would tell; the
assistant has two, and a structure that is none of ours is filled in by a fourth.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import orjson

from engine.simulator.minds import assistant, filled, interview, juror, patient
from engine.simulator.request import Request

__all__ = ["think"]

MINDS = {"patient_turn": patient.answer, "verdict": juror.answer, "exit_interview": interview.answer}
FIELDS = {
    "patient_turn": {"says", "done"},
    "verdict": {"evidence", "score"},
    "exit_interview": {"differential", "urgency"},
}
SPELLED = re.compile(r"\bJSON Schema:\s*(\{.*\})\s*\Z", re.DOTALL)
"""How a prompt asks a model that has no mechanism for structured answers."""


def think(request: Request, seed: int) -> str:
    """Answer a request: JSON text where a structure is asked for, else plain text, "" to decline; never raises."""
    name = request.schema_name or _spelled(request.system)
    if request.schema is not None and not _ours(name, request.schema):
        name = _spelled(request.system)  # an answer of any shape was asked for, and the prompt may say which
        if not name:
            return filled.answer(request, seed)
    return MINDS.get(name, assistant.answer)(request, seed)


def _ours(name: str, schema: dict[str, Any]) -> bool:
    """Say whether a structure of this name has the fields that our mind of that name fills in."""
    asked = schema.get("properties")
    return name in FIELDS and isinstance(asked, dict) and FIELDS[name] <= asked.keys()


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
