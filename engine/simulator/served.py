"""The models the simulator serves: what stands in served.toml, read once.

Nothing here knows how a model thinks.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FILE = Path(__file__).with_name("served.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """One model as it is seen from the wire."""

    id: str
    protocol: Literal["anthropic", "openai", "bedrock"]
    eyes: Literal["claude", "gpt", "nova", "llama"]
    """By whose formula a photograph costs tokens."""
    cache_from: int
    """Tokens of the shortest prefix that is cached; 0 when the model caches nothing."""
    prefill: bool
    """Whether the last message may be the assistant's."""
    forced_tools: bool
    """Whether an answer can be forced into a tool, and tools may be streamed."""
    requests: int
    """Per minute, like the next two."""
    input_tokens: int
    output_tokens: int
    latency: float
    """Median seconds until a whole answer, or until the first piece of a stream."""
    spread: float
    """The slowest answer takes e**spread times the median, the fastest e**-spread times."""
    piece_seconds: float
    """Between two pieces of a stream."""


def load_served() -> dict[str, ServedModel]:
    """Give the served models by id; a wrong or missing key is a TypeError that names it."""
    tables = tomllib.loads(FILE.read_text())
    shared = tables["all"]
    return {id: ServedModel(id=id, **(shared | table)) for id, table in tables["models"].items()}
