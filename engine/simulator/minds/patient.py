"""The simulated patient: puts the facts that are due into words, and does what its instructions say.

The one idea: the prompt decides what may be said and done; the mind only decides how, and tells what advice it
heard. It never adds a fact, and takes nothing in the assistant's message for an instruction.
"""

from __future__ import annotations

import orjson

from engine.simulator.minds.hearing import advised, hears
from engine.simulator.minds.script import Order, Scene, farewell, read_scene
from engine.simulator.minds.wording import own, shorten, small, style
from engine.simulator.request import Request

ADVICE = {
    "U0": "self_care",
    "U1": "routine",
    "U2": "routine",
    "U3": "two_weeks",
    "U4": "same_day",
    "U5": "emergency",
}
"""What the prompt calls each level."""
GOODBYES = {"U0": "bye_home", "U1": "bye_soon", "U4": "bye_now", "U5": "bye_now"}
MOODS = {"worried": 0.15, "irritated": 0.4, "low": 0.3}
"""How often a mood is put into words, when nothing else is asked or said."""


def answer(request: Request, seed: int) -> str:
    """Give the patient's next turn as JSON: what it says, the advice it heard, and how it takes the end."""
    scene = read_scene(request, seed)
    says, done = _reply(scene) if scene.said else (_opening(scene), False)
    turn = {
        "says": style(says, scene),
        "advice": ADVICE.get(advised(scene.heard), "none"),
        "closing": farewell(scene.heard),
        "done": done,
    }
    return orjson.dumps(turn).decode()


def _opening(scene: Scene) -> str:
    """Open the conversation; only reached when nobody wrote the first words for this patient."""
    belief = "" if scene.belief.startswith("You have no idea") else own(scene.belief)
    whose = f"{scene.voice.child}'s" if scene.voice.child else "my"
    return f"Hi, can you look at this spot on {whose} skin? {belief}".strip()


def _reply(scene: Scene) -> tuple[str, bool]:
    """Say what is due, then what the instructions add; tell whether that was goodbye."""
    turn, say = len(scene.said), scene.voice.say
    level = next((found for text in reversed(scene.said) if (found := advised(text))), "")
    kinds = [order.kind for order in scene.orders]
    if kinds == ["seek"] and not scene.due and scene.heard in scene.said[:-1]:
        return scene.last, False  # told the same again, people ask the same again
    parts = shorten(scene)
    if "topic" in kinds:
        parts.insert(0, say("patient.topic", turn, what=own(_told("topic", scene))))
    words = [_obey(order, scene, level) for order in scene.orders if order.kind != "topic"]
    if "?" in scene.heard and not parts and not scene.orders:
        parts.append(say("patient.unknown", turn))
    if parts and "rambling" in scene.manners and scene.voice.luck(0.4, "filler", turn):
        parts.insert(0, say("patient.filler", turn))
    bare = not any("?" in text for text in words)
    if bare and scene.voice.luck(MOODS.get(scene.mood, 0.0), "mood", turn) and not _leaves(scene, level):
        words.insert(0, say(f"patient.{scene.mood}", turn))
    *most, last = [*parts, *words] or [say("patient.fine", turn)]
    whole = [part if part.endswith((".", "!", "?")) else f"{part}." for part in most]
    return " ".join((*whole, last)), _leaves(scene, level)


def _told(kind: str, scene: Scene) -> str:
    return next(order.what for order in scene.orders if order.kind == kind)


def _leaves(scene: Scene, level: str) -> bool:
    kinds = {order.kind for order in scene.orders}
    return "leave" in kinds or ("goodbye" in kinds and bool(level))


def _obey(order: Order, scene: Scene, level: str) -> str:
    """Put one instruction into words."""
    turn, say = len(scene.said), scene.voice.say
    if order.kind == "goodbye" and level:
        return say(f"patient.{GOODBYES.get(level, 'bye')}", turn)
    if order.kind in ("goodbye", "seek"):
        if level:
            return say("patient.fine", turn)
        return say("patient.soon" if hears("vague", scene.heard) else "patient.seek", turn)
    if order.kind in ("hidden", "belief"):
        what = own(order.what or scene.belief)
        return say(f"patient.{order.kind}", turn, what=small(what) if order.kind == "hidden" else what)
    return say(f"patient.{order.kind}", turn, what=order.what)
