"""How OpenAI's Chat Completions answers: completions and chunks.

Usage counts the cached tokens within the prompt's, and a refusal is a field beside the content. Reasoning, where
there is any, is in the field that vLLM and its like use; OpenAI itself shows none. Nothing here knows what was
asked.
"""

from __future__ import annotations

from typing import Any

import orjson

from engine.simulator.frames import padding, plain_event, split_words
from engine.simulator.openai_terms import CREATED, REFUSAL
from engine.simulator.wire import GivenAnswer, WireCall

STOPS = {
    "end": "stop",
    "malformed": "stop",
    "refusal": "stop",
    "sequence": "stop",
    "length": "length",
    "window": "length",
    "filter": "content_filter",
}


def whole(call: WireCall, answer: GivenAnswer) -> bytes:
    """Write the answer as one completion."""
    refused, used = answer.stop == "refusal", _uses_tool(call, answer)
    message: dict[str, Any] = {
        "role": "assistant",
        "content": (answer.aside or None) if used else None if refused else answer.text,
        "refusal": REFUSAL if refused else None,
        "annotations": [],
    }
    if answer.thought:
        message["reasoning_content"] = answer.thought
    if used:
        message["tool_calls"] = [_tool_call(call, answer, answer.text)]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(call, answer)}
    head = _envelope(call, answer, "chat.completion")
    return orjson.dumps(head | {"choices": [choice], "usage": _usage(call, answer)})


def pieces(call: WireCall, answer: GivenAnswer) -> list[bytes]:
    """Write the answer as chunks."""
    head = _envelope(call, answer, "chat.completion.chunk") | ({"usage": None} if call.counted else {})

    def chunk(delta: dict[str, Any], at: int, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        padded = {"obfuscation": padding(answer.id, at)} if call.padded else {}
        return plain_event(head | {"choices": [choice]} | padded)

    deltas = _deltas(call, answer)
    last = chunk({}, 1, _finish(call, answer))
    if call.counted:
        last += plain_event(head | {"choices": [], "usage": _usage(call, answer)})
    return [*(chunk(delta, at) for at, delta in enumerate(deltas)), last + b"data: [DONE]\n\n"]


def _deltas(call: WireCall, answer: GivenAnswer) -> list[dict[str, Any]]:
    first: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
    musing = [{"reasoning_content": part} for part in split_words(answer.thought)]
    if answer.stop == "refusal":
        return [first, *musing, *({"refusal": part} for part in split_words(REFUSAL))]
    if not _uses_tool(call, answer):
        return [first, *musing, *({"content": part} for part in split_words(answer.text))]
    asides = [{"content": part} for part in split_words(answer.aside)]
    opening = {"tool_calls": [{"index": 0} | _tool_call(call, answer, "")]}
    rest = (
        {"tool_calls": [{"index": 0, "function": {"arguments": part}}]} for part in split_words(answer.text)
    )
    return [first | {"content": "" if asides else None}, *musing, *asides, opening, *rest]


def _uses_tool(call: WireCall, answer: GivenAnswer) -> bool:
    """Say whether the answer is a tool's; its arguments are text here, which may be torn."""
    return bool(call.tool and answer.text)


def _tool_call(call: WireCall, answer: GivenAnswer, arguments: str) -> dict[str, Any]:
    function = {"name": call.tool, "arguments": arguments}
    return {"id": f"call_{answer.id}", "type": "function", "function": function}


def _finish(call: WireCall, answer: GivenAnswer) -> str:
    used = _uses_tool(call, answer) and answer.stop in ("end", "malformed")
    return "tool_calls" if used else STOPS[answer.stop]


def _envelope(call: WireCall, answer: GivenAnswer, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{answer.id}",
        "object": kind,
        "created": CREATED,
        "model": call.served.id,
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _usage(call: WireCall, answer: GivenAnswer) -> dict[str, Any]:
    used = answer.usage
    details = {"cached_tokens": used.read, "image_tokens": call.trail.photos, "audio_tokens": 0}
    return {
        "prompt_tokens": used.input,
        "completion_tokens": used.output,
        "total_tokens": used.input + used.output,
        "prompt_tokens_details": details,
        "completion_tokens_details": {
            "reasoning_tokens": used.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
