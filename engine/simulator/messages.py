"""Anthropic's Messages as the provider speaks it: what is refused, and what a request means.

One idea: refuse what the real service refuses, in its words where they are known, and answer the rest. What a
model would say is none of this file's business. Documents and the provider's own tools are not spoken here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from engine.simulator.frames import named_event
from engine.simulator.limits import Exceeded
from engine.simulator.messages_blocks import BlockReader, keep
from engine.simulator.messages_reply import headers, pieces, refuse, whole
from engine.simulator.request import Request
from engine.simulator.schemas import excess_of, fault_of, known_fields, name_schema
from engine.simulator.served import ServedModel
from engine.simulator.tokens import PromptTrail
from engine.simulator.tools import ToolWish, choose, weigh
from engine.simulator.wire import Refused, WireCall, WireDialect, WirePost, expect, load_body, texts_of

NEWEST = "2026-10-21"
VERSIONS = ("2023-06-01", NEWEST)
SAMPLING = {"temperature": 1.0, "top_p": 1.0, "top_k": 1_000_000}
"""Fields that only the older version takes, and the largest value of each."""
FIELDS = known_fields("messages")
UNSPOKEN = ("mcp_servers", "container", "prefill")
BODY_LIMIT = 32_000_000
MOST_STOPS = 8191
LEAST_BUDGET = 1024
"""Tokens of thinking, at least, where a budget is given."""
UNSUPPORTED = frozenset(
    (
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
    )
)
MOST_STRICT = 20
"""Tools that may be strict."""
NO_PREFILL = (
    "This model does not support assistant message prefill. The conversation must end with a user message."
)
FORCED_THOUGHT = "Thinking may not be enabled when tool_choice forces tool use."


def parse(post: WirePost) -> WireCall:
    """Read a request, or raise Refused."""
    version = _admit(post.headers)
    data = load_body(post.body)
    served = _serve(data, post.models)
    _check_fields(data, version)
    if "max_tokens" not in data:
        raise Refused(400, "max_tokens: Field required")
    most = expect(data["max_tokens"], int, "max_tokens")
    if most < 1:
        raise Refused(400, "max_tokens: Input should be greater than or equal to 1")
    call = _read(data, served, most, version=version)
    if served.context is not None and call.trail.total > served.context:
        raise Refused(400, f"prompt is too long: {call.trail.total} tokens > {served.context} maximum")
    return call


def count(post: WirePost) -> bytes:
    """Count the input tokens of a request that need not say how long its answer may be."""
    version = _admit(post.headers)
    data = load_body(post.body)
    served = _serve(data, post.models)
    _check_fields(data, version)
    return orjson.dumps({"input_tokens": _read(data, served, 1_000_000, version=version).trail.total})


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


def _check_fields(data: dict[str, Any], version: str) -> None:
    """Refuse what the service does not know, and what this simulator does not speak."""
    for name in sorted(data.keys() - FIELDS):
        largest = SAMPLING.get(name)
        if largest is None or version == NEWEST:  # even at its default value
            raise Refused(400, f"{name}: Extra inputs are not permitted")
        value = data[name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= largest:
            raise Refused(400, f"{name}: range: 0..{largest:g}")
    for name in UNSPOKEN:
        if data.get(name):
            raise Refused(400, f"{name}: not spoken by this simulator.")


def _read(data: dict[str, Any], served: ServedModel, most: int, *, version: str) -> WireCall:
    trail = PromptTrail(served.id, served.eyes)
    reader = BlockReader(trail, served, cites=version != NEWEST)
    rows = expect(data.get("messages"), list, "messages")
    wish = _tool(data, trail, resulted=_resulted(rows))
    name, schema = _format(data, trail)
    thinks = _thinks(data, most)
    system = reader.system(data.get("system", []))
    heard = tuple(reader.heard(row, f"messages.{at}") for at, row in enumerate(rows))
    reader.check_photos()
    if not heard or heard[0].author != "user":
        raise Refused(400, 'messages: first message must use the "user" role')
    if heard[-1].author == "assistant" and not served.prefill:
        raise Refused(400, NO_PREFILL)
    if data.get("cache_control"):
        trail.mark(keep(data["cache_control"]))
    if len(trail.marks) > 4:
        raise Refused(
            400, f"A maximum of 4 blocks with cache_control may be provided. Found {len(trail.marks)}."
        )
    request = Request(
        model=served.id,
        system=system,
        messages=heard,
        schema_name=wish.name or name,
        schema=wish.schema if wish.name else schema,
        max_tokens=most,
    )
    return WireCall(
        request=request,
        served=served,
        trail=trail,
        stream=data.get("stream") is True,
        tool=wish.name,
        stops=texts_of(data.get("stop_sequences"), "stop_sequences", MOST_STOPS),
        thinks=thinks,
    )


def _format(data: dict[str, Any], trail: PromptTrail) -> tuple[str, dict[str, Any] | None]:
    asked = expect(data.get("output_config") or {}, dict, "output_config").get("format")
    if asked is None:
        return "", None
    schema = expect(
        expect(asked, dict, "output_config.format").get("schema"), dict, "output_config.format.schema"
    )
    if asked.get("type") != "json_schema":
        raise Refused(400, "output_config.format.type: Input should be 'json_schema'")
    _check_strict(schema, "output_config.format.schema")
    trail.add_text("format", orjson.dumps(schema).decode())
    return name_schema(schema), schema


def _tool(data: dict[str, Any], trail: PromptTrail, *, resulted: bool) -> ToolWish:
    """Find the tool the model will use."""
    offered: dict[str, dict[str, Any]] = {}
    strict = 0
    for at, tool in enumerate(expect(data.get("tools") or [], list, "tools")):
        if expect(tool, dict, f"tools.{at}").get("type", "custom") != "custom":
            raise Refused(400, f"tools.{at}: this simulator speaks tools of one's own, with an input_schema.")
        if "input_schema" not in tool:
            raise Refused(400, f"tools.{at}.custom.input_schema: Field required")
        schema = expect(tool["input_schema"], dict, f"tools.{at}.custom.input_schema")
        if tool.get("strict") is True:
            strict += 1
            _check_strict(schema, f"tools.{at}.custom.input_schema")
        offered[expect(tool.get("name"), str, f"tools.{at}.custom.name")] = schema
        if mark := tool.get("cache_control"):
            trail.mark(keep(mark))
    if strict > MOST_STRICT:
        raise Refused(400, f"tools: too many strict tools: {strict} > {MOST_STRICT}")
    choice = expect(data.get("tool_choice") or {"type": "auto"}, dict, "tool_choice")
    kind = choice.get("type")
    if kind not in ("auto", "any", "tool", "none"):
        raise Refused(400, f"tool_choice: Input tag {kind!r} is not one of 'auto', 'any', 'tool', 'none'")
    if kind in ("any", "tool") and _mode(data) == "enabled":
        raise Refused(400, FORCED_THOUGHT)
    weigh(trail, offered)
    if kind == "none" or not (offered or kind == "tool"):
        return ToolWish()
    forced = expect(choice.get("name"), str, "tool_choice.name") if kind == "tool" else None
    return choose(offered, "" if kind == "any" else forced, resulted=resulted)


def _check_strict(schema: dict[str, Any], place: str) -> None:
    if wrong := fault_of(schema, place, banned=UNSUPPORTED, optional=True) or excess_of(schema, place):
        raise Refused(400, wrong)


def _resulted(rows: list[Any]) -> bool:
    content = rows[-1].get("content") if rows and isinstance(rows[-1], dict) else None
    return isinstance(content, list) and any(
        isinstance(block, dict) and block.get("type") == "tool_result" for block in content
    )


def _mode(data: dict[str, Any]) -> str:
    return expect(data.get("thinking") or {}, dict, "thinking").get("type") or "disabled"


def _thinks(data: dict[str, Any], most: int) -> bool:
    """Say whether the reasoning must be shown; a model that may choose does not reason here."""
    mode = _mode(data)
    if mode not in ("enabled", "disabled", "adaptive", "between_tools"):
        raise Refused(400, f"thinking: Input tag {mode!r} is not one of 'adaptive', 'disabled', 'enabled'")
    if mode != "enabled":
        return False
    budget = expect(data["thinking"].get("budget_tokens"), int, "thinking.enabled.budget_tokens")
    if budget < LEAST_BUDGET:
        told = f"Input should be greater than or equal to {LEAST_BUDGET}"
        raise Refused(400, f"thinking.enabled.budget_tokens: {told}")
    if budget >= most:
        raise Refused(400, "`max_tokens` must be greater than `thinking.budget_tokens`.")
    return True


def throttled(served: ServedModel, exceeded: Exceeded) -> str:
    """Say which limit a call would pass."""
    told = f"{exceeded.limit:,} {exceeded.kind.replace('_', ' ')} per minute (model: {served.id})"
    return f"This request would exceed your organization's rate limit of {told}."


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
    throttled=throttled,
    count=count,
    filtered="Output blocked by content filtering policy",
)
