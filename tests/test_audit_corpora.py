"""Real dialogues: every format is read, and what cannot be read is a sentence."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from engine.audit.contrast import FILE
from engine.audit.corpora import read_corpora
from engine.audit.style import Dialogue, measure
from personas.errors import Unreadable

SHARED = Path(__file__).parents[2] / "shared" / "data" / "dialogues"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")


def folder(path: Path) -> Path:
    """Make a folder with one dialogue of each public set, as their files have it."""
    for name in ("aci_bench", "mts_dialog", "primock57"):
        (path / name).mkdir(parents=True)
    aci = '"[doctor] how are you ?\n[patient] hi , i\'m fine .\n[patient] mostly .\n[patient_guest] he is ."'
    (path / "aci_bench" / "train.csv").write_text(
        f"dataset,encounter_id,dialogue,note\naci,D1,{aci},n\nvirtscribe,D2,{aci},n\n"
    )
    (path / "aci_bench" / "train_metadata.csv").write_text("dataset,encounter_id\naci,D1\n")
    mts = '"Doctor: Any pain?\nPatient: Yes.\nGest_family: She is in pain.\nPatient: What now?"'
    (path / "mts_dialog" / "set.csv").write_text(
        f"ID,section_header,section_text,dialogue\n0,GENHX,t,{mts}\n1,GENHX,t,Doctor: Bye.\n"
    )
    spoken = [
        {"speaker": "doctor", "start": 0, "end": 1, "text": "Hello?"},
        {"speaker": "patient", "start": 1, "end": 2, "text": "<UNSURE>Hi</UNSURE> um <UNIN/>"},
    ]
    (path / "primock57" / "primock57.jsonl").write_text(
        json.dumps({"consultation": "day1", "utterances": spoken}) + "\n"
    )
    return path


def test_the_three_public_sets_are_read_for_the_patients_turns(tmp_path):
    corpora = read_corpora(folder(tmp_path / "d"))
    assert list(corpora) == ["ACI-Bench", "MTS-Dialog", "PriMock57"]
    first, second = corpora["ACI-Bench"]
    assert first.turns == ("hi , i'm fine . mostly .",)
    assert (first.id, first.asks) == ("aci/D1", False)
    assert (second.id, second.cluster) == ("virtscribe/D2", "virtscribe/D2")
    assert [d.turns for d in corpora["MTS-Dialog"]] == [("Yes.", "What now?")]
    assert [[turn.split() for turn in d.turns] for d in corpora["PriMock57"]] == [[["Hi", "um"]]]


def test_one_set_may_be_named_alone(tmp_path):
    assert list(read_corpora(folder(tmp_path) / "mts_dialog")) == ["MTS-Dialog"]


@pytest.mark.parametrize(
    "lines",
    [
        [
            '{"id": "a", "turns": [{"speaker": "Patient", "text": "Hi?"}, {"speaker": "doctor", "text": "Yes."}]}'
        ],
        [
            '{"dialogue": "a", "speaker": "patient", "text": "Hi?"}',
            '{"dialogue": "a", "speaker": "bot", "text": "Yes."}',
        ],
    ],
)
def test_a_corpus_of_ones_own_is_a_dialogue_or_a_turn_a_line(tmp_path, lines):
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join(lines) + "\n")
    assert read_corpora(file) == {"mine": (Dialogue(id="a", cluster="a", turns=("Hi?",)),)}
    assert read_corpora(tmp_path) == read_corpora(file)


def test_a_corpus_of_ones_own_may_be_a_table(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("dialogue,speaker,text\nx,doctor,Hello\nx,patient,It hurts\nx,patient,a lot\n")
    assert read_corpora(file) == {
        "mine": (Dialogue(id="x", cluster="x", turns=("It hurts a lot",), asks=False),)
    }


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", "x", "a .jsonl or a .csv file"),
        ("a.csv", "who,what\np,hi\n", "no column 'dialogue'"),
        ("a.csv", "dialogue,speaker,text\nx,nurse,hi\n", "speaker called patient"),
        ("a.jsonl", "{\n", "line 1: not JSON"),
        ("a.jsonl", '{"speaker": "patient"}\n', "line 1: neither a dialogue"),
        ("a.jsonl", "[1]\n", "line 1: neither a dialogue"),
    ],
)
def test_what_is_no_dialogue_is_refused_by_name(tmp_path, name, content, says):
    (tmp_path / name).write_text(content)
    with pytest.raises(Unreadable, match=says):
        read_corpora(tmp_path / name)


def test_a_folder_without_dialogues_and_a_path_without_a_folder_are_refused(tmp_path):
    with pytest.raises(Unreadable, match="holds no dialogues"):
        read_corpora(tmp_path)
    with pytest.raises(Unreadable, match="no such file or folder"):
        read_corpora(tmp_path / "none")


def test_questions_are_not_counted_where_no_question_mark_stands():
    assert measure(Dialogue(id="a", cluster="a", turns=("what now",), asks=False))["question_turns"] == ()
    assert measure(Dialogue(id="a", cluster="a", turns=("What now?", "Fine.")))["question_turns"] == (
        1.0,
        0.0,
    )


@real
def test_the_real_sets_have_the_numbers_that_were_published_for_them():
    published = tomllib.loads(FILE.read_text(encoding="utf-8"))["corpora"]
    corpora = read_corpora(SHARED)
    assert corpora.keys() == published.keys()
    for name, dialogues in corpora.items():
        assert len(dialogues) == published[name]["dialogues"]
        values = [measure(dialogue) for dialogue in dialogues]
        for feature in ("words_per_turn", "short_turns", "question_turns", "filler_turns"):
            flat = [value for one in values for value in one[feature]]
            assert sum(flat) / len(flat) == pytest.approx(published[name][feature], rel=0.06), (name, feature)
