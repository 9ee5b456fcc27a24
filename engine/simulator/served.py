"""The models the simulator serves: what stands in served.toml, read once.

A model's table is laid over its protocol's, and that over the one for all. Nothing here knows how a model thinks.
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
    lenient: bool = False
    """Whether it is served as by vLLM and its like: `max_tokens` and unknown fields are taken."""
    context: int | None = None
    """Tokens that prompt and answer may have together; None when there is no end."""
    requests: int | None = None
    """Per minute, like the next three; None or 0 where there is no such limit."""
    input_tokens: int | None = None
    """What was sent; Anthropic's counts no cache reads."""
    output_tokens: int | None = None
    tokens: int | None = None
    """Both directions together, as OpenAI and Bedrock count."""
    burst: float = 2.0
    """Seconds of the rate that a full bucket holds."""
    latency: float
    """Median seconds until a whole answer, or until the first piece of a stream."""
    spread: float
    """Standard deviation of the logarithm of the latency, which is normal; 0 when all answers take the same."""
    tail: float = 0.0
    """Share of the answers, 0–1, that take `tail_times` as long."""
    tail_times: float = 10.0
    piece_seconds: float
    """Between two pieces of a stream."""


def load_served() -> dict[str, ServedModel]:
    """Give the served models by id; a wrong or missing key is a TypeError that names it."""
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    shared, spoken = tables["all"], tables["protocols"]
    return {
        id: ServedModel(id=id, **(shared | spoken[table["protocol"]] | table))
        for id, table in tables["models"].items()
    }
