"""Words in a conversation that speak to whoever grades it: orders, scores, tags, and what hides them.

The one idea: a line is looked at as it stands, and again with what cannot be seen taken out, other alphabets' letters
put right and short base64 decoded; what only then is an order was hidden. A flag tells a reader where to look; it
changes no score, and this does not know whether anybody obeyed.
"""

from __future__ import annotations

import re
import tomllib
from base64 import b64decode
from binascii import Error
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from agents.cues import plain
from agents.speech import Turn
from engine.audit.words import folded

FILE = Path(__file__).with_name("orders.toml")
MOST = 120
"""Characters of what was said that a flag keeps."""
READABLE = re.compile(r"[\x20-\x7e\s]{12,}")
Kind = Literal["json", "role", "override", "jury", "score", "hidden", "encoded", "quoted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFlag:
    """Words of one turn that speak to a grader."""

    turn: int
    said: str
    """The line, at most 120 characters; for what was encoded, what it says."""
    kind: Kind
    """hidden: an order only when disguise is taken off. quoted: a turn tells of an order that was read somewhere."""


def flag_orders(turns: Iterable[Turn]) -> tuple[OrderFlag, ...]:
    """Give what speaks to a grader, in any turn of either side, one flag a turn and kind."""
    return tuple(
        OrderFlag(turn=turn.index, said=said[:MOST], kind=kind)
        for turn in turns
        for kind, said in dict(reversed(orders_in(turn.text))).items()
    )


@lru_cache(maxsize=65536)
def orders_in(text: str) -> tuple[tuple[Kind, str], ...]:
    """Give the kind and the line of each order in a text, in its order."""
    bare = _unmasked(text)
    masked = bare != text
    # Outside of ASCII a mask may cost the sight of one line only, so lines are compared one by one.
    found: list[tuple[Kind, str]] = []
    for line, seen in zip(
        bare.splitlines(), text.splitlines() if masked else bare.splitlines(), strict=False
    ):
        if kind := _kind(line):
            hidden = masked and not _kind(seen)
            found.append(("hidden" if hidden else kind, line.strip()))
    found += [("encoded", said) for said in _decoded(text) if _kind(said)]
    return tuple(found)


def _kind(line: str) -> Kind | None:
    """Give what kind of order a line holds."""
    low = plain(line).strip()
    for kind, way in _kinds().items():
        if hit := way.search(low):
            return "quoted" if _told(low, hit) else kind
    return None


def _told(low: str, hit: re.Match[str]) -> bool:
    """Tell whether the words stand in quotation marks, told of as something that was read."""
    ways = _file()["quoted"]
    for quote in re.finditer(ways["marks"], low):
        if quote.start() <= hit.start() and hit.end() <= quote.end():
            return bool(re.search(ways["told"], low[: quote.start()]))
    return False


def _unmasked(text: str) -> str:
    """Give a text without what cannot be seen, and with Latin letters for those that look so."""
    return text if text.isascii() else folded(text.translate(_latin()))


def _decoded(text: str) -> Iterator[str]:
    """Give what the short base64 of a text says, where it says something readable."""
    for match in _token().finditer(text):
        token = match.group().rstrip("=").replace("-", "+").replace("_", "/")
        try:
            said = b64decode(token + "=" * (-len(token) % 4), validate=True).decode("ascii")
        except (Error, UnicodeDecodeError):
            continue
        if READABLE.fullmatch(said):
            yield said


@cache
def _kinds() -> dict[Kind, re.Pattern[str]]:
    return {kind: re.compile(way, re.MULTILINE) for kind, way in _file()["kinds"].items()}


@cache
def _token() -> re.Pattern[str]:
    return re.compile(_file()["encoded"]["token"])


@cache
def _latin() -> dict[int, int]:
    look = _file()["look"]
    return str.maketrans(look["from"], look["to"])


@cache
def _file() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
