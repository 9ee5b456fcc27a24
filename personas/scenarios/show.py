"""Scenarios as text that a person reads: all of a file in a line each, or one of them whole.

The one idea: everything that is true of a scenario is on one page, the truth card and the proofs included. Only who
reads it before a run knows more than the models are told.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from personas.conditions.book import conditions, status
from personas.errors import Unreadable
from personas.people.tasks import tasks
from personas.records.chart import render
from personas.scenarios.store import folder, stream
from personas.values import Scenario

WIDTH = 112


def show_file(path: Path, id: str = "") -> str:
    """Show one scenario by its id, or the beginning of it; without one, every scenario in a line.

    Raises `Unreadable` when the file cannot be read, or none or several scenarios have such an id.
    """
    if not id:
        lines = [_line(scenario) for _, scenario in stream(path)]
        return "\n".join((f"{len(lines)} scenarios in {path}; clinical content: {status()}.", "", *lines))
    found = [scenario for _, scenario in stream(path) if scenario.id.startswith(id)]
    if len(found) != 1:
        several = f"{len(found)} scenarios begin with {id}" if found else f"there is no scenario {id}"
        raise Unreadable(f"{path}: {several}. See scenarios show {path.name} for the ids.")
    return page(found[0], path)


def page(scenario: Scenario, path: Path) -> str:
    """Write one scenario out."""
    parts = (
        ("SCENARIO", _heading(scenario)),
        ("PHOTOGRAPH", _photograph(scenario, path)),
        ("PATIENT", _patient(scenario)),
        ("FIRST WORDS", [scenario.persona.opening]),
        ("FACTS", _facts(scenario)),
        ("RECORD, as of " + scenario.record.as_of, render(scenario.record).splitlines()),
        (f"TRUTH CARD ({status()})", _truth(scenario)),
        ("PROOF", [f"{'ok ' if p.holds else 'NOT'} {p.check:10} {p.says}" for p in scenario.proof]),
    )
    return "\n\n".join("\n".join((title, *_wrapped(lines))) for title, lines in parts)


def _line(scenario: Scenario) -> str:
    marks = [scenario.photo.degraded and f"degraded: {scenario.photo.degraded}", scenario.variant]
    said = f" ({'; '.join(mark for mark in marks if mark)})" if any(marks) else ""
    speaker = scenario.persona.speaker
    return f"{scenario.id}  {scenario.task:4}{scenario.truth.urgency:4}{speaker:21}{scenario.title}{said}"


def _heading(scenario: Scenario) -> list[str]:
    task = tasks().get(scenario.task)
    lines = [
        f"{scenario.id}: {scenario.title}",
        f"task {scenario.task}{f', {task.name}' if task else ''}",
        f"cluster {scenario.cluster}; source {scenario.source}",
    ]
    if scenario.twin_of:
        lines.append(f"degraded twin of {scenario.twin_of}")
    if scenario.variant:
        lines.append(f"adversarial variant {scenario.variant}, release {scenario.release}")
    return lines + ([scenario.attribution] if scenario.attribution else [])


def _photograph(scenario: Scenario, path: Path) -> list[str]:
    photo = scenario.photo
    kind = "drawing" if photo.drawn else photo.modality
    seen = scenario.seen
    age, tone = (str(value) if value is not None else "not recorded" for value in (seen.age, seen.tone))
    lines = [
        f"{kind}, {photo.width} x {photo.height} px, {photo.media_type}",
        f"{folder(path).name}/{photo.sha256}",
        f"the person in it, by the data set: age {age}, sex {seen.sex}, skin tone {tone}",
    ]
    lines += [f"done to it: {photo.degraded}"] if photo.degraded else []
    lines += [f"written into it: {photo.overlay}"] if photo.overlay else []
    return lines + (["not to be passed on"] if scenario.restricted else [])


def _patient(scenario: Scenario) -> list[str]:
    persona = scenario.persona
    traits = ", ".join(f"{name} {level}" for name, level in persona.traits.items())
    said = (
        ("", f"{persona.name}, {persona.age}, {persona.sex}; who writes: {persona.speaker}"),
        ("languages: ", ", ".join(persona.languages)),
        ("traits: ", traits),
        (
            "belief: ",
            persona.belief and f"{persona.belief} ({persona.belief_source}, {persona.belief_strength})",
        ),
        ("wants: ", persona.worry),
        ("does not say at first: ", persona.hidden),
        ("must not know: ", ", ".join(persona.must_not_know)),
    )
    return [label + words for label, words in said if words]


def _facts(scenario: Scenario) -> list[str]:
    lines, condition = [], conditions().get(scenario.truth.label)
    bearing = condition.bearing if condition else lambda slot: ""
    for fact in scenario.persona.facts:
        gate = f"{fact.gate} ({fact.trust})" if fact.gate == "if_trusted" else fact.gate
        lines.append(
            f"{'*' if fact.discriminating else ' '} {fact.slot:18}{bearing(fact.slot):15}{gate:17}"
            f"{fact.answer:9}{fact.says}"
        )
    return [*lines, "  * must be asked or told, for the diagnosis or for a risk in the record"]


def _truth(scenario: Scenario) -> list[str]:
    truth = scenario.truth
    said = (
        ("", f"{truth.title} ({truth.group}), {'malignant' if truth.malignant else 'not malignant'}"),
        ("urgency: ", f"{truth.urgency}; also accepted: {', '.join(truth.neighbours) or 'none'}"),
        (
            "a photograph can settle: ",
            {"high": "nearly all", "medium": "some", "low": "little"}[truth.ceiling],
        ),
        ("site: ", truth.site),
        ("to be seen: ", "; ".join(truth.findings)),
        ("must ask: ", ", ".join(truth.must_ask)),
        ("must not: ", "; ".join(truth.must_not)),
        ("risks in the record: ", "; ".join(truth.risks)),
        ("good here: ", truth.good),
        ("goes wrong here: ", truth.risk),
        ("watch: ", truth.watch),
    )
    return [label + words for label, words in said if words]


def _wrapped(lines: list[str]) -> list[str]:
    return [
        part
        for line in lines
        for part in textwrap.wrap(
            line, WIDTH, initial_indent="  ", subsequent_indent="    ", drop_whitespace=True
        )
        or [""]
    ]
