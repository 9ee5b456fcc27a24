"""Words for people, by the names that a run uses; they stand in `words.toml`, but
for the reasons why conversations end, which have the words of every page.

Nothing here knows where a word is shown.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from engine.reasons import reason_words

FILE = Path(__file__).with_name("words.toml")


def word(kind: str, name: str) -> str:
    """Give what a name of a kind is called; a name that has no word of its own is its own word."""
    return _table()[kind].get(name, name)


def words(kind: str) -> dict[str, str]:
    """Give all names of a kind with their words, in the order of the file."""
    return dict(_table()[kind])


@cache
def _table() -> dict[str, dict[str, str]]:
    return {"reason": reason_words()} | tomllib.loads(FILE.read_text(encoding="utf-8"))
