"""What a patient's words claim: yes or no to a slot of the history, amounts, medicines, dates.

The one idea: a clause claims what its cues name, denied where a negation stands over it, and nothing where it
asks, fears, wishes or supposes. What is half said is claimed and marked as not sure. Everything that is looked for
is in `claims.toml`. It is a reader of cues, not of meaning: it misses what is said without one of its words, and
irony, and it takes a shared word for the thing ("a hot day" is not caught, "the area is hot" is). How often it
errs is in `examine`. This does not know what is true.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from agents.cues import plain as lower
from agents.watch import patterns_of
from engine.audit.words import Amount, amounts, clauses, folded

FILE = Path(__file__).with_name("claims.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing a text says is so."""

    kind: Literal["answer", "amount", "medicine", "date"]
    slot: str = ""
    """Of the history; empty for what is claimed of no slot."""
    answer: Literal["", "yes", "no", "unknown"] = ""
    amount: Amount | None = None
    word: str = ""
    """The medicine or the date."""
    said: str
    """The clause, as it stands."""
    words: str
    """The clause, as `plain` gives it."""
    sure: bool = True
    """Said in so many words of this thing and this time: no hedge, and one negation at most, in the clause itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """How a slot is claimed."""

    yes: re.Pattern[str]
    no: re.Pattern[str] | None
    cause: bool


@lru_cache(maxsize=65536)
def claims(text: str) -> tuple[Claim, ...]:
    """Give what the statements of a text claim, in their order."""
    word = _words()
    found: list[Claim] = []
    above = False
    for said, words in clauses(text):
        words = word["idle"].sub("", words)
        if word["unreal"].search(words):
            above = False
            continue
        negations = len(word["negation"].findall(words))
        denied = bool(negations)
        if word["verbal"].search(words):
            above = denied
        elif denied:
            above = True
        else:
            denied = above
        sure = negations == denied and not word["doubtful"].search(words)
        found += _answers(said, words, denied, sure=sure)
        found += [Claim(kind="amount", amount=one, said=said, words=words) for one in amounts(words)]
        found += [Claim(kind="medicine", word=one, said=said, words=words) for one in medicines(words)]
        found += [Claim(kind="date", word=one, said=said, words=words) for one in dates(words)]
    return tuple(found)


def shortly(text: str) -> Literal["", "yes", "no"]:
    """Give the bare yes or no that a text begins with; "" where it begins otherwise."""
    for _, words in clauses(text):
        return "yes" if _words()["yes"].search(words) else "no" if _words()["no"].search(words) else ""
    return ""


@lru_cache(maxsize=65536)
def stated(text: str) -> str:
    """Give what a text states, as `plain`, its questions and what it only supposes left out."""
    return " . ".join(words for _, words in clauses(text) if not _words()["unreal"].search(words))


@lru_cache(maxsize=65536)
def knows_not(text: str) -> bool:
    """Tell whether a text says somewhere that its speaker does not know."""
    return any(_words()["unknown"].search(words) for _, words in clauses(text))


def medicines(words: str) -> list[str]:
    """Give the medicines of a plain text, by common names and by endings."""
    return [match.group() for match in _medicines().finditer(words)]


def dates(words: str) -> list[str]:
    """Give the months, years, seasons and weekdays of a plain text that say when something was."""
    return [match.group() for match in _dates().finditer(words)]


def audited() -> tuple[str, ...]:
    """Give the slots that are read by cues."""
    return tuple(_cues())


def swapped(text: str, *, clinician: bool) -> str:
    """Give the words that belong to another part than a patient's; "" for none."""
    low = lower(folded(text))
    for kind, pattern in (*patterns_of("says").items(), *_questions()):
        # To advise is a clinician's trade, also when a model is asked for theirs.
        if clinician and kind == "advises":
            continue
        for match in pattern.finditer(low):
            if not _spared().match(low, match.start()):
                return match.group()
    return ""


def abroad(name: str) -> Iterator[str]:
    """Give the expressions for what a name, as `plain` gives it, is in other languages."""
    for word, others in _file()["abroad"].items():
        if word in name:
            yield from others


def laboratory() -> tuple[str, ...]:
    """Give the expressions for words that nobody has who has seen no laboratory's report."""
    return tuple(_file()["leaks"]["words"])


def personal() -> frozenset[str]:
    """Give the words that change with who speaks, and say nothing by themselves."""
    return frozenset(_file()["thoughts"]["personal"])


def _answers(said: str, words: str, denied: bool, *, sure: bool) -> list[Claim]:
    """Give the yes and no of one clause."""
    if not _any_cue().search(words):
        return []
    word = _words()
    unknown = bool(word["unknown"].search(words))
    sure = sure and bool(denied or word["verbal"].search(words)) and not word["belief"].search(words)
    found = []
    for slot, cue in _cues().items():
        if cue.no and (against := cue.no.search(words)):
            # "It has not stayed the same": what denies by itself is itself denied.
            rest = f"{words[: against.start()]} {words[against.end() :]}"
            answer = "yes" if word["negation"].search(rest) else "no"
        elif cue.yes.search(words):
            if cue.cause and word["belief"].search(words):
                continue
            answer = "no" if denied else "yes"
        else:
            continue
        found.append(
            Claim(
                kind="answer",
                slot=slot,
                answer="unknown" if unknown else answer,
                said=said,
                words=words,
                sure=sure,
            )
        )
    return found


@cache
def _words() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern) for name, pattern in _file()["words"].items()}


@cache
def _cues() -> dict[str, Cue]:
    return {
        slot: Cue(
            yes=re.compile(table["yes"]),
            no=re.compile(table["no"]) if "no" in table else None,
            cause=table.get("cause", False),
        )
        for slot, table in _file()["answers"].items()
    }


@cache
def _any_cue() -> re.Pattern[str]:
    """Join all cues: most clauses have none, and need not be searched for each."""
    cues = [cue for table in _file()["answers"].values() for cue in (table["yes"], table.get("no")) if cue]
    return re.compile("|".join(f"(?:{cue})" for cue in cues))


@cache
def _medicines() -> re.Pattern[str]:
    table = _file()["medicines"]
    return re.compile(rf"\b(?:{'|'.join(table['names'])})\b|{table['endings']}")


@cache
def _dates() -> re.Pattern[str]:
    return re.compile(_file()["dates"]["words"])


@cache
def _spared() -> re.Pattern[str]:
    return re.compile(_file()["swaps"]["spared"])


@cache
def _questions() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(("asks", re.compile(pattern)) for pattern in _file()["swaps"]["feelings"])


@cache
def _file() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
