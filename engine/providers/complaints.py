"""Complaints: an error as a server of any make puts it into a body, and what it means for the call.

OpenAI and Anthropic nest a table, FastAPI lists what is wrong with which field, others give one sentence, or a page;
some do so under status 200. The one idea: all of them are read in one place, and the words are kept. Nothing here
knows a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from agents.speech import Completion
from engine.providers.dialect import Blame, failure, filtered

WORDS = ("message", "detail", "msg", "error", "errors")
"""Where the words stand, in the order in which they are looked for."""
DEEPEST, MOST_PARTS = 4, 20
"""Tables within one another, and items of a list, that are looked through for words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What a server says went wrong."""

    status: int | None
    """HTTP status that the body names in place of a code; None when it names none."""
    code: str
    message: str


def complains(body: Mapping[str, Any]) -> bool:
    """Tell whether a body that holds no answer says what went wrong."""
    return "error" in (body.get("object"), body.get("type")) or any(body.get(name) for name in WORDS)


def body_of(content: bytes) -> object:
    """Read the body of an error status; one that is no JSON is text."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return content.decode("utf-8", "replace").strip()


def read_complaint(body: object) -> Complaint:
    """Read an error's body, or the error within it."""
    if not isinstance(body, dict):
        return Complaint(status=None, code="", message=_words(body))
    inner = body["error"] if isinstance(body.get("error"), dict) else body
    details = inner["details"] if isinstance(inner.get("details"), dict) else {}
    codes = (details.get("error_code"), inner.get("code"), inner.get("type"))
    code = next((each for each in codes if isinstance(each, str) and each and not each.isdigit()), "")
    message = _words(inner) or _words(body)
    return Complaint(status=_status(inner.get("code")), code="" if code == "error" else code, message=message)


def judge(provider: str, status: int, body: object, blame: Blame) -> Completion:
    """Give the completion that a content filter left; raise what any other error means."""
    told = read_complaint(body)
    if status == 200 and told.status:
        status, blame = told.status, replace(blame, begun=True)
    if said := filtered(told.code, told.message):
        return said
    raise failure(provider, status, code=told.code, message=told.message, blame=blame) from None


def _status(code: object) -> int | None:
    """Read a code in digits, be it a number or a text."""
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) == 3:
        code = int(code)
    return code if isinstance(code, int) and 400 <= code < 600 else None


def _words(value: object, depth: int = DEEPEST) -> str:
    """Give the words in a text, a table or a list of either; a field that is named goes before what is said of it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and depth:
        return "; ".join(filter(None, (_words(each, depth - 1) for each in value[:MOST_PARTS])))
    if not isinstance(value, dict) or not depth:
        return ""
    said = next((words for name in WORDS if (words := _words(value.get(name), depth - 1))), "")
    where = value.get("loc")
    if said and isinstance(where, list):
        steps = (str(step) for step in where[:MOST_PARTS] if isinstance(step, str | int))
        return f"{'.'.join(steps)}: {said}"
    return said
