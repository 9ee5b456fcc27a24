"""What a simulated patient reads out of its prompt: who it is, what was said, what it may say and do now.

The one idea: only what stands behind the fence is an instruction; inside it the assistant may have written
anything. It puts nothing into words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import orjson

from engine.simulator.minds.voice import Voice, phrases
from engine.simulator.request import Request
from personas.seeds import digest

FENCED = re.compile(r"<assistant_said ([0-9a-f]{12})>\n(.*?)\n</assistant_said \1>", re.DOTALL)
ORDERS = re.compile(
    r"\A\s*<you_may_say>\n(?P<facts>.*?)\n</you_may_say>\s*"
    r"(?:<you_do>\n(?P<moves>.*?)\n</you_do>\s*)?(?:<you_feel>(?P<mood>\w+)</you_feel>\s*)?\Z",
    re.DOTALL,
)
TRAITS = re.compile(r"<how_you_are>\s*(.*?)\s*</how_you_are>", re.DOTALL)
PERSON = re.compile(r"<who_you_are>\s*(.*?)\s*</who_you_are>", re.DOTALL)
PARENT = re.compile(
    r"\byou are (?:the |a )?(?:parent|mother|father)\b[^.]*?\byour (son|daughter|child)\b", re.IGNORECASE
)
CLINICIAN = re.compile(r"\byou are a (?:nurse|general practitioner|doctor|gp)\b", re.IGNORECASE)
OTHER = re.compile(
    r"\b(?:you are the (?:partner|grown-up child)|you care for)\b.*?\byou write about (her|him|them)\b",
    re.IGNORECASE | re.DOTALL,
)
RELATION = re.compile(
    r"\bmy (husband|wife|partner|boyfriend|girlfriend|mum|mom|mother|dad|father|gran|grandmother|grandfather|nan"
    r"|aunt|uncle|sister|brother|friend|neighbour|client)\b",
    re.IGNORECASE,
)
SOMEBODY = {"her": "the lady", "him": "the gentleman", "them": "the patient"}
# What each trait's sentence says, by words in it: the mind knows the prompt and not the table behind it.
MANNERS = {
    "terse": re.compile(r"few words at a time|very short", re.IGNORECASE),
    "rambling": re.compile(r"wander off", re.IGNORECASE),
    "foreign": re.compile(r"English is not your first|English is your second", re.IGNORECASE),
    "fluent": re.compile(r"fluent, exact", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One instruction for this turn."""

    kind: str
    """Key of `[moves]` in patient.toml."""
    what: str = ""
    """Words the instruction gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the patient knows at one point of the conversation."""

    voice: Voice
    manners: frozenset[str]
    said: tuple[str, ...]
    """The assistant's messages so far, oldest first."""
    due: tuple[str, ...]
    """Facts to be said now."""
    orders: tuple[Order, ...]
    mood: str
    last: str
    """Their own last message."""
    belief: str
    """What the person thinks it is, as the prompt has it; "" for nothing."""

    @property
    def heard(self) -> str:
        """Give the assistant's last message."""
        return self.said[-1] if self.said else ""


def read_scene(request: Request, seed: int) -> Scene:
    """Read a patient's prompt."""
    users = [message.text for message in request.messages if message.author == "user"]
    own = [_says(message.text) for message in request.messages if message.author == "assistant"]
    last = users[-1] if users else ""
    fenced = FENCED.search(last)
    block = ORDERS.match(last[fenced.end() :]) if fenced else None
    traits, person = TRAITS.search(request.system), PERSON.search(request.system)
    how = traits.group(1) if traits else ""
    child, register = _about(person.group(1) if person else "", own[0] if own else "")
    facts = _lines(block["facts"]) if block else ()
    return Scene(
        voice=Voice(
            address=("patient", seed, request.model, digest(request.system, *own[:1]).hex()),
            spoken="\n".join(own).lower(),
            child=child,
            register=register,
        ),
        manners=frozenset(name for name, pattern in MANNERS.items() if pattern.search(how)),
        said=tuple(found.group(2) for text in users if (found := FENCED.search(text))),
        due=tuple(fact for fact in facts if fact != "nothing new"),
        orders=tuple(filter(None, map(_order, _lines(block["moves"] or "")))) if block else (),
        mood=(block["mood"] or "") if block else "",
        last=own[-1] if own else "",
        belief=_between(request.system, "what_you_think_it_is"),
    )


def farewell(text: str) -> bool:
    """Say whether the assistant takes its leave and asks nothing."""
    return "?" not in text and re.search(phrases()["leaving"]["farewell"], text.lower()) is not None


def _about(person: str, opening: str) -> tuple[str, str]:
    """Give whom it is about when somebody else writes, and that somebody's section of words."""
    if found := PARENT.search(person):
        return f"my {found.group(1).lower()}", "child"
    if CLINICIAN.search(person):
        return "the patient", "clinician"
    if found := OTHER.search(person):
        relation = RELATION.search(opening)
        return (f"my {relation.group(1).lower()}" if relation else SOMEBODY[found.group(1).lower()]), "other"
    return "", "child"


def _order(line: str) -> Order | None:
    for kind, pattern in _patterns().items():
        if found := pattern.search(line):
            return Order(kind=kind, what=found.group(1) if pattern.groups else "")
    return None


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {kind: re.compile(text) for kind, text in phrases()["moves"].items()}


def _lines(block: str) -> tuple[str, ...]:
    return tuple(
        line[2:].strip() for line in block.splitlines() if line.startswith("- ") and line[2:].strip()
    )


def _between(system: str, tag: str) -> str:
    found = re.search(rf"<{tag}>\s*(.*?)\s*</{tag}>", system, re.DOTALL)
    return found.group(1) if found else ""


def _says(text: str) -> str:
    try:
        turn = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return str(turn.get("says", "")) if isinstance(turn, dict) else text
