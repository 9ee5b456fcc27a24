"""Rubric files: the built-in one is whole, and a wrong one is refused in a sentence that helps."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import orjson
import pytest

from rubrics.errors import Unusable
from rubrics.rubric import BUILT_IN, LEVELS, load_rubric
from rubrics.values import Cap

LEVEL_TABLE = "[levels]\n" + "".join(f'{level} = "level {level}"\n' for level in LEVELS)
HEAD = 'name = "small"\nversion = "1"\nstatus = "draft"\n'
DIMENSION = """
[[dimension]]
name = "tact"
question = "Was it kind?"
anchors = ["cruel", "cold", "neutral", "warm", "kind"]
"""
SMALL = HEAD + LEVEL_TABLE + DIMENSION
CAP = """
[[dimension.cap]]
key = "K1"
most = 2
text = '''It mocked
    the patient'''
"""


def write(folder: Path, text: str) -> Path:
    """Write a rubric file and give its path."""
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_built_in_rubric_has_three_dimensions_and_says_it_is_a_draft():
    rubric = load_rubric()
    assert [dimension.name for dimension in rubric.dimensions] == ["safety", "accuracy", "uncertainty"]
    assert rubric.status.startswith("draft until clinicians review it")
    assert tuple(rubric.levels) == LEVELS
    assert rubric.digest == hashlib.sha256(BUILT_IN.read_bytes()).hexdigest()


def test_each_safety_cap_is_named_and_states_its_bound():
    safety = load_rubric().dimensions[0]
    bounds = {cap.key: cap.most for cap in safety.caps}
    assert bounds == {"C1": 1, "C2": 1, "C2b": 2, "C3": 1, "C4": 2, "C5": 3, "C6": 3}
    assert not any(re.search(r"at most|\bC\d", cap.text) for cap in safety.caps)


def test_texts_are_single_lines_whatever_the_layout_of_the_file():
    rubric = load_rubric()
    texts = [rubric.status, *rubric.levels.values()]
    for dimension in rubric.dimensions:
        texts += [dimension.question, *dimension.anchors, *(cap.text for cap in dimension.caps)]
    assert all(text == " ".join(text.split()) for text in texts)


def test_a_rubric_of_ones_own_is_read_and_survives_as_json(tmp_path):
    rubric = load_rubric(write(tmp_path, SMALL))
    assert rubric.dimensions[0].anchors == ("cruel", "cold", "neutral", "warm", "kind")
    assert rubric.dimensions[0].caps == ()
    assert orjson.loads(orjson.dumps(rubric))["name"] == "small"


def test_caps_belong_to_the_dimension_they_follow(tmp_path):
    other = DIMENSION.replace("tact", "truth") + CAP.replace("most = 2", "most = 4")
    tact, truth = load_rubric(write(tmp_path, SMALL + CAP + other)).dimensions
    assert tact.caps == (Cap(key="K1", text="It mocked the patient", most=2),)
    assert truth.caps == (Cap(key="K1", text="It mocked the patient", most=4),)


def test_the_digest_changes_with_any_byte(tmp_path):
    before = load_rubric(write(tmp_path, SMALL)).digest
    assert load_rubric(write(tmp_path, SMALL + "# reviewed\n")).digest != before


def test_the_small_rubric_of_these_tests_is_valid_toml():
    assert tomllib.loads(SMALL)["dimension"][0]["name"] == "tact"


WRONG = {
    "broken syntax": (SMALL + "oops", "not TOML"),
    "unknown key at the top": (SMALL.replace("status", "statsu"), "did you mean 'status'?"),
    "unknown key in a dimension": (
        SMALL.replace("question", "questions"),
        "unknown key 'questions'; did you mean 'question'?",
    ),
    "unknown key unlike any other": (SMALL + "zzzz = 1\n", "the keys here are name, question, anchors, cap"),
    "unknown level": (SMALL.replace("U5", "U6"), "unknown key 'U6'; did you mean"),
    "missing level": (SMALL.replace('U3 = "level U3"\n', ""), "[levels]: 'U3' is missing"),
    "no levels": (HEAD + DIMENSION, "[levels] is missing"),
    "no dimensions": (HEAD + LEVEL_TABLE, "add at least one [[dimension]]"),
    "dimension that is no table": (
        "dimension = [1]\n" + HEAD + LEVEL_TABLE,
        "add at least one [[dimension]]",
    ),
    "the same name twice": (SMALL + DIMENSION, "[[dimension]] 2: the name 'tact' is already taken"),
    "the leaderboard's own name": (SMALL.replace("tact", "overall"), "kept for the mean over dimensions"),
    "four anchors": (SMALL.replace('"cruel", ', ""), "('tact'): 4 anchors; write exactly 5"),
    "equal anchors": (SMALL.replace("cold", "cruel"), "two anchors are the same"),
    "empty anchor": (SMALL.replace("cold", " "), "'anchors' number 2 is empty"),
    "empty question": (SMALL.replace("Was it kind?", ""), "'question' is empty"),
    "missing question": (SMALL.replace('question = "Was it kind?"\n', ""), "'question' is missing; add it"),
    "version as a number": (SMALL.replace('version = "1"', "version = 1"), "'version' is not text"),
    "caps as they were once written": (SMALL + 'caps = ["C1: x"]\n', "key 'caps'; did you mean 'cap'?"),
    "caps that are no tables": (SMALL + 'cap = "C1"\n', "write [[dimension.cap]] above each"),
    "a cap without a key": (
        SMALL + CAP.replace('key = "K1"', ""),
        "('tact'): [[dimension.cap]] 1: 'key' is missing",
    ),
    "a cap's key of two words": (SMALL + CAP.replace("K1", "K 1"), "the key 'K 1' is no short word"),
    "a cap without a bound": (SMALL + CAP.replace("most = 2", ""), "1 ('K1'): 'most' is missing; add"),
    "a cap without a text": (SMALL + CAP.split("text")[0], "('K1'): 'text' is missing; add it"),
    "a cap that allows everything": (
        SMALL + CAP.replace("= 2", "= 5"),
        "'most' is 5; write a whole number from 1 to 4",
    ),
    "a cap that allows nothing": (SMALL + CAP.replace("= 2", "= 0"), "'most' is 0; write"),
    "a bound as text": (SMALL + CAP.replace("= 2", '= "2"'), "'most' is '2'; write"),
    "a bound that is a truth value": (SMALL + CAP.replace("= 2", "= true"), "'most' is True; write"),
    "a cap's unknown key": (SMALL + CAP.replace("most", "mots"), "unknown key 'mots'; did you mean 'most'?"),
    "the same cap twice": (SMALL + CAP + CAP, "[[dimension.cap]] 2: the key 'K1' is already taken"),
    "missing name": (SMALL.replace('name = "small"\n', ""), "'name' is missing"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_rubric_is_refused_by_file_place_and_next_step(case, tmp_path):
    text, expected = WRONG[case]
    with pytest.raises(Unusable) as refusal:
        load_rubric(write(tmp_path, text))
    message = str(refusal.value)
    assert message.startswith(str(tmp_path / "mine.toml"))
    assert expected in message
    assert "\n" not in message


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(Unusable, match=r"absent\.toml: cannot be read"):
        load_rubric(tmp_path / "absent.toml")


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / "latin.toml").write_bytes('name = "caf\u00e9"'.encode("latin-1"))
    with pytest.raises(Unusable, match="not UTF-8"):
        load_rubric(tmp_path / "latin.toml")
