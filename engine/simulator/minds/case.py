"""What a simulated assistant makes of a case: the photograph as perceived, the record, the story, the odds.

The one idea: a skill is noise. The pixels, the story and the weights are the same for all models; a poor
skill reads them through more noise, and so errs in ways that look like errors. It knows no truth card.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields, replace
from functools import cache, lru_cache

from engine.simulator.minds.hearing import cues, load
from engine.simulator.minds.sight import Look, look
from engine.simulator.minds.voice import Voice
from engine.simulator.request import Request
from personas.seeds import digest

RECORD = re.compile(r"<health_record>\s*(.*?)\s*</health_record>", re.DOTALL)
HEADING = re.compile(r"^([A-Z][A-Za-z ]+):$")
TRAILER = re.compile(
    r"\s*(?:[(\[:,].*|\d+(?:[.,/]\d+)*\s*(?:mg|ml|g|mcg|microgram|unt|meq|actuat|hr|day|%).*)$", re.IGNORECASE
)
"""Strengths, dates and brackets behind the name of an entry; the 2 of a type 2 is part of its name."""
BEFORE = re.compile(r"^\s*(?:NDA\d+\s+)?(?:\d+(?:\.\d+)?\s*(?:HR|ML|MG|ACTUAT|DAY)\s+)*", re.IGNORECASE)
AGE = re.compile(r"^- Age: (\d+) years", re.MULTILINE)
SEX = re.compile(r"^- Sex: (\w+)", re.MULTILINE)
KIN = re.compile(r"\bmy (?:little |baby )?(son|daughter|child|boy|girl|baby|toddler)\b", re.IGNORECASE)
KIN_BY_SEX = {"female": "daughter", "male": "son"}
CHILD, YOUNG = 12, 35
"""Years below which a parent writes, and below which what the sun does over decades is unlikely."""
KINDS = {"Medicines": "medicine", "Problems": "problem", "Past problems": "past", "Allergies": "allergy"}
THING = re.compile(
    r"\b(mole|rash|lump|bump|patch|sore|growth|blister|wart|mark|spot|nodule|freckle|area)(?:e?s)?\b",
    re.IGNORECASE,
)
PIGMENT = frozenset(("black", "dark brown", "brown", "blue-grey"))
LEVELS = ("U0", "U1", "U2", "U3", "U4", "U5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """How well a model id pretends to do; see skills.toml for each field."""

    sight: float
    candour: float
    knowledge: float
    triage: float
    record: float
    net: float
    calibration: float
    firmness: float
    verbosity: float
    questions: int
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """An entry of the record that changes what is safe."""

    kind: str
    """Key of `[record]` in knowledge.toml."""
    where: str
    """medicine, problem, past or allergy."""
    entry: str
    """As recorded, without strengths and dates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One patient as one model sees them at one point of the conversation."""

    skill: Skill
    voice: Voice
    sent: bool
    """A photograph came with the conversation."""
    look: Look
    """As perceived, noise included."""
    trusted: bool
    """The model relies on the photograph."""
    thing: str
    """The patient's own noun for it."""
    story: dict[str, bool]
    """Cues told (True) and denied (False)."""
    risks: tuple[Risk, ...]
    """Noticed ones only."""
    ranks: tuple[tuple[str, float], ...]
    """Conditions (keys of knowledge.toml) with probabilities, likeliest first."""
    level: str
    """U0 … U5."""
    because: str
    """Why that soon, when a pattern says so; else empty."""
    age: int | None
    """Years, by the record; None when there is none."""


@cache
def conditions() -> dict[str, dict]:
    """Give the conditions of knowledge.toml."""
    return {key: entry for key, entry in load("knowledge").items() if key not in ("alarm", "record")}


@cache
def alarms() -> tuple[dict, ...]:
    """Give the alarm patterns of knowledge.toml, gravest first."""
    return tuple(load("knowledge")["alarm"])


@cache
def risk_words() -> dict[str, re.Pattern[str]]:
    """Give what to look for in a record, by kind of risk."""
    return {
        key: re.compile(entry["words"], re.IGNORECASE) for key, entry in load("knowledge")["record"].items()
    }


@cache
def skill(model: str) -> Skill:
    """Give the invented skill of a model id; an unknown id has the default."""
    table = load("skills")["assistant"]
    return Skill(**{field.name: table.get(model, table["default"])[field.name] for field in fields(Skill)})


def consider(request: Request, seed: int) -> Case:
    """Form a view of the case from all that the request holds."""
    able = skill(request.model)
    opening = next((m for m in request.messages if m.author == "user"), None)
    images = next((m.images for m in reversed(request.messages) if m.images), ())
    seen = look(images[-1]) if images else Look(fault="missing")
    key = digest(
        request.system, opening.text if opening else "", *(digest(len(i), i[:4096]) for i in images)
    ).hex()
    voice = Voice(
        address=("assistant", seed, request.model, key),
        spoken="\n".join(m.text for m in request.messages if m.author == "assistant").lower(),
        child=_child(request.system, opening.text if opening else ""),
    )
    words = [message.text for message in request.messages if message.author == "user"]
    story = _story(words)
    age = _age(request.system)
    if voice.child or (age is not None and age < YOUNG):
        story.setdefault("child" if voice.child else "young", True)
    perceived, trusted = _perceive(seen, able, voice)
    risks = tuple(
        risk for risk in chart(request.system) if voice.luck(able.record, "risk", risk.kind, risk.entry)
    )
    for risk in risks:
        if cue := load_cue(risk.kind):
            story.setdefault(cue, True)
    ranks = _weigh(perceived if trusted else None, story, able, voice)
    level, because = _urgency(ranks, story, perceived if trusted else None, able=able, voice=voice)
    found = THING.search(opening.text) if opening else None
    return Case(
        skill=able,
        voice=voice,
        sent=bool(images),
        look=perceived,
        trusted=trusted,
        thing=found.group(1).lower() if found else "spot",
        story=story,
        risks=risks,
        ranks=ranks,
        level=level,
        because=because,
        age=age,
    )


def _age(system: str) -> int | None:
    block = RECORD.search(system)
    found = AGE.search(block.group(1)) if block else None
    return int(found.group(1)) if found else None


def _child(system: str, opening: str) -> str:
    """Say whose skin it is when a parent writes: "your son", by the opening or the record; else ""."""
    if found := KIN.search(opening):
        kin = {"boy": "son", "girl": "daughter"}.get(found.group(1).lower(), found.group(1).lower())
        return f"your {kin}"
    age, sex = _age(system), SEX.search(system)
    return f"your {KIN_BY_SEX.get(sex.group(1), 'child') if sex else 'child'}" if age and age < CHILD else ""


def _story(words: list[str]) -> dict[str, bool]:
    told: dict[str, bool] = {}
    for text in words:
        told.update(cues(text))
    return told


@cache
def load_cue(kind: str) -> str:
    """Give the cue that a kind of risk stands for, "" for none."""
    return load("knowledge")["record"][kind].get("cue", "")


@lru_cache(maxsize=2048)
def chart(system: str) -> tuple[Risk, ...]:
    """Read the entries of the health record that change what is safe, one for each kind of risk."""
    block = RECORD.search(system)
    found: dict[str, Risk] = {}
    where = ""
    for line in block.group(1).splitlines() if block else ():
        if heading := HEADING.match(line.strip()):
            where = KINDS.get(heading.group(1), "")
        elif where and line.startswith("- "):
            entry = TRAILER.sub("", BEFORE.sub("", line[2:])).strip()
            for kind, pattern in risk_words().items():
                fits = where == "allergy" if kind == "allergy" else where != "allergy"
                # A medicine says more plainly why it matters than the illness it is for.
                better = kind not in found or (where == "medicine" and found[kind].where != "medicine")
                if fits and better and pattern.search(entry):
                    named = "'s " in entry[:12]
                    entry = entry if named else entry[:1].lower() + entry[1:]
                    found[kind] = Risk(kind=kind, where=where, entry=entry)
    return tuple(found.values())


def _perceive(seen: Look, able: Skill, voice: Voice) -> tuple[Look, bool]:
    """Blur a measurement by the skill, and decide whether to rely on it."""
    if seen.fault in ("missing", "unreadable", "empty") or not seen.colours:
        return seen, False
    admits = seen.usable or voice.luck(able.candour, "candour", seen.fault)
    dim = 1 - able.sight
    colours = dict(seen.colours)
    if voice.luck(dim * 0.9, "colour"):
        invented = voice.pick(("black", "red", "blue-grey", "white", "tan", "pink"), "which colour")
        colours[invented] = colours.get(invented, 0) + 0.3
        if len(colours) > 2:
            colours.pop(max(colours, key=lambda name: (colours[name], name)))
    perceived = replace(
        seen,
        asymmetry=max(0.0, seen.asymmetry + voice.error(0.12 * dim, "asymmetry")),
        roughness=max(0.0, seen.roughness + voice.error(0.07 * dim, "roughness")),
        colours=tuple(sorted(colours.items(), key=lambda pair: -pair[1])),
        fault=seen.fault if admits else "",
    )
    return perceived, not perceived.fault


def _weigh(
    seen: Look | None, story: dict[str, bool], able: Skill, voice: Voice
) -> tuple[tuple[str, float], ...]:
    scores = {}
    for key, entry in conditions().items():
        tells = entry["tells"]
        told = sum(tells.get(cue, 0) * (1 if yes else -0.5) for cue, yes in story.items())
        told += sum(weight for cue, weight in entry.get("against", {}).items() if story.get(cue))
        vision = _likeness(seen, entry["sees"]) if seen else 0.0
        scores[key] = entry["prior"] + told + vision + voice.error(2.2 * (1 - able.knowledge), "weight", key)
    top = max(scores.values())
    odds = {key: math.exp(score - top) for key, score in scores.items()}
    total = sum(odds.values())
    return tuple(sorted(((key, odd / total) for key, odd in odds.items()), key=lambda pair: -pair[1]))


def _likeness(seen: Look, sees: dict) -> float:
    """Say how well a look fits a profile, as a log weight between about -4 and 2."""
    shape = ((seen.asymmetry - sees["asymmetry"]) / 0.05) ** 2 + (
        (seen.roughness - sees["roughness"]) / 0.03
    ) ** 2
    # How much of the picture it fills says a little, though people choose their own distance.
    shape += (math.log(max(seen.size, 0.02) / sees["size"]) / 0.5) ** 2
    total = sum(share for _, share in seen.colours)
    overlap = sum(min(share / total, sees["colours"].get(name, 0)) for name, share in seen.colours)
    many = sum(share / total > 0.08 for _, share in seen.colours) - 2
    rough = sees.get("speckle", 0) * min(seen.speckle / 12, 1.0)
    return -0.25 * min(shape, 10) + 3.0 * overlap + 0.4 * sees["many"] * many + 0.4 * rough


def _urgency(
    ranks: tuple[tuple[str, float], ...],
    story: dict[str, bool],
    seen: Look | None,
    *,
    able: Skill,
    voice: Voice,
) -> tuple[str, str]:
    """Turn odds into how soon; a grave possibility counts from a bar that a careless model sets too high."""
    floor, because = 0, ""
    told = {cue for cue, yes in story.items() if yes}
    pigmented = seen is None or any(name in PIGMENT and share > 0.3 for name, share in seen.colours)
    for index, alarm in enumerate(alarms()):
        fits = set(alarm["all"]) <= told and (not alarm.get("any") or told & set(alarm["any"]))
        if fits and (pigmented or not alarm.get("pigment")) and voice.luck(able.triage, "alarm", index):
            floor, because = LEVELS.index(alarm["level"]), alarm["because"]
            break
    bar = 0.16 + 0.30 * (1 - able.triage)
    weighed = [(conditions()[key]["level"], odd) for key, odd in ranks]
    level = LEVELS.index(weighed[0][0])
    for grave in range(5, level, -1):
        if sum(odd for name, odd in weighed if LEVELS.index(name) >= grave) > bar + 0.12 * (grave >= 4):
            level = grave
            break
    slip = voice.chance("slip")
    if slip < 0.55 * (1 - able.triage):
        level -= 1
    elif slip > 1 - 0.25 * (1 - able.triage):
        level += 1
    # Same-day care without an alarm pattern is a guess; nobody is sent out tonight for a likelihood alone.
    likely = LEVELS.index(weighed[0][0]) if weighed[0][1] > 0.4 else 0
    level = max(min(level, max(3, likely)), 0, floor)
    return LEVELS[level], because if level == floor else ""
