"""OpenAI's Chat Completions as the provider speaks it.

Usage here counts the cached tokens within the prompt's, and a refusal is a field beside the content. What a
model would say is none of this file's business. Tools are not spoken here.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

import orjson

from engine.simulator.frames import plain_event, split_words
from engine.simulator.limits import BucketLevel
from engine.simulator.photos import MEDIA, SHELF, BadPhoto, SentPhoto
from engine.simulator.request import Heard, Request
from engine.simulator.schemas import fault_of
from engine.simulator.served import ServedModel
from engine.simulator.tokens import PromptTrail
from engine.simulator.wire import GivenAnswer, Refused, WireCall, WireDialect, WirePost, expect, load_body

BODY_LIMIT = 512_000_000
LONGEST = 128_000
"""Tokens of an answer when the request names no limit."""
SAMPLING = ("temperature", "top_p", "logprobs", "top_logprobs")
EFFORTS = ("none", "low", "medium", "high", "xhigh")
ROLES = ("system", "developer", "user", "assistant")
STOPS = {
    "end": "stop",
    "malformed": "stop",
    "refusal": "stop",
    "length": "length",
    "filter": "content_filter",
}
TYPES = {
    401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", None),
    503: ("server_error", "overloaded"),
    529: ("server_error", "overloaded"),
}
REFUSAL = "I'm sorry, but I can't help with that."


def parse(post: WirePost) -> WireCall:
    """Read a request, or raise Refused."""
    if not post.headers.get("authorization", "").removeprefix("Bearer").strip():
        raise Refused(401, "You didn't provide an API key.")
    data = load_body(post.body)
    model = expect(data.get("model"), str, "model")
    served = post.models.get(model)
    if served is None or served.protocol != "openai":
        raise Refused(404, f"The model `{model}` does not exist or you do not have access to it.")
    _check_options(data)
    return _read(data, served)


def _read(data: dict[str, Any], served: ServedModel) -> WireCall:
    trail = PromptTrail(served.id, served.eyes, automatic=True)
    name, schema = _format(data, trail)
    systems: list[str] = []
    heard: list[Heard] = []
    for at, row in enumerate(expect(data.get("messages"), list, "messages")):
        role = expect(row, dict, f"messages[{at}]").get("role")
        text, images = _content(row.get("content"), role, f"messages[{at}]", trail)
        if role in ("user", "assistant"):
            heard.append(Heard(author=role, text=text, images=images))
        else:
            systems.append(text)
    if not heard and not systems:
        raise Refused(400, "Invalid 'messages': empty array.", param="messages", code="empty_array")
    request = Request(
        model=served.id,
        system="\n\n".join(systems),
        messages=tuple(heard),
        schema_name=name,
        schema=schema,
        max_tokens=data.get("max_completion_tokens") or LONGEST,
    )
    options = expect(data.get("stream_options") or {}, dict, "stream_options")
    return WireCall(
        request=request,
        served=served,
        trail=trail,
        stream=data.get("stream") is True,
        counted=options.get("include_usage") is True,
    )


def _check_options(data: dict[str, Any]) -> None:
    if data.get("max_tokens") is not None:
        hint = "is not supported with this model. Use 'max_completion_tokens' instead."
        raise _unsupported(f"Unsupported parameter: 'max_tokens' {hint}", "max_tokens", "parameter")
    most = data.get("max_completion_tokens")
    if most is not None and expect(most, int, "max_completion_tokens") < 1:
        raise Refused(400, "Invalid 'max_completion_tokens': below minimum.", param="max_completion_tokens")
    effort = data.get("reasoning_effort") or "none"
    if effort not in EFFORTS:
        raise _unsupported(
            f"Unsupported value: 'reasoning_effort' does not support {effort!r}.", "reasoning_effort"
        )
    for name in SAMPLING if effort != "none" else ():
        if data.get(name) not in (None, 1):
            told = f"Unsupported value: '{name}' does not support {data[name]} with this model."
            raise _unsupported(f"{told} Only the default (1) value is supported.", name)
    for name in ("tools", "functions", "audio"):
        if data.get(name):
            told = f"'{name}' is not spoken by this simulator; ask for response_format instead."
            raise _unsupported(told, name, "parameter")


def _unsupported(message: str, param: str, what: str = "value") -> Refused:
    return Refused(400, message, param=param, code=f"unsupported_{what}")


def _format(data: dict[str, Any], trail: PromptTrail) -> tuple[str, dict[str, Any] | None]:
    asked = expect(data.get("response_format") or {}, dict, "response_format")
    if asked.get("type") in (None, "text"):
        return "", None
    if asked["type"] != "json_schema":
        raise _unsupported(
            "response_format: this simulator speaks 'json_schema' and 'text'.", "response_format"
        )
    shape = expect(asked.get("json_schema"), dict, "response_format.json_schema")
    name = expect(shape.get("name"), str, "response_format.json_schema.name")
    schema = expect(shape.get("schema"), dict, "response_format.json_schema.schema")
    if shape.get("strict") and (wrong := fault_of(schema, "In context=()")):
        raise Refused(400, f"Invalid schema for response_format '{name}': {wrong}.", param="response_format")
    trail.add_text("format", orjson.dumps(schema).decode())
    return name, schema


def _content(content: object, role: str, place: str, trail: PromptTrail) -> tuple[str, tuple[bytes, ...]]:
    if role not in ROLES:
        raise Refused(400, f"Invalid value: {role!r}.", param=f"{place}.role", code="invalid_value")
    texts: list[str] = []
    images: list[bytes] = []
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    for at, part in enumerate(expect(content, list, f"{place}.content")):
        spot = f"{place}.content[{at}]"
        kind = expect(part, dict, spot).get("type")
        if kind == "text":
            texts.append(expect(part.get("text"), str, f"{spot}.text"))
            trail.add_text(role, texts[-1])
        elif kind == "image_url" and role == "user":
            link = expect(part.get("image_url"), dict, f"{spot}.image_url").get("url")
            photo = _photo(expect(link, str, f"{spot}.image_url.url"), spot)
            images.append(photo.data)
            trail.add_photo(photo)
        else:
            raise Refused(400, f"Invalid value: {kind!r}.", param=spot, code="invalid_value")
    return "\n\n".join(texts), tuple(images)


def _photo(link: str, place: str) -> SentPhoto:
    def bad(message: str, code: str) -> Refused:
        return Refused(400, message, param=place, code=code)

    head, comma, text = link.partition(",")
    if not (comma and head.startswith("data:")):
        raise bad("This simulator fetches nothing; send the photograph as a data URL.", "invalid_image_url")
    media, _, coding = head[5:].partition(";")
    if media not in MEDIA:
        raise bad(f"Unsupported image media type {media!r}.", "unsupported_image_media_type")
    if not text:
        raise bad("The image is empty.", "empty_image_file")
    if coding != "base64":
        raise bad("Invalid base64 image_url.", "invalid_base64_image")
    try:
        photo = SHELF.take(text)
    except BadPhoto as wrong:
        if str(wrong) == "base64":
            raise bad("Invalid base64 image_url.", "invalid_base64_image") from None
        raise bad(
            "The image data you provided does not represent a valid image.", "image_parse_error"
        ) from None
    if photo.kind != MEDIA[media]:
        raise bad(f"The image is {photo.kind}, and not {media}.", "invalid_image_format")
    return photo


def whole(call: WireCall, answer: GivenAnswer) -> bytes:
    """Write the answer as one completion."""
    refused = answer.stop == "refusal"
    message = {
        "role": "assistant",
        "content": None if refused else answer.text,
        "refusal": REFUSAL if refused else None,
        "annotations": [],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": STOPS[answer.stop]}
    head = _envelope(call, answer, "chat.completion")
    return orjson.dumps(head | {"choices": [choice], "usage": _usage(answer)})


def pieces(call: WireCall, answer: GivenAnswer) -> list[bytes]:
    """Write the answer as chunks."""
    head = _envelope(call, answer, "chat.completion.chunk") | ({"usage": None} if call.counted else {})

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return plain_event(head | {"choices": [choice]})

    field, text = ("refusal", REFUSAL) if answer.stop == "refusal" else ("content", answer.text)
    first = chunk({"role": "assistant", "content": "", "refusal": None})
    last = chunk({}, STOPS[answer.stop])
    if call.counted:
        last += plain_event(head | {"choices": [], "usage": _usage(answer)})
    return [first, *(chunk({field: part}) for part in split_words(text)), last + b"data: [DONE]\n\n"]


def _envelope(call: WireCall, answer: GivenAnswer, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{answer.id}",
        "object": kind,
        "created": CREATED,
        "model": call.served.id,
        "service_tier": "default",
        "system_fingerprint": None,
    }


CREATED = 1_767_225_600
"""Always the same second: an answer depends on nothing but the call and the seed."""


def _usage(answer: GivenAnswer) -> dict[str, Any]:
    used = answer.usage
    return {
        "prompt_tokens": used.input,
        "completion_tokens": used.output,
        "total_tokens": used.input + used.output,
        "prompt_tokens_details": {"cached_tokens": used.read, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def refuse(refusal: Refused, request_id: str) -> tuple[int, bytes, dict[str, str]]:
    """Write an error."""
    kind, code = TYPES.get(refusal.status, ("invalid_request_error", None))
    if refusal.limit.endswith("tokens"):  # of either direction: they are one kind here
        kind = "tokens"
    error = {
        "message": refusal.message,
        "type": kind,
        "param": refusal.param,
        "code": refusal.code or code,
    }
    headers = {"x-request-id": request_id}
    if (seconds := refusal.retry_after) is not None:
        headers["retry-after"] = str(max(1, ceil(seconds)))
        headers["retry-after-ms"] = str(max(1, ceil(seconds * 1000)))
    return refusal.status, orjson.dumps({"error": error}), headers


def headers(request_id: str, levels: Mapping[str, BucketLevel]) -> dict[str, str]:
    """Write the headers of every answer; times are durations as Go writes them."""
    told = {"x-request-id": request_id, "openai-version": "2020-10-01", "openai-organization": "simulated"}
    for name, kind in (("requests", "requests"), ("tokens", "input_tokens")):
        if level := levels.get(kind):
            told[f"x-ratelimit-limit-{name}"] = str(level.limit)
            told[f"x-ratelimit-remaining-{name}"] = str(level.remaining)
            told[f"x-ratelimit-reset-{name}"] = f"{ceil(level.full_in * 1000)}ms"
    return told


DIALECT = WireDialect(
    name="openai",
    body_limit=BODY_LIMIT,
    stream_type="text/event-stream; charset=utf-8",
    parse=parse,
    whole=whole,
    pieces=pieces,
    fault=plain_event(
        {
            "error": {
                "message": "The server had an error.",
                "type": "server_error",
                "param": None,
                "code": None,
            }
        }
    ),
    refuse=refuse,
    headers=headers,
)
