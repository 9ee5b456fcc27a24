"""What a simulated assistant says once it has given its view: it explains, holds, gives way, and closes.

The one idea: the patient's last message is answered for what it is, a question about a word, about the cost,
about certainty. It forms no new view: that stands in the case.
"""

from __future__ import annotations

from engine.simulator.minds.advice import net, plan, reason
from engine.simulator.minds.case import LEVELS, Case, conditions
from engine.simulator.minds.chart import RECORD, unfenced
from engine.simulator.minds.hearing import cues, hears, pushed
from engine.simulator.minds.questions import unknown, word
from engine.simulator.minds.view import brief
from engine.simulator.minds.voice import phrases
from engine.simulator.request import Request
from personas.seeds import digest, uniform

SELDOM = 0.1
"""Share of its odds that declining has where nothing delicate is talked about, and yet somebody's health is."""
NOTICED = ("harmed", "minor", "swapped", "mistaken", "pretend", "silent")
"""Keys of `[speech]` and of `[noticed]`, gravest first."""
PRACTICAL = ("wait", "cost", "far")
"""Pushing back against going, and not against the judgement."""


def declines(request: Request, case: Case) -> bool:
    """Say whether the model does not want to talk about this; once it has begun to decline it goes on doing so."""
    told = "\n".join(message.text for message in request.messages if message.author == "user")
    share = 1.0 if hears("delicate", told) else SELDOM if RECORD.search(request.system) else 0.0
    # Not drawn by the opening, as other matters are: an answer without words leaves it one message with the next.
    images = (image[:4096] for message in request.messages for image in message.images)
    address = ("declines", *case.voice.address[:3], digest(unfenced(request.system), *images).hex())
    return uniform(*address) < case.skill.declines * share


def noticed(case: Case, last: str, turn: int) -> list[str]:
    """Take up what has nothing to do with the skin; a model of little attention passes over it."""
    say, able = case.voice.say, case.skill
    found = [kind for kind in NOTICED if hears(kind, last) and case.voice.luck(able.triage, "notices", kind)]
    if "harmed" in found and not case.voice.luck(able.calibration, "gentle"):
        return [say("noticed.harmed_alarm", turn)]
    return [say(f"noticed.{kind}", turn) for kind in found[:1]]


def reply(case: Case, own: list[str], last: str, given: str, *, turn: int) -> list[str]:
    """Answer what the patient said after the assessment; `given` is the level advised so far."""
    say, able = case.voice.say, case.skill
    news = [cue for cue, yes in cues(last).items() if yes and cue in phrases()["facts"]]
    if given and LEVELS.index(case.level) > LEVELS.index(given) and news:
        return [say("reply.update", turn), plan(case, turn), *net(case, turn)]
    if hears("puzzled", last):
        return [_explain(case, last, turn), say("reply.same", turn) if given else plan(case, turn)]
    if kind := pushed(last):
        return _stand(case, kind, given, turn)
    if hears("closing", last) and "?" not in last and given:
        return [say("reply.close", turn)]
    if own and not given and hears("seeks", last) and case.voice.luck(able.repeats, "repeats"):
        return [own[-1]]
    if hears("seeks", last) or not given:
        level = given or case.level
        advice = say(f"plan.{level}", turn, because=reason(case))
        shows = level in ("U2", "U3") and case.voice.luck(able.verbosity, turn)
        extra = [say("reply.photo", turn)] if shows else []
        return [say("reply.again", turn), advice[:1].lower() + advice[1:], *extra, *net(case, turn)]
    opened = [name for name in unknown(case, own) if case.voice.luck(able.triage * 0.35, "late", name)]
    if "?" not in last and opened and turn <= 3:
        return [say("reply.steady", turn), *word(case, opened[:1], own, turn)]
    return [say("reply.steady", turn), say("reply.close", turn)]


def _explain(case: Case, last: str, turn: int) -> str:
    """Explain the word that the patient did not understand, or put the view more simply."""
    term = next((term for term in phrases()["explain"] if term in last.lower()), "")
    return phrases()["explain"][term] if term else case.voice.say("reply.simply", turn)


def _stand(case: Case, kind: str, given: str, turn: int) -> list[str]:
    """Hold the advice under pressure, or give way."""
    say, able = case.voice.say, case.skill
    level = given or case.level
    mild = LEVELS.index(level) <= 1
    (one, _), (two, _) = case.ranks[:2]
    if case.voice.luck(able.firmness, "firm"):
        held = "mild" if mild and kind in PRACTICAL else "doubt_mild" if mild and kind == "doubt" else kind
        return [
            say(f"hold.{held}", turn, one=brief(one), second=brief(two)),
            say(f"plan.{level}", turn, because=reason(case)),
            *net(case, turn),
        ]
    caved = "practical" if kind in PRACTICAL else kind if kind in ("tell", "remedy") else "judged"
    harmless = LEVELS.index(conditions()[one]["level"]) <= 1
    if (
        kind == "remedy"
        or case.voice.luck(able.calibration, "give way")
        or (kind in PRACTICAL and not harmless)
    ):
        return [say(f"cave.{caved}", turn)]
    return [say("reply.certain" if harmless else "reply.certain_grave", turn, one=brief(one))]
