"""What the patient knows, and when they will say it.

The one idea: every fact is settled here once, from the case and the record, with its kind of answer, its bare value
and the gate it is behind; whoever plays the patient only words it. This does not know what the assistant will ask.
"""

from __future__ import annotations

from functools import cache, lru_cache

from personas.cases.case import PhotoCase
from personas.conditions.book import conditions
from personas.records.risks import RiskEntry, plain, risks
from personas.seeds import derive
from personas.slots import says, slots, statement
from personas.values import Answer, Fact, Gate, Record, Speaker

GATES: dict[str, tuple[float, float, float]] = {
    "guarded": (0.0, 0.35, 0.60),
    "mid": (0.12, 0.10, 0.25),
    "open": (0.35, 0.0, 0.0),
}
"""By openness: the chance that a fact is volunteered, that it takes two questions, and that what is private takes
trust."""
TRUST = {"guarded": 2, "mid": 1, "open": 1}
"""0-3: how far somebody must trust before a private fact is told, by openness."""
MOST_VOLUNTEERED = 3
FERTILE = range(15, 51)
"""Years of age in which a woman has something to say about pregnancy."""
ORDER = (
    *("onset", "change", "bleeding", "itch", "pain", "raised", "size", "number", "warmth", "fever", "trauma"),
    *("treatment", "contacts", "sun", "moles", "past_skin_cancer", "family_history", "immunity", "medicines"),
    *("allergies", "pregnancy", "site"),
)
TOLD_FIRST = ("site",)
"""What every opening says already: nobody says it again unasked."""
WAYS = 24
"""Ways of wording told apart, of which a slot has two to five; few enough for all words to be kept."""
UNSURE = "I don't know."
"""Said of a slot that has no words of its own for not knowing."""
GROWN = 25
"""Years of age from which somebody may have worked outdoors for years."""
FROM_RECORD = ("past_skin_cancer", "immunity", "medicines", "allergies", "pregnancy")
UNSAID = (*FROM_RECORD, *TOLD_FIRST)
"""What nobody says unasked."""
PRIVATE = ("past_skin_cancer", "immunity", "pregnancy")
"""What is not everybody's to know, where there is something to tell."""
COMMON = {"sun": 0.35, "family_history": 0.12, "number": 0.2, "trauma": 0.1, "treatment": 0.25, "moles": 0.2}
"""Chance of a yes, for drawn cases whose condition says nothing about it."""


def facts(
    case: PhotoCase,
    record: Record,
    *address: object,
    openness: str,
    speaker: Speaker = "self",
    known: tuple[RiskEntry, ...] | None = None,
) -> tuple[Fact, ...]:
    """Give one fact a slot, in the order in which a history is usually told; `known` are the record's risks."""
    known = risks(record) if known is None else known
    label, young, volunteered = case.condition.key, record.age < GROWN, 0
    needed = {*case.condition.must_ask, *(risk.slot for risk in known)}
    # Of one's own skin one does not say "his" or "her", so all who write for themselves share their words.
    sex = "unknown" if speaker == "self" else record.sex
    told = []
    for slot, (first, second, third) in zip(_order(label), _draws(*address), strict=False):
        if slot in FROM_RECORD:
            answer, value = _recorded(slot, record, known)
        else:
            answer, value = _observed(slot, case, first)
        if answer is None:
            continue
        gate = _gate(openness, slot, answer, second)
        if gate == "volunteered":
            volunteered += 1
            # What comes out of the record is not said unasked, and the rest would drown the first reply.
            if volunteered > MOST_VOLUNTEERED or slot in UNSAID or answer == "unknown":
                gate = "if_asked"
        words = _words(slot, answer, value, speaker, sex, young and slot == "sun", int(third * WAYS))
        trust = TRUST[openness] if gate == "if_trusted" else 0
        fact = words and _fact(label, slot, words, gate, trust, answer, value, slot in needed)
        if fact:
            told.append(fact)
    return tuple(told)


def _draws(*address: object) -> list[list[float]]:
    """Give three numbers a slot: for the answer, the gate and the words.

    One block for all, since an address for each would cost as much as all the rest.
    """
    return derive("facts", *address).random((len(slots()), 3)).tolist()


@cache
def _order(label: str) -> tuple[str, ...]:
    """Give the slots about which somebody with this condition may be asked anything."""
    condition = conditions()[label]
    further = [slot for slot in condition.must_ask if slot not in ORDER]
    if condition.speciality == "skin":
        return (*ORDER, *further)
    # Nobody asks whether an X-ray itches.
    asked = [slot for slot in ORDER if slot in FROM_RECORD or condition.bearing(slot) != "noise"]
    return (*asked, *further)


@lru_cache(maxsize=1 << 16)
def _fact(label: str, slot: str, words: str, gate: Gate, *rest: object) -> Fact | None:
    """Make a fact, or give the one that is the same; None for one that names the answer and need not be told.

    Large samples hold few facts that differ.
    """
    trust, answer, value, needed = rest
    if not needed and conditions()[label].named(words):
        return None
    return Fact(
        slot=slot, says=words, gate=gate, trust=trust, answer=answer, value=value, discriminating=needed
    )


@lru_cache(maxsize=1 << 16)
def _words(slot: str, answer: Answer, value: str, speaker: Speaker, *rest: object) -> str:
    """Give one of the ways to put it; empty where there are no words for such an answer."""
    sex, young, way = rest
    if not says(slot, answer):
        return UNSURE if answer == "unknown" else ""
    return statement(slot, answer, "way", way, speaker=speaker, sex=sex, child=young, value=value)


def _observed(slot: str, case: PhotoCase, draw: float) -> tuple[Answer | None, str]:
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
        needed = slot in case.condition.must_ask
        return ("no" if says(slot, "no") else "unknown") if needed else None, ""
    return ("yes" if draw < chance else "no"), ""


def _recorded(slot: str, record: Record, known: tuple[RiskEntry, ...]) -> tuple[Answer | None, str]:
    """Give what the patient knows of their own record: the entries that matter, else the plain answer."""
    names = list(dict.fromkeys(risk.plain for risk in known if risk.slot == slot))
    if slot == "pregnancy":
        if names:
            return "yes", ""
        return ("no" if record.sex == "female" and record.age in FERTILE else None), ""
    if slot == "medicines":
        names += [_plain(entry.text) for entry in record.medicines if entry.active]
        names = list(dict.fromkeys(names))[:4]
    if slot == "allergies":
        names = [_plain(entry.text) for entry in record.allergies or ()][:4]
    return ("value", _listed(names)) if names else ("no", "")


def _gate(openness: str, slot: str, answer: Answer, draw: float) -> Gate:
    free, twice, trust = GATES[openness]
    if slot in PRIVATE and answer in ("yes", "value"):
        return "if_trusted" if draw < trust else "if_asked"
    if draw < free:
        return "volunteered"
    return "if_asked_twice" if draw > 1 - twice else "if_asked"


_plain = lru_cache(maxsize=1 << 14)(plain)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
