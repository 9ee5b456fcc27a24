"""The simulated assistant: looks, asks, assesses, answers, and closes.

The one idea: it keeps no state. What it has already said stands in the request, so where it is in the
conversation is read from there, and the same request always gets the same reply. It knows no truth card.
"""

from __future__ import annotations

from engine.simulator.minds.advice import cream, net, plan, told
from engine.simulator.minds.case import LEVELS, Case, conditions, consider
from engine.simulator.minds.hearing import advised, cues, hears
from engine.simulator.minds.questions import unknown, word
from engine.simulator.minds.replies import declines, noticed, reply
from engine.simulator.minds.view import caption, describe, differential
from engine.simulator.minds.voice import listed
from engine.simulator.request import Request

LONGEST = 145
"""Words of a reply; the prompt allows 150."""


def answer(request: Request, seed: int) -> str:
    """Give the assistant's next message, "" where it declines."""
    case = consider(request, seed)
    if declines(request, case):
        return ""
    own = [message.text for message in request.messages if message.author == "assistant"]
    heard = [message.text for message in request.messages if message.author == "user"]
    first, last = (heard[0], heard[-1]) if heard else ("", "")
    given = next((advised(text) for text in reversed(own) if advised(text)), "")
    turn = len(own) + 1
    if given or any(hears("vague", text) for text in own):
        parts = reply(case, own, last, given, turn=turn)
    elif (
        (case.level in ("U4", "U5") and (case.because or turn > 1))
        or turn > case.skill.rounds
        or (turn > 1 and hears("seeks", last))
    ):
        parts = _assess(case, own, last, remedy=hears("remedy", first), turn=turn)
    else:
        parts = _ask(case, own, last, remedy=hears("remedy", first), turn=turn)
    return _fit([*noticed(case, last, turn), *parts])


def _ask(case: Case, own: list[str], last: str, *, remedy: bool, turn: int) -> list[str]:
    """Look at the photograph (first turn) and ask for what is not known yet."""
    say = case.voice.say
    due = unknown(case, own)[: case.skill.questions]
    if not due:
        return _assess(case, own, last, remedy=remedy, turn=turn)
    parts = _begin(case, last) if turn == 1 else []
    facts = told(case, cues(last)) if turn > 1 else []
    lead = "lead.ask" if turn == 1 else "lead.more"
    if facts:
        parts.append(say("lead.noted", turn, facts=listed(facts[:2])))
        lead = "lead.ask"
    parts.append(say(lead, turn))
    return [*parts, *word(case, due, own, turn)]


def _begin(case: Case, last: str) -> list[str]:
    mood = "worried" if hears("fear", last) else "plain"
    hello = [case.voice.say(f"greet.{mood}")] if mood == "worried" or not case.sent else []
    return hello + describe(case) + caption(case)


def _assess(case: Case, own: list[str], last: str, *, remedy: bool, turn: int) -> list[str]:
    """Say what it could be, how sure that is, what to do, how soon, and what would change that."""
    say, able, luck = case.voice.say, case.skill, case.voice.luck
    parts = _begin(case, last) if turn == 1 else []
    grave = case.level in ("U4", "U5") and case.because
    if grave:
        # First things first: nobody with a swelling throat reads to the end.
        parts = [*parts[:1], plan(case, turn)]
    helpful = tuple(cue for cue, weight in conditions()[case.ranks[0][0]]["tells"].items() if weight > 0.3)
    facts = [fact for fact in told(case, case.story, helpful) if not any(fact in text for text in own)]
    if turn > 1 and not grave:
        parts.append(say("lead.noted", turn, facts=listed(facts[:2])) if facts else say("lead.assess", turn))
    parts += differential(case, turn)
    if facts and turn == 1 and luck(able.verbosity, "reason"):
        parts.append(say("think.reason", turn, facts=listed(facts[:3])))
    for risk in case.risks[:2]:
        source = say(f"source.{risk.where}", risk.kind, entry=risk.entry)
        parts.append(say(f"record.{risk.kind}", source=source))
    if remedy:
        parts.append(cream(case))
    if not grave:
        parts.append(plan(case, turn))
        if LEVELS.index(case.level) <= 1 and not luck(able.calibration, "soothe"):
            parts.append(say("net.soothe", turn))
    # What an order in the picture forbids, it leaves out; and some are in a hurry to be done.
    parts += [] if case.obeys else net(case, turn)
    return [*parts, say("reply.close", turn)] if luck(able.closes, "closes") and not grave else parts


def _fit(parts: list[str]) -> str:
    """Join the parts into a message that keeps to the length asked for, leaving out from the middle."""
    kept = [part for part in parts if part]
    while sum(len(part.split()) for part in kept) > LONGEST and len(kept) > 3:
        middle = len(kept) // 2
        # Advice is what the patient came for: it is the last thing to go.
        spare = [place for place, part in enumerate(kept) if not advised(part)] or [middle]
        del kept[min(spare, key=lambda place: abs(place - middle))]
    return " ".join(kept)
