"""OpenAI's Responses as the provider speaks it: what is refused, and what a request means.

Nothing is kept from one call to the next, so a request that leans on an earlier response is refused. What a
model would say is none of this file's business, and the provider's own tools are not spoken here.
"""

from __future__ import annotations

from typing import Any

import orjson

from engine.simulator.frames import named_event
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
from engine.simulator.responses_reply import pieces, whole
from engine.simulator.schemas import fault_of, known_fields
from engine.simulator.served import ServedModel
from engine.simulator.tokens import PromptTrail
from engine.simulator.tools import ToolWish, choose, weigh
from engine.simulator.wire import Refused, WireCall, WireDialect, WirePost, expect, load_body

FIELDS = known_fields("responses")
UNKEPT = ("background", "conversation", "prompt")
LEAST = 16
"""Tokens that an answer may be limited to, at least."""
REPEATED = (
    ("instructions", None),
    ("max_output_tokens", None),
    ("metadata", {}),
    ("parallel_tool_calls", True),
    ("store", True),
    ("temperature", 1.0),
    ("top_p", 1.0),
    ("tool_choice", "auto"),
    ("tools", []),
    ("truncation", "disabled"),
    ("prompt_cache_key", None),
    ("safety_identifier", None),
    ("user", None),
)
"""Fields of the request that the response repeats, and what they are when the request does not say."""
ROLES = ("user", "assistant", "system", "developer")


def parse(post: WirePost) -> WireCall:
    """Read a request, or raise Refused."""
    data = load_body(post.body)
    served = serve(post, data)
    _check_options(data)
    call = _read(data, served)
    check_context(served, call.trail.total, "input")
    return call


def _check_options(data: dict[str, Any]) -> None:
    check_fields(data, FIELDS)
    for name in UNKEPT:
        if data.get(name):
            raise unsupported(
                f"'{name}' is not spoken by this simulator: it keeps nothing.", name, "parameter"
            )
    if earlier := data.get("previous_response_id"):
        told = f"Previous response with id '{earlier}' not found."
        raise Refused(400, told, param="previous_response_id", code="previous_response_not_found")
    reasoning = expect(data.get("reasoning") or {}, dict, "reasoning")
    check_effort(data, reasoning.get("effort"), "reasoning.effort")


def _read(data: dict[str, Any], served: ServedModel) -> WireCall:
    trail = PromptTrail(served.id, served.eyes, automatic=True)
    rows = data.get("input")
    if isinstance(rows, str):
        rows = [{"role": "user", "content": rows}]
    rows = expect(rows, list, "input")
    resulted = bool(rows) and isinstance(rows[-1], dict) and rows[-1].get("type") == "function_call_output"
    wish = _tool(data, trail, resulted=resulted)
    asked = expect(data.get("text") or {}, dict, "text")
    name, schema = _format(asked, trail)
    systems: list[str] = []
    if instructions := data.get("instructions"):
        systems.append(expect(instructions, str, "instructions"))
        trail.add_text("system", systems[-1])
    heard = _input(rows, systems, trail)
    if not heard and not systems:
        raise Refused(400, "Invalid 'input': empty array.", param="input", code="empty_array")
    check_count(sum(len(one.images) for one in heard), "input")
    request = Request(
        model=served.id,
        system="\n\n".join(systems),
        messages=tuple(heard),
        schema_name=wish.name or name,
        schema=wish.schema if wish.name else schema,
        max_tokens=longest(data.get("max_output_tokens"), "max_output_tokens", least=LEAST),
    )
    options = expect(data.get("stream_options") or {}, dict, "stream_options")
    return WireCall(
        request=request,
        served=served,
        trail=trail,
        stream=data.get("stream") is True,
        tool=wish.name,
        padded=options.get("include_obfuscation") is not False,
        repeated=_repeated(data, asked),
    )


def _repeated(data: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    told = {name: usual if data.get(name) is None else data[name] for name, usual in REPEATED}
    told["text"] = {"format": {"type": "text"}, "verbosity": "medium"} | asked
    told["reasoning"] = {"effort": "none", "summary": None} | (data.get("reasoning") or {})
    return told


def _input(rows: list[Any], systems: list[str], trail: PromptTrail) -> list[Heard]:
    """Read the items of the conversation; system texts among them go with the instructions."""
    heard: list[Heard] = []
    for at, row in enumerate(rows):
        place = f"input[{at}]"
        kind = expect(row, dict, place).get("type", "message")
        if kind == "message":
            role = row.get("role")
            if role not in ROLES:
                raise Refused(400, f"Invalid value: {role!r}.", param=f"{place}.role", code="invalid_value")
            text, images = _content(row.get("content"), role, place, trail)
            if role in ("system", "developer"):
                systems.append(text)
            else:
                heard.append(Heard(author=role, text=text, images=images))
        elif kind in ("function_call", "reasoning"):
            trail.add_text("assistant", orjson.dumps(row).decode())
        elif kind == "function_call_output":
            expect(row.get("call_id"), str, f"{place}.call_id")
            text, images = _content(row.get("output"), "user", place, trail)
            heard.append(Heard(author="user", text=text, images=images))
        else:
            raise Refused(400, f"Invalid value: {kind!r}.", param=f"{place}.type", code="invalid_value")
    return heard


def _content(content: object, role: str, place: str, trail: PromptTrail) -> tuple[str, tuple[bytes, ...]]:
    if isinstance(content, str):
        trail.add_text(role, content)
        return content, ()
    spoken = {"output_text": "text", "refusal": "refusal"} if role == "assistant" else {"input_text": "text"}
    texts: list[str] = []
    images: list[bytes] = []
    for at, part in enumerate(expect(content, list, f"{place}.content")):
        spot = f"{place}.content[{at}]"
        kind = expect(part, dict, spot).get("type")
        if kind in spoken:
            texts.append(expect(part.get(spoken[kind]), str, f"{spot}.{spoken[kind]}"))
            trail.add_text(role, texts[-1])
        elif kind == "input_image" and role == "user":
            photo = photo_of(part.get("image_url"), f"{spot}.image_url")
            images.append(photo.data)
            trail.add_photo(photo)
        else:
            listed = ", ".join(f"'{name}'" for name in (*spoken, *(("input_image",) * (role == "user"))))
            told = f"Invalid value: {kind!r}. Supported values are: {listed}."
            raise Refused(400, told, param=spot, code="invalid_value")
    return "\n\n".join(texts), tuple(images)


def _tool(data: dict[str, Any], trail: PromptTrail, *, resulted: bool) -> ToolWish:
    """Find the tool the model will use."""
    offered: dict[str, dict[str, Any]] = {}
    for at, tool in enumerate(expect(data.get("tools") or [], list, "tools")):
        if expect(tool, dict, f"tools[{at}]").get("type") != "function":
            told = f"tools[{at}]: this simulator speaks tools of one's own, of type 'function'."
            raise unsupported(told, f"tools[{at}].type")
        name = expect(tool.get("name"), str, f"tools[{at}].name")
        offered[name] = expect(tool.get("parameters") or {"type": "object"}, dict, f"tools[{at}].parameters")
        if tool.get("strict") and (wrong := fault_of(offered[name], "In context=()")):
            raise Refused(400, f"Invalid schema for function '{name}': {wrong}.", param="tools")
    choice = data.get("tool_choice") or "auto"
    if choice == "none":
        return ToolWish()
    weigh(trail, offered)
    if isinstance(choice, dict):
        return choose(offered, expect(choice.get("name"), str, "tool_choice.name"), resulted=resulted)
    if choice not in ("auto", "required"):
        raise Refused(400, f"Invalid value: {choice!r}.", param="tool_choice", code="invalid_value")
    return choose(offered, "" if choice == "required" else None, resulted=resulted)


def _format(asked: dict[str, Any], trail: PromptTrail) -> tuple[str, dict[str, Any] | None]:
    table = expect(asked.get("format") or {}, dict, "text.format")
    if table.get("type") in (None, "text"):
        return "", None
    if table["type"] == "json_object":
        return "json_object", {"type": "object"}
    if table["type"] != "json_schema":
        raise unsupported(f"Invalid value: {table['type']!r}.", "text.format.type")
    name, schema = shape(table, "text.format")
    trail.add_text("format", orjson.dumps(schema).decode())
    return name, schema


FAULT = {"code": "server_error", "message": "The server had an error.", "param": None, "sequence_number": 0}
DIALECT = WireDialect(
    name="openai",
    body_limit=BODY_LIMIT,
    stream_type="text/event-stream; charset=utf-8",
    parse=parse,
    whole=whole,
    pieces=pieces,
    fault=named_event("error", FAULT),
    refuse=refuse,
    headers=headers,
    throttled=throttled,
)
