"""Text from files, made fit to be kept: one line, nothing a terminal obeys, and no longer than it can mean.

The one idea: a name or an entry is a phrase, whatever else somebody put into its cell; what is cleaned where it
is read can neither break the shape of a prompt nor fool who reads a note. This does not know what a text says.
"""

from __future__ import annotations

import re

LONGEST = 300
"""Characters of a phrase; the longest names in SNOMED CT have some 250."""
OBEYED = re.compile(
    r"[\x00-\x1f\x7f-\x9f"  # line ends and escapes
    r"\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # unseen, or bidirectional
    r"\ud800-\udfff\U000e0000-\U000e007f]"  # half a character, which no file can hold; tags
)

ROOTED = re.compile(r"(?:file:)?(?:/+[^/]+/+|~[^/\\]*[/\\]|[A-Za-z]:[/\\]|\\\\).")
"""How a name begins that says where something lies on somebody's disk."""
SLASHES = re.compile(r"[/\\]+")


def tidy(text: str, longest: int = LONGEST) -> str:
    """Give a text on one line, each run of what cannot be seen a space; cut, and marked so, when it is too long."""
    if OBEYED.search(text):
        text = " ".join(OBEYED.sub(" ", text).split())
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def placeless(name: str) -> str:
    """Give the last step of a name that is a path from the root of a disk, marked as cut; any other as it is."""
    if not ROOTED.match(name):
        return name
    steps = [step for step in SLASHES.split(name) if step]
    return f"…/{steps[-1]}"
