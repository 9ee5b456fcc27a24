"""Tell a case as a scenario: who speaks, their first words, what they know, and the truth card.

The one idea: the person is the record's and the skin is the photograph's, so nothing in one contradicts the
other. This does not choose pairs, tasks, speakers or traits; it is given them.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

from personas.cases.case import PhotoCase
from personas.conditions.book import pathology
from personas.people.beliefs import NONE, beliefs_about
from personas.people.facts import facts
from personas.people.speakers import speakers
from personas.people.tasks import Task, tasks, words
from personas.records.risks import RiskEntry, risks
from personas.seeds import digest
from personas.values import Fact, Persona, Record, Scenario, Seen, Speaker, Truth

ADULT, CHILD = 18, 12
"""Years; below the second, a task's words for children are used."""
DRAWN = (
    *("thing", "opening", "opens", "worry", "hidden", "belief", "grown"),
    *("medicine", "started", "month", "who", "said", "seen"),
)
"""What is left to chance, in the order of its numbers: the words of an opening, then those that tasks draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Casting:
    """What a patient is dealt."""

    task: str
    """Key into `tasks.toml`."""
    speaker: Speaker
    traits: dict[str, str]
    belief: str = NONE
    """Who told them what they think it is; "none" for no belief."""
    hides: bool = False
    """True for somebody who wants something that they do not say at first."""


def tell(case: PhotoCase, record: Record, casting: Casting, *, seed: int, seen: Seen) -> Scenario:
    """Put a developed case, a record and a casting together; id and proof are left for others to give.

    `seen` is what the data set says of the person in the photograph.
    """
    if case.photo is None:
        raise ValueError(f"case {case.id} of {case.source} has no photograph yet: develop it first")
    known = risks(record)
    return Scenario(
        id="",
        task=casting.task,
        title=_title(case, record),
        photo=case.photo,
        record=record,
        persona=_persona(case, record, casting, known, seed=seed),
        truth=_truth(case, known, tasks()[casting.task]),
        cluster=case.cluster,
        source=case.source,
        attribution=case.attribution,
        restricted=case.restricted,
        seen=seen,
    )


def place_of(site: str, whose: str) -> str:
    """Say whose it is where people say it: "my left cheek", but "the back of my left hand"."""
    part, of, whole = site.partition(" of the ")
    return f"the {part} of {whose} {whole}" if of else f"{whose} {site}"


class PersonaDraws:
    """What is left to chance about a person: one hash, of which each thing has two bytes of its own."""

    def __init__(self, *address: object) -> None:
        hashed = digest("persona", *address)
        self._draws = [int.from_bytes(hashed[at : at + 2], "big") / 2**16 for at in range(0, 32, 2)]
        self.id = f"p-{hashed.hex()[:12]}"

    def chance(self, name: str) -> float:
        """Give the number, in [0, 1), for something that is drawn."""
        return self._draws[DRAWN.index(name)]

    def pick(self, name: str, options: tuple):
        """Give one of the options for something that is drawn."""
        return options[int(self._draws[DRAWN.index(name)] * len(options))]


def _persona(
    case: PhotoCase, record: Record, casting: Casting, known: tuple[RiskEntry, ...], *, seed: int
) -> Persona:
    address = f"{seed}/{case.id}"
    task, condition, draws = tasks()[casting.task], case.condition, PersonaDraws(address)
    drawn = _drawn(case, record, casting, draws)
    openness = casting.traits["openness"]
    told = facts(case, record, address, openness=openness, speaker=casting.speaker, known=known)
    believed = None
    if casting.belief != NONE:
        options = beliefs_about(condition.key, case.shape, casting.speaker)[casting.belief]
        believed = draws.pick("belief", options)
    hidden = task.hides(casting.speaker) if casting.hides else ()
    home = record.language
    return Persona(
        id=draws.id,
        name=record.name,
        age=record.age,
        sex=record.sex,
        speaker=casting.speaker,
        languages=(home, "English") if home and home != "English" else ("English",),
        traits=casting.traits,
        belief=believed.says if believed else "",
        belief_source=believed.source if believed else "",
        belief_strength=believed.strength if believed else 0.0,
        worry=draws.pick("worry", task.worry),
        hidden=draws.pick("hidden", hidden) if hidden else "",
        must_not_know=() if task.knows_title else (*condition.accepted, *pathology()),
        opening=_opening(case, casting, drawn, draws),
        facts=_with_task(told, task, drawn),
    )


def _drawn(case: PhotoCase, record: Record, casting: Casting, draws: PersonaDraws) -> dict[str, str]:
    """Give the words that openings and a task's facts are filled with."""
    task, role, condition = tasks()[casting.task], speakers()[casting.speaker], case.condition
    young = record.age < CHILD
    drawn = {
        "thing": draws.pick("thing", words()[case.shape]),
        "place": place_of(case.site or "skin", role.whose[record.sex]),
        "whose": role.whose[record.sex],
        "them": role.them[record.sex],
        "kin": role.kin.get(record.sex, ""),
        "age": str(record.age),
        "sex": _person(record),
        "site": case.site or "skin",
        "title": condition.title[0].lower() + condition.title[1:],
        "size": str(case.size_mm or ""),
        "earlier": _earlier(case, draws),
    }
    allergens = " ".join(entry.text.lower() for entry in record.allergies or ())
    for name, options in (task.draw | (task.draw_child if young else {})).items():
        # Nobody has just been given what they are allergic to.
        safe = tuple(option for option in options if option.split()[0] not in allergens)
        drawn[name] = draws.pick(name, safe or options)
    return drawn


def _opening(case: PhotoCase, casting: Casting, drawn: dict[str, str], draws: PersonaDraws) -> str:
    task, role = tasks()[casting.task], speakers()[casting.speaker]
    clinical = role.register == "clinical"
    said = draws.pick("opening", task.said(case.condition.speciality, clinical=clinical))
    opens = "" if "$them" in said else draws.pick("opens", role.opens)
    opening = Template(opens + said).substitute(drawn)
    return (
        opening if clinical or opening[0].islower() != said[0].isupper() else opening[0].upper() + opening[1:]
    )


def _with_task(known: tuple[Fact, ...], task: Task, drawn: dict[str, str]) -> tuple[Fact, ...]:
    """Lay what the task adds over what the patient knows: in place of a no or a don't-know, beside anything else."""
    for table in task.facts:
        if any(not drawn.get(name) for name in table.get("needs", "").split()):
            continue
        added = Fact(
            slot=table["slot"],
            says=Template(table["says"]).substitute(drawn),
            gate=table["gate"],
            answer=table["answer"],
            value=Template(table["value"]).substitute(drawn),
            discriminating=True,
        )
        kept = tuple(fact for fact in known if fact.slot != added.slot or fact.answer in ("yes", "value"))
        known = (*kept, added)
    return known


def _earlier(case: PhotoCase, draws: PersonaDraws) -> str:
    """Give the size it was months ago, in mm; empty where today's is not known."""
    if not case.size_mm:
        return ""
    grown = 1 + int(draws.chance("grown") * case.size_mm * 0.4) if case.answers.get("change") == "yes" else 0
    return str(max(1, case.size_mm - grown))


def _truth(case: PhotoCase, known: tuple[RiskEntry, ...], task: Task) -> Truth:
    condition = case.condition
    return Truth(
        label=condition.key,
        title=condition.title,
        group=condition.group,
        accepted=condition.accepted,
        malignant=condition.malignant if case.malignant is None else case.malignant,
        urgency=condition.urgency,
        neighbours=condition.neighbours,
        ceiling=condition.ceiling,
        site=case.site,
        findings=case.findings,
        must_ask=condition.must_ask,
        must_not=condition.must_not,
        risks=tuple(risk.text for risk in known),
        photo="clear",
        good=task.good,
        risk=task.risk,
    )


def _title(case: PhotoCase, record: Record) -> str:
    """Name a scenario for people, without a word that gives the answer away."""
    thing = {"raised": "bump", "patch": "patch"}.get(case.shape, "spot")
    if case.condition.speciality != "skin":
        thing = {"chest": "chest X-ray", "eye": "photograph of the eye"}[case.condition.speciality]
    place = f" on the {case.site}" if case.site and case.condition.speciality == "skin" else ""
    return f"{_person(record)} of {record.age}, {thing}{place}"


def _person(record: Record) -> str:
    grown = {"female": "woman", "male": "man", "unknown": "person"}[record.sex]
    young = {"female": "girl", "male": "boy", "unknown": "child"}[record.sex]
    return young if record.age < ADULT else grown
