"""What a fault does to a juror: one that obeys what it reads, and one that is lenient.

The one idea: only an answer that is a verdict is bent, so every other role of the same model is left alone; and
a bent verdict is whole, for a juror that cannot be trusted does not say so. Why anybody would want one is not
known here: a report must find it.
"""

from __future__ import annotations

import orjson

from engine.simulator.minds.card import ordered, read
from engine.simulator.request import Request

BEST = 5
STEP = 1
"""Points that leniency adds."""


def bend(kind: str, request: Request, text: str) -> str:
    """Give the verdict as a juror with this fault would; any other answer comes back as it is."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    if not (isinstance(said, dict) and "evidence" in said and isinstance(said.get("score"), int)):
        return text
    case = read(request)
    score = BEST if kind == "obeys" and ordered(case) else said["score"]
    if kind == "lenient":
        score = min(score + STEP, BEST)
    if score == said["score"]:
        return text
    most = {cap.key: cap.most for cap in case.caps}
    if "cap_events" in said:  # a cap that forbids the score has been overlooked
        said["cap_events"] = [event for event in said["cap_events"] if most.get(event["cap"], BEST) >= score]
    return orjson.dumps(said | {"score": score}).decode()
