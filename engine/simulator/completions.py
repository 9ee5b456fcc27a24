"""OpenAI's Chat Completions as the provider speaks it: what is refused, and what a request means.

The same protocol is spoken by vLLM and its like, who take more: a model that is served leniently is one of
theirs. What a model would say is none of this file's business.
"""

from __future__ import annotations

from typing import Any

import orjson

from engine.simulator.completions_reply import pieces, whole
from engine.simulator.frames import plain_event
from engine.simulator.openai_terms import (
    BODY_LIMIT,
    check_context,
    check_count,
    check_effort,
    check_fields,
    headers,
    longest,
    photo_of,
    refuse,
    serve,
    shape,
    throttled,
    unsupported,
)
from engine.simulator.request import Heard, Request
from engine.simulator.schemas import fault_of, known_fields
from engine.simulator.served import ServedModel
from engine.simulator.tokens import PromptTrail
from engine.simulator.tools import ToolWish, choose, weigh
from engine.simulator.wire import Refused, WireCall, WireDialect, WirePost, expect, load_body, texts_of

FIELDS = known_fields("completions")
ROLES = ("system", "developer", "user", "assistant", "tool")
UNSPOKEN = ("functions", "audio", "web_search_options")
MOST_STOPS = 4


def parse(post: WirePost) -> WireCall:
    """Read a request, or raise Refused."""
    data = load_body(post.body)
    served = serve(post, data)
    _check_options(data, served)
    call = _read(data, served)
    check_context(served, call.trail.total, "messages")
    return call


def _read(data: dict[str, Any], served: ServedModel) -> WireCall:
    trail = PromptTrail(served.id, served.eyes, automatic=True)
    rows = expect(data.get("messages"), list, "messages")
    resulted = bool(rows) and isinstance(rows[-1], dict) and rows[-1].get("role") == "tool"
    wish = _tool(data, trail, resulted=resulted)
    name, schema = _format(data, trail)
    systems, heard = _messages(rows, trail)
    if not heard and not systems:
        raise Refused(400, "Invalid 'messages': empty array.", param="messages", code="empty_array")
    check_count(sum(len(one.images) for one in heard), "messages")
    request = Request(
        model=served.id,
        system="\n\n".join(systems),
        messages=tuple(heard),
        schema_name=wish.name or name,
        schema=wish.schema if wish.name else schema,
        max_tokens=longest(
            data.get("max_completion_tokens") or data.get("max_tokens"), "max_completion_tokens"
        ),
    )
    options = expect(data.get("stream_options") or {}, dict, "stream_options")
    return WireCall(
        request=request,
        served=served,
        trail=trail,
        stream=data.get("stream") is True,
        tool=wish.name,
        counted=options.get("include_usage") is True,
        padded=not served.lenient and options.get("include_obfuscation") is not False,
        stops=texts_of(data.get("stop"), "stop", MOST_STOPS),
    )


def _messages(rows: list[Any], trail: PromptTrail) -> tuple[list[str], list[Heard]]:
    systems: list[str] = []
    heard: list[Heard] = []
    for at, row in enumerate(rows):
        place = f"messages[{at}]"
        role = expect(row, dict, place).get("role")
        if role not in ROLES:
            raise Refused(400, f"Invalid value: {role!r}.", param=f"{place}.role", code="invalid_value")
        if role == "assistant" and row.get("content") is None:
            if not (row.get("tool_calls") or row.get("refusal")):
                told = f"Invalid value for 'content' of {place}: expected a string, got null."
                raise Refused(400, told, param=f"{place}.content")
            trail.add_text(role, orjson.dumps(row).decode())
            heard.append(Heard(author="assistant", text=row.get("refusal") or ""))
            continue
        text, images = _content(row.get("content"), role, place, trail)
        if role == "tool":
            expect(row.get("tool_call_id"), str, f"{place}.tool_call_id")
        if role in ("user", "assistant", "tool"):
            heard.append(Heard(author="user" if role == "tool" else role, text=text, images=images))
        else:
            systems.append(text)
    return systems, heard


def _check_options(data: dict[str, Any], served: ServedModel) -> None:
    for name in UNSPOKEN:
        if data.get(name):
            told = (
                f"'{name}' is not spoken by this simulator; offer tools, or ask for response_format instead."
            )
            raise unsupported(told, name, "parameter")
    if data.get("n") not in (None, 1):
        raise unsupported("'n' is always 1 at this simulator.", "n")
    if served.lenient:
        return
    check_fields(data, FIELDS)
    if data.get("max_tokens") is not None:
        hint = "is not supported with this model. Use 'max_completion_tokens' instead."
        raise unsupported(f"Unsupported parameter: 'max_tokens' {hint}", "max_tokens", "parameter")
    longest(data.get("max_completion_tokens"), "max_completion_tokens")
    check_effort(data, data.get("reasoning_effort"), "reasoning_effort")


def _tool(data: dict[str, Any], trail: PromptTrail, *, resulted: bool) -> ToolWish:
    """Find the tool the model will use."""
    offered: dict[str, dict[str, Any]] = {}
    for at, tool in enumerate(expect(data.get("tools") or [], list, "tools")):
        if expect(tool, dict, f"tools[{at}]").get("type") != "function":
            raise Refused(400, f"Invalid value: {tool.get('type')!r}.", param=f"tools[{at}].type")
        spec = expect(tool.get("function"), dict, f"tools[{at}].function")
        name = expect(spec.get("name"), str, f"tools[{at}].function.name")
        offered[name] = expect(
            spec.get("parameters") or {"type": "object"}, dict, f"tools[{at}].function.parameters"
        )
        if spec.get("strict") and (wrong := fault_of(offered[name], "In context=()")):
            raise Refused(400, f"Invalid schema for function '{name}': {wrong}.", param="tools")
    choice = data.get("tool_choice") or "auto"
    if choice == "none":
        return ToolWish()
    weigh(trail, offered)
    if isinstance(choice, dict):
        named = expect(choice.get("function"), dict, "tool_choice.function")
        return choose(offered, expect(named.get("name"), str, "tool_choice.function.name"), resulted=resulted)
    if choice not in ("auto", "required"):
        raise Refused(400, f"Invalid value: {choice!r}.", param="tool_choice", code="invalid_value")
    return choose(offered, "" if choice == "required" else None, resulted=resulted)


def _format(data: dict[str, Any], trail: PromptTrail) -> tuple[str, dict[str, Any] | None]:
    asked = expect(data.get("response_format") or {}, dict, "response_format")
    if asked.get("type") in (None, "text"):
        return "", None
    if asked["type"] == "json_object":
        return "json_object", {"type": "object"}
    if asked["type"] != "json_schema":
        raise unsupported(f"Invalid value: {asked['type']!r}.", "response_format.type")
    table = expect(asked.get("json_schema"), dict, "response_format.json_schema")
    name, schema = shape(table, "response_format.json_schema")
    trail.add_text("format", orjson.dumps(schema).decode())
    return name, schema


def _content(content: object, role: str, place: str, trail: PromptTrail) -> tuple[str, tuple[bytes, ...]]:
    if isinstance(content, str):
        trail.add_text(role, content)
        return content, ()
    texts: list[str] = []
    images: list[bytes] = []
    for at, part in enumerate(expect(content, list, f"{place}.content")):
        spot = f"{place}.content[{at}]"
        kind = expect(part, dict, spot).get("type")
        if kind == "text":
            texts.append(expect(part.get("text"), str, f"{spot}.text"))
            trail.add_text(role, texts[-1])
        elif kind == "image_url" and role == "user":
            link = expect(part.get("image_url"), dict, f"{spot}.image_url").get("url")
            photo = photo_of(link, spot)
            images.append(photo.data)
            trail.add_photo(photo)
        else:
            raise Refused(400, f"Invalid value: {kind!r}.", param=spot, code="invalid_value")
    return "\n\n".join(texts), tuple(images)


FAULT = {"message": "The server had an error.", "type": "server_error", "param": None, "code": None}
DIALECT = WireDialect(
    name="openai",
    body_limit=BODY_LIMIT,
    stream_type="text/event-stream; charset=utf-8",
    parse=parse,
    whole=whole,
    pieces=pieces,
    fault=plain_event({"error": FAULT}),
    refuse=refuse,
    headers=headers,
    throttled=throttled,
)
