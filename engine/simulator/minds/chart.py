"""What a simulated assistant reads in the health record: who it is about, and the entries that matter.

The one idea: entries are found by the headings and words of the chart, as any reader of it would. It does not
know what the photograph shows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from engine.simulator.minds.hearing import load

RECORD = re.compile(
    r"<health_record(?P<nonce>(?: [0-9a-f]{12})?)>\s*(?P<chart>.*?)\s*</health_record(?P=nonce)>", re.DOTALL
)
NONCE = re.compile(r"(?<=health_record) [0-9a-f]{12}(?=>)")
HEADING = re.compile(r"^([A-Z][A-Za-z ]+):$")
TRAILER = re.compile(
    r"\s*(?:[(\[:,].*|\d+(?:[.,/]\d+)*\s*(?:mg|ml|g|mcg|microgram|unt|meq|actuat|hr|day|%).*)$", re.IGNORECASE
)
"""Strengths, dates and brackets behind the name of an entry; the 2 of a type 2 is part of its name."""
BEFORE = re.compile(r"^\s*(?:NDA\d+\s+)?(?:\d+(?:\.\d+)?\s*(?:HR|ML|MG|ACTUAT|DAY)\s+)*", re.IGNORECASE)
AGE = re.compile(r"^- Age: (\d+) years", re.MULTILINE)
SEX = re.compile(r"^- Sex: (\w+)", re.MULTILINE)
KIN = re.compile(r"\bmy (?:little |baby )?(son|daughter|child|boy|girl|baby|toddler)\b", re.IGNORECASE)
RELATION = re.compile(
    r"\bmy (husband|wife|partner|boyfriend|girlfriend|mum|mom|mother|dad|father|gran|grandmother|grandfather|nan"
    r"|parent|aunt|uncle|sister|brother|friend|neighbour|client)(?:'s)?\b",
    re.IGNORECASE,
)
CARED = re.compile(
    r"\b(?:a|the) (lady|gentleman)\b|\b(somebody) (?:i look after|of \d+)|\b(?:carer|look after)\b",
    re.IGNORECASE,
)
CLINICIAN = re.compile(
    r"\b(?:gp|nurse) here\b|\bgp, |\bdistrict nurse|\bthe patient\b|\be-consult|\brefer\b|\bprimary care\b"
    r"|\b(?:differential|query re)\b|^\s*(?:\d+-year-old|\d+, (?:fe)?(?:man|woman|male|boy|girl)|(?:fe)?male, \d+)",
    re.IGNORECASE,
)
KIN_BY_WORD = {"boy": "son", "girl": "daughter"}
KIN_BY_SEX = {"female": "daughter", "male": "son"}
CHILD, YOUNG = 12, 35
"""Years below which a parent writes, and below which what the sun does over decades is unlikely."""
KINDS = {"Medicines": "medicine", "Problems": "problem", "Past problems": "past", "Allergies": "allergy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """An entry of the record that changes what is safe."""

    kind: str
    """Key of `[record]` in knowledge.toml."""
    where: str
    """medicine, problem, past or allergy."""
    entry: str
    """As recorded, without strengths and dates."""


def unfenced(system: str) -> str:
    """Give the instructions without the nonce of their fence, which says nothing that luck could hang on."""
    return NONCE.sub("", system)


@cache
def risk_words() -> dict[str, re.Pattern[str]]:
    """Give what to look for in a record, by kind of risk."""
    return {
        key: re.compile(entry["words"], re.IGNORECASE) for key, entry in load("knowledge")["record"].items()
    }


@cache
def cue(kind: str) -> str:
    """Give the cue that a kind of risk stands for, "" for none."""
    return load("knowledge")["record"][kind].get("cue", "")


@lru_cache(maxsize=2048)
def chart(system: str) -> tuple[Risk, ...]:
    """Read the entries of the health record that change what is safe, one for each kind of risk."""
    block = RECORD.search(system)
    found: dict[str, Risk] = {}
    where = ""
    for line in block["chart"].splitlines() if block else ():
        if heading := HEADING.match(line.strip()):
            where = KINDS.get(heading.group(1), "")
        elif where and line.startswith("- "):
            entry = TRAILER.sub("", BEFORE.sub("", line[2:])).strip()
            for kind, pattern in risk_words().items():
                fits = where == "allergy" if kind == "allergy" else where != "allergy"
                # A medicine says more plainly why it matters than the illness it is for.
                better = kind not in found or (where == "medicine" and found[kind].where != "medicine")
                if fits and better and pattern.search(entry):
                    # Crohn and Hodgkin keep their capitals.
                    named = entry if "'s " in entry[:12] else entry[:1].lower() + entry[1:]
                    found[kind] = Risk(kind=kind, where=where, entry=named)
    return tuple(found.values())


def age(system: str) -> int | None:
    """Give the age in the record, in years; None when there is none."""
    block = RECORD.search(system)
    found = AGE.search(block["chart"]) if block else None
    return int(found.group(1)) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutPatient:
    """Whom the conversation is about, as the assistant speaks of them to whoever writes."""

    called: str = ""
    """"your son", "your dad", "the patient"; empty when they write themselves."""
    register: str = "child"
    """Section of phrases.toml with the words for it."""
    child: bool = False


@lru_cache(maxsize=2048)
def whose(system: str, opening: str) -> AboutPatient:
    """Say whose skin it is: by the opening, and where that leaves it open, by the age in the record."""
    if CLINICIAN.search(opening):
        return AboutPatient(called="the patient", register="colleague")
    if child := kin(system, opening):
        return AboutPatient(called=child, child=True)
    if found := RELATION.search(opening):
        return AboutPatient(called=f"your {found.group(1).lower()}", register="relative")
    if found := CARED.search(opening):
        known = (found.group(1) or "").lower()
        return AboutPatient(
            called=f"the {known}" if known else "the person you care for", register="relative"
        )
    return AboutPatient()


def kin(system: str, opening: str) -> str:
    """Say whose skin it is when a parent writes: "your son", by the opening or the record; else ""."""
    if found := KIN.search(opening):
        word = found.group(1).lower()
        return f"your {KIN_BY_WORD.get(word, word)}"
    years, sex = age(system), SEX.search(system)
    if years is None or years >= CHILD:
        return ""
    return f"your {KIN_BY_SEX.get(sex.group(1), 'child') if sex else 'child'}"
