"""Tell a case as a scenario: who speaks, their first words, what they know, and the truth card.

The one idea: the person is the record's and the skin is the photograph's, so nothing in one contradicts the
other. This does not choose pairs, tasks or traits; it is given them.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from string import Template

from personas.cases.case import PhotoCase
from personas.people.facts import facts
from personas.records.risks import risks
from personas.seeds import digest, uniform
from personas.values import Persona, Record, Scenario, Truth

FILE = Path(__file__).with_name("tasks.toml")
PARENT_BELOW = 12
"""Years of age below which a parent writes."""
NOTHING = "$none"


def tell(case: PhotoCase, record: Record, task: str, traits: dict[str, str], *, seed: int) -> Scenario:
    """Put a case, a record, a task and traits together; the id is left for the store to give."""
    return Scenario(
        id="",
        task=task,
        title=_title(case, record),
        photo=case.photo,
        record=record,
        persona=_persona(case, record, task, traits, seed=seed),
        truth=_truth(case, record),
        cluster=case.cluster,
        source=case.source,
        attribution=case.attribution,
    )


def _persona(case: PhotoCase, record: Record, task: str, traits: dict[str, str], *, seed: int) -> Persona:
    address = (seed, case.id)
    child = record.age < PARENT_BELOW
    thing = _pick(_table()["words"][case.shape], *address, "thing")
    opening = _pick(_table()[task]["opening"], *address, task, "opening")
    belief = _pick(_table()["beliefs"][case.shape], *address, "belief")
    worry = _pick(_table()[task]["worry"], *address, task, "worry")
    return Persona(
        id=f"p-{digest('persona', *address).hex()[:12]}",
        name=record.name,
        age=record.age,
        sex=record.sex,
        speaker="parent_of_child" if child else "self",
        traits=traits,
        belief="" if belief == NOTHING else belief,
        worry=worry,
        opening=Template(opening).substitute(
            place=_place(case.site or "skin", f"my {_child(record)}'s" if child else "my"), thing=thing
        ),
        facts=facts(case, record, *address, openness=traits["openness"], child=child),
    )


def _truth(case: PhotoCase, record: Record) -> Truth:
    condition = case.condition
    return Truth(
        label=condition.key,
        title=condition.title,
        accepted=condition.accepted,
        malignant=condition.malignant,
        urgency=condition.urgency,
        neighbours=condition.neighbours,
        ceiling=condition.ceiling,
        site=case.site,
        findings=case.findings,
        must_ask=condition.must_ask,
        must_not=condition.must_not,
        risks=tuple(risk.text for risk in risks(record)),
        photo="clear",
    )


def _title(case: PhotoCase, record: Record) -> str:
    """Name a scenario for people, without a word that gives the answer away."""
    grown = {"female": "woman", "male": "man", "unknown": "person"}[record.sex]
    young = {"female": "girl", "male": "boy", "unknown": "child"}[record.sex]
    thing = {"raised": "bump", "patch": "patch"}.get(case.shape, "spot")
    place = f" on the {case.site}" if case.site else ""
    return f"{young if record.age < 18 else grown} of {record.age}, {thing}{place}"


def _place(site: str, whose: str) -> str:
    """Say whose it is where people say it: "my left cheek", but "the back of my left hand"."""
    part, of, whole = site.partition(" of the ")
    return f"the {part} of {whose} {whole}" if of else f"{whose} {site}"


def _child(record: Record) -> str:
    return {"female": "daughter", "male": "son", "unknown": "child"}[record.sex]


def _pick(options: list[str], *address: object) -> str:
    return options[int(uniform(*address) * len(options))]


@cache
def _table() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
