"""Why conversations end, in words: the same on every page, figure and line.

The words stand in `reasons.toml`. Nothing here knows when a conversation ends.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

WORDS = Path(__file__).with_name("reasons.toml")


@cache
def reason_words() -> dict[str, str]:
    """Give all reasons with their words, in the order of the file."""
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))["reason"]


def call_reason(reason: str) -> str:
    """Give what a reason is called; one without a word is its own."""
    return reason_words().get(reason, reason)
