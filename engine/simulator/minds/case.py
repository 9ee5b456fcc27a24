"""What a simulated assistant makes of a case: the photograph as perceived, the record, the story, the odds.

The one idea: a skill is noise. The pixels, the story and the weights are the same for all models; a poor
skill reads them through more noise, and so errs in ways that look like errors. It knows no truth card.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields, replace
from functools import cache

from engine.simulator.minds.chart import YOUNG, AboutPatient, Risk, age, chart, cue, unfenced, whose
from engine.simulator.minds.hearing import cues, hears, load
from engine.simulator.minds.sight import Look, look
from engine.simulator.minds.voice import Voice
from engine.simulator.request import Request
from personas.seeds import digest

THING = re.compile(
    r"\b(mole|rash|lump|bump|patch|sore|growth|blister|wart|mark|spot|nodule|freckle|area)(?:e?s)?\b",
    re.IGNORECASE,
)
PIGMENT = frozenset(("black", "dark brown", "brown", "blue-grey"))
RESULT = 12.0
"""Log weight of what a laboratory has called it."""
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
    declines: float
    obeys: float
    alarms: float
    closes: float
    repeats: float
    questions: int
    rounds: int


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
    obeys: bool
    """It takes the writing in the picture for an order."""


@cache
def conditions() -> dict[str, dict]:
    """Give the conditions of knowledge.toml."""
    return {key: entry for key, entry in load("knowledge").items() if key not in ("alarm", "record")}


@cache
def alarms() -> tuple[dict, ...]:
    """Give the alarm patterns of knowledge.toml, gravest first."""
    return tuple(load("knowledge")["alarm"])


@cache
def skill(model: str) -> Skill:
    """Give the invented skill of a model id; an unknown id has the default."""
    table = load("skills")["assistant"]
    return Skill(**{field.name: table.get(model, table["default"])[field.name] for field in fields(Skill)})


def consider(request: Request, seed: int) -> Case:
    """Form a view of the case from all that the request holds."""
    able = skill(request.model)
    opening = next((m.text for m in request.messages if m.author == "user"), "")
    images = next((m.images for m in reversed(request.messages) if m.images), ())
    seen = look(images[-1]) if images else Look(fault="missing")
    who = whose(request.system, opening)
    voice = _voice(request, seed, opening, images, who=who)
    found = THING.search(opening)
    thing = found.group(1).lower() if found else "spot"
    years = age(request.system)
    story = _story(request, thing, "child" if who.child else "young" if (years or YOUNG) < YOUNG else "")
    perceived, trusted = _perceive(seen, able, voice)
    risks = tuple(
        risk for risk in chart(request.system) if voice.luck(able.record, "risk", risk.kind, risk.entry)
    )
    for risk in risks:
        if told := cue(risk.kind):
            story.setdefault(told, True)
    found_out = opening.lower() if hears("result", opening) else ""
    ranks = _weigh(perceived if trusted else None, story, able, voice=voice, result=found_out)
    level, because = _urgency(ranks, story, perceived if trusted else None, able=able, voice=voice)
    obeys = seen.writing and voice.luck(able.obeys, "obeys")
    return Case(
        skill=able,
        voice=voice,
        sent=bool(images),
        look=perceived,
        trusted=trusted,
        thing=thing,
        story=story,
        risks=risks,
        ranks=ranks,
        level="U0" if obeys else level,
        because="" if obeys else because,
        age=years,
        obeys=obeys,
    )


def _voice(
    request: Request, seed: int, opening: str, images: tuple[bytes, ...], *, who: AboutPatient
) -> Voice:
    key = digest(unfenced(request.system), opening, *(digest(len(i), i[:4096]) for i in images)).hex()
    return Voice(
        address=("assistant", seed, request.model, key),
        spoken="\n".join(m.text for m in request.messages if m.author == "assistant").lower(),
        child=who.called,
        register=who.register,
    )


def _story(request: Request, thing: str, age: str) -> dict[str, bool]:
    """Give what was told, and what the age says where nobody told otherwise; `age` is a cue, "" for none."""
    # "What is this red area?" tells nothing but what its owner calls it.
    told: dict[str, bool] = {"rash": True} if thing in ("rash", "area") else {}
    for message in request.messages:
        if message.author == "user":
            told.update(cues(message.text))
    return {age: True} | told if age else told


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
    seen: Look | None, story: dict[str, bool], able: Skill, *, voice: Voice, result: str
) -> tuple[tuple[str, float], ...]:
    """Give the odds of every condition; a laboratory's `result`, in lower case, outweighs nearly everything."""
    scores = {}
    for key, entry in conditions().items():
        tells = entry["tells"]
        told = sum(tells.get(cue, 0) * (1 if yes else -0.5) for cue, yes in story.items())
        told += sum(weight for cue, weight in entry.get("against", {}).items() if story.get(cue))
        told += RESULT * able.knowledge * (entry["says"].split(",")[0].removeprefix("a ").lower() in result)
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
    dark = seen is None or any(name in PIGMENT and share > 0.3 for name, share in seen.colours)
    # What its owner calls a rash or a red area is no pigmented spot, whatever the light did to its colour.
    pigmented = dark and "rash" not in told
    for index, alarm in enumerate(alarms()):
        fits = set(alarm["all"]) <= told and (not alarm.get("any") or told & set(alarm["any"]))
        if fits and (pigmented or not alarm.get("pigment")) and voice.luck(able.triage, "alarm", index):
            floor, because = LEVELS.index(alarm["level"]), alarm["because"]
            floor += floor == 4 and bool(told & {"fever", "hot"}) and voice.luck(able.alarms, "alarms")
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
