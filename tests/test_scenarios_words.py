"""Words about a sample for people: what was left out, how evenly it was dealt, and what those who write want."""

import re

import numpy as np
import pytest
from PIL import Image

from personas.conditions.book import conditions
from personas.people.beliefs import beliefs_about
from personas.people.speakers import speakers
from personas.people.tasks import tasks
from personas.photos.album import Album
from personas.scenarios.balance import SampleBalance
from personas.scenarios.build import LEFT_OUT
from personas.scenarios.choose import open_cases
from personas.scenarios.remarks import grouped
from personas.seeds import derive
from tests.samples import embedded

APART = re.compile(r"\b(?:and|or) (?:are|were|am)\b")
"""A verb that does not stand right behind its "you", and so would stay in the second person."""
MAP = """
name = "Our clinic"
tables = "list.csv"
attribution = "photographs by our clinic"

[columns]
image = "file"
label = "diagnosis"
"""


def test_many_of_one_reason_are_one_sentence():
    skipped = [("a.json", "is of a dog"), ("b.json", "has no name"), ("c.json", "is of a dog")]
    assert grouped(skipped, *LEFT_OUT) == [
        "2 health records were left out: each is of a dog (first: a.json).",
        "Health record b.json was left out: it has no name.",
    ]


def test_photographs_that_cannot_be_opened_are_told_of_once_and_without_their_folder(tmp_path):
    folder = tmp_path / "clinic"
    folder.mkdir()
    for shade, name in enumerate(("a.png", "b.png")):
        noise = derive("photograph", shade).integers(0, 255, (300, 300, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name)
    (folder / "c.png").write_bytes((folder / "b.png").read_bytes())
    for name in ("torn.png", "worn.png"):
        (folder / name).write_bytes((folder / "a.png").read_bytes()[:5000])
    names = ("a", "b", "c", "torn", "worn")
    (folder / "list.csv").write_text("file,diagnosis\n" + "".join(f"{name}.png,melanoma\n" for name in names))
    (tmp_path / "map.toml").write_text(MAP)
    cases, notes = open_cases(folder, tmp_path / "map.toml", None, 1, album=Album())
    assert len(cases) == 2
    assert (
        sum("2 photographs, " in note and "left out of Our clinic: is cut off" in note for note in notes) == 1
    )
    assert sum("there twice: " in note for note in notes) == 1
    assert not [note for note in notes if str(tmp_path) in note]


def test_every_line_about_the_balance_fits_on_a_page():
    balance = SampleBalance()
    for scenario in embedded(12, 3).scenarios:
        balance.add(scenario)
    lines = balance.table().splitlines()
    assert max(map(len, lines)) <= 99
    assert lines[0].startswith("How strongly each trait is tied")


def test_an_empty_sample_has_no_balance():
    assert SampleBalance().table() == "No scenario to be counted."


@pytest.mark.parametrize("speaker", speakers())
def test_beliefs_and_wishes_turn_into_the_first_person(speaker):
    said = [
        belief.says
        for condition in conditions().values()
        for beliefs in beliefs_about(condition.key, condition.shape, speaker).values()
        for belief in beliefs
    ]
    said += [words for task in tasks().values() for words in (*task.worry, *task.hides(speaker))]
    assert not [words for words in said if APART.search(words)]


@pytest.mark.parametrize("speaker", [name for name in speakers() if name != "self"])
def test_who_writes_for_another_is_not_given_what_only_the_patient_can_feel(speaker):
    for task in tasks().values():
        assert not set(task.hidden_self) & set(task.hides(speaker))
    beliefs = beliefs_about("MEL", "spot", speaker)
    assert not [each.says for of in beliefs.values() for each in of if "knocked" in each.says]
    assert any("knocked" in each.says for each in beliefs_about("MEL", "spot", "self")["own"])


def test_every_speaker_can_believe_something():
    for condition in conditions().values():
        for speaker in speakers():
            assert len(beliefs_about(condition.key, condition.shape, speaker)) >= 3, condition.key
