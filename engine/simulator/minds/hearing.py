"""How a simulated mind understands plain words: cues, questions, advice.

The one idea: the lexicon is data, and meaning is read clause by clause: "it has never bled" is a denial, and
"if it bleeds, call 999" is a safety net and not advice to call now. It knows no diagnosis and no scenario.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

HERE = Path(__file__).parent
SENTENCE = re.compile(r"(?<=[.!?])[\"')]*\s+|\n+")
# "No, it bleeds" is two clauses; "no fever, chills or weight loss" is one.
CLAUSE = re.compile(
    r"[;:]|\bbut\b|\bthough\b|\balthough\b|\bhowever\b|\bexcept\b|\bbecause\b|"
    r"(?:,|\band)\s+(?=(?:it|i|i'm|my|the|he|she|they|now|then|sometimes|last|yes|just|twice|once|there|that|this|we)\b)",
    re.IGNORECASE,
)
NOT = re.compile(
    r"\b(?:no|not|never|without|nor|none|neither|nobody|nothing|hardly|cannot|denies)\b|n['’]t\b",
    re.IGNORECASE,
)
UNSURE = re.compile(
    r"\b(?:not sure|don['’]t know|can['’]t (?:tell|say|remember)|no idea|haven['’]t noticed)\b", re.IGNORECASE
)
UNLESS = re.compile(
    r"\b(?:if|should (?:it|you)|unless|sooner|in case|were to|come back|whenever)\b", re.IGNORECASE
)


def load(name: str) -> dict:
    """Read `<name>.toml` beside this module."""
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def patterns(section: str) -> dict[str, re.Pattern[str]]:
    """Give the compiled expressions of one section of the lexicon, in its order; they are for plain text."""
    return {key: re.compile(text) for key, text in load("lexicon")[section].items()}


def plain(text: str) -> str:
    """Give the text as the lexicon is written: lower case, straight apostrophes."""
    return text.lower().replace("’", "'")


@lru_cache(maxsize=4096)
def sentences(text: str) -> tuple[str, ...]:
    """Split text into plain sentences, each with its closing mark."""
    return tuple(part.strip() for part in SENTENCE.split(plain(text)) if part.strip(" .!?-*"))


@lru_cache(maxsize=16384)
def hears(name: str, text: str) -> bool:
    """Say whether a kind of speech (a key of `[speech]`) occurs in the text."""
    return patterns("speech")[name].search(plain(text)) is not None


@lru_cache(maxsize=4096)
def cues(text: str) -> dict[str, bool]:
    """Give what a patient told (True) and denied (False); the later of two statements stands."""
    heard: dict[str, bool] = {}
    for sentence in sentences(text):
        if sentence.endswith("?"):
            continue
        for clause in CLAUSE.split(sentence):
            if clause and not UNSURE.search(clause):
                heard.update(_clause(clause))
    return heard


def _clause(clause: str) -> dict[str, bool]:
    denied = NOT.search(clause)
    heard: dict[str, bool] = {}
    for name, pattern in patterns("cues").items():
        if found := pattern.search(clause):
            # "never heals" is itself the cue: a negation inside the match does not turn it round.
            heard[name] = not denied or bool(NOT.search(found.group())) or denied.start() > found.end()
    if heard.get("stable"):
        heard |= {"changed": False, "growing": False}
    return heard


@lru_cache(maxsize=4096)
def asked(text: str) -> frozenset[str]:
    """Give the slots that the questions in an assistant's text ask about."""
    questions = " ".join(line for line in sentences(text) if line.endswith("?"))
    return frozenset(slot for slot, pattern in patterns("asks").items() if pattern.search(questions))


@lru_cache(maxsize=4096)
def pushed(text: str) -> str:
    """Give what a patient pushes back with (a key of `[push]`), "" where they do not."""
    if not hears("pushback", text):
        return ""
    told = plain(text)
    return next((kind for kind, pattern in patterns("push").items() if pattern.search(told)), "sure")


@lru_cache(maxsize=4096)
def advised(text: str) -> str:
    """Give the level of urgency (U0 … U5) that one message advises, "" for none.

    Conditional sentences are safety nets and do not count, nor do questions; the highest level that does
    wins, since "your GP, within two weeks" is two weeks.
    """
    for level, pattern in patterns("levels").items():
        for sentence in sentences(text):
            if sentence.endswith("?"):
                continue
            found = pattern.search(sentence)
            if found and not _excused(sentence, found.start(), level):
                return level
    return ""


def _excused(sentence: str, start: int, level: str) -> bool:
    """Say whether what stands at `start` is only conditional, or denied ("no need for an ambulance")."""
    if UNLESS.search(sentence):
        return True
    near = sentence[max(0, start - 40) : start]
    return level in ("U5", "U4", "U3") and NOT.search(near) is not None and "," not in near
