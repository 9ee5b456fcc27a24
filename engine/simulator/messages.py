"""Anthropic's Messages as the provider speaks it.

One idea: refuse what the real service refuses, in its words where they are known, and answer the rest. What a
model would say is none of this file's business. Tools and documents are not spoken here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import orjson

from engine.simulator.frames import named_event, split_words
from engine.simulator.limits import BucketLevel
from engine.simulator.photos import MEDIA, SHELF, BadPhoto, SentPhoto
from engine.simulator.request import Heard, Request
from engine.simulator.schemas import fault_of, name_schema
from engine.simulator.served import ServedModel
from engine.simulator.tokens import LONG, SHORT, PromptTrail
from engine.simulator.wire import GivenAnswer, Refused, WireCall, WireDialect, WirePost, expect, load_body

VERSIONS = ("2023-06-01", "2026-10-21")
SAMPLING = ("temperature", "top_p", "top_k")
UNSPOKEN = ("tools", "mcp_servers")
BODY_LIMIT = 32_000_000
PHOTO_TEXT_LIMIT = 10 * 1024 * 1024
"""Characters of base64."""
SIDE_LIMIT = 8000
"""Pixels."""
UNSUPPORTED = frozenset(
    ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern")
)
STOPS = {"end": "end_turn", "malformed": "end_turn", "length": "max_tokens", "refusal": "refusal"}
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
TOO_WIDE = "At least one of the image dimensions exceed max allowed size"
NO_PREFILL = (
    "This model does not support assistant message prefill. The conversation must end with a user message."
)


def parse(post: WirePost) -> WireCall:
    """Read a request, or raise Refused."""
    version = _admit(post.headers)
    data = load_body(post.body)
    served = _serve(data, post.models)
    for name in SAMPLING if version == "2026-10-21" else ():
        if name in data:  # even at its default value
            raise Refused(400, f"{name}: Extra inputs are not permitted")
    for name in UNSPOKEN:
        if data.get(name):
            raise Refused(400, f"{name}: not spoken by this simulator; ask for output_config.format instead.")
    if "max_tokens" not in data:
        raise Refused(400, "max_tokens: Field required")
    most = expect(data["max_tokens"], int, "max_tokens")
    if most < 1:
        raise Refused(400, "max_tokens: Input should be greater than or equal to 1")
    return _read(data, served, most)


def count(post: WirePost) -> int:
    """Count the input tokens of a request that need not say how long its answer may be."""
    _admit(post.headers)
    data = load_body(post.body)
    return _read(data, _serve(data, post.models), 1).trail.total


def _admit(headers: Mapping[str, str]) -> str:
    """Check the credentials and give the version asked for."""
    bearer = headers.get("authorization", "")
    if not (headers.get("x-api-key") or bearer.removeprefix("Bearer").strip()):
        raise Refused(401, "x-api-key header is required")
    version = headers.get("anthropic-version")
    if not version:
        raise Refused(400, "anthropic-version: header is required")
    if version not in VERSIONS:
        raise Refused(400, f'anthropic-version: "{version}" is not a valid version')
    return version


def _serve(data: dict[str, Any], models: Mapping[str, ServedModel]) -> ServedModel:
    if "model" not in data:
        raise Refused(400, "model: Field required")
    served = models.get(expect(data["model"], str, "model"))
    if served is None or served.protocol != "anthropic":
        raise Refused(404, f"model: {data['model']}")
    return served


def _read(data: dict[str, Any], served: ServedModel, most: int) -> WireCall:
    trail = PromptTrail(served.id, served.eyes)
    name, schema = _format(data, trail)
    system, _ = _content(data.get("system", []), "system", trail)
    rows = expect(data.get("messages"), list, "messages")
    heard = tuple(_heard(row, f"messages.{at}", trail) for at, row in enumerate(rows))
    if not heard or heard[0].author != "user":
        raise Refused(400, 'messages: first message must use the "user" role')
    if heard[-1].author == "assistant" and not served.prefill:
        raise Refused(400, NO_PREFILL)
    if data.get("cache_control"):
        trail.mark(_keep(data["cache_control"]))
    if len(trail.marks) > 4:
        raise Refused(
            400, f"A maximum of 4 blocks with cache_control may be provided. Found {len(trail.marks)}."
        )
    request = Request(
        model=served.id, system=system, messages=heard, schema_name=name, schema=schema, max_tokens=most
    )
    return WireCall(request=request, served=served, trail=trail, stream=data.get("stream") is True)


def _format(data: dict[str, Any], trail: PromptTrail) -> tuple[str, dict[str, Any] | None]:
    asked = expect(data.get("output_config") or {}, dict, "output_config").get("format")
    if asked is None:
        return "", None
    schema = expect(
        expect(asked, dict, "output_config.format").get("schema"), dict, "output_config.format.schema"
    )
    if asked.get("type") != "json_schema":
        raise Refused(400, "output_config.format.type: Input should be 'json_schema'")
    if wrong := fault_of(schema, "output_config.format.schema", banned=UNSUPPORTED):
        raise Refused(400, wrong)
    trail.add_text("format", orjson.dumps(schema).decode())
    return name_schema(schema), schema


def _heard(row: object, place: str, trail: PromptTrail) -> Heard:
    role = expect(row, dict, place).get("role")
    if role not in ("user", "assistant"):
        raise Refused(400, f"{place}.role: Input should be 'user' or 'assistant'")
    text, photos = _content(row.get("content"), f"{place}.content", trail, author=role)
    if not text and not photos:
        raise Refused(400, f"{place}: all messages must have non-empty content")
    return Heard(author=role, text=text, images=photos)


def _content(
    content: object, place: str, trail: PromptTrail, *, author: str = "system"
) -> tuple[str, tuple[bytes, ...]]:
    if isinstance(content, str):
        trail.add_text(author, content)
        return content, ()
    texts: list[str] = []
    images: list[bytes] = []
    for at, block in enumerate(expect(content, list, place)):
        spot = f"{place}.{at}"
        kind = expect(block, dict, spot).get("type")
        if kind == "text":
            if not expect(block.get("text"), str, f"{spot}.text"):
                raise Refused(400, f"{spot}: text content blocks must be non-empty")
            texts.append(block["text"])
            trail.add_text(author, block["text"])
        elif kind == "image" and author == "user":
            photo = _photo(block.get("source"), f"{spot}.image.source")
            images.append(photo.data)
            trail.add_photo(photo)
        else:
            raise Refused(400, f"{spot}: Input tag {kind!r} is not one of the expected tags: 'image', 'text'")
        if mark := block.get("cache_control"):
            trail.mark(_keep(mark))
    return "\n\n".join(texts), tuple(images)


def _keep(mark: object) -> float:
    return LONG if isinstance(mark, dict) and mark.get("ttl") == "1h" else SHORT


def _photo(source: object, place: str) -> SentPhoto:
    if expect(source, dict, place).get("type") != "base64":
        raise Refused(400, f"{place}.type: this simulator fetches nothing; send the photograph as base64.")
    place, media = f"{place}.base64", source.get("media_type")
    if media not in MEDIA:
        listed = "'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
        raise Refused(400, f"{place}.media_type: Input should be {listed}")
    text = expect(source.get("data"), str, f"{place}.data")
    if (size := len(text)) > PHOTO_TEXT_LIMIT:
        raise Refused(400, f"{place}: image exceeds 10 MB maximum: {size} bytes > {PHOTO_TEXT_LIMIT} bytes")
    try:
        photo = SHELF.take(text)
    except BadPhoto as bad:
        known = str(bad) == "base64"
        raise Refused(
            400, f"{place}.data: invalid base64 data" if known else "Could not process image"
        ) from None
    if photo.kind != MEDIA[media]:
        raise Refused(400, f"{place}.data: Image does not match the provided media type {media}")
    if max(photo.width, photo.height) > SIDE_LIMIT:
        raise Refused(400, f"{place}.data: {TOO_WIDE}: {SIDE_LIMIT} pixels")
    return photo


def whole(call: WireCall, answer: GivenAnswer) -> bytes:
    """Write the answer as one message."""
    content = [{"type": "text", "text": answer.text}] if answer.text else []
    return orjson.dumps(
        _envelope(call, answer)
        | {"content": content, "usage": _usage(answer, answer.usage.output)}
        | _end(answer)
    )


def pieces(call: WireCall, answer: GivenAnswer) -> list[bytes]:
    """Write the answer as events."""
    start = _envelope(call, answer) | {"content": [], "stop_reason": None, "usage": _usage(answer, 1)}
    first = named_event("message_start", {"message": start}) + named_event("ping", {})
    last = named_event("message_delta", {"delta": _end(answer), "usage": _usage(answer, answer.usage.output)})
    last += named_event("message_stop", {})
    if not answer.text:
        return [first, last]
    block = {"index": 0, "content_block": {"type": "text", "text": ""}}
    deltas = (
        named_event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": part}})
        for part in split_words(answer.text)
    )
    stop = named_event("content_block_stop", {"index": 0})
    return [first + named_event("content_block_start", block), *deltas, stop + last]


def _envelope(call: WireCall, answer: GivenAnswer) -> dict[str, Any]:
    return {
        "id": f"msg_{answer.id}",
        "type": "message",
        "role": "assistant",
        "model": call.served.id,
        "stop_sequence": None,
        "stop_details": None,
    }


def _end(answer: GivenAnswer) -> dict[str, Any]:
    refused = {"type": "refusal", "category": None, "explanation": None} if answer.stop == "refusal" else None
    return {"stop_reason": STOPS[answer.stop], "stop_sequence": None, "stop_details": refused}


def _usage(answer: GivenAnswer, output: int) -> dict[str, Any]:
    used = answer.usage
    return {
        "input_tokens": used.fresh,
        "cache_creation_input_tokens": used.written,
        "cache_read_input_tokens": used.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": used.written - used.written_long,
            "ephemeral_1h_input_tokens": used.written_long,
        },
        "output_tokens": output,
        "service_tier": "standard",
    }


def refuse(refusal: Refused, request_id: str) -> tuple[int, bytes, dict[str, str]]:
    """Write an error."""
    kind = refusal.kind or TYPES.get(refusal.status, "api_error")
    error = {"type": kind, "message": refusal.message}
    headers = {"request-id": request_id}
    if refusal.retry_after is not None:
        headers["retry-after"] = str(max(1, ceil(refusal.retry_after)))
    return refusal.status, orjson.dumps({"type": "error", "error": error, "request_id": request_id}), headers


def headers(request_id: str, levels: Mapping[str, BucketLevel]) -> dict[str, str]:
    """Write the headers of every answer; tokens left are told in thousands, as the provider does."""
    told = {"request-id": request_id, "anthropic-organization-id": "simulated"}
    both = [levels["input_tokens"], levels["output_tokens"]]
    total = BucketLevel(
        limit=sum(level.limit for level in both),
        remaining=sum(level.remaining for level in both),
        full_in=max(level.full_in for level in both),
    )
    now = datetime.now(UTC)
    for kind, level in (*levels.items(), ("tokens", total)):
        name = f"anthropic-ratelimit-{kind.replace('_', '-')}"
        left = level.remaining if kind == "requests" else level.remaining // 1000 * 1000
        reset = (now + timedelta(seconds=level.full_in)).isoformat(timespec="seconds")
        told[f"{name}-limit"], told[f"{name}-remaining"] = str(level.limit), str(left)
        told[f"{name}-reset"] = reset.replace("+00:00", "Z")
    return told


DIALECT = WireDialect(
    name="anthropic",
    body_limit=BODY_LIMIT,
    stream_type="text/event-stream; charset=utf-8",
    parse=parse,
    whole=whole,
    pieces=pieces,
    fault=named_event("error", {"error": {"type": "overloaded_error", "message": "Overloaded"}}),
    refuse=refuse,
    headers=headers,
    filtered="Output blocked by content filtering policy",
)
