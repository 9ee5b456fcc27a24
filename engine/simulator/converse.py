"""Bedrock's Converse as the service speaks it.

The model and the streaming are in the path, an error's name is in a header, a stream is binary, and there are
no rate-limit headers. What a model would say is none of this file's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import orjson

from engine.simulator.frames import exception_frame, member_frame, split_words
from engine.simulator.limits import BucketLevel
from engine.simulator.photos import MEDIA, SHELF, BadPhoto, SentPhoto
from engine.simulator.request import Heard, Request
from engine.simulator.served import ServedModel
from engine.simulator.tokens import PromptTrail
from engine.simulator.wire import GivenAnswer, Refused, WireCall, WireDialect, WirePost, expect, load_body

BODY_LIMIT = 25_000_000
LONGEST = 10_000
"""Tokens of an answer when the request names no limit; all of them are booked."""
PHOTO_LIMIT = 3_750_000
"""Bytes, decoded."""
SIDE_LIMIT = 8000
"""Pixels."""
PHOTOS_A_MESSAGE = 20
STOPS = {
    "end": "end_turn",
    "malformed": "malformed_tool_use",
    "length": "max_tokens",
    "refusal": "end_turn",  # Converse has no refusal: the model declines in words
    "filter": "content_filtered",
}
TYPES = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}
REFUSAL = "I'm sorry, but I can't help with that."


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolWish:
    """The one tool an answer is to be wrapped in."""

    name: str = ""
    """Empty when the answer is text."""
    schema: dict[str, Any] | None = None


def parse(post: WirePost) -> WireCall:
    """Read a request, or raise Refused."""
    signed = post.headers.get("authorization", "")
    if not signed.startswith(("AWS4-HMAC-SHA256 Credential=", "Bearer ")):
        raise Refused(403, "Missing Authentication Token", kind="MissingAuthenticationTokenException")
    served = post.models.get(post.model)
    if served is None or served.protocol != "bedrock":
        raise Refused(404, f"The requested model {post.model} does not exist or is not served here.")
    data = load_body(post.body)
    if data.get("outputConfig"):
        raise Refused(
            400, "This model doesn't support the outputConfig field. Remove outputConfig and try again."
        )
    settings = expect(data.get("inferenceConfig") or {}, dict, "inferenceConfig")
    most = expect(settings.get("maxTokens", LONGEST), int, "inferenceConfig.maxTokens")
    if most < 1:
        raise Refused(400, "inferenceConfig.maxTokens: Member must be greater than or equal to 1")
    wish = _tool(expect(data.get("toolConfig") or {}, dict, "toolConfig"), served, stream=post.stream)
    trail = PromptTrail(served.id, served.eyes)
    if wish.schema:
        trail.add_text("tool", orjson.dumps(wish.schema).decode())
    system = _system(data.get("system") or [], trail, served)
    rows = expect(data.get("messages"), list, "messages")
    heard = tuple(_heard(row, f"messages.{at}", trail, served) for at, row in enumerate(rows))
    _check_order(heard)
    request = Request(
        model=served.id,
        system=system,
        messages=heard,
        schema_name=wish.name,
        schema=wish.schema,
        max_tokens=most,
    )
    return WireCall(request=request, served=served, trail=trail, stream=post.stream, tool=wish.name)


def _tool(config: dict[str, Any], served: ServedModel, *, stream: bool) -> ToolWish:
    """Find the tool the model will use: the forced one, or the only one offered."""
    if not config:
        return ToolWish()
    specs: dict[str, dict[str, Any]] = {}
    for at, tool in enumerate(expect(config.get("tools"), list, "toolConfig.tools")):
        spec = expect(tool, dict, f"toolConfig.tools.{at}").get("toolSpec")
        spec = expect(spec, dict, f"toolConfig.tools.{at}.toolSpec")
        specs[expect(spec.get("name"), str, "toolSpec.name")] = spec
    choice = expect(config.get("toolChoice") or {"auto": {}}, dict, "toolConfig.toolChoice")
    if not served.forced_tools:
        for name in {"any", "tool"} & choice.keys():
            field = f"toolConfig.toolChoice.{name}"
            raise Refused(400, f"This model doesn't support the {field} field. Remove {field} and try again.")
        if stream:
            raise Refused(400, "This model doesn't support tool use in streaming mode.")
    forced = choice.get("tool", {}).get("name") if "tool" in choice else next(iter(specs), "")
    if forced not in specs:
        raise Refused(400, f"The toolChoice {forced!r} is not one of the tools in toolConfig.")
    shape = expect(specs[forced].get("inputSchema"), dict, "toolSpec.inputSchema").get("json")
    return ToolWish(name=forced, schema=expect(shape, dict, "toolSpec.inputSchema.json"))


def _system(blocks: object, trail: PromptTrail, served: ServedModel) -> str:
    texts: list[str] = []
    for at, block in enumerate(expect(blocks, list, "system")):
        if "cachePoint" in expect(block, dict, f"system.{at}"):
            _mark(trail, served)
        else:
            texts.append(_text(block, f"system.{at}"))
            trail.add_text("system", texts[-1])
    return "\n\n".join(texts)


def _heard(row: object, place: str, trail: PromptTrail, served: ServedModel) -> Heard:
    role = expect(row, dict, place).get("role")
    if role not in ("user", "assistant"):
        raise Refused(400, f"Value at '{place}.role' must be one of: user, assistant")
    texts: list[str] = []
    images: list[bytes] = []
    for at, block in enumerate(expect(row.get("content"), list, f"{place}.content")):
        spot = f"{place}.content.{at}"
        if "cachePoint" in expect(block, dict, spot):
            _mark(trail, served)
        elif "image" in block:
            if role != "user":
                raise Refused(400, f"{spot}: images are only accepted from the user.")
            photo = _photo(block["image"], spot)
            images.append(photo.data)
            trail.add_photo(photo)
        else:
            texts.append(_text(block, spot))
            trail.add_text(role, texts[-1])
    if not texts and not images:
        raise Refused(
            400, f"The content field in the Message object at {place} is empty. Add a ContentBlock."
        )
    if len(images) > PHOTOS_A_MESSAGE:
        raise Refused(400, f"{place}: too many images: {len(images)} > {PHOTOS_A_MESSAGE}")
    return Heard(author=role, text="\n\n".join(texts), images=tuple(images))


def _text(block: dict[str, Any], place: str) -> str:
    text = expect(block.get("text"), str, f"{place}.text")
    if not text.strip():
        told = f"The text field in the ContentBlock object at {place} is blank."
        raise Refused(400, f"{told} Add text to the text field, and try again.")
    return text


def _mark(trail: PromptTrail, served: ServedModel) -> None:
    if not served.cache_from:
        told = "You invoked an unsupported model or your request did not allow prompt caching."
        raise Refused(403, told)
    trail.mark()


def _photo(image: object, place: str) -> SentPhoto:
    image = expect(image, dict, place)
    source = expect(image.get("source"), dict, f"{place}.image.source")
    if (form := image.get("format")) not in MEDIA.values():
        raise Refused(400, f"{place}.image.format: must be one of gif, jpeg, png, webp")
    try:
        photo = SHELF.take(expect(source.get("bytes"), str, f"{place}.image.source.bytes"))
    except BadPhoto as bad:
        if str(bad) == "base64":
            raise Refused(400, "Invalid base64 in a blob.", kind="SerializationException") from None
        raise Refused(400, f"{place}: Could not process image") from None
    if photo.kind != form:
        raise Refused(400, f"{place}: the image is {photo.kind}, and not what its format field says.")
    if len(photo.data) > PHOTO_LIMIT:
        raise Refused(
            400, f"{place}: image exceeds 3.75 MB maximum: {len(photo.data)} bytes > {PHOTO_LIMIT} bytes"
        )
    if max(photo.width, photo.height) > SIDE_LIMIT:
        raise Refused(400, f"{place}: image dimensions exceed max allowed size: {SIDE_LIMIT} pixels")
    return photo


def _check_order(heard: tuple[Heard, ...]) -> None:
    if not heard or heard[0].author != "user":
        raise Refused(400, "A conversation must start with a user message.")
    if any(one.author == other.author for one, other in pairwise(heard)):
        raise Refused(400, "A conversation must alternate between user and assistant roles.")
    if heard[-1].author != "user":
        raise Refused(400, "A conversation must end with a user message.")


def whole(call: WireCall, answer: GivenAnswer) -> bytes:
    """Write the answer as one reply."""
    text = REFUSAL if answer.stop == "refusal" else answer.text
    content: list[dict[str, Any]] = [{"text": text}] if text else []
    stop = STOPS[answer.stop]
    if _wrapped(call, answer):
        try:
            value = orjson.loads(answer.text)
        except orjson.JSONDecodeError:  # cut off by max_tokens
            value = {}
        content = [{"toolUse": {"toolUseId": f"tooluse_{answer.id}", "name": call.tool, "input": value}}]
    message = {"role": "assistant", "content": content}
    tail = {"usage": _usage(answer), "metrics": {"latencyMs": round(answer.seconds * 1000)}}
    return orjson.dumps({"output": {"message": message}, "stopReason": _stop(call, answer, stop)} | tail)


def pieces(call: WireCall, answer: GivenAnswer) -> list[bytes]:
    """Write the answer as frames."""
    text = REFUSAL if answer.stop == "refusal" else answer.text
    wrapped = _wrapped(call, answer)
    first = member_frame("messageStart", {"role": "assistant"})
    if wrapped:
        start = {"toolUse": {"toolUseId": f"tooluse_{answer.id}", "name": call.tool}}
        first += member_frame("contentBlockStart", {"start": start, "contentBlockIndex": 0})
    deltas = [
        member_frame(
            "contentBlockDelta",
            {"delta": {"toolUse": {"input": part}} if wrapped else {"text": part}, "contentBlockIndex": 0},
        )
        for part in split_words(text)
    ]
    last = member_frame("contentBlockStop", {"contentBlockIndex": 0}) if deltas else b""
    last += member_frame("messageStop", {"stopReason": _stop(call, answer, STOPS[answer.stop])})
    metrics = {"latencyMs": round(answer.seconds * 1000)}
    last += member_frame("metadata", {"usage": _usage(answer), "metrics": metrics})
    return [first, *deltas, last]


def _wrapped(call: WireCall, answer: GivenAnswer) -> bool:
    return bool(call.tool and answer.text) and answer.stop in ("end", "length")


def _stop(call: WireCall, answer: GivenAnswer, usual: str) -> str:
    return "tool_use" if answer.stop == "end" and _wrapped(call, answer) else usual


def _usage(answer: GivenAnswer) -> dict[str, int]:
    used = answer.usage
    return {
        "inputTokens": used.fresh,
        "outputTokens": used.output,
        "totalTokens": used.input + used.output,
        "cacheReadInputTokens": used.read,
        "cacheWriteInputTokens": used.written,
    }


def refuse(refusal: Refused, request_id: str) -> tuple[int, bytes, dict[str, str]]:
    """Write an error; a bad key is a 403 here, and nothing says how long to wait."""
    kind = refusal.kind or TYPES.get(refusal.status, "InternalServerException")
    status = 403 if refusal.status == 401 else refusal.status
    headers = {
        "x-amzn-RequestId": request_id,
        "x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/",
    }
    return status, orjson.dumps({"message": refusal.message}), headers


def headers(request_id: str, levels: Mapping[str, BucketLevel]) -> dict[str, str]:
    """Write the headers of every answer."""
    return {"x-amzn-RequestId": request_id}


DIALECT = WireDialect(
    name="bedrock",
    body_limit=BODY_LIMIT,
    stream_type="application/vnd.amazon.eventstream",
    parse=parse,
    whole=whole,
    pieces=pieces,
    fault=exception_frame(
        "modelStreamErrorException", {"message": "The stream failed.", "originalStatusCode": 500}
    ),
    refuse=refuse,
    headers=headers,
)
