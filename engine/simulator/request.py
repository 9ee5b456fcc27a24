"""What a simulated model is given: the request as it came over the wire, in no protocol's dialect.

Nothing else reaches a mind. It has no scenario, no truth card and no name of a case but what a prompt spells
out, so whatever it says was earned from the pixels and the words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

SIGNATURE = "req_simulated_"
"""How the id of every simulated answer begins, so that none is ever taken for a real one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One message of the request; neighbours by the same author are kept apart as they came."""

    author: Literal["user", "assistant"]
    text: str
    images: tuple[bytes, ...] = ()
    """Encoded files, as they were sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call to a simulated model."""

    model: str
    """Model id as asked for on the wire."""
    system: str
    messages: tuple[Heard, ...]
    schema_name: str = ""
    """Name of the structured answer asked for (schema or forced tool); empty for plain text."""
    schema: dict[str, Any] | None = None
    max_tokens: int
