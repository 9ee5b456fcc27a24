"""Text from strangers, made safe to show.

What a model, a provider or somebody else's run folder says may hold anything, escape sequences and
bidirectional overrides included. Whatever a terminal would obey is made visible instead, so that nobody is
fooled by what is missing. Nothing here knows where the text is shown.
"""

from __future__ import annotations

import re

OBEYED = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f"  # C0 but for the line feed, DEL, C1
    r"\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # unseen, and bidi
    r"\ud800-\udfff\U000e0000-\U000e007f]"  # half a character, which no stream can encode; tags
)
"""ZWJ and ZWNJ stay: emoji and several scripts need them, and terminals do nothing else for them."""
SPACES = {"\t": "    ", "\u2028": "\n", "\u2029": "\n"}


def clean(text: str) -> str:
    """Give the text with every control character visible; line feeds stay, tabs become spaces."""
    if not OBEYED.search(text):
        return text
    return OBEYED.sub(_show, text.replace("\r\n", "\n"))


def flatten(text: str) -> str:
    """Give the text on one line, clean."""
    return " ".join(clean(text).split())


def _show(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    if character in SPACES:
        return SPACES[character]
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode has pictures of these: ␛, ␍, ␇
    return "␡" if code == 0x7F else f"⟨{code:02X}⟩"
