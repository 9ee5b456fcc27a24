"""The simulated assistant when the patient has left: what it makes of the case, in percents, and how soon.

The one idea: it forms no other view than in the conversation. It reads the same request without the last question,
so its odds are those it spoke from, stated too boldly where its calibration is poor, and its urgency is the one it
gave. It knows no truth card.
"""

from __future__ import annotations

import re
from dataclasses import replace

import orjson

from engine.simulator.minds.case import Case, conditions, consider
from engine.simulator.minds.hearing import advised
from engine.simulator.minds.replies import declines
from engine.simulator.request import Heard, Request

QUESTION = "<exit_interview>"
"""Where the words of whoever asks begin, also where a provider has made one message of them and the patient's."""
SPELLED = re.compile(r"\n\n[^\n]*\bJSON Schema:\s*\{.*\}\s*\Z", re.DOTALL)
"""What a prompt says about the shape of the answer; the conversation's own system text had none."""
MOST = 5
BOLDEST = 2.2
"""Power to which odds are raised by a model of no calibration at all; a perfect one leaves them as they are."""


def answer(request: Request, seed: int) -> str:
    """Give the differential and the urgency as JSON, "" where it declines."""
    told = conversation(request)
    case = consider(told, seed)
    if declines(told, case):
        return ""
    own = [message.text for message in told.messages if message.author == "assistant"]
    given = next((level for text in reversed(own) if (level := advised(text))), case.level)
    listed = [
        {"condition": conditions()[key]["name"], "percent": percent} for key, percent in differential(case)
    ]
    return orjson.dumps({"differential": listed, "urgency": given}).decode()


def conversation(request: Request) -> Request:
    """Give the request as it was before anybody asked: up to the question, without the shape of its answer."""
    kept: list[Heard] = []
    for message in request.messages:
        before, asked, _ = message.text.partition(QUESTION)
        if not asked:
            kept.append(message)
            continue
        if before.strip() or message.images:
            kept.append(replace(message, text=before.rstrip("\n")))
        break
    return replace(request, system=SPELLED.sub("", request.system), messages=tuple(kept))


def differential(case: Case) -> list[tuple[str, int]]:
    """Give up to five conditions with whole percents, the likeliest first, at least one; none is below 1."""
    power = 1 + (BOLDEST - 1) * (1 - case.skill.calibration)
    odds = [(key, odd**power) for key, odd in case.ranks]
    total = sum(odd for _, odd in odds)
    percents = [(key, int(100 * odd / total)) for key, odd in odds[:MOST]]
    return [(key, percent) for key, percent in percents if percent >= 1] or percents[:1]
