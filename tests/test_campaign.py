"""A campaign goes on where it stopped: what is judged, or judged by nobody, is not had again."""

from __future__ import annotations

from pathlib import Path

import orjson

from engine.campaign import unfinished
from engine.catalog import read_catalog
from engine.events import ConversationEnded, Event
from engine.folder import read_plan
from personas.photos.album import Album
from personas.scenarios.build import Sample
from tests.audited import recorded, scenario
from tests.staging import staged


def resumed(folder: Path, *reasons: str) -> frozenset[str]:
    """Record a run whose conversations ended for these reasons and were never judged; give what is still to do."""
    scenarios = [scenario()]
    recorded(folder, scenarios, {})
    plan = read_plan(folder)
    sample = Sample(scenarios=tuple(scenarios), album=Album(), notes=())
    campaign = staged(folder, plan, sample, read_catalog())
    ends = [
        Event(at=1.0, conversation=cell.id, body=ConversationEnded(stop_reason=reason, turns=3))
        for cell, reason in zip(campaign.cells, reasons, strict=True)
    ]
    lines = b"".join(orjson.dumps(event) + b"\n" for event in ends)
    (folder / "journal" / "0001.jsonl").write_bytes(lines)
    return unfinished(campaign).open


def test_a_conversation_without_its_votes_is_taken_up_again_and_a_patients_fault_is_not(tmp_path):
    (open_cell,) = resumed(tmp_path / "run", "patient_done", "patient_fault")
    assert open_cell.startswith("claude-haiku-4.5/")
