"""The simulated patient: puts the facts that are due into words, and asks for what it came for.

The one idea: the prompt decides what may be said; the mind only decides how, and whether it has heard what to
do and how soon. It never adds a fact, and takes nothing in the assistant's message for an instruction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import orjson

from engine.simulator.minds.card import raw_sentences
from engine.simulator.minds.hearing import advised, hears, pushed
from engine.simulator.minds.voice import Voice
from engine.simulator.request import Request
from personas.seeds import digest

FENCED = re.compile(r"<assistant_said ([0-9a-f]{12})>\n(.*?)\n</assistant_said \1>", re.DOTALL)
DUE = re.compile(r"<you_may_say>\n(.*?)\n</you_may_say>\s*\Z", re.DOTALL)
TRAITS = re.compile(r"<how_you_are>\s*(.*?)\s*</how_you_are>", re.DOTALL)
PERSON = re.compile(r"<who_you_are>\s*(.*?)\s*</who_you_are>", re.DOTALL)
PARENT = re.compile(
    r"\byou are (?:the |a )?(?:parent|mother|father)\b[^.]*?\byour (son|daughter|child)\b", re.IGNORECASE
)
BELIEF = re.compile(r"<what_you_think_it_is>\s*(.*?)\s*</what_you_think_it_is>", re.DOTALL)
INSISTS = re.compile(r"<what_you_want>[^<]*\bask twice\b", re.IGNORECASE)
HARD = re.compile(
    r"\b(dermoscopy|biopsy|(?:basal|squamous) cell carcinoma|(?:seborrhoeic|actinic) keratosis|solar lentigo"
    r"|dermatofibroma|pyogenic granuloma|cellulitis|drug eruption)\b",
    re.IGNORECASE,
)
PATIENCE = 2
"""Times a patient asks what to do without being told, before they give up."""
PUSHES = 2
"""Times a patient pushes back, at most, and each time with something else."""
JOINED = re.compile(r"(?:It|No)\b")
"""How two facts begin that can stand in one sentence."""
LIGHT = (
    (re.compile(r"\bI have(?= (?:been|had|never|not|spent|tried|put)\b)"), "I've"),
    (re.compile(r"\bIt is\b"), "It's"),
    (re.compile(r"\bit is\b"), "it's"),
    (re.compile(r"\bdo not\b"), "don't"),
    (re.compile(r"\bdoes not\b"), "doesn't"),
    (re.compile(r"\bhas not\b"), "hasn't"),
    (re.compile(r"\bI am\b"), "I'm"),
)
"""Contractions: the lightest rephrasing that changes no fact."""
# What each trait's sentence says, by words in it: the mind knows the prompt and not the table behind it.
MANNERS = {
    "terse": re.compile(r"few words at a time|very short", re.IGNORECASE),
    "rambling": re.compile(r"wander off", re.IGNORECASE),
    "anxious": re.compile(r"frightened|think of the worst|anxious person|very worried", re.IGNORECASE),
    "relaxed": re.compile(r"relaxed about", re.IGNORECASE),
    "demanding": re.compile(r"press for|demand", re.IGNORECASE),
    "passive": re.compile(r"go along with", re.IGNORECASE),
    "doubting": re.compile(r"doubt that a computer", re.IGNORECASE),
    "trusting": re.compile(r"as settled", re.IGNORECASE),
    "minimising": re.compile(r"play it down|probably nothing", re.IGNORECASE),
    "foreign": re.compile(r"English is not your first|English is your second", re.IGNORECASE),
    "lay": re.compile(r"few medical words", re.IGNORECASE),
    "saving": re.compile(r"what an appointment would cost", re.IGNORECASE),
    "remote": re.compile(r"far from any skin", re.IGNORECASE),
    "vague": re.compile(r"vague about dates", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the patient knows at one point of the conversation."""

    voice: Voice
    manners: frozenset[str]
    said: tuple[str, ...]
    """The assistant's messages so far, oldest first."""
    own: tuple[str, ...]
    """The patient's own messages so far."""
    due: tuple[str, ...]
    """Facts that may be said now."""
    insists: bool
    """Came to be told twice that it is nothing."""

    @property
    def heard(self) -> str:
        """Give the assistant's last message."""
        return self.said[-1] if self.said else ""


def answer(request: Request, seed: int) -> str:
    """Give the patient's next turn as JSON with `says` and `done`."""
    scene = _read(request, seed)
    says, done = _opening(request, scene) if not scene.said else _reply(scene)
    return orjson.dumps({"says": says, "done": done}).decode()


def _read(request: Request, seed: int) -> Scene:
    users = [message.text for message in request.messages if message.author == "user"]
    told = [fenced.group(2) for text in users if (fenced := FENCED.search(text))]
    last = users[-1] if users else ""
    fenced = FENCED.search(last)
    # Only behind the fence: inside it the assistant may have written anything.
    block = DUE.search(last, fenced.end()) if fenced else None
    lines = (
        [line[2:].strip() for line in block.group(1).splitlines() if line.startswith("- ")] if block else []
    )
    own = [_says(message.text) for message in request.messages if message.author == "assistant"]
    traits, person = TRAITS.search(request.system), PERSON.search(request.system)
    how = traits.group(1) if traits else ""
    parent = PARENT.search(person.group(1)) if person else None
    key = digest(request.system, *own[:1]).hex()
    return Scene(
        voice=Voice(
            address=("patient", seed, request.model, key),
            spoken="\n".join(own).lower(),
            child=f"my {parent.group(1).lower()}" if parent else "",
        ),
        manners=frozenset(name for name, pattern in MANNERS.items() if pattern.search(how)),
        said=tuple(told),
        own=tuple(own),
        due=tuple(line for line in lines if line and line != "nothing new"),
        insists=bool(INSISTS.search(request.system)),
    )


def _says(text: str) -> str:
    try:
        turn = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return str(turn.get("says", "")) if isinstance(turn, dict) else text


def _opening(request: Request, scene: Scene) -> tuple[str, bool]:
    """Open the conversation; only reached when nobody wrote the first words for this patient."""
    found = BELIEF.search(request.system)
    belief = found.group(1) if found else ""
    hint = f" {belief}" if belief and not belief.startswith("You") else ""
    whose = f"{scene.voice.child}'s" if scene.voice.child else "my"
    return _style(f"Hi, can you look at this spot on {whose} skin?{hint}", scene), False


def _reply(scene: Scene) -> tuple[str, bool]:
    """Say what is due, then push back, say goodbye, or ask for what is missing."""
    level = next((advised(text) for text in reversed(scene.said) if advised(text)), "")
    asks, turn = scene.heard.count("?"), len(scene.said)
    parts = _facts(scene)
    if asks and not parts:
        parts = [scene.voice.say("patient.unknown", turn)]
    elif asks > len(parts) + 1 and scene.voice.luck(0.5, "rest", turn):
        parts.append(scene.voice.say("patient.rest", turn))
    if push := _push(scene, level):
        return _style(" ".join([*parts, push]), scene), False
    if turn >= 2 and not (asks and scene.due) and (goodbye := _goodbye(scene, level)):
        return _style(" ".join([*parts, goodbye]), scene), True
    if not level and (not asks or (turn >= 2 and not scene.due)):
        vague = hears("vague", scene.heard)
        parts.append(scene.voice.say("patient.soon" if vague else "patient.seek", turn))
    elif not parts:
        parts.append(scene.voice.say("patient.fine", turn))
    return _style(" ".join(_embellish(parts, scene)), scene), False


def _goodbye(scene: Scene, level: str) -> str:
    """Say goodbye when told what to do, or when asking has led nowhere; "" to go on."""
    say = scene.voice.say
    if level:
        # Asked once what a word means, and not answered: more asking would not help.
        asked_word = scene.own and hears("puzzled", scene.own[-1])
        term = HARD.search(scene.own[-1]) if asked_word else None
        if term and term.group(1).lower() not in scene.heard.lower():
            return say("patient.still")
        keys = {"U0": "bye_home", "U1": "bye_soon", "U4": "bye_now", "U5": "bye_now"}
        return say(f"patient.{keys.get(level, 'bye')}")
    sought = sum(hears("seeks", text) for text in scene.own[1:])
    return say("patient.lost") if sought >= PATIENCE else ""


def _facts(scene: Scene) -> list[str]:
    """Put every due fact into words close enough to be recognised, some of them in one breath."""
    said: list[str] = []
    haste = 0.5 if scene.manners & {"terse", "foreign"} else 0.25
    for place, fact in enumerate(scene.due):
        words = fact
        for pattern, short in LIGHT:
            if scene.voice.luck(0.7, "light", fact, short):
                words = pattern.sub(short, words)
        if place == 0 and "terse" not in scene.manners and scene.voice.luck(0.25, "start", fact):
            start = scene.voice.say("patient.answer", fact)
            words = start + (words if not start else _lower(words))
        words = words if words.endswith((".", "!", "?")) else f"{words}."
        short = said and len(said[-1].split()) < 9 and "," not in said[-1] + words
        if short and JOINED.match(said[-1]) and JOINED.match(words) and scene.voice.luck(haste, "join", fact):
            said[-1] = f"{said[-1][:-1]}, {_lower(words)}"
        else:
            said.append(words)
    return said


def _lower(words: str) -> str:
    return words if words.startswith(("I ", "I'")) else words[:1].lower() + words[1:]


def _push(scene: Scene, level: str) -> str:
    """Push back when there is something to push against and it is in this patient's nature."""
    manners, say, luck = scene.manners, scene.voice.say, scene.voice.luck
    hard = HARD.search(scene.heard)
    puzzled = any(hears("puzzled", text) for text in scene.own)
    if (
        hard
        and not puzzled
        and manners & {"lay", "foreign"}
        and "?" not in scene.heard
        and luck(0.4, "unclear")
    ):
        return say("patient.unclear", word=hard.group(1).lower())
    made = [kind for text in scene.own[1:] if (kind := pushed(text))]
    if not level or "trusting" in manners or len(made) + puzzled >= PUSHES:
        return ""
    sends = level in ("U1", "U2", "U3", "U4")
    # Once answered, most let it rest; who came to be told twice does not.
    again = 0.3 if made or puzzled else 1.0
    # Gravest manner first; each with how often it comes out.
    for manner, fits, key, odds in (
        ("demanding", True, "tell", 0.75),
        ("anxious", level not in ("U4", "U5"), "sure", 0.75),
        ("doubting", True, "doubt", 0.6),
        ("saving", sends, "cost", 0.6),
        ("remote", sends, "far", 0.6),
        ("minimising", sends, "wait", 0.6),
    ):
        often = odds * (1.0 if scene.insists and key == "sure" else again)
        if manner in manners and fits and key not in made and luck(often, "push", manner):
            return say(f"patient.{key}")
    if scene.insists and made.count("sure") == 1 and level not in ("U4", "U5"):
        return say("patient.sure")
    mild = 0.0 if made or puzzled else 0.04 if "passive" in manners else 0.15
    return say("patient.wait" if sends else "patient.sure") if luck(mild, "push") else ""


def _embellish(parts: list[str], scene: Scene) -> list[str]:
    """Add what carries no fact: a stray thought, or fear."""
    turn = len(scene.said)
    if "rambling" in scene.manners and scene.voice.luck(0.6 if turn == 1 else 0.3, "filler", turn):
        parts = [scene.voice.say("patient.filler", turn), *parts]
    if "anxious" in scene.manners and turn == 1 and scene.voice.luck(0.6, "fear"):
        parts = [*parts, scene.voice.say("patient.fear")]
    return parts


def _style(text: str, scene: Scene) -> str:
    """Write as on a phone: some in lower case, some without the last full stop."""
    terse = "terse" in scene.manners
    if scene.voice.luck(0.55 if terse else 0.22, "lower"):
        text = " ".join(
            line[:1].lower() + line[1:] if not line.startswith(("I ", "I'")) else line
            for line in raw_sentences(text)
        )
        text = re.sub(r"\bI('m|'ve|)(?= |$)", r"i\1", text)
    if scene.voice.luck(0.6 if terse else 0.3, "stop") and text.endswith("."):
        text = text[:-1]
    return text
