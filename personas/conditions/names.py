"""Names in text: how a label is brought to one spelling, and whether a text names something.

The one idea: names count as whole words only, in the plural too, so "wart" is in "two warts" and not in
"stalwart". This knows no condition.
"""

from __future__ import annotations

import re
from functools import cache

APOSTROPHES = re.compile(r"['’]")
WORDS = re.compile(r"[a-z0-9]+")


def normal(label: str) -> str:
    """Bring a label to lower-case words with single spaces, without hyphens, apostrophes or punctuation."""
    return " ".join(WORDS.findall(APOSTROPHES.sub("", label.lower())))


def found(names: tuple[str, ...], text: str) -> str:
    """Give the first of some lower-case names in a text, as it stands there in lower case; empty for none."""
    match = _pattern(names).search(text.lower().replace("’", "'").replace("‑", "-"))
    return match.group() if match else ""


@cache
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    # Longest first, so that what is quoted is the fullest name there is.
    longest = sorted(names, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest))})(?:s|es)?\b")
