"""What the patient knows, and when they will say it.

The one idea: every fact is drawn here once, from the case and the record, with the gate it is behind; whoever
plays the patient only words it. This does not know what the assistant will ask.
"""

from __future__ import annotations

from personas.cases.case import PhotoCase
from personas.people.slots import Answer, says, statement
from personas.records.risks import RiskEntry, plain, risks
from personas.seeds import uniform
from personas.values import Fact, Gate, Record

GATES: dict[str, tuple[float, float]] = {"guarded": (0.0, 0.35), "mid": (0.12, 0.10), "open": (0.35, 0.0)}
"""By openness: the chance that a fact is volunteered, and that it takes two questions."""
MOST_VOLUNTEERED = 3
FERTILE = range(15, 51)
"""Years of age in which a woman has something to say about pregnancy."""
ORDER = (
    *("onset", "change", "bleeding", "itch", "pain", "raised", "size", "number", "warmth", "fever", "trauma"),
    *("treatment", "contacts", "sun", "past_skin_cancer", "family_history", "immunity", "medicines"),
    *("allergies", "pregnancy", "site"),
)
TOLD_FIRST = ("site",)
"""What every opening says already: nobody says it again unasked."""
GROWN = 25
"""Years of age from which somebody may have worked outdoors for years."""
FROM_RECORD = ("past_skin_cancer", "immunity", "medicines", "allergies", "pregnancy")
COMMON = {"sun": 0.35, "family_history": 0.12, "number": 0.2, "trauma": 0.1, "treatment": 0.25}
"""Chance of a yes, for drawn cases whose condition says nothing about it."""


def facts(
    case: PhotoCase, record: Record, *address: object, openness: str, child: bool = False
) -> tuple[Fact, ...]:
    """Give one fact a slot, in the order in which a history is usually told."""
    known = risks(record)
    told, volunteered = [], 0
    for slot in ORDER:
        if slot in FROM_RECORD:
            answer, value = _recorded(slot, record, known)
        else:
            answer, value = _observed(slot, case, *address)
        if answer is None or not says(slot, answer):
            continue
        gate = _gate(openness, *address, slot)
        if gate == "volunteered":
            volunteered += 1
            # What comes out of the record is private, and the rest would drown the first reply.
            if volunteered > MOST_VOLUNTEERED or slot in (*FROM_RECORD, *TOLD_FIRST) or answer == "unknown":
                gate = "if_asked"
        needed = slot in case.condition.must_ask or any(risk.slot == slot for risk in known)
        young = child or (slot == "sun" and record.age < GROWN)
        words = statement(slot, answer, *address, child=young, value=value)
        told.append(Fact(slot=slot, says=words, gate=gate, discriminating=needed))
    return tuple(told)


def _observed(slot: str, case: PhotoCase, *address: object) -> tuple[Answer | None, str]:
    """Give what the patient has noticed; nothing is made up about a real photograph's patient."""
    if slot == "site":
        return ("value", case.site) if case.site else (None, "")
    if slot == "onset":
        return ("value", case.onset) if case.onset else ("unknown", "")
    if slot == "size":
        return ("value", str(case.size_mm)) if case.size_mm else ("unknown", "")
    if slot in case.answers:
        # "Somebody in the family or the patient" is all that some data sets record.
        vague = slot == "family_history" and case.source != "drawn" and case.answers[slot] == "yes"
        return ("value" if vague else case.answers[slot]), ""
    if case.source != "drawn":
        return "unknown", ""
    chance = COMMON.get(slot)
    if chance is None:
        return ("no" if slot in case.condition.must_ask else None), ""
    return ("yes" if uniform(*address, "common", slot) < chance else "no"), ""


def _recorded(slot: str, record: Record, known: tuple[RiskEntry, ...]) -> tuple[Answer | None, str]:
    """Give what the patient knows of their own record: the entries that matter, else the plain answer."""
    names = list(dict.fromkeys(risk.plain for risk in known if risk.slot == slot))
    if slot == "pregnancy":
        if names:
            return "yes", ""
        return ("no" if record.sex == "female" and record.age in FERTILE else None), ""
    if slot == "medicines":
        names += [plain(entry.text) for entry in record.medicines if entry.active]
        names = list(dict.fromkeys(names))[:4]
    if slot == "allergies":
        names = [plain(entry.text) for entry in record.allergies or ()][:4]
    return ("value", _listed(names)) if names else ("no", "")


def _gate(openness: str, *address: object) -> Gate:
    free, twice = GATES[openness]
    draw = uniform(*address, "gate")
    if draw < free:
        return "volunteered"
    return "if_asked_twice" if draw > 1 - twice else "if_asked"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
