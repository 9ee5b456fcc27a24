"""Which of the offered tools a simulated model uses, in no protocol's dialect.

It uses the one it is made to use; where it may choose, the first, unless it has just been given a tool's result,
to which it answers in words. Nothing here knows what a tool does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from engine.simulator.tokens import PromptTrail
from engine.simulator.wire import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolWish:
    """The one tool an answer is to be wrapped in."""

    name: str = ""
    """Empty when the answer is text."""
    schema: dict[str, Any] | None = None


def choose(offered: Mapping[str, dict[str, Any]], forced: str | None, *, resulted: bool) -> ToolWish:
    """Pick a tool by its name; `forced` is "" when any must be used, and None when the model may choose.

    `resulted` says that the last message carries a tool's result. Raises Refused for a forced tool that is not
    offered.
    """
    if forced is None and (resulted or not offered):
        return ToolWish()
    name = forced or next(iter(offered), "")
    if name not in offered:
        raise Refused(400, f"The tool_choice {name!r} is not one of the tools that are offered.")
    return ToolWish(name=name, schema=offered[name])


def weigh(trail: PromptTrail, offered: Mapping[str, dict[str, Any]]) -> None:
    """Add what the tools cost to the prompt."""
    for name, schema in offered.items():
        trail.add_text("tool", f"{name}{orjson.dumps(schema).decode()}")
