"""What the three dialects share: a post as it came, the call it means, the answer it gets, and a refusal.

A dialect is a handful of plain functions over these values, so the server can be written once. Nothing here
knows a protocol's field names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from engine.simulator.limits import BucketLevel
from engine.simulator.request import Request
from engine.simulator.served import ServedModel
from engine.simulator.tokens import PromptTrail, TokenUsage

Stop = Literal["end", "length", "refusal", "filter", "malformed"]


class Refused(Exception):
    """The call is answered with an error status.

    `kind`, `code` and `param` are in the provider's words; without a `kind` it is the status's usual one.
    """

    def __init__(
        self, status: int, message: str, *, kind: str = "", code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.code = code
        self.param = param
        self.retry_after: float | None = None
        """Seconds until the same call would be admitted; None when waiting does not help."""
        self.limit = ""
        """Which limit is used up: requests, input_tokens or output_tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WirePost:
    """One HTTP request, read but not understood."""

    headers: Mapping[str, str]
    body: bytes
    models: Mapping[str, ServedModel]
    model: str = ""
    """From the path; empty where the body names the model."""
    stream: bool = False
    """Whether the path asks for a stream; the body may still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireCall:
    """One call, understood."""

    request: Request
    served: ServedModel
    trail: PromptTrail
    stream: bool
    tool: str = ""
    """Name of the tool the answer must be wrapped in; empty when the answer is text, structured or not."""
    counted: bool = True
    """Whether a stream ends with its usage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """What the simulated model answered."""

    id: str
    """24 hexadecimal digits, the same for the same call."""
    text: str
    stop: Stop
    usage: TokenUsage
    seconds: float
    """Latency, as it is reported where a protocol reports it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireDialect:
    """One protocol, as functions."""

    name: str
    body_limit: int
    """Bytes above which a body is answered with 413."""
    stream_type: str
    """Content type of a stream."""
    parse: Callable[[WirePost], WireCall]
    """Raises Refused for whatever the provider would refuse."""
    whole: Callable[[WireCall, GivenAnswer], bytes]
    pieces: Callable[[WireCall, GivenAnswer], list[bytes]]
    """Opening, deltas, closing: at least two; a stream cut before the last one has no stop reason."""
    fault: bytes
    """An error in the middle of a stream."""
    refuse: Callable[[Refused, str], tuple[int, bytes, dict[str, str]]]
    """Status, body and headers of an error, from it and the request id."""
    headers: Callable[[str, Mapping[str, BucketLevel]], dict[str, str]]
    """Headers of every answer, from the request id and the levels of the model's limits."""
    filtered: str = ""
    """What an error 400 says of a content filter, where it is one; empty where it is a stop reason."""


def load_body(body: bytes) -> dict[str, Any]:
    """Read a JSON object; Refused with 400 when it is anything else."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"The request body is not valid JSON: {error}") from None
    if not isinstance(data, dict):
        raise Refused(400, "The request body is not a JSON object.")
    return data


def expect(value: object, kind: type, place: str) -> Any:
    """Give the value if it is of this kind; otherwise Refused with 400, naming the place."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Refused(400, f"{place}: Input should be a valid {NAMES[kind]}")
    return value


NAMES = {str: "string", int: "integer", list: "list", dict: "dictionary", bool: "boolean"}
