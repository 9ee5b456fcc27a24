"""What a request may hold: its fields, and the schemas of answers as the providers read them.

Nothing here knows what an answer would say.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

FILE = Path(__file__).with_name("fields.toml")
MOST_OPTIONAL, MOST_UNIONS = 24, 16
"""In one schema, at Anthropic."""
NAMED_BY = {
    frozenset({"says", "done"}): "patient_turn",
    frozenset({"evidence", "reasoning", "score"}): "verdict",
    frozenset({"differential", "urgency"}): "exit_interview",
}


def known_fields(protocol: str) -> frozenset[str]:
    """Give the names of all fields that a protocol's requests may have."""
    return frozenset(tomllib.loads(FILE.read_text(encoding="utf-8"))[protocol])


def name_schema(schema: dict[str, Any]) -> str:
    """Give a name to a structure that comes without one on its wire: its title, or what its fields tell."""
    fields = set(schema.get("properties", ()))
    told = next((name for some, name in NAMED_BY.items() if some <= fields), "answer")
    return str(schema.get("title") or told)


def fault_of(
    schema: object, place: str = "schema", *, banned: frozenset[str] = frozenset(), optional: bool = False
) -> str:
    """Say what a strict answer schema does wrong, or give an empty string; what was read before is known."""
    return _fault_of_text(orjson.dumps(schema), place, banned, optional)


@lru_cache(maxsize=256)
def _fault_of_text(schema: bytes, place: str, banned: frozenset[str], optional: bool) -> str:
    return _fault_of(orjson.loads(schema), place, banned=banned, optional=optional)


def _fault_of(schema: object, place: str, *, banned: frozenset[str], optional: bool) -> str:
    """Say what a strict answer schema does wrong, or give an empty string.

    Every object must close itself and, unless properties may be `optional`, name all of them as required; `banned`
    are keywords the provider does not support.
    """
    if isinstance(schema, list):
        parts = (_fault_of(part, place, banned=banned, optional=optional) for part in schema)
        return next(filter(None, parts), "")
    if not isinstance(schema, dict):
        return ""
    if wrong := banned & schema.keys():
        return f"{place}: {sorted(wrong)[0]!r} is not supported"
    properties = _named(schema)
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return f"{place}: 'additionalProperties' is required to be supplied and to be false"
        if not optional and (missing := _optional(schema)):
            return f"{place}: 'required' must include every property; missing {sorted(missing)[0]!r}"
    below = [*properties.items(), *((k, schema[k]) for k in ("items", "anyOf", "$defs") if k in schema)]
    faults = (_fault_of(v, f"{place}.{k}", banned=banned, optional=optional) for k, v in below)
    return next(filter(None, faults), "")


def excess_of(schema: dict[str, Any], place: str) -> str:
    """Say what is more than Anthropic's service compiles, or give an empty string; what was read before is known."""
    return _excess_of_text(orjson.dumps(schema), place)


@lru_cache(maxsize=256)
def _excess_of_text(text: bytes, place: str) -> str:
    schema = orjson.loads(text)
    if _loops(schema, schema.get("$defs", {}), frozenset()):
        return f"{place}: recursive schemas are not supported"
    nodes = list(_nodes(schema))
    if (count := sum(len(_optional(node)) for node in nodes)) > MOST_OPTIONAL:
        return f"{place}: too many optional properties: {count} > {MOST_OPTIONAL}"
    if (count := sum("anyOf" in node for node in nodes)) > MOST_UNIONS:
        return f"{place}: too many unions: {count} > {MOST_UNIONS}"
    return ""


def _named(schema: dict[str, Any]) -> dict[str, Any]:
    named = schema.get("properties")
    return named if isinstance(named, dict) else {}


def _optional(schema: dict[str, Any]) -> set[str]:
    required = schema.get("required")
    return {name for name in _named(schema) if not (isinstance(required, list) and name in required)}


def _nodes(schema: object) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    for below in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _nodes(below)


def _loops(schema: object, named: object, within: frozenset[str]) -> bool:
    """Say whether following the references from here leads back to one of those it is `within`."""
    if isinstance(schema, list):
        return any(_loops(part, named, within) for part in schema)
    if not isinstance(schema, dict):
        return False
    link = schema.get("$ref")
    if isinstance(link, str):
        target = named.get(link.removeprefix("#/$defs/")) if isinstance(named, dict) else None
        return link == "#" or link in within or _loops(target, named, within | {link})
    return any(_loops(below, named, within) for key, below in schema.items() if key != "$defs")
