"""A mind for questions that are none of ours: it fills in whatever JSON Schema it is given.

One idea: the first thing that fits, chosen by the seed where there is a choice, so that a stranger's typed client
gets an answer it can read. What the fields mean is beyond it.
"""

from __future__ import annotations

from typing import Any

import orjson

from engine.simulator.request import Request
from personas.seeds import uniform

DEEPEST = 12
"""Levels; a schema that contains itself must end somewhere."""
WORDS = ("unremarkable", "as described", "not stated", "to be confirmed")


def answer(request: Request, seed: int) -> str:
    """Answer with JSON of the schema asked for."""
    schema = request.schema or {}
    last = request.messages[-1].text if request.messages else ""
    return orjson.dumps(_fill(schema, schema, (seed, request.model, last))).decode()


def _fill(schema: object, root: dict[str, Any], place: tuple[object, ...]) -> Any:
    if not isinstance(schema, dict) or len(place) > DEEPEST:
        return None
    if isinstance(link := schema.get("$ref"), str):
        return _fill(_follow(link, root), root, (*place, "ref"))
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("enum", "anyOf", "oneOf"):
        if isinstance(options := schema.get(key), list) and options:
            chosen = options[int(uniform("fill", *place) * len(options))]
            return chosen if key == "enum" else _fill(chosen, root, (*place, key))
    if isinstance(parts := schema.get("allOf"), list) and parts:
        return _fill(parts[0], root, (*place, "allOf"))
    return _plain(schema, root, place)


def _plain(schema: dict[str, Any], root: dict[str, Any], place: tuple[object, ...]) -> Any:
    kind = schema.get("type") or ("object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    drawn = uniform("fill", *place)
    if kind == "object":
        fields = schema.get("properties") or {}
        return {name: _fill(inner, root, (*place, name)) for name, inner in fields.items()}
    if kind == "array":
        wanted = max(1, schema.get("minItems") or 0)
        return [_fill(schema.get("items") or {}, root, (*place, at)) for at in range(wanted)]
    if kind in ("integer", "number"):
        low = schema.get("minimum", 1)
        number = low + drawn * (max(schema.get("maximum", low + 9), low) - low)
        return round(number) if kind == "integer" else round(number, 2)
    if kind == "boolean":
        return drawn < 0.5
    return None if kind == "null" else WORDS[int(drawn * len(WORDS))]


def _follow(link: str, root: dict[str, Any]) -> object:
    """Give what a reference such as `#/$defs/Finding` points at, {} for anything else."""
    found: object = root
    for step in link.removeprefix("#/").split("/"):
        found = found.get(step, {}) if isinstance(found, dict) else {}
    return found
