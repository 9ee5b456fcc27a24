"""What a provider's headers tell: the limits that hold, and how long to wait.

Pure functions on a mapping whose names are in small letters. What cannot be read is None, never an error: a header
is a hint, and a gateway on the way may have written it. Nothing here knows a body.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from engine.rates import Allowance, Rates

Headers = Mapping[str, str]
GO_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
GO_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(h|ms|us|µs|μs|ns|m|s)")
LONGEST_NUMBER = 15
"""Digits; a longer one is no limit."""


def told_by_anthropic(headers: Headers) -> Rates | None:
    """Read `anthropic-ratelimit-<kind>-<field>`; None when there is none.

    The kind `tokens` is left: it repeats the other two, and no limit of its own stands behind it.
    """
    kinds = {"requests": "requests", "input_tokens": "input-tokens", "output_tokens": "output-tokens"}
    found = {}
    for kind, name in kinds.items():
        start = f"anthropic-ratelimit-{name}"
        if allowance := _allowance(
            headers.get(f"{start}-limit"),
            headers.get(f"{start}-remaining"),
            until(headers.get(f"{start}-reset")),
        ):
            found[kind] = allowance
    return Rates(**found) if found else None


def told_by_openai(headers: Headers) -> Rates | None:
    """Read `x-ratelimit-<field>-<kind>`; None when there is none."""
    found = {}
    for kind in ("requests", "tokens"):
        if allowance := _allowance(
            headers.get(f"x-ratelimit-limit-{kind}"),
            headers.get(f"x-ratelimit-remaining-{kind}"),
            duration(headers.get(f"x-ratelimit-reset-{kind}")),
        ):
            found[kind] = allowance
    return Rates(**found) if found else None


def pause(headers: Headers) -> float | None:
    """Read how many seconds the provider asks to wait; None when it does not say."""
    return seconds(headers.get("retry-after"), headers.get("retry-after-ms"))


def seconds(header: str | None, milliseconds: str | None = None) -> float | None:
    """Read Retry-After in seconds, be it a number or an HTTP date; the milliseconds go first, None is for neither."""
    for text, unit in ((milliseconds, 1000), (header, 1)):
        try:
            if text is not None and 0 <= float(text) < math.inf:
                return float(text) / unit
        except ValueError:
            continue
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time()) if header else None
    except (ValueError, OverflowError):
        return None


def until(text: str | None) -> float | None:
    """Give the seconds until an RFC 3339 time, 0 when it is past; None when it is no such time."""
    try:
        then = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    if then is None or then.tzinfo is None:
        return None
    return max(0.0, then.timestamp() - time.time())


def duration(text: str | None) -> float | None:
    """Read a Go duration such as `120ms` or `6m0s` in seconds; None when it is none."""
    if not text:
        return None
    text = text.strip()
    if text == "0":
        return 0.0
    total, at = 0.0, 0
    while at < len(text):
        part = GO_PART.match(text, at)
        if part is None:
            return None
        total += float(part[1]) * GO_UNITS[part[2]]
        at = part.end()
    return total if math.isfinite(total) else None


def _allowance(limit: str | None, remaining: str | None, reset: float | None) -> Allowance | None:
    most = _number(limit)
    if not most:
        return None
    return Allowance(limit=most, remaining=_number(remaining), reset=reset)


def _number(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None
