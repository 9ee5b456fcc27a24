"""What OpenAI's two protocols have in common: who may ask, photographs, options, errors and headers.

Nothing here knows how a request is laid out, or an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

import orjson

from engine.simulator.limits import BucketLevel, Exceeded
from engine.simulator.photos import MEDIA, SHELF, BadPhoto, SentPhoto, is_moving
from engine.simulator.schemas import fault_of
from engine.simulator.served import ServedModel
from engine.simulator.wire import Refused, WirePost, expect

BODY_LIMIT = 512_000_000
LONGEST = 128_000
"""Tokens of an answer when the request names no limit."""
MOST_PHOTOS = 1500
"""In one request."""
CREATED = 1_767_225_600
"""Always the same second: an answer depends on nothing but the call and the seed."""
EFFORTS = ("none", "low", "medium", "high", "xhigh")
SAMPLING = ("temperature", "top_p", "logprobs", "top_logprobs")
ORGANISATION = "simulated"
REFUSAL = "I'm sorry, but I can't help with that."
TYPES = {
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("request_forbidden", "unsupported_country_region_territory"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", None),
    503: ("server_error", "overloaded"),
    504: ("server_error", None),
    529: ("server_error", "overloaded"),
}
SHORT_KINDS = {"requests": "RPM", "tokens": "TPM", "input_tokens": "TPM", "output_tokens": "TPM"}


def serve(post: WirePost, data: dict[str, Any]) -> ServedModel:
    """Check the key and find the model."""
    if not post.headers.get("authorization", "").removeprefix("Bearer").strip():
        raise Refused(401, "You didn't provide an API key.")
    model = expect(data.get("model"), str, "model")
    served = post.models.get(model)
    if served is None or served.protocol != "openai":
        raise Refused(404, f"The model `{model}` does not exist or you do not have access to it.")
    return served


def check_fields(data: dict[str, Any], known: frozenset[str]) -> None:
    """Refuse a field that the service does not know."""
    for name in sorted(data.keys() - known):
        raise Refused(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def check_effort(data: dict[str, Any], effort: object, place: str) -> None:
    """Refuse an effort there is not, and sampling by a model that reasons."""
    effort = effort or "none"
    if effort not in EFFORTS:
        raise unsupported(f"Unsupported value: '{place}' does not support {effort!r}.", place)
    for name in SAMPLING if effort != "none" else ():
        if data.get(name) not in (None, 1):
            told = f"Unsupported value: '{name}' does not support {data[name]} with this model."
            raise unsupported(f"{told} Only the default (1) value is supported.", name)


def longest(value: object, place: str, *, least: int = 1) -> int:
    """Give the most tokens an answer may have."""
    if value is None:
        return LONGEST
    if (most := expect(value, int, place)) < least:
        told = f"Invalid '{place}': integer below minimum value. Expected a value >= {least}, but got {most}."
        raise Refused(400, told, param=place, code="integer_below_min_value")
    return most


def unsupported(message: str, param: str, what: str = "value") -> Refused:
    """Make the error for something that this model does not take."""
    return Refused(400, message, param=param, code=f"unsupported_{what}")


def shape(table: dict[str, Any], place: str) -> tuple[str, dict[str, Any]]:
    """Read a named JSON schema; a strict one must name and close everything."""
    name = expect(table.get("name"), str, f"{place}.name")
    schema = expect(table.get("schema"), dict, f"{place}.schema")
    if table.get("strict") and (wrong := fault_of(schema, "In context=()")):
        param = place.removesuffix(".json_schema")
        raise Refused(400, f"Invalid schema for {param} '{name}': {wrong}.", param=param)
    return name, schema


def check_context(served: ServedModel, tokens: int, param: str) -> None:
    """Refuse a prompt that the model cannot hold."""
    if served.context is not None and tokens > served.context:
        told = f"This model's maximum context length is {served.context} tokens."
        told += (
            f" However, your messages resulted in {tokens} tokens. Please reduce the length of the {param}."
        )
        raise Refused(400, told, param=param, code="context_length_exceeded")


def check_count(photos: int, param: str) -> None:
    """Refuse too many photographs in one request."""
    if photos > MOST_PHOTOS:
        raise Refused(400, f"Invalid '{param}': too many images: {photos} > {MOST_PHOTOS}.", param=param)


def photo_of(link: object, place: str) -> SentPhoto:
    """Read a photograph from its data URL."""

    def bad(message: str, code: str) -> Refused:
        return Refused(400, message, param=place, code=code)

    head, comma, text = expect(link, str, place).partition(",")
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
    if is_moving(photo):
        raise bad("The image is an animated GIF.", "invalid_image_format")
    return photo


def refuse(refusal: Refused, request_id: str) -> tuple[int, bytes, dict[str, str]]:
    """Write an error."""
    kind, code = TYPES.get(refusal.status, ("invalid_request_error", None))
    if refusal.limit.endswith("tokens"):  # of either direction: they are one kind here
        kind = "tokens"
    error = {
        "message": refusal.message,
        "type": refusal.kind or kind,
        "param": refusal.param,
        "code": refusal.code or code,
    }
    headers = {"x-request-id": request_id}
    if (seconds := refusal.retry_after) is not None:
        headers["retry-after"] = str(ceil(seconds))
        headers["retry-after-ms"] = str(ceil(seconds * 1000))
    return refusal.status, orjson.dumps({"error": error}), headers


def headers(request_id: str, levels: Mapping[str, BucketLevel], seconds: float) -> dict[str, str]:
    """Write the headers of every answer; `tokens` are those of both directions, where there is such a limit."""
    told = {
        "x-request-id": request_id,
        "openai-version": "2020-10-01",
        "openai-organization": ORGANISATION,
        "openai-processing-ms": str(round(seconds * 1000)),
    }
    for name, level in (
        ("requests", levels.get("requests")),
        ("tokens", levels.get("tokens") or levels.get("input_tokens")),
    ):
        if level:
            told[f"x-ratelimit-limit-{name}"] = str(level.limit)
            told[f"x-ratelimit-remaining-{name}"] = str(level.remaining)
            told[f"x-ratelimit-reset-{name}"] = duration(level.full_in)
    return told


def duration(seconds: float) -> str:
    """Write a time as Go does: 120ms, 4.2s, 6m0s."""
    thousandths = ceil(seconds * 1000)
    if thousandths < 1000:
        return f"{thousandths}ms"
    minutes, rest = divmod(thousandths, 60_000)
    hours, minutes = divmod(minutes, 60)
    last = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    return (f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else "") + last


def throttled(served: ServedModel, exceeded: Exceeded) -> str:
    """Say which limit a call would pass, and for how long."""
    unit = exceeded.kind.rpartition("_")[2]
    told = f"Rate limit reached for {served.id} in organization {ORGANISATION}"
    told += f" on {unit} per min ({SHORT_KINDS[exceeded.kind]}): Limit {exceeded.limit}."
    return f"{told} Please try again in {duration(exceeded.seconds)}."
