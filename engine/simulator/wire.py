"""What the dialects share: a post as it came, the call it means, the answer it gets, and a refusal.

A dialect is a handful of plain functions over these values, so the server can be written once. Nothing here
knows a protocol's field names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from engine.simulator.limits import BucketLevel, Exceeded
from engine.simulator.request import Request
from engine.simulator.served import ServedModel
from engine.simulator.tokens import PromptTrail, TokenUsage

Stop = Literal["end", "length", "window", "sequence", "refusal", "filter", "malformed"]
"""Why an answer is over; `window` when the context is full, `sequence` at a text the sender asked to stop at."""


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
        """Which limit is used up: requests, input_tokens, output_tokens or tokens."""


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
    padded: bool = True
    """Whether the pieces of a stream are padded, so that their sizes tell nothing."""
    stops: tuple[str, ...] = ()
    """Texts at which the answer ends, before them."""
    thinks: bool = False
    """Whether the answer is to show its reasoning."""
    repeated: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the request that the answer repeats, where the protocol does so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """What the simulated model answered."""

    id: str
    """24 hexadecimal digits, the same for the same call."""
    text: str
    """What is said, or the JSON that goes into a tool."""
    stop: Stop
    cut_by: str = ""
    """The text it stopped at."""
    thought: str = ""
    """Reasoning to be told in the protocol's own field; empty when there is none."""
    aside: str = ""
    """Words said before a tool is used."""
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
    headers: Callable[[str, Mapping[str, BucketLevel], float], dict[str, str]]
    """Headers of every answer, from the request id, the levels of the model's limits and the seconds it took."""
    throttled: Callable[[ServedModel, Exceeded], str]
    """What a 429 says."""
    count: Callable[[WirePost], bytes] | None = None
    """The answer to a request to count tokens; None where the protocol has none."""
    filtered: str = ""
    """What an error 400 says of a content filter, where it is one; empty where it is a stop reason."""


def uses_tool(call: WireCall, answer: GivenAnswer) -> bool:
    """Say whether the answer goes into the tool that was offered."""
    return bool(call.tool and answer.text) and answer.stop in ("end", "length", "window", "sequence")


def tool_input(answer: GivenAnswer) -> dict[str, Any]:
    """Read the answer as a tool's input; empty when it was cut short."""
    try:
        value = orjson.loads(answer.text)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def texts_of(value: object, place: str, most: int) -> tuple[str, ...]:
    """Read the texts to stop at: none, one, or a list of at most this many."""
    rows = [value] if isinstance(value, str) else value or []
    if len(expect(rows, list, place)) > most:
        raise Refused(400, f"{place}: at most {most} stop sequences may be given", param=place)
    return tuple(expect(row, str, f"{place}.{at}") for at, row in enumerate(rows))


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
