"""What the three dialects share: merging neighbours, reading structured answers, naming failures.

Nothing here knows an SDK.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import orjson

from agents.speech import Completion, Message, Prompt, Schema, Stop, Usage
from engine.config import KEYS, scrub
from engine.errors import CallError, Denied, Dropped, Final, Overloaded, Rejected, Throttled, Unknown

TIMEOUT = 180.0
"""Seconds one attempt may take."""
MOST_TOKENS = 10**9
"""Of one call; more is no count."""
MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What reading an answer raises that is not of this wire: a gateway's page, a list, bytes of another alphabet."""
NO_CREDIT = {"insufficient_quota", "enforced_spend_limit_reached", "billing_error"}
"""Codes under status 429 or 400 that no waiting heals."""


def merge(messages: tuple[Message, ...]) -> Iterator[tuple[str, list[Message]]]:
    """Join neighbours by the same author into one turn; what has neither text nor photograph is left out."""
    said = [m for m in messages if m.text or m.photo]
    for author, group in groupby(said, key=lambda m: m.author):
        yield author, list(group)


def read_object(text: str) -> dict[str, Any] | None:
    """Read the one JSON object in a text, code fences and prose around it allowed; None when there is none."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return None
    try:
        value = orjson.loads(text[start : end + 1])
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def spell_out(schema: Schema) -> str:
    """Ask in words for a structured answer, of a model that has no mechanism for one."""
    body = orjson.dumps(schema.body).decode()
    return f"\n\nAnswer with one JSON object and nothing else, of this JSON Schema:\n{body}"


def finish(
    prompt: Prompt, text: str, *, stop: Stop | None, usage: Usage, served: str, request_id: str
) -> Completion:
    """Make the completion; Dropped when the answer ended without a reason, or is empty without one."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # half an emoji is no letter
    if stop is None:
        raise Dropped("the answer ended without a stop reason: it was cut off on the way.")
    if stop == "end" and not text.strip():
        raise Dropped("the answer was empty.")
    value = read_object(text) if prompt.schema and stop == "end" else None
    return Completion(text=text, value=value, stop=stop, usage=usage, served=served, request_id=request_id)


def failure(
    provider: str, status: int, *, code: str = "", message: str = "", retry_after: float | None = None
) -> CallError:
    """Name what a status means, with the provider's own words, secrets removed, and the next step."""
    said = scrub(f"{provider} answered {status}{f' ({code})' if code else ''}: {message[:400]}")
    keys = " or ".join(name for names in KEYS[provider] for name in names)
    if code in NO_CREDIT or status == 402:
        return Denied(f"{said} The account has no credit left; raise its limit and run again.")
    if status in (401, 403):
        return Denied(f"{said} Check {keys}.")
    if status == 404:
        return Unknown(f"{said} Check the model's id in engine/models.toml.")
    if status == 429:
        return Throttled(said, retry_after=retry_after)
    if status in (408, 504):
        return Dropped(said)
    if status in (409, 424) or status >= 500 or status == 200:  # 200: an error event after the headers
        return Overloaded(said, retry_after=retry_after)
    if 400 <= status < 500:
        return Rejected(said)
    return Final(said)


def count(value: object) -> int:
    """Read a number of tokens; 0 for what is none."""
    return value if isinstance(value, int) and 0 <= value < MOST_TOKENS else 0


def misread(provider: str, error: Exception) -> Dropped:
    """Name an answer that is not of its wire, or never came to its end in time."""
    if isinstance(error, TimeoutError):
        return Dropped(f"{provider}: no whole answer within {TIMEOUT:g} s.")
    return Dropped(
        f"{provider}: the answer is not of this wire ({type(error).__name__}); check the endpoint."
    )


def seconds(header: str | None, milliseconds: str | None = None) -> float | None:
    """Read Retry-After, in seconds; None when it is absent or a date, which the providers do not send."""
    for text, unit in ((milliseconds, 1000), (header, 1)):
        try:
            if text is not None and 0 <= float(text) < math.inf:
                return float(text) / unit
        except ValueError:
            continue
    return None
