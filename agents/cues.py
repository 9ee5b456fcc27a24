"""What the planner hears in a message of the assistant: empathy, a reason, advice, words that are too hard.

The one idea: the same message always gives the same signs, whichever model plays the patient, so the plan of a
turn can be checked and repeated. The patterns are data; this does not know what a sign does to anybody.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from typing import Any

from agents.prompts import HERE

NEAR = 90
"""Characters between a verb and the place it sends to."""
SENTENCE = re.compile(r"[^.?!\n]+[.?!]*")


@lru_cache(maxsize=16384)
def hear(text: str) -> frozenset[str]:
    """Give the signs in a message: keys of `[signs]`, what it advises, and `asks` where it holds a question."""
    told = plain(text)
    heard = {name for name, pattern in _ways("signs").items() if pattern.search(told)}
    if "?" in told:
        heard.add("asks")
    condition = patterns("cues", "sentence")["condition"]
    for part in SENTENCE.findall(told):
        if not part.endswith("?") and not condition.search(part):
            heard |= _advice(part)
    return frozenset(heard)


@lru_cache(maxsize=16384)
def jargon(text: str, literacy: str) -> str:
    """Give the first word that a reader of this literacy does not know, "" for none, or where it is explained."""
    told = plain(text)
    if literacy == "high" or _ways("signs")["explains"].search(told):
        return ""
    hard = _ways("jargon")
    found = hard["hard"].search(told) or (literacy == "low" and hard["medium"].search(told))
    return found.group() if found else ""


def _advice(sentence: str) -> set[str]:
    """Give what a sentence advises: to go somewhere, to call for help, to stay at home."""
    ways, found = _ways("advice"), set()
    for place in ways["place"].finditer(sentence):
        if ways["verb"].search(sentence, max(0, place.start() - NEAR), place.start()):
            found.add("sends")
            break
    if ways["home"].search(sentence):
        found.add("home")
    grave = ways["emergency"].search(sentence)
    if grave and not patterns("cues", "sentence")["denial"].search(sentence, 0, grave.start()):
        found.add("emergency")
    return found


def plain(text: str) -> str:
    """Give the text as the patterns are written: lower case, straight apostrophes."""
    return text.lower().replace("’", "'")


@cache
def patterns(name: str, section: str) -> dict[str, re.Pattern[str]]:
    """Give the compiled expressions of one section of a file, in its order."""
    return {key: re.compile(text) for key, text in load(name)[section].items()}


@cache
def load(name: str) -> dict[str, Any]:
    """Read `<name>.toml` beside the prompts."""
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def _ways(section: str) -> dict[str, re.Pattern[str]]:
    """Join the ways of each cue of a section, gathered under their first letter.

    A branch that begins with a letter is skipped without being entered, which makes this several times as fast as
    one long alternation.
    """
    joined = {}
    for name, ways in load("cues")[section].items():
        letters: dict[str, list[str]] = {}
        for way in ways:
            letters.setdefault(way[0], []).append(way[1:])
        whole = "|".join(f"{letter}(?:{'|'.join(rest)})" for letter, rest in letters.items())
        joined[name] = re.compile(rf"\b(?:{whole})")
    return joined
