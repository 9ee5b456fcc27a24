"""The sample."""

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from personas.conditions.book import conditions
from personas.errors import Unreadable
from personas.people.speakers import speakers
from personas.people.tasks import tasks
from personas.people.traits import levels
from personas.photos.album import Album
from personas.photos.degrade import LADDER
from personas.scenarios import build, choose
from personas.scenarios.balance import SampleBalance
from personas.scenarios.build import ScenarioWish, gather, make, shares
from personas.scenarios.proof import entries
from personas.scenarios.store import identify
from tests.samples import embedded, paired

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")
PROGRAM = """
from tests.samples import embedded
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
        card = {name: getattr(sibling.truth, name) for name in ("photo", "findings", "good", "risk")}
        truth = replace(twin.truth, **card)
        assert truth == sibling.truth
        allowed = {name: getattr(sibling, name) for name in ("photo", "task", "proof")}
        assert identify(replace(twin, truth=truth, twin_of="", **allowed)) == sibling


def test_the_card_says_what_is_good_about_the_task_that_is_asked(full):
    for scenario in full.scenarios:
        assert scenario.truth.good == tasks()[scenario.task].good
        assert scenario.truth.risk == tasks()[scenario.task].risk


def test_the_full_sample_is_balanced_over_group_tone_and_photograph():
    balance = SampleBalance()
    for scenario in embedded(155, 7).scenarios:
        balance.add(scenario)
    assert balance.unevenness()[0] <= 3
    assert balance.strongest()[0] <= 0.12
    for by, most in (("diagnosis group", 0.12), ("skin tone", 0.08), ("photograph", 0.08)):
        assert max(balance.tie(name, by) for name in levels()) <= most, by


def test_only_what_they_can_know_is_believed_by_those_who_write_for_others(full):
    for persona in (s.persona for s in full.scenarios):
        said = f"{persona.belief} {persona.hidden}"
        assert persona.speaker == "self" or not re.search(r"\byou(?:rself| knocked| sleep)|your spots", said)
        assert (persona.belief_strength > 0) == bool(persona.belief)


def test_findings_stay_on_the_card_while_they_can_still_be_seen(full):
    slight = {f"{kind} {steps[0]:g}" for kind, steps in LADDER.items()}
    for twin in (s for s in full.scenarios if s.twin_of):
        assert bool(twin.truth.findings) == (twin.photo.degraded in slight)
        assert (twin.task == "T11") == (twin.photo.degraded not in slight)


def test_twins_go_through_every_kind_and_dose(full):
    done = {s.photo.degraded for s in full.scenarios if s.twin_of}
    assert len(done) == len({f"{kind} {dose:g}" for kind, steps in LADDER.items() for dose in steps}) == 24


def test_a_twin_stands_some_places_after_its_sibling(full):
    places = {s.id: place for place, s in enumerate(full.scenarios)}
    assert all(places[s.id] - places[s.twin_of] >= 3 for s in full.scenarios if s.twin_of)


def test_every_beginning_is_mixed(full):
    first = full.scenarios[:20]
    assert len({s.truth.label for s in first}) >= 14
    assert len({s.task for s in first}) >= 9
    assert 2 <= sum(bool(s.twin_of) for s in first) <= 4
    assert sum(bool(s.truth.risks) for s in first) >= 5


def test_skin_and_person_go_together(full):
    for scenario in full.scenarios:
        tone = {"White": ("12", "34"), "Black or African American": ("56",)}.get(scenario.record.race)
        assert tone is None or any(f"-{name}-" in scenario.cluster for name in tone)


def test_no_record_names_the_answer(full):
    for s in (s for s in full.scenarios if s.persona.must_not_know):
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


def test_every_proof_holds(full):
    wrong = [(s.id, proof) for s in full.scenarios for proof in s.proof if not proof.holds]
    assert not wrong


def test_all_twelve_tasks_and_all_speakers_are_there(full):
    assert {s.task for s in full.scenarios} == {f"T{number}" for number in range(1, 13)}
    assert {s.persona.speaker for s in full.scenarios} == set(speakers())


def test_risks_are_placed_on_purpose_and_stand_on_the_card(full):
    clean = [s for s in full.scenarios if not s.twin_of]
    placed = [s for s in clean if any(entry.placed for entry in entries(s.record))]
    assert 0.4 < len(placed) / len(clean) < 0.8
    assert all(s.truth.risks for s in placed)


def test_a_real_photographs_malignancy_is_the_data_sets(full):
    assert all(s.truth.malignant == conditions()[s.truth.label].malignant for s in full.scenarios)


def test_the_papers_layout_has_no_twins():
    sample = gather(ScenarioWish(count=31, layout="unpaired"))
    poor = [s for s in sample.scenarios if s.photo.degraded]
    assert len(sample.scenarios) == len({s.cluster for s in sample.scenarios}) == 31
    assert len(poor) == 5
    assert not any(s.twin_of for s in sample.scenarios)
    assert all(proof.holds for s in sample.scenarios for proof in s.proof)


def test_as_many_are_degraded_as_are_asked_for():
    for count in (0, 3, 10):
        sample = gather(ScenarioWish(count=20, degraded=count))
        assert len(sample.scenarios) == 20
        assert sum(bool(s.photo.degraded) for s in sample.scenarios) == count
    with pytest.raises(Unreadable, match="--degraded 0 to 10"):
        gather(ScenarioWish(count=20, degraded=11))


def test_a_large_sample_shares_its_drawings_and_says_so(monkeypatch):
    for module in (build, choose):
        monkeypatch.setattr(module, "POOL", 20)
    album = Album()
    made = make(ScenarioWish(count=200, seed=3), album)
    scenarios = list(made.scenarios)
    assert len({s.cluster for s in scenarios}) == 20
    assert len({s.id for s in scenarios}) == 200
    assert len(album) <= 40
    assert any("share 20 drawings" in note for note in made.notes)
    assert all(proof.holds for s in scenarios for proof in s.proof)


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
    assert sum(s.record.source == "fhir" for s in clear) >= 20
    assert any("built-in record" in note for note in sample.notes)
    assert any("rows" in note for note in sample.notes)
    assert any("died" in note for note in sample.notes)


@real
@pytest.mark.shared
def test_too_few_photographs_say_how_many_scenarios_they_make():
    with pytest.raises(Unreadable, match=r"24 usable photographs.*ask for 29 or fewer"):
        paired(SHARED / "images/pad_ufes_20", None, 30, 1)


@real
@pytest.mark.shared
def test_drawings_can_have_real_records():
    sample = paired(None, SHARED / "synthea/fhir_r4_2022", 8, 1)
    assert {s.source for s in sample.scenarios} == {"drawn"}
    assert "fhir" in {s.record.source for s in sample.scenarios}
