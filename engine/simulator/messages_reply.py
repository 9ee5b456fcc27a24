"""How Anthropic's Messages answers: messages, events, errors and headers.

An answer is a row of blocks, thinking, words, a tool, in that order, and a stream is the same row piece by
piece. Nothing here knows what was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import orjson

from engine.simulator.frames import named_event, split_words
from engine.simulator.limits import BucketLevel
from engine.simulator.wire import GivenAnswer, Refused, WireCall, tool_input, uses_tool

STOPS = {
    "end": "end_turn",
    "malformed": "end_turn",
    "length": "max_tokens",
    "window": "model_context_window_exceeded",
    "sequence": "stop_sequence",
    "refusal": "refusal",
}
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
Block = tuple[dict[str, Any], list[dict[str, Any]]]
"""A block as it opens, and the deltas that fill it."""


def whole(call: WireCall, answer: GivenAnswer) -> bytes:
    """Write the answer as one message."""
    content: list[dict[str, Any]] = []
    if answer.thought:
        content.append({"type": "thinking", "thinking": answer.thought, "signature": _signature(answer)})
    if uses_tool(call, answer):
        if answer.aside:
            content.append({"type": "text", "text": answer.aside})
        content.append(_tool_use(call, answer) | {"input": tool_input(answer)})
    elif answer.text:
        content.append({"type": "text", "text": answer.text})
    return orjson.dumps(
        _envelope(call, answer)
        | {"content": content, "usage": _usage(answer, answer.usage.output)}
        | _end(call, answer)
    )


def pieces(call: WireCall, answer: GivenAnswer) -> list[bytes]:
    """Write the answer as events."""
    start = _envelope(call, answer) | {"content": [], "stop_reason": None, "usage": _usage(answer, 1)}
    head = named_event("message_start", {"message": start})
    made: list[bytes] = []
    for index, (block, deltas) in enumerate(_blocks(call, answer)):
        head += named_event("content_block_start", {"index": index, "content_block": block})
        head += named_event("ping", {}) if index == 0 else b""
        for delta in deltas:
            made.append(head + named_event("content_block_delta", {"index": index, "delta": delta}))
            head = b""
        head += named_event("content_block_stop", {"index": index})
    tail = {"delta": _end(call, answer), "usage": _usage(answer, answer.usage.output)}
    last = named_event("message_delta", tail) + named_event("message_stop", {})
    return [*made, head + last] if made else [head, last]


def _blocks(call: WireCall, answer: GivenAnswer) -> list[Block]:
    found: list[Block] = []
    if answer.thought:
        deltas = [{"type": "thinking_delta", "thinking": part} for part in split_words(answer.thought)]
        deltas.append({"type": "signature_delta", "signature": _signature(answer)})
        found.append(({"type": "thinking", "thinking": "", "signature": ""}, deltas))
    used = uses_tool(call, answer)
    if words := answer.aside if used else answer.text:
        deltas = [{"type": "text_delta", "text": part} for part in split_words(words)]
        found.append(({"type": "text", "text": ""}, deltas))
    if used:
        parts = ["", *split_words(answer.text)]
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in parts]
        found.append((_tool_use(call, answer) | {"input": {}}, deltas))
    return found


def _tool_use(call: WireCall, answer: GivenAnswer) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{answer.id}", "name": call.tool}


def _signature(answer: GivenAnswer) -> str:
    return f"EqQBCkgIARABGAIiQ{answer.id}"


def _envelope(call: WireCall, answer: GivenAnswer) -> dict[str, Any]:
    return {
        "id": f"msg_{answer.id}",
        "type": "message",
        "role": "assistant",
        "model": call.served.id,
        "stop_sequence": None,
        "stop_details": None,
    }


def _end(call: WireCall, answer: GivenAnswer) -> dict[str, Any]:
    refused = {"type": "refusal", "category": None, "explanation": None} if answer.stop == "refusal" else None
    used = answer.stop == "end" and uses_tool(call, answer)
    return {
        "stop_reason": "tool_use" if used else STOPS[answer.stop],
        "stop_sequence": answer.cut_by or None,
        "stop_details": refused,
    }


def _usage(answer: GivenAnswer, output: int) -> dict[str, Any]:
    used = answer.usage
    told = {
        "input_tokens": used.fresh,
        "cache_creation_input_tokens": used.written,
        "cache_read_input_tokens": used.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": used.written - used.written_long,
            "ephemeral_1h_input_tokens": used.written_long,
        },
        "output_tokens": output,
        "service_tier": "standard",
        "inference_geo": "not_available",
    }
    if used.reasoning:
        told["output_tokens_details"] = {"thinking_tokens": min(used.reasoning, output)}
    return told


def refuse(refusal: Refused, request_id: str) -> tuple[int, bytes, dict[str, str]]:
    """Write an error."""
    kind = refusal.kind or TYPES.get(refusal.status, "api_error")
    error: dict[str, Any] = {"type": kind, "message": refusal.message}
    if refusal.code:
        error["details"] = {"error_code": refusal.code}
    headers = {"request-id": request_id}
    if refusal.retry_after is not None:
        headers["retry-after"] = str(ceil(refusal.retry_after))
    return refusal.status, orjson.dumps({"type": "error", "error": error, "request_id": request_id}), headers


def headers(request_id: str, levels: Mapping[str, BucketLevel], seconds: float) -> dict[str, str]:
    """Write the headers of every answer; tokens left are told in thousands, as the provider does."""
    told = {"request-id": request_id}
    told |= {f"anthropic-{whose}-id": "simulated" for whose in ("organization", "workspace")}
    both = [levels[kind] for kind in ("input_tokens", "output_tokens") if kind in levels]
    rows = dict(levels)
    if both:
        rows["tokens"] = BucketLevel(
            limit=sum(level.limit for level in both),
            remaining=sum(level.remaining for level in both),
            full_in=max(level.full_in for level in both),
        )
    now = datetime.now(UTC)
    for kind, level in rows.items():
        name = f"anthropic-ratelimit-{kind.replace('_', '-')}"
        left = level.remaining if kind == "requests" else level.remaining // 1000 * 1000
        reset = (now + timedelta(seconds=level.full_in)).isoformat(timespec="seconds")
        told[f"{name}-limit"], told[f"{name}-remaining"] = str(level.limit), str(left)
        told[f"{name}-reset"] = reset.replace("+00:00", "Z")
    return told
