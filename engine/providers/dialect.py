"""What the three dialects share: merging neighbours, asking for structured answers, naming failures.

Nothing here knows an SDK.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

import orjson

from agents.speech import Completion, Message, Prompt, Schema
from engine.config import KEYS, scrub
from engine.errors import CallError, Denied, Dropped, Final, Overloaded, Rejected, Throttled, Unknown
from engine.hosts import paths_of
from engine.models import Model
from engine.providers.headers import pause
from engine.rates import Rates
from engine.secrets import forms, remove
from personas.tidy import placeless

MOST_READ, MOST_WORDS = 10_000, 400
"""Characters of a provider's own words that are looked through for secrets, and that are kept: cut the other way
round, half a key could be what is kept."""
LONGEST = 1_000
"""Characters, at least, by which a text that was cut is shortened again: half of a secret may be its end."""
BREAKPOINTS = 4
"""Cache marks that a provider takes; one is the system prompt's."""
MALFORMED = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError, struct.error)
"""What reading an answer raises that is not of this wire: a gateway's page, a list, bytes of another alphabet; JSON
within JSON deeper than the SDKs' reader goes; a frame too short for its own sizes."""
NO_CREDIT = {
    "insufficient_quota",
    "enforced_spend_limit_reached",
    "billing_error",
    "billing_hard_limit_reached",
    "billing_not_active",
    "ServiceQuotaExceededException",
}
"""Codes under status 429 or 400 that no waiting heals."""
SPENT = re.compile(r"(?i)credit balance is too low|reached your specified .*usage limit|spend(?:ing)? limit")
"""What Anthropic says, under status 400, of a limit that the account's owner has set."""
UNMADE = {"ConnectError", "ClientConnectorError", "EndpointConnectionError", "ClientConnectorDNSError"}
"""Errors of a connection that was never there, so that nothing was sent."""
FILTERED = re.compile(r"(?i)output blocked by content filter")
FILTER_CODES = {"content_filter", "content_policy_violation", "image_content_policy_violation"}
UNSERVED = re.compile(r"(?i)model identifier is invalid|model .{1,200}(?:does not exist|not found)")
EVENTS = {
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "overloaded_error": 529,
    "billing_error": 402,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "invalid_request_error": 400,
    "request_too_large": 413,
    "timeout_error": 504,
}
"""The status that an error event after status 200 stands for; any other is the service's trouble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """What is known of a call that failed, beyond what the provider said."""

    model: Model | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Whatever must not be in a message, by the name that is put in its place."""
    address: str = field(default="", repr=False)
    """The base URL that was called; its path may hold a token."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    rates: Rates | None = None
    begun: bool = False
    """Whether the answer had begun."""


def merge(messages: tuple[Message, ...]) -> Iterator[tuple[str, list[Message]]]:
    """Join neighbours by the same author into one turn; what has neither text nor photograph is left out."""
    said = [m for m in messages if m.text or m.photo]
    for author, group in groupby(said, key=lambda m: m.author):
        yield author, list(group)


def marked(prompt: Prompt, model: Model) -> set[int]:
    """Give the `id` of each message after which a cache mark belongs: the last three, since the system has one."""
    if not model.cache:
        return set()
    said = [m for m in prompt.messages if m.mark and (m.text or m.photo)]
    return {id(m) for m in said[1 - BREAKPOINTS :]}


def spell_out(schema: Schema) -> str:
    """Ask in words for a structured answer, of a model that has no mechanism for one."""
    body = orjson.dumps(schema.body).decode()
    return f"\n\nAnswer with one JSON object and nothing else, of this JSON Schema:\n{body}"


def filtered(code: str, message: str) -> Completion | None:
    """Give the answer that a content filter left, where the provider calls that an error; None for other errors."""
    if code in FILTER_CODES or FILTERED.search(message):
        return Completion(text="", stop="filter")
    return None


def failure(
    provider: str, status: int, *, code: str = "", message: str = "", blame: Blame | None = None
) -> CallError:
    """Name what a status means, with the provider's own words, secrets removed, and the next step."""
    blame = blame or Blame()
    model, asked, begun = blame.model, pause(blame.headers), blame.begun or status == 200
    if status == 200:  # an error event after the headers
        status = EVENTS.get(code, 500)
    who = f"{provider} at {model.host}" if model and model.host else provider
    opening = f"{who} answered {status}{f' ({_clean(code, blame)})' if code else ''}"
    said = f"{opening}: {_clean(message, blame)}"
    kind, advice = _diagnose(provider, status, code, message, model)
    text = f"{said} {advice}" if advice else said
    if issubclass(kind, Throttled | Overloaded):
        return kind(text, retry_after=asked, rates=blame.rates, begun=begun)
    return kind(text, rates=blame.rates, begun=begun)


def _clean(words: str, blame: Blame) -> str:
    """Give as much of a provider's words as is kept, without secrets."""
    said = remove(scrub(whole_text(words[:MOST_READ])), blame.secrets)
    if len(words) > MOST_READ:
        longest = max((len(form) for each in blame.secrets.values() for form in forms(each)), default=0)
        said = said[: -max(longest, LONGEST)]
    endpoint, id = (blame.model.endpoint, blame.model.id) if blame.model else ("", "")
    if id != placeless(id):
        said = said.replace(id, placeless(id))
    for path in (*paths_of(endpoint or ""), *paths_of(blame.address)):
        said = remove(said, {"path": path})
    return said[:MOST_WORDS].strip()


def whole_text(text: str) -> str:
    """Replace half an emoji, which is no letter and cannot be written down."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _diagnose(
    provider: str, status: int, code: str, message: str, model: Model | None
) -> tuple[type[CallError], str]:
    """Say of which kind a failure is, and what to do about it."""
    if code in NO_CREDIT or status == 402 or (status in (400, 403, 429) and SPENT.search(message)):
        return Denied, "The account has no credit left, or reached its limit: raise it and run again."
    if status in (401, 403):
        return Denied, f"Check {_keys(provider, model)}."
    if status == 404 or (status == 400 and UNSERVED.search(message)):
        return Unknown, _unserved(model)
    if status == 429:
        return Throttled, ""
    if status in (408, 504):
        return Dropped, ""
    if status in (409, 424) or status >= 500:
        return Overloaded, ""
    if status == 413:
        return Rejected, "The request is too large: make the photographs of the data set smaller."
    if 300 <= status < 400:
        return Rejected, "That is a redirect, which is not followed: set the address it leads to."
    return (Rejected, "") if 400 <= status < 500 else (Final, "")


def _keys(provider: str, model: Model | None) -> str:
    """Name what holds the key."""
    if model and model.endpoint:
        if model.key:
            return model.key
        return f"whether the server wants a key: the models file names none (key) for {model.name}"
    return " or ".join(name for names in KEYS[provider] for name in names)


def _unserved(model: Model | None) -> str:
    if model is None:
        return "Check the model's id in engine/models.toml."
    id = placeless(model.id)
    if model.endpoint:
        return f"Check the id {id!r} and the endpoint's path (often /v1) of {model.name} in the models file."
    return f"Check the id {id!r} of {model.name} in the models file, and that the account may use it."


def misread(provider: str, error: Exception, model: Model) -> Dropped:
    """Name an answer that is not of its wire, or never came to its end in time."""
    if isinstance(error, TimeoutError):
        return Dropped(f"{provider}: no whole answer within {model.seconds:g} s.")
    return Dropped(
        f"{provider}: the answer is not of this wire ({type(error).__name__}); check the endpoint."
    )


def cut(provider: str, error: BaseException) -> Dropped:
    """Name a connection that failed; the kinds of the errors are told, their words may hold an address."""
    kinds, seen = [], error
    while seen is not None and len(kinds) < 3:
        kinds.append(type(seen).__name__)
        seen = seen.__cause__
    words = f"{provider}: the connection could not be made, or was cut ({', '.join(kinds)})."
    return Dropped(words, begun=not UNMADE.intersection(kinds))
