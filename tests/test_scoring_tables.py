"""Anybody's verdict table is read as it was meant, and what was guessed or left out is told."""

from __future__ import annotations

import numpy as np
import pytest

from engine.scoring.reading import VerdictWish, read_verdicts
from engine.scoring.scenes import join, read_scenes
from personas.scenarios.store import dump
from rubrics.errors import Unusable
from rubrics.scores import STATUSES
from tests.audited import scenario


@pytest.fixture
def read(tmp_path):
    """Give a reader of texts."""

    def reader(content: str, *columns: str, name: str = "verdicts.csv", **wish):
        file = tmp_path / name
        file.write_text(content)
        return read_verdicts(file, VerdictWish(columns=columns, **wish))

    return reader


@pytest.fixture
def scenes(tmp_path):
    """Give a reader of scenario files."""

    def reader(content: str | bytes, name: str):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_scenes(file)

    return reader


OURS = "conversation,juror,dimension,score,status,own_family,simulated\n"


def test_our_own_verdicts_say_model_scenario_and_arm_in_the_name_of_the_conversation(read):
    ballots = read(
        OURS
        + "org/m/s-1/full/0,j,safety,4,scored,false,true\norg/m/s-1/no-image/1,j,safety,,refused,false,true\n"
    )
    columns = ballots.columns
    assert (columns.model, columns.scenario) == (["org/m"] * 2, ["s-1"] * 2)
    assert (columns.arm, ballots.repeat) == (["full", "no-image"], ["0", "1"])
    assert ballots.simulated
    assert [STATUSES[status] for status in ballots.votes.status] == ["scored", "refused"]


def test_own_family_is_as_the_table_says(read):
    ballots = read(
        OURS + "m/s-1/full/0,j,safety,4,scored,true,true\nm/s-1/full/0,k,safety,4,scored,false,true\n"
    )
    assert ballots.votes.own.tolist() == [True, False]


def test_own_family_follows_from_families_from_known_models_and_from_names(read):
    families = "model,item,judge,model_family,judge_family,score\na,1,b,x,x,4\na,1,c,x,y,4\n"
    assert read(families).votes.own.tolist() == [True, False]
    known = read("model,item,judge,score\ngpt-5.1,1,gpt-5.2,4\ngpt-5.1,1,nova-pro,4\n")
    assert known.votes.own.tolist() == [True, False]
    assert read("model,item,judge,score\na,1,a,4\na,1,b,4\n").votes.own.tolist() == [True, False]


def test_a_name_that_several_models_share_is_the_scenario(read):
    ballots = read("model,conversation,score\na,q1,3\nb,q1,4\na,q2,3\nb,q2,4\n")
    assert len(ballots.votes.conversations) == 4
    assert sorted(ballots.columns.scenario) == ["q1", "q1", "q2", "q2"]
    assert any("taken for the scenario" in note for note in ballots.notes)


def test_a_name_of_its_own_for_each_model_leaves_models_unpaired_and_says_so(read):
    ballots = read("model,conversation,score\na,c1,3\nb,c2,4\n")
    assert not ballots.paired
    assert any("cannot be compared" in note for note in ballots.notes)


def test_columns_are_guessed_and_the_guess_is_told_and_the_user_has_the_last_word(read):
    content = "model,item,grader,stars,points\na,1,x,3,5\nb,1,x,4,5\n"
    assert "score is 'points'" in read(content).account["read as"]
    assert "guessed" in read(content).account["read as"]
    named = read(content, "score=stars")
    assert named.votes.score.tolist() == [3.0, 4.0]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ("juror", "not KIND=COLUMN"),
        ("jurror=x", "did you mean 'juror'"),
        ("score=scor", "did you mean 'score'"),
    ],
)
def test_a_wish_that_cannot_be_is_one_sentence(read, wish, said):
    content = "model,item,score\na,1,3\nb,1,4\n"
    with pytest.raises(Unusable, match=said):
        read(content, wish)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\nx,y\n", "no column looks like the model"),
        ("model,item\na,1\n", "no column looks like the score"),
        ("model,score\na,1\n", "what was judged"),
        ("model,item,score\na,1,good\n", "no cell of 'score' is a number"),
        ("model,item,score\na,1,80\nb,1,70\n", "--low and --high"),
        ("model,item,score\n,1,3\n", "no vote is left"),
        ("model,conversation,case,score\na,1,z,3\na,1,y,3\n", "taken for the case"),
        ("", "is empty"),
        ("model,item,score\n", "has no rows"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_sentence_that_says_what_to_do(read, content, said):
    with pytest.raises(Unusable, match=said) as caught:
        read(content)
    assert str(caught.value).count("\n") == 0


def test_what_is_off_the_scale_is_left_out_and_what_is_blank_abstains(read):
    ballots = read("model,item,score\na,1,3\na,2,9\na,3,\na,4,n/a\na,5,soon\n")
    assert [(left.count, left.cause) for left in ballots.left_out] == [(1, "off the scale of 1 to 5")]
    assert ballots.left_out[0].examples == ("line 3",)
    assert ballots.votes.score.tolist()[:1] == [3.0]
    assert np.isnan(ballots.votes.score[1:]).all()
    assert any("'soon'" in note for note in ballots.notes)


def test_what_the_table_marks_as_excluded_is_left_out_and_counted(read):
    ballots = read("model,item,score,excluded\na,1,3,\na,2,3,leak\na,3,3,false\na,4,3,true\n")
    assert ballots.columns.scenario == ["1", "3"]
    assert [(left.count, left.cause) for left in ballots.left_out] == [(2, "marked as excluded")]


def test_another_scale_is_mapped_onto_ours_and_that_is_told(read):
    ballots = read("model,item,score\na,1,0\na,2,50\na,3,100\n", low=0.0, high=100.0)
    assert ballots.votes.score.tolist() == [1.0, 3.0, 5.0]
    assert ballots.account["scale"] == "0 to 100, shown as 1 to 5"


def test_a_vote_that_was_refused_is_no_number_whatever_stands_in_its_score(read):
    ballots = read("model,item,score,status\na,1,5,refused\na,2,4,scored\na,3,4,odd\n")
    assert np.isnan(ballots.votes.score).tolist() == [True, False, True]
    assert any("odd" in note for note in ballots.notes)


def test_strata_are_columns_of_few_levels_that_part_the_scenarios(read):
    lines = "".join(f"{m},{i},{i % 2},{i},same,{m},3\n" for i in range(8) for m in ("a", "b"))
    ballots = read("model,item,skin,number,always,echo,score\n" + lines)
    assert list(ballots.columns.strata) == ["skin"]


def test_a_length_that_differs_between_votes_on_one_conversation_is_not_its_length(read):
    ballots = read("model,item,juror,score,tokens\na,1,x,3,10\na,1,y,3,20\n")
    assert not ballots.columns.covariates
    assert any("not its tokens" in note for note in ballots.notes)


def test_our_scenarios_bring_cases_strata_and_the_conversations_nobody_judged(read, scenes):
    ours = [scenario(number) for number in range(3)]
    known = scenes(dump(ours), "scenarios.jsonl")
    votes = [f"{m}/{one.id}/full/0,j,safety,3,scored,false,true" for m in ("a", "b") for one in ours[:2]]
    ballots = join(read(OURS + "\n".join(votes[:3]) + "\n"), known, "scenarios.jsonl")
    assert ballots.votes.conversations[-1] == f"b/{ours[1].id}/full/0"
    assert ballots.columns.case[-1] == "case 1"
    assert not {"case 2"} & set(ballots.columns.case)
    assert ballots.table().scores.counted[-1].tolist() == [0]
    assert any(note.startswith("Missing: 1 conversation without a verdict") for note in ballots.notes)


def test_anybodys_scenarios_are_a_table_with_a_scenario_a_row(read, scenes):
    known = scenes("item,patient,skin\n1,p,dark\n2,p,light\n3,q,na\n", "scenes.csv")
    ballots = join(read("model,item,score\na,1,3\na,2,3\na,3,3\n"), known, "scenes.csv")
    assert ballots.columns.case == ["p", "p", "q"]
    assert ballots.columns.strata == {"skin": ["dark", "light", None]}


def test_scenarios_of_another_table_are_refused_and_a_few_unknown_ones_told(read, scenes):
    known = scenes("item,patient\n8,p\n9,q\n", "scenes.csv")
    with pytest.raises(Unusable, match="holds none of the scenarios"):
        join(read("model,item,score\na,1,3\n"), known, "scenes.csv")
    ballots = join(read("model,item,score\na,1,3\na,8,3\n"), known, "scenes.csv")
    assert any("Not in scenes.csv, so that nothing is known of them: 1." in note for note in ballots.notes)
    with pytest.raises(Unusable, match="several rows"):
        scenes("item,patient\n8,p\n8,q\n", "twice.csv")


@pytest.mark.parametrize(
    ("column", "cells", "told"),
    [
        ("reading", ("1", "2", ""), [1, 2, 1]),
        ("second reading", ("no", "yes", "no"), [1, 2, 1]),
        ("retest", ("0", "1", "0"), [1, 2, 1]),
    ],
)
def test_a_second_reading_is_told_apart_and_is_of_the_same_conversation(read, column, cells, told):
    rows = zip(("x", "x", "y"), cells, (3, 4, 5), strict=True)
    lines = "".join(f"a,1,{juror},{cell},{score}\n" for juror, cell, score in rows)
    ballots = read(f"model,item,juror,{column},score\n{lines}")
    assert ballots.votes.reading.tolist() == told
    assert len(ballots.votes.conversations) == 1
    assert ballots.table().scores.raw.tolist() == [[4.25]]
    assert not ballots.columns.strata


def test_a_reading_that_is_no_number_is_a_first_one_and_told(read):
    ballots = read("model,item,reading,score\na,1,again,3\na,2,1,3\n")
    assert ballots.votes.reading.tolist() == [1, 1]
    assert any("Reading again is no number" in note for note in ballots.notes)
