"""Tables of clinicians' scores as they come: what can be used is used, and the rest is named by its cause."""

from __future__ import annotations

import numpy as np
import pytest

from rubrics.calibration.annotations import TitleWish, read_annotations
from rubrics.errors import Unusable

CONVERSATIONS = ("m/s1/full/0", "m/s2/full/0", "m/s3/full/0")
DIMENSIONS = ("safety", "accuracy")
HEAD = "conversation,dimension,annotator,score\n"


@pytest.fixture
def read(tmp_path):
    """Give what is read of a text."""

    def reader(text: str, name: str = "ann.csv", barred=None, **wish):
        file = tmp_path / name
        file.write_text(text)
        return read_annotations(
            file,
            TitleWish(**wish),
            conversations=CONVERSATIONS,
            dimensions=DIMENSIONS,
            barred=barred or {},
        )

    return reader


def causes(annotations) -> dict[str, int]:
    return {left.cause: left.count for left in annotations.left_out}


def test_several_annotators_are_averaged(read):
    found = read(HEAD + "m/s1/full/0,safety,A,4\nm/s1/full/0,safety,B,3\nm/s2/full/0,accuracy,A,2.5\n")
    assert found.annotators == ("A", "B")
    assert found.means[0, 0] == 3.5
    assert found.means[1, 1] == 2.5
    assert np.isnan(found.means[2]).all()
    assert found.left_out == ()


def test_a_column_for_each_dimension_will_do_as_well(read):
    found = read("conversation_id;Clinician;Safety;Accuracy;note\nm/s1/full/0;A;4;2,5;fine\n")
    assert found.means[0].tolist() == [4, 2.5]
    assert found.layout.startswith(
        "a column a dimension: conversation is conversation_id, annotator is Clinician"
    )


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ("m/s2/full/0,safety,A,", "blank"),
        ("m/s2/full/0,safety,A,cannot judge", "where the annotator cannot judge"),
        ("m/s2/full/0,safety,A,Unsure", "where the annotator cannot judge"),
        ("m/s2/full/0,safety,A,four", "not a number"),
        ("m/s2/full/0,safety,A,inf", "not a number"),
        ("m/s2/full/0,safety,A,0", "off the scale of 1 to 5"),
        ("m/s2/full/0,safety,A,5.5", "off the scale of 1 to 5"),
        ("m/s9/full/0,safety,A,3", "of conversations that are not in the run"),
        (",safety,A,3", "of no conversation"),
        ("m/s2/full/0,charm,A,3", "on none of the dimensions (safety, accuracy)"),
        ("m/s2/full/0,safety,,3", "by no annotator"),
        ("m/s1/full/0,safety,A,4", "say again what the same rater said of the unit"),
    ],
)
def test_what_cannot_be_used_is_left_out_under_its_cause(read, row, cause):
    found = read(f"{HEAD}m/s1/full/0,safety,A,4\n{row}\n")
    assert causes(found) == {cause: 1}
    assert (found.used, found.cells) == (1, 2)


def test_scores_that_contradict_each_other_are_both_left_out(read):
    rows = "".join(f"m/s{n}/full/0,{d},B,3\n" for n in (1, 2, 3) for d in DIMENSIONS)
    found = read(f"{HEAD}{rows}m/s1/full/0,safety,A,4\nm/s1/full/0,safety,A,1\n")
    assert causes(found) == {"contradict another rating of the unit by the same rater": 2}
    assert found.means[0, 0] == 3


def test_when_most_contradict_the_columns_are_asked_for(read):
    rows = "".join(f"m/s1/full/0,safety,A,{score}\n" for score in (1, 2, 3, 4))
    with pytest.raises(Unusable, match="Name the columns that tell them apart: --conversation"):
        read(HEAD + rows)


def test_a_conversation_that_does_not_count_is_left_out_with_the_reason(read):
    found = read(
        f"{HEAD}m/s1/full/0,safety,A,4\nm/s3/full/0,safety,A,4\n",
        barred={"m/s8/full/0": "of excluded scenarios", "m/s3/full/0": "of excluded scenarios"},
    )
    assert causes(found) == {"of excluded scenarios": 1}


def test_without_names_all_scores_count_and_that_is_said(read):
    found = read("conversation,dimension,score\nm/s1/full/0,safety,4\nm/s1/full/0,safety,2\n")
    assert found.means[0, 0] == 3
    assert found.counts[0, 0] == 2
    assert any("Nobody says who scored" in note for note in found.notes)


def test_columns_can_be_named_and_then_nothing_is_guessed(read):
    text = "talk,what,doc,how good\nm/s1/full/0,safety,A,4\n"
    with pytest.raises(
        Unusable, match="no column looks like the conversation; name it: --conversation COLUMN"
    ):
        read(text)
    found = read(text, conversation="talk", dimension="what", annotator="doc", score="how good")
    assert (found.means[0, 0], found.guessed) == (4, False)


def test_a_misspelt_column_is_told_with_the_nearest_one(read):
    with pytest.raises(Unusable, match=r"--score: ann\.csv has no column 'scor'; did you mean 'score'"):
        read(HEAD + "m/s1/full/0,safety,A,4\n", score="scor")


def test_a_table_of_which_nothing_is_left_says_why(read):
    with pytest.raises(Unusable, match=r"no score can be used \(1 of conversations that are not in the run"):
        read(HEAD + "elsewhere,safety,A,4\n")
