"""What passes between an agent and a model: prompts, completions, and the one function an agent thinks through.

An agent never knows which provider answers it, or that there is one. A test's model is a lambda.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import orjson

from personas.values import Photo

Stop = Literal["end", "length", "refusal", "filter"]
Advice = Literal["none", "self_care", "routine", "two_weeks", "same_day", "emergency"]
ADVICE: tuple[Advice, ...] = get_args(Advice)
"""Least urgent first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The shape a structured answer must have; providers use their own mechanism for it."""

    name: str
    body: dict[str, Any]
    """JSON Schema, every property required, no numeric bounds (providers refuse them): a score is an enum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a prompt. Neighbours by the same author are one turn to the provider."""

    author: Literal["user", "assistant"]
    text: str
    photo: Photo | None = None
    """Sent before the text."""
    mark: bool = False
    """The prompt up to here will be sent again: worth caching where the provider wants to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What an agent asks a model, in no provider's dialect."""

    system: str
    messages: tuple[Message, ...]
    schema: Schema | None = None
    max_tokens: int

    @property
    def digest(self) -> str:
        """Give the 64 hex digits that identify this prompt; a photograph counts by its sha-256."""
        return hashlib.sha256(orjson.dumps(self, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, in one convention for all providers."""

    input: int = 0
    """All input tokens, cached ones included."""
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    """All output tokens, reasoning included."""
    reasoning: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What came back."""

    text: str
    """What the model said; for a structured answer, the JSON as it stood. Never its reasoning."""
    value: dict[str, Any] | None = None
    """The structured answer, parsed; None when none was asked for or it could not be read."""
    stop: Stop
    usage: Usage = field(default_factory=Usage)
    served: str = ""
    """The model id the provider says it used."""
    request_id: str = ""
    reasoning: str = ""
    """What the model thought aloud, kept for the trace; no agent reads it."""


Ask = Callable[[Prompt], Awaitable[Completion]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thing said in a conversation."""

    index: int
    """Counts from 1 over both speakers."""
    speaker: Literal["patient", "assistant"]
    text: str
    photo: str = ""
    """sha-256 of the photograph shown with this turn; empty for none."""
    done: bool = False
    """The patient's structured signal that they have what they came for, and their agenda agrees. Never read from
    the text, like the two that follow."""
    advice: Advice = "none"
    """The most urgent thing that the assistant's last message told the patient to do, as the patient heard it."""
    closing: bool = False
    """The assistant said goodbye, and neither side has asked anything."""
    fault: str = ""
    """What the patient said that it cannot say, even when asked again, in a sentence; empty for nothing."""
    tokens: int = 0
    """Input and output of the calls that this turn took."""
    stop: Stop = "end"
