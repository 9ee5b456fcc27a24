"""How urgent a message says it is: the level of its advice, read from its words.

The one idea: only what a message tells the patient to do is read, clause by clause; what it asks, supposes ("if it
bleeds, go to A&E"), denies ("no need for an ambulance") or recalls is no advice, and of what is left the most urgent
counts. It is a reader of cues in English, made by engineers: irony, metaphor and what is only implied are not found.
This does not know what the right level is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from agents.cues import plain
from agents.speech import Turn
from engine.audit.words import folded
from personas.values import Urgency

FILE = Path(__file__).with_name("advice.toml")
MARKUP = re.compile(r"[*_#>`~]+")
BULLET = re.compile(r"^\s*(?:[-•–+]|\(?\d{1,2}[.)])\s+")
SENTENCE = re.compile(r"(?:[^.?!;\n]|\.(?=\w))+[.?!;]*")

FEW = 5
"""Words of a sentence that needs no verb to send somebody: "999, please." """


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a message tells the patient to do about being seen."""

    level: Urgency
    firm: bool
    """It says how soon, or that nobody need see it. What is not firm does not take back what was."""
    vague: bool = False
    """To be seen, and no word of how soon, or only "at some point"."""
    said: str
    """The sentence, in plain text."""
    turn: int = 0
    """Where it stands in the conversation; 0 for a message by itself."""


def advised(text: str) -> Urgency | None:
    """Give the level of urgency that a message advises; None where it advises none."""
    found = advice_in(text)
    return found.level if found else None


@lru_cache(maxsize=65536)
def advice_in(text: str) -> Advice | None:
    """Give the most urgent advice of a message; None where there is none."""
    found = [one for sentence in statements(text) if (one := _read(sentence))]
    return max(found, key=lambda one: (one.level, one.firm), default=None)


def standing(turns: Iterable[Turn]) -> Advice | None:
    """Give the advice that stands at the end: the last there was, unless that only repeats an earlier one vaguely."""
    stands: Advice | None = None
    for turn in turns:
        if turn.speaker == "assistant" and (found := advice_in(turn.text)):
            lowers = stands and found.level < stands.level
            if not (lowers and stands.firm and not found.firm):
                stands = replace(found, turn=turn.index)
    return stands


@lru_cache(maxsize=65536)
def statements(text: str) -> tuple[str, ...]:
    """Give what a message states unconditionally, sentence by sentence, in plain text without markup."""
    found = []
    for sentence, conditional in sentences(text):
        if sentence.endswith("?") or conditional or patterns("parts")["past"].search(sentence):
            continue
        if kept := _unconditional(patterns("parts")["supposed"].sub(" ", sentence)).strip():
            found.append(kept)
    return tuple(found)


@lru_cache(maxsize=65536)
def sentences(text: str) -> tuple[tuple[str, bool], ...]:
    """Give every sentence in plain text, and whether it stands in a list under a condition ("see a doctor if:")."""
    listed, found = False, []
    for line in MARKUP.sub("", plain(folded(text))).splitlines():
        bullet = BULLET.match(line)
        body = line[bullet.end() :] if bullet else line
        if not body.strip():
            continue
        opens = body.rstrip().endswith((":", "...", "…"))
        conditional = bool(patterns("parts")["condition"].search(body))
        if not bullet:
            listed = opens and conditional
        for sentence in SENTENCE.findall(body):
            found.append((sentence.strip(), listed))
    return tuple(found)


@lru_cache(maxsize=65536)
def clauses_of(sentence: str) -> tuple[tuple[str, str], ...]:
    """Give the clauses of a sentence, each cut into what stands before a denial and what it denies."""
    parts = []
    for clause in patterns("parts")["clause"].split(patterns("parts")["waits"].sub(" ", sentence)):
        denial = patterns("parts")["denial"].search(clause)
        parts.append((clause[: denial.start()], clause[denial.start() :]) if denial else (clause, ""))
    return tuple(parts)


def _unconditional(sentence: str) -> str:
    """Give what of a sentence holds whatever happens."""
    parts = patterns("parts")
    if unless := parts["unless"].search(sentence):
        return sentence[: unless.start()]
    condition = parts["condition"].search(sentence)
    if not condition:
        return sentence
    ends = [found.start() for found in parts["boundary"].finditer(sentence, 0, condition.start())]
    return sentence[: ends[-1]] if ends else ""


def _read(sentence: str) -> Advice | None:
    """Read one statement."""
    parts = clauses_of(sentence)
    told = " , ".join(before for before, _ in parts)
    place, time, home = patterns("place"), patterns("time"), patterns("home")
    heads = bool(patterns("go")["heading"].search(sentence))
    goes = heads or bool(patterns("go")["verb"].search(told)) or bool(_days(told))
    urgent = bool(time["day"].search(told)) or len(told.split()) <= FEW
    if (goes or urgent) and place["emergency"].search(told):
        return Advice(level="U5", firm=True, said=sentence)
    kinds = [
        kind for kind in ("sameday", "specialist", "doctor", "pharmacy", "visit") if place[kind].search(told)
    ]
    if heads and (_days(told) or time["routine"].search(told) or time["soon"].search(told)):
        kinds.append("visit")
    if kinds and (goes or urgent):
        return _visit(sentence, told, kinds)
    waits = home["instead"].search(told) and not home["meanwhile"].search(sentence)
    if waits or home["rest"].search(sentence) or any(_spared(denied) for _, denied in parts):
        return Advice(level="U0", firm=True, said=sentence)
    if home["care"].search(told):
        return Advice(level="U0", firm=False, said=sentence)
    return None


def _visit(sentence: str, told: str, kinds: list[str]) -> Advice:
    """Give the level of a visit, by its time and then by its place."""
    time = patterns("time")
    routine = bool(time["routine"].search(sentence))
    days = _days(told)
    soonest = min(days, default=None)
    limits = _file()["limits"]
    if "sameday" in kinds or time["day"].search(told) or (soonest is not None and soonest <= limits["U4"]):
        return Advice(level="U4", firm=True, said=sentence)
    if not routine and (time["soon"].search(told) or (soonest is not None and soonest <= limits["U3"])):
        return Advice(level="U3", firm=True, said=sentence)
    timed = routine or soonest is not None
    level: Urgency = "U2" if "specialist" in kinds or soonest is not None else "U1"
    vague = not timed or bool(time["some"].search(told))
    return Advice(level=level, firm=timed, vague=vague, said=sentence)


def _spared(denied: str) -> bool:
    """Tell whether what is denied is any visit at all, and not only a hasty one."""
    place, time = patterns("place"), patterns("time")
    if not denied or time["day"].search(denied) or re.search(r"urgent|emergency|hurry|rush", denied):
        return False
    return any(place[kind].search(denied) for kind in ("doctor", "specialist", "visit"))


def _days(told: str) -> list[float]:
    """Give the spans of time in which something is to be done, each by its longer end."""
    table = _file()["time"]
    found = []
    for match in patterns("time")["span"].finditer(told):
        counts = [match[name] for name in ("first", "second", "third") if match[name]]
        counts = counts or ["several" if match["many"] else "one"]
        numbers = [float(one) if one.isdigit() else float(table["numbers"][one]) for one in counts]
        found.append(max(numbers) * table["days"][match["unit"]])
    return found


@cache
def patterns(section: str) -> dict[str, re.Pattern[str]]:
    names = sorted(_file()["time"]["numbers"], key=len, reverse=True)
    return {
        name: re.compile(way.replace("NUMBER", "|".join(names)))
        for name, way in _file()[section].items()
        if isinstance(way, str)
    }


@cache
def _file() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
