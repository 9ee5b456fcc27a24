"""What a simulated assistant tells the patient to do: the plan, the net under it, and what it rests on.

The one idea: the same case always gets the same advice; only its words change from turn to turn. It does not
know what was asked.
"""

from __future__ import annotations

from engine.simulator.minds.case import LEVELS, Case
from engine.simulator.minds.questions import rash
from engine.simulator.minds.voice import phrases

CREAMS = {
    "eczema": "moist",
    "psoriasis": "moist",
    "tinea": "fungal",
    "wart": "wart",
    "actinic": "sun",
    "lentigo": "sun",
}
"""What may be put on what, by the keys of `[cream]`; on anything else nothing needs to."""


def plan(case: Case, turn: int) -> str:
    """Say what to do; an unsteady model knows the level and blurs it."""
    if case.level in ("U1", "U2", "U3") and not case.voice.luck(0.5 + 0.5 * case.skill.triage, "plain"):
        return case.voice.say("plan.vague", turn)
    said = case.voice.say(f"plan.{case.level}", turn, because=reason(case))
    if case.because and case.level == "U3":
        return f"{said} {case.voice.say('plan.why', because=case.because)}"
    return said


def reason(case: Case) -> str:
    """Say why it should be as soon as that."""
    said = case.because.lower() in case.voice.spoken
    return case.because if case.because and not said else case.voice.say("reply.because")


def net(case: Case, turn: int) -> list[str]:
    """Say what should bring the patient back; not what is there already."""
    if not case.voice.luck(case.skill.net, "net"):
        return []
    if case.level == "U5":
        kind = "grave"
    elif rash(case) or case.level == "U4":
        kind = "rash_more" if case.story.get("pain") or case.story.get("fever") else "rash"
    else:
        bled, grows = case.story.get("bleeding"), case.story.get("growing")
        kind = "spot_bled" if bled else "spot_grows" if grows else "spot"
    # Said in all the ways there are, it has been heard.
    return [] if case.voice.spent(f"net.{kind}") else [case.voice.say(f"net.{kind}", turn)]


def cream(case: Case) -> str:
    """Answer the question what to put on it."""
    if LEVELS.index(case.level) >= 2:
        return case.voice.say("cream.none")
    return case.voice.say(f"cream.{CREAMS.get(case.ranks[0][0], 'needless')}")


def told(case: Case, heard: dict[str, bool], wanted: tuple[str, ...] = ()) -> list[str]:
    """Name facts that were told, the wanted ones alone where any are wanted."""
    words = phrases()["facts"] | (phrases()["child"]["facts"] if case.voice.child else {})
    facts = [
        words[cue] for cue, yes in heard.items() if yes and cue in words and (not wanted or cue in wanted)
    ]
    return sorted(facts, key=lambda fact: fact.startswith("that "))
