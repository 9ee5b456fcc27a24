"""Text from strangers, made safe to show.

What a model, a provider or somebody else's run folder says may hold anything, escape sequences and
bidirectional overrides included. Whatever a terminal would obey is made visible instead, so that nobody is
fooled by what is missing. Nothing here knows where the text is shown.
"""

from __future__ import annotations

import re
import unicodedata

OBEYED = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f"  # C0 but for the line feed, DEL, C1
    r"\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # unseen, and bidi
    r"\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\U0001d173-\U0001d17a"  # letters and signs without a shape
    r"\ud800-\udfff\U000e0000-\U000e007f\U000e0100-\U000e01ef]"  # half a character; tags, rare variants
)
"""ZWJ and ZWNJ stay: emoji and several scripts need them, and terminals do nothing else for them."""
STACK = re.compile(r"[^\w\s\x00-\u02ff]{5,}")
"""Where marks may stand on one another: runs of what is neither a letter nor a blank."""
HIGHEST = 4
"""Marks on one letter; no script needs more, and a hundred of them cover the lines above and below."""
SPACES = {"\t": "    ", "\u2028": "\n", "\u2029": "\n"}


def clean(text: str) -> str:
    """Give the text with every control character visible; line feeds stay, tabs become spaces."""
    if text.isascii() and text.isprintable():
        return text
    if OBEYED.search(text):
        text = OBEYED.sub(_show, text.replace("\r\n", "\n"))
    return text if text.isascii() else STACK.sub(_lower, text)


def flatten(text: str) -> str:
    """Give the text on one line, clean."""
    return " ".join(clean(text).split())


def spell(json: str) -> str:
    """Give JSON that means the same and holds nothing a terminal obeys: such characters by their numbers."""
    return OBEYED.sub(_number, json)


def _number(found: re.Match[str]) -> str:
    character = found.group()
    if character in "\t\r":
        return character  # between two values: within them JSON has them spelled already
    pairs = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{pairs[at : at + 4]}" for at in range(0, len(pairs), 4))


def _lower(found: re.Match[str]) -> str:
    """Take away the marks of a stack beyond the highest that any script has, and say how many went."""
    kept, height, gone = [], 0, 0
    for character in found.group():
        height = height + 1 if unicodedata.category(character).startswith("M") else 0
        if height <= HIGHEST:
            kept.append(character)
        else:
            gone += 1
    return f"{''.join(kept)}⟨+{gone}⟩" if gone else found.group()


def _show(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    if character in SPACES:
        return SPACES[character]
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode has pictures of these: ␛, ␍, ␇
    return "␡" if code == 0x7F else f"⟨{code:02X}⟩"
