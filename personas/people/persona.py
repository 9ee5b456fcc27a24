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
from personas.seeds import digest, uniform
from personas.values import Fact, Persona, Record, Scenario, Speaker, Truth

ADULT, CHILD = 18, 12
"""Years; below the second, a task's words for children are used."""


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


def tell(case: PhotoCase, record: Record, casting: Casting, *, seed: int) -> Scenario:
    """Put a developed case, a record and a casting together; id and proof are left for others to give."""
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
        truth=_truth(case, known),
        cluster=case.cluster,
        source=case.source,
        attribution=case.attribution,
        restricted=case.restricted,
    )


def place_of(site: str, whose: str) -> str:
    """Say whose it is where people say it: "my left cheek", but "the back of my left hand"."""
    part, of, whole = site.partition(" of the ")
    return f"the {part} of {whose} {whole}" if of else f"{whose} {site}"


def pick(options: tuple[str, ...], *address: object) -> str:
    """Give the option that lives at this address."""
    return options[int(uniform(*address) * len(options))]


def _persona(
    case: PhotoCase, record: Record, casting: Casting, known: tuple[RiskEntry, ...], *, seed: int
) -> Persona:
    address = (f"{seed}/{case.id}",)
    task, condition = tasks()[casting.task], case.condition
    drawn = _drawn(case, record, casting, *address)
    openness = casting.traits["openness"]
    told = facts(case, record, *address, openness=openness, speaker=casting.speaker, known=known)
    belief = ""
    if casting.belief != NONE:
        options = beliefs_about(condition.key, case.shape)[casting.belief]
        belief = options[int(uniform(*address, "belief") * len(options))].says
    home = record.language
    return Persona(
        id=f"p-{digest('persona', *address).hex()[:12]}",
        name=record.name,
        age=record.age,
        sex=record.sex,
        speaker=casting.speaker,
        languages=(home, "English") if home and home != "English" else ("English",),
        traits=casting.traits,
        belief=belief,
        belief_source=casting.belief if belief else "",
        worry=pick(task.worry, *address, task.key, "worry"),
        hidden=pick(task.hidden, *address, task.key, "hidden") if casting.hides and task.hidden else "",
        must_not_know=() if task.knows_title else (*condition.accepted, *pathology()),
        opening=_opening(case, record, casting, drawn, *address),
        facts=_with_task(told, task, drawn),
    )


def _drawn(case: PhotoCase, record: Record, casting: Casting, *address: object) -> dict[str, str]:
    """Give the words that openings and a task's facts are filled with."""
    task, role, condition = tasks()[casting.task], speakers()[casting.speaker], case.condition
    young = record.age < CHILD
    drawn = {
        "thing": pick(words()[case.shape], *address, "thing"),
        "place": place_of(case.site or "skin", role.whose[record.sex]),
        "whose": role.whose[record.sex],
        "them": role.them[record.sex],
        "kin": role.kin.get(record.sex, ""),
        "age": str(record.age),
        "sex": _person(record),
        "site": case.site or "skin",
        "title": condition.title[0].lower() + condition.title[1:],
        "size": str(case.size_mm or ""),
        "earlier": _earlier(case, *address),
    }
    allergens = " ".join(entry.text.lower() for entry in record.allergies or ())
    for name, options in (task.draw | (task.draw_child if young else {})).items():
        # Nobody has just been given what they are allergic to.
        safe = tuple(option for option in options if option.split()[0] not in allergens)
        drawn[name] = pick(safe or options, *address, task.key, name)
    return drawn


def _opening(
    case: PhotoCase, record: Record, casting: Casting, drawn: dict[str, str], *address: object
) -> str:
    task, role = tasks()[casting.task], speakers()[casting.speaker]
    clinical = role.register == "clinical"
    said = pick(task.said(case.condition.speciality, clinical=clinical), *address, task.key, "opening")
    opens = "" if "$them" in said else pick(role.opens, *address, "opens")
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


def _earlier(case: PhotoCase, *address: object) -> str:
    """Give the size it was months ago, in mm; empty where today's is not known."""
    if not case.size_mm:
        return ""
    grown = (
        1 + int(uniform(*address, "grown") * case.size_mm * 0.4) if case.answers.get("change") == "yes" else 0
    )
    return str(max(1, case.size_mm - grown))


def _truth(case: PhotoCase, known: tuple[RiskEntry, ...]) -> Truth:
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
