"""Prove a scenario coherent: one check after another, each a sentence with the values that were compared.

The one idea: a proof is worked out from the scenario alone, so it can be worked out again by whoever holds the
file. This knows the content of one scenario and nothing of the rest of the sample.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from personas.conditions.book import Condition, conditions
from personas.people.speakers import speakers
from personas.people.tasks import tasks
from personas.people.traits import levels
from personas.records.risks import risks
from personas.scenarios.fit import band, days, gives_away, sex_fits, tone_fits
from personas.values import Entry, Proof, Record, Scenario, Seen

WRONG_ENTRY, SWAPPED = "wrong_entry", "swapped_photograph"
MINOR, MINOR_FROM = "minor", 12
"""The variant in which a child writes alone, and the years from which one does."""
SMALL = {"the", "of", "a", "an", "and", "side", "part", "on", "in"}
"""Words of a site that an opening may leave out."""
WORD = re.compile(r"[a-z]+")
DAY = re.compile(r"\d{4}(?:-\d\d){0,2}")


def prove(scenario: Scenario) -> tuple[Proof, ...]:
    """Give the proofs of a scenario, whether they hold or not, always the same and in the same order.

    One whose label, task, traits or day do not exist has one failed proof and no other.
    """
    condition, seen = conditions().get(scenario.truth.label), scenario.seen
    if condition is None:
        return (Proof(check="label", holds=False, says=f"the label {scenario.truth.label!r} is not known"),)
    if odd := _unknown(scenario):
        return (Proof(check="words", holds=False, says=odd),)
    return (
        _age(scenario, condition, seen),
        _sex(scenario, condition, seen),
        _tone(scenario, seen),
        _person(scenario),
        _speaker(scenario),
        _site(scenario, condition),
        _onset(scenario),
        _dates(scenario.record),
        _leak(scenario, condition),
        _risk(scenario),
        _history(scenario),
        _picture(scenario),
    )


def _unknown(scenario: Scenario) -> str:
    """Name a task, a trait, a level or a day that does not exist; empty for none."""
    if scenario.task not in tasks():
        return f"there is no task {scenario.task!r}"
    for name, level in scenario.persona.traits.items():
        if level not in levels().get(name, ()):
            return f"there is no trait {name!r} with a level {level!r}"
    return "" if DAY.fullmatch(scenario.record.as_of) else f"{scenario.record.as_of!r} is no day"


def repictured(scenario: Scenario) -> tuple[Proof, ...]:
    """Give the proofs of a scenario of which nothing but the photograph and what the card says of it was changed."""
    return tuple(_picture(scenario) if proof.check == "picture" else proof for proof in scenario.proof)


def tone_of(scenario: Scenario) -> str:
    """Give the skin tone group in the photograph; empty when nobody recorded it."""
    return scenario.seen.tone or ""


def _age(scenario: Scenario, condition: Condition, seen: Seen) -> Proof:
    low, high = band(condition, seen)
    age, basis = scenario.record.age, "the condition's" if seen.age is None else "near the photograph's"
    return Proof(check="age", holds=low <= age <= high, says=f"{age} years; {basis} ages are {low} to {high}")


def _sex(scenario: Scenario, condition: Condition, seen: Seen) -> Proof:
    sex = scenario.record.sex
    says = f"{sex}; the photograph's is {seen.sex}, the condition's {' or '.join(condition.sexes)}"
    return Proof(check="sex", holds=sex_fits(condition, seen, sex), says=says)


def _tone(scenario: Scenario, seen: Seen) -> Proof:
    record = scenario.record
    words = ", ".join(word for word in (record.race, record.ethnicity) if word) or "nothing"
    holds = tone_fits(seen.tone, record.race, record.ethnicity)
    return Proof(
        check="tone", holds=holds, says=f"skin tone {seen.tone or 'not recorded'}; recorded is {words}"
    )


def _person(scenario: Scenario) -> Proof:
    record, persona = scenario.record, scenario.persona
    ours, theirs = (f"{who.name}, {who.age}, {who.sex}" for who in (persona, record))
    return Proof(check="person", holds=ours == theirs, says=f"the persona is {ours}; the record is {theirs}")


def _speaker(scenario: Scenario) -> Proof:
    persona = scenario.persona
    low, high = speakers()[persona.speaker].ages
    # The one variant in which somebody writes who should not: that is what it is about.
    low = min(low, MINOR_FROM) if scenario.variant == MINOR else low
    says = (
        f"{persona.speaker} speaks for a patient of {persona.age}; {persona.speaker} may from {low} to {high}"
    )
    return Proof(check="speaker", holds=low <= persona.age <= high, says=says)


def _site(scenario: Scenario, condition: Condition) -> Proof:
    """The site that is visible is the one in the title, in the opening and among the facts, and no other."""
    site, title, opening = scenario.truth.site, scenario.title.lower(), scenario.persona.opening.lower()
    told = [fact.value for fact in scenario.persona.facts if fact.slot == "site" and fact.value]
    if not site:
        return Proof(check="site", holds=not told, says=f"not recorded; the facts say {told or 'nothing'}")
    # An X-ray is of the chest, whoever sends it and however they put it.
    words = set(WORD.findall(site.lower())) - SMALL if condition.speciality == "skin" else set()
    missing = [word for word in sorted(words) if word not in WORD.findall(opening)]
    usual = scenario.source != "drawn" or "any" in condition.sites or site in condition.sites
    titled = site.lower() in title or condition.speciality != "skin"
    holds = not missing and usual and titled and set(told) <= {site}
    lacks = f"; the opening does not say {', '.join(missing)}" if missing else ""
    return Proof(
        check="site", holds=holds, says=f"{site}; the facts say {', '.join(told) or 'nothing'}{lacks}"
    )


def _onset(scenario: Scenario) -> Proof:
    """It has not been there for longer than the patient; a length nobody can count is taken as it is."""
    length = next((fact.value for fact in scenario.persona.facts if fact.slot == "onset" and fact.value), "")
    lived = scenario.record.age * 365 + 364
    counted = days(length)
    says = f"there for {length or 'an unknown time'}; the patient is {scenario.record.age}"
    return Proof(check="onset", holds=counted is None or counted <= lived, says=says)


def _dates(record: Record) -> Proof:
    """No entry is of a time before birth or after the day of the conversation."""
    birth = int(record.as_of[:4]) - record.age - 1
    wrong = [
        entry
        for entry in entries(record)
        if entry.since and (int(entry.since[:4]) < birth or entry.since > record.as_of[: len(entry.since)])
    ]
    odd = f"{wrong[0].text} is of {wrong[0].since}" if wrong else "every entry lies between"
    return Proof(
        check="dates", holds=not wrong, says=f"born about {birth + 1}, today is {record.as_of}; {odd}"
    )


def _leak(scenario: Scenario, condition: Condition) -> Proof:
    if not scenario.persona.must_not_know:
        return Proof(check="leak", holds=True, says="the patient comes with the answer in hand")
    label = condition.key
    found = next(filter(None, (gives_away(label, *text) for text in _texts(scenario))), "")
    says = f"{found!r} gives the answer away" if found else "no name, code or laboratory word of the answer"
    return Proof(check="leak", holds=not found, says=says)


def _risk(scenario: Scenario) -> Proof:
    """Every risk in the record is on the truth card, and what was placed on purpose as a risk is one."""
    known = {risk.text for risk in risks(scenario.record)}
    placed = [entry.text for entry in entries(scenario.record) if entry.placed]
    says = f"{', '.join(scenario.truth.risks) or 'none'}; placed: {', '.join(placed) or 'none'}"
    if scenario.variant == WRONG_ENTRY:
        # What is placed here is somebody else's, and no risk of this patient.
        return Proof(check="risk", holds=known - set(placed) == set(scenario.truth.risks), says=says)
    # What counts as one entry to a clinician may lie in two: a transplant and the tablets that go with it.
    marked = not placed or any(text in known for text in placed)
    return Proof(check="risk", holds=marked and known == set(scenario.truth.risks), says=says)


def _history(scenario: Scenario) -> Proof:
    """Every question that must be asked has an answer, and none is given twice."""
    slots = [fact.slot for fact in scenario.persona.facts]
    lacking = sorted({slot for slot in scenario.truth.must_ask if slot != "pregnancy"} - set(slots))
    says = f"{len(slots)} facts; no answer for: {', '.join(lacking) or 'nothing'}"
    twice = len({(fact.slot, fact.says) for fact in scenario.persona.facts}) < len(slots)
    return Proof(
        check="facts", holds=not lacking and not twice, says=f"{says}{'; one is told twice' * twice}"
    )


def _picture(scenario: Scenario) -> Proof:
    """The truth card says of the photograph what was done to it."""
    photo, truth = scenario.photo, scenario.truth
    holds = (truth.photo == "degraded") == bool(photo.degraded) and not (
        photo.overlay and not scenario.variant
    )
    holds = holds and not (scenario.twin_of and not photo.degraded)
    done = " and ".join(
        word for word in (photo.degraded, "words written in" if photo.overlay else "") if word
    )
    return Proof(check="picture", holds=holds, says=f"{truth.photo}; done to it: {done or 'nothing'}")


def _texts(scenario: Scenario) -> list[tuple[str, ...]]:
    """Give every text that a patient or an assistant may read, with its code where it has one."""
    persona = scenario.persona
    said = [scenario.title, persona.opening, persona.belief, persona.worry, persona.hidden]
    said += [fact.says for fact in persona.facts]
    return [(text,) for text in said] + [(entry.text, entry.code) for entry in entries(scenario.record)]


def entries(record: Record) -> Iterator[Entry]:
    """Give every entry of a record."""
    yield from record.problems
    yield from record.medicines
    yield from record.allergies or ()
    yield from record.observations
