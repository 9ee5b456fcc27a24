"""The sample."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from personas.errors import Unreadable
from personas.scenarios.build import embedded, paired, shares
from personas.scenarios.store import identify

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")
PROGRAM = """
from personas.scenarios.build import embedded
print([(s.id, s.photo.sha256) for s in embedded(12, 5).scenarios])
"""


@pytest.fixture(scope="module")
def full():
    return embedded(155, 1)


def test_the_full_sample_is_130_clean_and_25_degraded(full):
    assert len(full.scenarios) == len({s.id for s in full.scenarios}) == len(full.album) == 155
    assert Counter(s.truth.photo for s in full.scenarios) == {"clear": 130, "degraded": 25}


def test_a_twin_differs_in_its_photograph_only(full):
    known = {s.id: s for s in full.scenarios}
    for twin in (s for s in full.scenarios if s.twin_of):
        sibling = known[twin.twin_of]
        assert twin.photo.degraded
        assert twin.photo.sha256 != sibling.photo.sha256
        assert twin.task == "T11"
        restored = replace(twin, photo=sibling.photo, truth=sibling.truth, task=sibling.task, twin_of="")
        assert identify(restored) == sibling


def test_a_twin_stands_some_places_after_its_sibling(full):
    places = {s.id: place for place, s in enumerate(full.scenarios)}
    assert all(places[s.id] - places[s.twin_of] >= 3 for s in full.scenarios if s.twin_of)


def test_every_beginning_is_mixed(full):
    first = full.scenarios[:20]
    assert len({s.truth.label for s in first}) >= 14
    assert len({s.task for s in first}) == 6
    assert 2 <= sum(bool(s.twin_of) for s in first) <= 4
    assert sum(bool(s.truth.risks) for s in first) >= 5


def test_skin_and_person_go_together(full):
    for scenario in full.scenarios:
        tone = {"White": ("12", "34"), "Black or African American": ("56",)}.get(scenario.record.race)
        assert tone is None or any(f"-{name}-" in scenario.cluster for name in tone)


def test_no_record_names_the_answer(full):
    for s in full.scenarios:
        entries = (*s.record.problems, *s.record.medicines, *(s.record.allergies or ()))
        assert not any(name in entry.text.lower() for entry in entries for name in s.truth.accepted)


@pytest.mark.parametrize("count", [1, 2, 4, 5, 6, 31, 155, 200])
def test_the_proportion_of_twins_is_kept(count):
    clean, twins = shares(count)
    assert clean + twins == count
    assert twins == (25 if count == 155 else twins)
    assert (twins >= 1) == (count >= 4)


def test_a_small_sample_is_sensible():
    sample = embedded(5, 2)
    assert [bool(s.twin_of) for s in sample.scenarios] == [False, False, False, False, True]
    assert len({s.truth.label for s in sample.scenarios}) == 4


def test_two_processes_build_the_same_sample():
    said = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert hashlib.sha256(said[0]).digest() == hashlib.sha256(said[1]).digest()
    assert b"s-" in said[0]


def test_the_seed_changes_the_sample():
    assert {s.id for s in embedded(5, 1).scenarios}.isdisjoint(s.id for s in embedded(5, 2).scenarios)


def test_no_scenarios_cannot_be_made():
    with pytest.raises(Unreadable, match="--scenarios 1"):
        embedded(0, 1)


@real
@pytest.mark.shared
def test_real_photographs_are_used_once_and_with_records_that_fit():
    sample = paired(SHARED / "images/pad_ufes_20", SHARED / "synthea/fhir_r4_2019_v2.4", 29, 3)
    clear = [s for s in sample.scenarios if not s.twin_of]
    assert len(sample.scenarios) == 29
    assert len({s.photo.sha256 for s in clear}) == len(clear) == 24
    assert all(s.source == "PAD-UFES-20" and s.attribution and not s.photo.drawn for s in sample.scenarios)
    assert all(s.record.source == "fhir" for s in sample.scenarios)
    assert any("rows" in note for note in sample.notes)
    assert any("died" in note for note in sample.notes)


@real
@pytest.mark.shared
def test_too_few_photographs_say_how_many_scenarios_they_make():
    with pytest.raises(Unreadable, match=r"24 usable photographs.*--scenarios 29 or fewer"):
        paired(SHARED / "images/pad_ufes_20", None, 30, 1)


@real
@pytest.mark.shared
def test_drawings_can_have_real_records():
    sample = paired(None, SHARED / "synthea/fhir_r4_2022", 8, 1)
    assert {s.source for s in sample.scenarios} == {"drawn"}
    assert {s.record.source for s in sample.scenarios} == {"fhir"}
