"""The simulated assistant: looks, asks, assesses, answers, and closes.

The one idea: it keeps no state. What it has already said stands in the request, so where it is in the
conversation is read from there, and the same request always gets the same reply. It knows no truth card.
"""

from __future__ import annotations

from engine.simulator.minds.case import LEVELS, Case, conditions, consider
from engine.simulator.minds.hearing import advised, asked, cues, hears
from engine.simulator.minds.view import brief, describe, differential
from engine.simulator.minds.voice import listed, phrases
from engine.simulator.request import Request

LONGEST = 145
"""Words of a reply; the prompt allows 150."""
SLOTS = {
    "onset": "onset",
    "change": "change",
    "bleeding": "bleeding",
    "feeling": "itch",
    "cancer": "family_history",
    "medicines": "medicines",
    "sun": "sun",
    "systemic": "fever",
    "spread": "number",
    "contacts": "contacts",
    "treatment": "treatment",
    "heat": "warmth",
    "allergy": "allergies",
    "pregnancy": "pregnancy",
    "texture": "raised",
    "trauma": "trauma",
}
"""Each question of phrases.toml with the slot it is known by once asked."""
SPOT = (
    "onset",
    "change",
    "bleeding",
    "cancer",
    "medicines",
    "feeling",
    "sun",
    "texture",
    "trauma",
    "treatment",
)
RASH = (
    "onset",
    "feeling",
    "heat",
    "systemic",
    "medicines",
    "treatment",
    "contacts",
    "spread",
    "allergy",
    "change",
)
KNOWN = {
    "change": ("changed", "growing", "stable"),
    "bleeding": ("bleeding",),
    "systemic": ("fever",),
    "heat": ("hot",),
    "texture": ("firm", "rough", "waxy"),
    "onset": ("months", "years", "recent", "fast"),
    "trauma": ("trauma",),
    "contacts": ("contact",),
    "feeling": ("itch", "pain"),
    "cancer": ("family_cancer", "past_cancer"),
    "sun": ("sun",),
    "medicines": ("new_medicine", "suppressed", "blood_thinner"),
    "spread": ("several",),
}
"""Questions that these cues, told or denied, have answered already."""


def answer(request: Request, seed: int) -> str:
    """Give the assistant's next message."""
    case = consider(request, seed)
    own = [message.text for message in request.messages if message.author == "assistant"]
    heard = [message.text for message in request.messages if message.author == "user"]
    last = heard[-1] if heard else ""
    told = next((advised(text) for text in reversed(own) if advised(text)), "")
    turn = len(own) + 1
    if told or any(hears("vague", text) for text in own):
        parts = _answer(case, own, last, told, turn=turn)
    elif case.level in ("U4", "U5") or turn > case.skill.rounds or (turn > 1 and hears("seeks", last)):
        parts = _assess(case, own, last, turn)
    else:
        parts = _ask(case, own, last, turn)
    return _fit(parts)


def _ask(case: Case, own: list[str], last: str, turn: int) -> list[str]:
    """Look at the photograph (first turn) and ask for what is not known yet."""
    say = case.voice.say
    open_ = _open_questions(case, own)[: case.skill.questions]
    if not open_:
        return _assess(case, own, last, turn)
    parts = _begin(case, last) if turn == 1 else []
    facts = _facts(cues(last), ()) if turn > 1 else []
    lead = "lead.ask" if turn == 1 else "lead.more"
    if facts:
        parts.append(say("lead.noted", turn, facts=listed(facts[:2])))
        lead = "lead.ask"
    parts.append(say(lead, turn))
    return [*parts, *(say(f"question.{name}", turn) for name in open_)]


def _begin(case: Case, last: str) -> list[str]:
    mood = "worried" if hears("fear", last) else "plain"
    hello = [case.voice.say(f"greet.{mood}")] if mood == "worried" or not case.sent else []
    return hello + describe(case)


def _open_questions(case: Case, own: list[str]) -> list[str]:
    """List what is still worth asking, most telling first; careless models start in the wrong place."""
    asked_before = frozenset().union(*(asked(text) for text in own)) if own else frozenset()
    order = RASH if _is_rash(case) else SPOT
    due = [
        name
        for name in order
        if SLOTS[name] not in asked_before and not any(cue in case.story for cue in KNOWN.get(name, ()))
    ]
    jitter = 6 * (1 - case.skill.triage)
    rank = {name: place + jitter * case.voice.chance("order", name) for place, name in enumerate(due)}
    return sorted(due, key=rank.__getitem__)


def _is_rash(case: Case) -> bool:
    if case.thing == "rash" or {"fever", "new_medicine", "ring", "blisters", "hot"} & set(case.story):
        return True
    return case.thing == "patch" and case.ranks[0][0] in (
        "eczema",
        "tinea",
        "psoriasis",
        "infection",
        "reaction",
    )


def _facts(heard: dict[str, bool], wanted: tuple[str, ...]) -> list[str]:
    """Name facts that were told, the wanted ones alone where any are wanted."""
    words = phrases()["facts"]
    told = [
        words[cue] for cue, yes in heard.items() if yes and cue in words and (not wanted or cue in wanted)
    ]
    return sorted(told, key=lambda fact: fact.startswith("that "))


def _assess(case: Case, own: list[str], last: str, turn: int) -> list[str]:
    """Say what it could be, how sure that is, what to do, how soon, and what would change that."""
    say, able, luck = case.voice.say, case.skill, case.voice.luck
    parts = _begin(case, last) if turn == 1 else []
    grave = case.level in ("U4", "U5") and case.because
    if grave:
        # First things first: nobody with a swelling throat reads to the end.
        parts = [*parts[:1], _plan(case, turn)]
    first = conditions()[case.ranks[0][0]]
    helpful = tuple(cue for cue, weight in first["tells"].items() if weight > 0.3)
    facts = [fact for fact in _facts(case.story, helpful) if not any(fact in text for text in own)]
    if turn > 1 and not grave:
        parts.append(say("lead.noted", turn, facts=listed(facts[:2])) if facts else say("lead.assess", turn))
    parts += differential(case, turn)
    if facts and turn == 1 and luck(able.verbosity, "reason"):
        parts.append(say("think.reason", turn, facts=listed(facts[:3])))
    for risk in case.risks[:2]:
        source = say(f"source.{risk.where}", risk.kind, entry=risk.entry)
        parts.append(say(f"record.{risk.kind}", source=source))
    if not grave:
        parts.append(_plan(case, turn))
        if LEVELS.index(case.level) <= 1 and not luck(able.calibration, "soothe"):
            parts.append(say("net.soothe", turn))
    return parts + _net(case, turn)


def _plan(case: Case, turn: int) -> str:
    """Say what to do; an unsteady model knows the level and blurs it."""
    if case.level in ("U1", "U2", "U3") and not case.voice.luck(0.5 + 0.5 * case.skill.triage, "plain"):
        return case.voice.say("plan.vague", turn)
    plan = case.voice.say(f"plan.{case.level}", turn, because=_because(case))
    if case.because and case.level == "U3":
        return f"{plan} {case.voice.say('plan.why', because=case.because)}"
    return plan


def _because(case: Case) -> str:
    return case.because or case.voice.say("reply.because")


def _net(case: Case, turn: int) -> list[str]:
    if not case.voice.luck(case.skill.net, "net"):
        return []
    kind = "grave" if case.level == "U5" else "rash" if _is_rash(case) or case.level == "U4" else "spot"
    return [case.voice.say(f"net.{kind}", turn)]


def _answer(case: Case, own: list[str], last: str, told: str, *, turn: int) -> list[str]:
    """Answer what the patient said after the assessment."""
    say, able = case.voice.say, case.skill
    news = [cue for cue, yes in cues(last).items() if yes and cue in phrases()["facts"]]
    if told and LEVELS.index(case.level) > LEVELS.index(told) and news:
        return [say("reply.update", turn), _plan(case, turn), *_net(case, turn)]
    if term := hears("puzzled", last) and _term(last):
        return [phrases()["explain"][term], say("reply.same", turn)]
    if hears("pushback", last):
        return _stand(case, told, turn)
    if hears("closing", last) and "?" not in last and told:
        return [say("reply.close", turn)]
    if hears("seeks", last) or not told:
        level = told or case.level
        plan = say(f"plan.{level}", turn, because=_because(case))
        extra = (
            [say("reply.photo", turn)]
            if level in ("U2", "U3") and case.voice.luck(able.verbosity, turn)
            else []
        )
        return [say("reply.again", turn), plan[:1].lower() + plan[1:], *extra, *_net(case, turn)]
    opened = [
        name for name in _open_questions(case, own) if case.voice.luck(able.triage * 0.35, "late", name)
    ]
    if "?" not in last and opened and turn <= 3:
        return [say("reply.steady", turn), say(f"question.{opened[0]}", turn)]
    return [say("reply.steady", turn), say("reply.close", turn)]


def _term(last: str) -> str:
    """Give the word that the patient did not understand, "" for none that can be explained."""
    return next((term for term in phrases()["explain"] if term in last.lower()), "")


def _stand(case: Case, told: str, turn: int) -> list[str]:
    """Hold the advice under pressure, or give way."""
    say, able = case.voice.say, case.skill
    if case.voice.luck(able.firmness, "firm"):
        level = told or case.level
        return [
            say("reply.hold", turn),
            say(f"plan.{level}", turn, because=_because(case)),
            *_net(case, turn),
        ]
    if case.voice.luck(able.calibration, "give way"):
        return [say("reply.cave", turn)]
    one = brief(case.ranks[0][0])
    return [say("reply.certain", turn, one=one)]


def _fit(parts: list[str]) -> str:
    """Join the parts into a message that keeps to the length asked for, leaving out from the middle."""
    kept = [part for part in parts if part]
    while sum(len(part.split()) for part in kept) > LONGEST and len(kept) > 3:
        del kept[len(kept) // 2]
    return " ".join(kept)
