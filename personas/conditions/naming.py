"""Whether a possibility, as somebody has named it, is the true condition.

The one idea: the longest known name in the words is what was named, so "seborrhoeic dermatitis" is never a keratosis
and "halo naevus" is not just a naevus; what stands around it may deny it, and beside a short name a word that nobody
knows makes another thing of it. Who named it, and how sure they were, is not known here.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from personas.conditions.book import conditions
from personas.values import Truth

FILE = Path(__file__).with_name("naming.toml")
LONGEST = 400
"""Characters that are looked at; a name has some 60."""
TOKEN = re.compile(r"[a-z0-9]+|[()\[\],;:/–—]|(?<=\s)-(?=\s)")
OPEN, CLOSE = frozenset("(["), frozenset(")]")
WITHIN = re.compile(r"(\([^()]*\)) *([a-z0-9][a-z0-9 -]*)")
"""Brackets within a name, as of an "atypical (dysplastic) naevus"; they are read behind it."""
Name = tuple[str, ...]
"""The words of a name in the one spelling."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A known name in a list of tokens."""

    name: Name
    start: int
    end: int


def same(said: str, truth: Truth) -> bool:
    """Tell whether a stated possibility is the true condition, or one that its card accepts.

    A kind of the true condition counts too. Of several alternatives in one possibility, only the first counts; what
    stands in brackets behind a name says it again, or more exactly. Never raises.
    """
    own = _own(truth.title, truth.accepted)
    tokens = _tokens(said)
    return any(_fits(mention, tokens, truth.label, own) for mention in _named(tokens, own))


def known(said: str) -> tuple[str, ...]:
    """Give the keys of the conditions that a stated possibility names; empty when nobody knows it."""
    mentions = _named(_tokens(said), frozenset())
    return tuple(dict.fromkeys(key for mention in mentions for key in _keys().get(mention.name, ())))


def other(said: str) -> bool:
    """Tell whether a stated possibility is no condition but whatever else it could be ("other", "something else")."""
    words = " ".join(token for token in _tokens(said) if token.isalnum())
    return bool(_patterns()["other"].search(words)) and not known(said)


def _fits(mention: Mention, tokens: list[str], label: str, own: frozenset[Name]) -> bool:
    """Tell whether a name that was mentioned is one of the true condition's, or of a kind of it."""
    if mention.name in own:
        return len(mention.name) > 1 or mention.name[0] in _kinds("open") or _alone(mention, tokens, own)
    condition = conditions().get(label)
    broad = {name for name in own if len(name) > 1 or name[0] in _kinds("broad") | _kinds("open")}
    # A kind of it lists it as the same answer, and has its name in its own: an acral melanoma is a melanoma.
    return (
        condition is not None
        and any(_within(name, mention.name) for name in broad)
        and any(
            set(condition.names) <= set(conditions()[key].accepted) for key in _keys().get(mention.name, ())
        )
    )


def _alone(mention: Mention, tokens: list[str], own: frozenset[Name]) -> bool:
    """Tell whether the words beside a short name leave it what it is."""
    harmless = _qualifiers() | {word for name in own for word in name}
    before, after = tokens[: mention.start], tokens[mention.end :]
    left, right = [], []
    for word in reversed(before):
        if not word.isalnum() or word in _words("apart") or word in _words("about"):
            break
        left.append(word)
    for word in after:
        if not word.isalnum() or word in _words("apart") or word in _words("about"):
            break
        right.append(word)
    nearby = after[1:] if after[:1] == [","] else []  # "dermatitis, contact"
    right += [word for word in nearby[:1] if word.isalnum()]
    return set(left + right) <= harmless


def _named(tokens: list[str], own: frozenset[Name]) -> Iterator[Mention]:
    """Give the first name that is not denied, and the first in a bracket behind it: never a list of guesses."""
    depth, headed, opened = 0, False, False
    mentions = {mention.start: mention for mention in _mentions(tokens, own)}
    for place, token in enumerate(tokens):
        if token in OPEN:
            depth, opened = depth + 1, True
        elif token in CLOSE:
            depth = max(0, depth - 1)
        elif headed and token in _words("apart") and not depth:
            return
        mention = mentions.get(place)
        if mention is None or _denied(mention, tokens):
            continue
        if not headed or (depth and opened):
            yield mention
            if depth:
                return
            headed, opened = True, False


def _denied(mention: Mention, tokens: list[str]) -> bool:
    """Tell whether what stands directly before or behind a name denies it."""
    before, after = tokens[: mention.start], tokens[mention.end :]
    cut = max((at + 1 for at, token in enumerate(before) if not token.isalnum()), default=0)
    behind = after[1:] if after[:1] and not after[0].isalnum() else after
    first, last = _patterns()["denied_before"], _patterns()["denied_after"]
    return bool(first.search(" ".join(before[cut:])) or last.search(" ".join(behind)))


def _mentions(tokens: list[str], own: frozenset[Name]) -> Iterator[Mention]:
    """Give the known names in some tokens, the longest at each place, none within another."""
    places = [place for place, token in enumerate(tokens) if token.isalnum()]
    words = tuple(tokens[place] for place in places)
    at = 0
    while at < len(words):
        names = (*_book().get(words[at], ()), *own)
        name = max((one for one in names if words[at : at + len(one)] == one), key=len, default=())
        if name:
            start, end = places[at], places[at + len(name) - 1] + 1
            # "Hand, foot and mouth disease" has a comma within, and no other sign.
            if end - start - len(name) == tokens[start:end].count(","):
                yield Mention(name, start, end)
        at += len(name) or 1


def _within(short: Name, long: Name) -> bool:
    return any(long[at : at + len(short)] == short for at in range(len(long) - len(short) + 1))


def _tokens(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", text[:LONGEST].lower().replace("’", "'"))
    plain = "".join(one for one in folded if unicodedata.category(one) not in ("Mn", "Cf"))
    plain = WITHIN.sub(r"\2 \1", plain.replace("'", ""))
    spelled = (_spell(token) for token in TOKEN.findall(plain))
    return [word for token in spelled for word in token.split()]


@lru_cache(maxsize=65536)
def _spell(word: str) -> str:
    """Bring a word to one spelling and to the singular; an abbreviation becomes what it stands for."""
    for old, new in _file()["spellings"].items():
        word = word.replace(old, new)
    word = _file()["plurals"].get(word, word)
    if word.endswith(("sses", "shes", "ches", "xes")):
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return _file()["abbreviations"].get(word, word)


def _name(text: str) -> Name:
    return tuple(token for token in _tokens(text) if token.isalnum())


@lru_cache(maxsize=4096)
def _own(title: str, accepted: tuple[str, ...]) -> frozenset[Name]:
    """Give the names on a truth card; a title "Benign mole (melanocytic naevus)" is two."""
    pieces = re.split(r"[()]", title)
    return frozenset(name for text in (*pieces, *accepted) if (name := _name(text)))


@cache
def _book() -> dict[str, tuple[Name, ...]]:
    """Give all names of the book by their first word."""
    by_word: dict[str, list[Name]] = {}
    for name in _keys():
        by_word.setdefault(name[0], []).append(name)
    return {word: tuple(names) for word, names in by_word.items()}


@cache
def _keys() -> dict[Name, tuple[str, ...]]:
    """Give the conditions of every name in the book, its own names alone."""
    keys: dict[Name, tuple[str, ...]] = {}
    for condition in conditions().values():
        for text in condition.names:
            name = _name(text)
            keys[name] = tuple(dict.fromkeys((*keys.get(name, ()), condition.key)))
    return keys


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern) for name, pattern in _file()["patterns"].items()}


@cache
def _words(kind: str) -> frozenset[str]:
    return frozenset(map(_spell, _file()["words"][kind]))


@cache
def _kinds(kind: str) -> frozenset[str]:
    return frozenset(map(_spell, _file()["kinds"][kind]))


@cache
def _qualifiers() -> frozenset[str]:
    return frozenset(_spell(word) for words in _file()["qualifiers"].values() for word in words)


@cache
def _file() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
