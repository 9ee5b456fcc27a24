"""Bedrock's Converse as the service speaks it: what is refused, and what a request means.

The model and the streaming are in the path, and what a model takes differs from one to the next. What a model
would say is none of this file's business.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import orjson

from engine.simulator.converse_blocks import BlockReader
from engine.simulator.converse_reply import headers, pieces, refuse, whole
from engine.simulator.frames import exception_frame
from engine.simulator.limits import Exceeded
from engine.simulator.request import Heard, Request
from engine.simulator.served import ServedModel
from engine.simulator.tokens import PromptTrail
from engine.simulator.tools import ToolWish, choose, weigh
from engine.simulator.wire import Refused, WireCall, WireDialect, WirePost, expect, load_body, texts_of

BODY_LIMIT = 25_000_000
LONGEST = 10_000
"""Tokens of an answer when the request names no limit; all of them are booked."""
MOST_STOPS = 2500
TOO_LONG = "Input is too long for requested model."


def parse(post: WirePost) -> WireCall:
    """Read a request, or raise Refused."""
    served = _serve(post)
    call = _read(load_body(post.body), served, stream=post.stream)
    if served.context is not None and call.trail.total > served.context:
        raise Refused(400, TOO_LONG)
    return call


def count(post: WirePost) -> bytes:
    """Count the input tokens of a conversation; one for InvokeModel is not spoken here."""
    served = _serve(post)
    asked = expect(load_body(post.body).get("input"), dict, "input")
    if "converse" not in asked:
        raise Refused(400, "input: this simulator counts the tokens of 'converse' alone.")
    call = _read(expect(asked["converse"], dict, "input.converse"), served, stream=False)
    return orjson.dumps({"inputTokens": call.trail.total})


def _serve(post: WirePost) -> ServedModel:
    """Check the signature's presence and find the model."""
    signed = post.headers.get("authorization", "")
    if not signed.startswith(("AWS4-HMAC-SHA256 Credential=", "Bearer ")):
        raise Refused(403, "Missing Authentication Token", kind="MissingAuthenticationTokenException")
    served = post.models.get(post.model.rpartition("/")[2])  # an inference profile's ARN ends in its id
    if served is None or served.protocol != "bedrock":
        raise Refused(404, f"The requested model {post.model} does not exist or is not served here.")
    return served


def _read(data: dict[str, Any], served: ServedModel, *, stream: bool) -> WireCall:
    if data.get("outputConfig"):
        raise Refused(
            400, "This model doesn't support the outputConfig field. Remove outputConfig and try again."
        )
    settings = expect(data.get("inferenceConfig") or {}, dict, "inferenceConfig")
    most = expect(settings.get("maxTokens", LONGEST), int, "inferenceConfig.maxTokens")
    if most < 1:
        raise Refused(400, "inferenceConfig.maxTokens: Member must be greater than or equal to 1")
    trail = PromptTrail(served.id, served.eyes)
    reader = BlockReader(trail, served)
    rows = expect(data.get("messages"), list, "messages")
    wish = _tool(data, trail, served, stream=stream)
    system = reader.system(data.get("system") or [])
    heard = tuple(reader.heard(row, f"messages.{at}") for at, row in enumerate(rows))
    _check_order(heard)
    request = Request(
        model=served.id,
        system=system,
        messages=heard,
        schema_name=wish.name,
        schema=wish.schema,
        max_tokens=most,
    )
    stops = texts_of(settings.get("stopSequences"), "inferenceConfig.stopSequences", MOST_STOPS)
    return WireCall(request=request, served=served, trail=trail, stream=stream, tool=wish.name, stops=stops)


def _tool(data: dict[str, Any], trail: PromptTrail, served: ServedModel, *, stream: bool) -> ToolWish:
    """Find the tool the model will use."""
    config = expect(data.get("toolConfig") or {}, dict, "toolConfig")
    if not config:
        return ToolWish()
    offered: dict[str, dict[str, Any]] = {}
    for at, tool in enumerate(expect(config.get("tools"), list, "toolConfig.tools")):
        if set(expect(tool, dict, f"toolConfig.tools.{at}")) == {"cachePoint"}:
            continue
        spec = expect(tool.get("toolSpec"), dict, f"toolConfig.tools.{at}.toolSpec")
        shape = expect(spec.get("inputSchema"), dict, "toolSpec.inputSchema").get("json")
        name = expect(spec.get("name"), str, "toolSpec.name")
        offered[name] = expect(shape, dict, "toolSpec.inputSchema.json")
    choice = expect(config.get("toolChoice") or {"auto": {}}, dict, "toolConfig.toolChoice")
    if not served.forced_tools:
        for name in {"any", "tool"} & choice.keys():
            field = f"toolConfig.toolChoice.{name}"
            raise Refused(400, f"This model doesn't support the {field} field. Remove {field} and try again.")
        if stream:
            raise Refused(400, "This model doesn't support tool use in streaming mode.")
    forced = "" if "any" in choice else None
    if "tool" in choice:
        forced = expect(choice["tool"], dict, "toolConfig.toolChoice.tool").get("name")
        forced = expect(forced, str, "toolConfig.toolChoice.tool.name")
    weigh(trail, offered)
    return choose(offered, forced, resulted=_resulted(data))


def _resulted(data: dict[str, Any]) -> bool:
    rows = data.get("messages")
    last = rows[-1].get("content") if isinstance(rows, list) and rows and isinstance(rows[-1], dict) else None
    return isinstance(last, list) and any(isinstance(block, dict) and "toolResult" in block for block in last)


def _check_order(heard: tuple[Heard, ...]) -> None:
    if not heard or heard[0].author != "user":
        raise Refused(400, "A conversation must start with a user message.")
    if any(one.author == other.author for one, other in pairwise(heard)):
        raise Refused(400, "A conversation must alternate between user and assistant roles.")
    if heard[-1].author != "user":
        raise Refused(400, "A conversation must end with a user message.")


def throttled(served: ServedModel, exceeded: Exceeded) -> str:
    """Say what is too much, and nothing of how long to wait."""
    what = "requests" if exceeded.kind == "requests" else "tokens"
    return f"Too many {what}, please wait before trying again."


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
    throttled=throttled,
    count=count,
)
