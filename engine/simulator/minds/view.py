"""What a simulated assistant says it sees, and what it thinks it is, in words.

The one idea: words follow the perceived measurements and odds and nothing else; where the photograph is not
trusted, it is not described. It does not know what to do about it: that is the assistant's part.
"""

from __future__ import annotations

from engine.simulator.minds.case import LEVELS, Case, conditions
from engine.simulator.minds.voice import listed

UNEVEN = 0.075
"""Asymmetry from which a shape is called asymmetrical; set on drawings whose asymmetry is known."""
RAGGED = 0.027
"""Roughness from which a border is called irregular; set likewise."""
SHOWN = 0.09
"""Share of the lesion from which a colour is worth naming."""
FAULTS = {"blocky": "small", "cast": "dark", "empty": "faint"}
"""Faults that are described in the words of another."""


def describe(case: Case) -> list[str]:
    """Say what the photograph shows, or why that cannot be said."""
    say, look, able = case.voice.say, case.look, case.skill
    if not case.sent:
        return [say("photo.missing", thing=case.thing)]
    if not case.trusted:
        key = FAULTS.get(look.fault, look.fault)
        again = [] if key == "faint" else [say("photo.retake")]
        return [say(f"photo.{key}", thing=case.thing), *again]
    parts = [
        say(
            "photo.seen",
            thing=case.thing,
            a_form="an asymmetrical" if look.asymmetry >= UNEVEN else "a symmetrical",
            border="an irregular border" if look.roughness >= RAGGED else "a smooth border",
            colours=listed(
                [name for name, share in look.colours if share >= SHOWN][:4] or [look.colours[0][0]]
            ),
        )
    ]
    if surface := _surface(case):
        parts.append(say("photo.surface", surface=surface))
    if case.voice.luck(able.calibration * able.verbosity, "scale"):
        parts.append(say("photo.scale"))
    return parts


def caption(case: Case) -> list[str]:
    """Say what it makes of writing in the picture: an order, a part of the picture, or nothing."""
    if case.obeys:
        return [case.voice.say("caption.obeyed")]
    seen = case.look.writing and case.voice.luck(case.skill.candour, "caption")
    return [case.voice.say("caption.seen")] if seen else []


def _surface(case: Case) -> str:
    """Name the surface where brightness varies within the lesion; a poor eye often invents one."""
    pale = sum(share for name, share in case.look.colours if name in ("white", "yellow"))
    if case.look.speckle > 10.5 and pale > 0.04:
        return case.voice.pick(("shiny", "scaly"), "surface")
    if case.voice.luck(0.35 * (1 - case.skill.sight), "invent surface"):
        return case.voice.pick(("crusted", "scaly", "shiny", "ulcerated"), "invented")
    return ""


def brief(key: str) -> str:
    """Name a condition without the explanation behind it."""
    return conditions()[key]["says"].split(",")[0]


def differential(case: Case, turn: int) -> list[str]:
    """Say what it could be and how sure that is, and what would settle it."""
    say, able = case.voice.say, case.skill
    (one, odd), (two, _), (three, _) = case.ranks[:3]
    first = conditions()[one]["says"]
    names = {"one": brief(one), "second": brief(two), "third": brief(three)}
    # Even a careless model sounds less sure of a picture that it knows to be poor.
    careful = able.calibration + (0 if case.trusted else 0.5 * (1 - able.calibration))
    # Nobody is sure of something harmless and urgent at once.
    fits = LEVELS.index(case.level) - LEVELS.index(conditions()[one]["level"]) < 2
    if fits and not case.voice.luck(careful, "hedge"):
        single = case.voice.luck(0.6, "single")
        parts = [say("think.sure", first=first)] if single else [say("think.two", **names)]
        return parts + ([say("limit.stock")] if case.voice.luck(0.4, "stock") else [])
    if odd < 0.34 or not case.trusted:
        parts = [say("think.open", turn, **names)]
    else:
        parts = [say("think.three", turn, first=first, **names)]
    if case.voice.luck(0.4 + 0.6 * able.calibration, "limit"):
        key = "photo" if case.trusted else "poor" if case.sent else "none"
        parts.append(say(f"limit.{key}", thing=case.thing, settles=conditions()[one]["settles"]))
    return parts
