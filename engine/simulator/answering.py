"""From a call to an answer: what the mind says, cut where the sender or the model's limits cut it, with whatever
a fault does to it.

Nothing here knows a protocol's words, waits, or keeps anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.simulator.bent import bend
from engine.simulator.faults import BIASES, MUSINGS
from engine.simulator.request import Request
from engine.simulator.tokens import LETTERS, TokenUsage, count_tokens
from engine.simulator.wire import GivenAnswer, Stop, WireCall

STOPS: dict[str, Stop] = {"refusal": "refusal", "filter": "filter", "malformed": "malformed"}
REASONING = (
    "Let me go through what was sent. I should weigh what is visible against what is said, "
    "and then give an answer that fits what was asked."
)
"""A thought, when one is to be shown: the minds have none, for they think with arithmetic."""
LEAKED = "As an AI, I would call it a basal cell carcinoma. "
"""What a patient's model says that is out of its role and knows what no patient knows."""
TAGGED = f"<think>\n{REASONING}\n</think>\n\n"


def answer_to(
    call: WireCall,
    fault: str,
    mind: Callable[[Request], str],
    *,
    id: str,
    sent: TokenUsage,
    seconds: float,
) -> GivenAnswer:
    """Make the answer to a call under a fault, "" for none; `sent` is the bill without the answer."""
    silent = fault in ("refusal", "filter", "empty")
    text = "" if silent else mind(call.request)
    if not (text or silent):
        # A mind that has nothing to say has declined, in the way its protocol has for that.
        silent, fault = True, "filter" if call.served.protocol == "bedrock" else "refusal"
    if fault == "leak" and '"says":"' in text:
        text = text.replace('"says":"', f'"says":"{LEAKED}', 1)
    if fault in BIASES:
        text = bend(fault, call.request, text)
    musing = fault == "thinking" or (call.thinks and not silent and fault not in MUSINGS)
    thought = REASONING if musing else ""
    aside = TAGGED if fault == "think-tags" and call.tool else ""
    reasoned = count_tokens(thought)
    if fault == "think-tags" and not call.tool:
        text = TAGGED + text
    if fault == "malformed" and (call.request.schema is not None or text.startswith("{")):
        text, stop, cut_by = text[: max(1, len(text) // 2)], STOPS[fault], ""
    elif silent:
        stop, cut_by = STOPS.get(fault, "end"), ""
    else:
        text, stop, cut_by = _cut(text, call, reasoned)
    usage = replace(sent, output=count_tokens(aside) + count_tokens(text) + reasoned, reasoning=reasoned)
    return GivenAnswer(
        id=id,
        text=text,
        stop=stop,
        cut_by=cut_by,
        thought=thought,
        aside=aside,
        usage=usage,
        seconds=seconds,
    )


def _cut(text: str, call: WireCall, reasoned: int) -> tuple[str, Stop, str]:
    """End a text at the first stop sequence, or where its tokens are used up; give the reason with it."""
    stop: Stop = "end"
    cut_by = ""
    for sequence in call.stops:
        if sequence and (at := text.find(sequence)) >= 0:
            text, stop, cut_by = text[:at], "sequence", sequence
    most, over = call.request.max_tokens, "length"
    if call.served.context is not None and (left := call.served.context - call.trail.total) < most:
        most, over = left, "window"
    if len(text) > (room := max(0, most - reasoned) * LETTERS):
        return text[:room], "window" if over == "window" else "length", ""
    return text, stop, cut_by
