"""The watch on the patient: what no turn of theirs may hold, checked after every turn.

The one idea: a fault is a sentence about words that stand there, found without a model: a name the patient cannot
know, advice only the assistant may give, a step out of the role. It does not know what becomes of it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from agents.cues import load, patterns, plain
from personas.values import Persona

CLINICIANS = ("nurse", "gp")
"""They may say what they would advise; that is their trade."""


def fault(persona: Persona, text: str, heard: tuple[str, ...]) -> str:
    """Say what is wrong with a patient's words, "" for nothing; `heard` are the assistant's messages so far."""
    told = plain(text)
    if leaked := _leaked(persona, told, heard):
        return _sentence("leak", leaked)
    given = _given(persona)
    for kind, pattern in patterns_of("says").items():
        if kind == "advises" and persona.speaker in CLINICIANS:
            continue
        found = pattern.search(told)
        if found and found.group() not in given:
            return _sentence(kind, found.group())
    return ""


def patterns_of(field: str) -> dict[str, re.Pattern[str]]:
    """Give the expressions of one field of watch.toml, by kind of fault."""
    return patterns("watch", field)


def _sentence(kind: str, words: str) -> str:
    return f"{load('watch')['means'][kind]} ({words!r})"


def _leaked(persona: Persona, told: str, heard: tuple[str, ...]) -> str:
    """Give the first word that must not be known and was neither heard nor given to the patient to say."""
    secret = tuple(word for word in persona.must_not_know if word not in load("watch")["leak"]["common"])
    found = _names(secret).findall(told) if secret else ()
    if not found:
        return ""
    known = f"{_given(persona)}\n{plain(' '.join(heard))}"
    return next((word for word in found if word not in known), "")


def _given(persona: Persona) -> str:
    """Give all that the patient was given to say, in plain text."""
    own = (persona.opening, persona.belief, persona.worry, persona.hidden)
    return plain("\n".join((*own, *(fact.says for fact in persona.facts))))


@lru_cache(maxsize=4096)
def _names(words: tuple[str, ...]) -> re.Pattern[str]:
    longest = sorted((re.escape(plain(word)) for word in words), key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(longest)})(?:e?s)?\b")
