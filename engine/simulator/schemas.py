"""Answer schemas as the providers read them: what a strict one must be, and what a nameless one is called.

Nothing here knows what an answer would say.
"""

from __future__ import annotations

from typing import Any

NAMED_BY = {
    frozenset({"says", "done"}): "patient_turn",
    frozenset({"evidence", "reasoning", "score"}): "verdict",
}


def name_schema(schema: dict[str, Any]) -> str:
    """Give a name to a structure that comes without one on its wire: its title, or what its fields tell."""
    return str(schema.get("title") or NAMED_BY.get(frozenset(schema.get("properties", ())), "answer"))


def fault_of(schema: object, place: str = "schema", *, banned: frozenset[str] = frozenset()) -> str:
    """Say what a strict answer schema does wrong, or give an empty string.

    Every object must name all its properties as required and close itself; `banned` are keywords the provider
    does not support.
    """
    if isinstance(schema, list):
        return next(filter(None, (fault_of(part, place, banned=banned) for part in schema)), "")
    if not isinstance(schema, dict):
        return ""
    if wrong := banned & schema.keys():
        return f"{place}: {sorted(wrong)[0]!r} is not supported"
    properties = schema.get("properties", {})
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return f"{place}: 'additionalProperties' is required to be supplied and to be false"
        if missing := set(properties) - set(schema.get("required", ())):
            return f"{place}: 'required' must include every property; missing {sorted(missing)[0]!r}"
    below = [*properties.items(), *((k, schema[k]) for k in ("items", "anyOf", "$defs") if k in schema)]
    return next(filter(None, (fault_of(v, f"{place}.{k}", banned=banned) for k, v in below)), "")
