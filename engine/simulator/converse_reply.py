"""How Bedrock's Converse answers: replies, frames, errors and headers.

An error's name is in a header, a stream is binary, and nothing tells the rate limits. Nothing here knows what
was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from engine.simulator.frames import member_frame, padding, split_words
from engine.simulator.limits import BucketLevel
from engine.simulator.wire import GivenAnswer, Refused, WireCall, tool_input, uses_tool

STOPS = {
    "end": "end_turn",
    "length": "max_tokens",
    "window": "model_context_window_exceeded",
    "sequence": "stop_sequence",
    "refusal": "end_turn",  # Converse has no refusal: the model declines in words
    "filter": "content_filtered",
}
TYPES = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    402: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    413: "ValidationException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}
REFUSAL = "I'm sorry, but I can't help with that."


def whole(call: WireCall, answer: GivenAnswer) -> bytes:
    """Write the answer as one reply."""
    content: list[dict[str, Any]] = []
    if answer.thought:
        thought = {"text": answer.thought, "signature": f"sig{answer.id}"}
        content.append({"reasoningContent": {"reasoningText": thought}})
    used = uses_tool(call, answer)
    if words := _words(answer, used=used):
        content.append({"text": words})
    if used:
        content.append({"toolUse": _tool_use(call, answer) | {"input": tool_input(answer)}})
    message = {"role": "assistant", "content": content}
    tail = {"usage": _usage(answer), "metrics": {"latencyMs": round(answer.seconds * 1000)}}
    return orjson.dumps({"output": {"message": message}, "stopReason": _stop(call, answer)} | tail)


def pieces(call: WireCall, answer: GivenAnswer) -> list[bytes]:
    """Write the answer as frames."""
    used = uses_tool(call, answer)
    blocks: list[tuple[bytes, list[dict[str, Any]]]] = []
    if answer.thought:
        deltas = [{"reasoningContent": {"text": part}} for part in split_words(answer.thought)]
        blocks.append((b"", [*deltas, {"reasoningContent": {"signature": f"sig{answer.id}"}}]))
    if words := _words(answer, used=used):
        blocks.append((b"", [{"text": part} for part in split_words(words)]))
    if used:
        start = {"start": {"toolUse": _tool_use(call, answer)}, "contentBlockIndex": len(blocks)}
        deltas = [{"toolUse": {"input": part}} for part in split_words(answer.text)]
        blocks.append((member_frame("contentBlockStart", start), deltas))
    head = member_frame("messageStart", {"role": "assistant", "p": padding(answer.id, 0)})
    made: list[bytes] = []
    for index, (start_frame, deltas) in enumerate(blocks):
        head += start_frame
        for delta in deltas:
            told = {"contentBlockIndex": index, "delta": delta, "p": padding(answer.id, len(made))}
            made.append(head + member_frame("contentBlockDelta", told))
            head = b""
        head += member_frame("contentBlockStop", {"contentBlockIndex": index, "p": padding(answer.id, index)})
    last = member_frame("messageStop", {"stopReason": _stop(call, answer), "p": padding(answer.id, 1)})
    metrics = {"latencyMs": round(answer.seconds * 1000)}
    last += member_frame(
        "metadata", {"usage": _usage(answer), "metrics": metrics, "p": padding(answer.id, 2)}
    )
    return [*made, head + last] if made else [head, last]


def _words(answer: GivenAnswer, *, used: bool) -> str:
    if used:
        return answer.aside
    return REFUSAL if answer.stop == "refusal" else answer.text


def _tool_use(call: WireCall, answer: GivenAnswer) -> dict[str, str]:
    return {"toolUseId": f"tooluse_{answer.id}", "name": call.tool}


def _stop(call: WireCall, answer: GivenAnswer) -> str:
    if answer.stop == "malformed":
        return "malformed_tool_use" if call.tool else "end_turn"
    return "tool_use" if answer.stop == "end" and uses_tool(call, answer) else STOPS[answer.stop]


def _usage(answer: GivenAnswer) -> dict[str, Any]:
    used = answer.usage
    told = {
        "inputTokens": used.fresh,
        "outputTokens": used.output,
        "totalTokens": used.input + used.output,
        "cacheReadInputTokens": used.read,
        "cacheWriteInputTokens": used.written,
    }
    if used.written:
        told["cacheDetails"] = [{"ttl": "5m", "inputTokens": used.written}]
    return told


def refuse(refusal: Refused, request_id: str) -> tuple[int, bytes, dict[str, str]]:
    """Write an error; a bad key is a 403 here, as money is, and nothing says how long to wait."""
    kind = refusal.kind or TYPES.get(refusal.status, "InternalServerException")
    status = 403 if refusal.status in (401, 402) else refusal.status
    headers = {
        "x-amzn-RequestId": request_id,
        "x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/",
    }
    return status, orjson.dumps({"message": refusal.message}), headers


def headers(request_id: str, levels: Mapping[str, BucketLevel], seconds: float) -> dict[str, str]:
    """Write the headers of every answer."""
    return {"x-amzn-RequestId": request_id}
