"""The rows of the scenarios: who came, with what photograph and record, and the truth; streamed from their file.

Nothing here knows what was said.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.export.sheets.writers import Row
from engine.scoring.scenes import scene
from personas.scenarios.store import stream
from personas.values import Scenario


def scenario_rows(folder: Path) -> Iterator[Row]:
    """Give every scenario; raises `Unreadable` at a line that was changed."""
    for _, one in stream(folder / "scenarios.jsonl"):
        yield _person(one) | _truth(one) | _picture(one)


def stratum_rows(folder: Path) -> Iterator[Row]:
    """Give every stratum that a scenario is known to be of."""
    for _, one in stream(folder / "scenarios.jsonl"):
        for stratum, level in scene(one).strata.items():
            yield {"scenario": one.id, "stratum": stratum, "level": level}


def _person(one: Scenario) -> Row:
    who = one.persona
    return {
        "scenario": one.id,
        "case": one.cluster,
        "task": one.task,
        "variant": one.variant or None,
        "title": one.title,
        "age": who.age,
        "sex": who.sex,
        "speaker": who.speaker,
        "opening": who.opening,
        "worry": who.worry,
        "belief": who.belief or None,
        "record": one.record.id,
        "record_source": one.record.source,
    }


def _truth(one: Scenario) -> Row:
    truth = one.truth
    return {
        "condition": truth.title,
        "label": truth.label,
        "diagnosis_group": truth.group or None,
        "malignant": truth.malignant,
        "urgency": truth.urgency,
        "ceiling": truth.ceiling,
        "site": truth.site or None,
        "canary": one.canary or None,
    }


def _picture(one: Scenario) -> Row:
    photo = one.photo
    return {
        "photo": photo.sha256,
        "photo_type": photo.media_type,
        "photo_width": photo.width,
        "photo_height": photo.height,
        "photo_drawn": photo.drawn,
        "photo_degraded": photo.degraded or None,
        "source": one.source,
        "attribution": one.attribution or None,
        "restricted": one.restricted,
    }
