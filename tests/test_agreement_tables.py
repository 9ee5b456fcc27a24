"""Tables of ratings as people keep them: read where they can be, and what was left out is told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from rubrics.agreement.layout import ColumnWish
from rubrics.agreement.reading import RatingReading, ScaleWish, read_ratings
from rubrics.errors import Unusable

SHARED = Path(__file__).parents[2] / "shared" / "data"
SCORES = SHARED / "agreement" / "mts_dialog_manual_scores.csv"
real = pytest.mark.skipif(not SCORES.is_file(), reason=f"needs the real scores at {SCORES}")
LONG = "unit,rater,score\n1,a,3\n1,b,4\n2,a,5\n2,b,5\n3,a,1\n3,b,2\n"
WIDE = "unit,a1,a2\nx,3,4\ny,5,5\nz,1,2\n"
GRID = [[3, 4], [5, 5], [1, 2]]


@pytest.fixture
def read(tmp_path):
    """Read a text or bytes as a file of some name."""

    def reader(content: str | bytes, name: str = "table.csv", **wish) -> RatingReading:
        scale = {key: wish.pop(key) for key in ("level", "low", "high") if key in wish}
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_ratings(file, ColumnWish(**wish), ScaleWish(**scale))

    return reader


@pytest.fixture
def refuse(read):
    """Give the sentence with which a file is refused."""

    def refuser(content: str | bytes, name: str = "table.csv", **wish) -> str:
        with pytest.raises(Unusable) as caught:
            read(content, name, **wish)
        return str(caught.value)

    return refuser


def left(reading: RatingReading) -> dict[str, int]:
    return {one.cause: one.count for one in reading.left_out}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("long.csv", LONG),
        ("wide.csv", WIDE),
        ("marked.csv", b"\xef\xbb\xbf" + LONG.encode()),
        ("windows.csv", LONG.replace("\n", "\r\n")),
        ("semicolons.csv", LONG.replace(",", ";")),
        ("excel.csv", "sep=;\n" + LONG.replace(",", ";")),
        ("tabs.tsv", LONG.replace(",", "\t")),
        ("bars.txt", LONG.replace(",", " | ")),
        ("wide16.csv", WIDE.encode("utf-16")),
        ("quoted.csv", 'unit,"score, first","score, second"\n"x\ny",3,4\ny,5,5\nz,1,2\n'),
        ("blank lines.csv", LONG.replace("\n", "\n\n")),
        ("no header.csv", "3,4\n5,5\n1,2\n"),
        ("rows.json", "[[3, 4], [5, 5], [1, 2]]"),
        ("objects.json", json.dumps([{"unit": u, "a1": a, "a2": b} for u, (a, b) in enumerate(GRID)])),
        ("columns.json", '{"a1": [3, 5, 1], "a2": [4, 5, 2]}'),
        ("units.json", '{"x": {"a": 3, "b": 4}, "y": {"a": 5, "b": 5}, "z": {"a": 1, "b": 2}}'),
        (
            "lines.jsonl",
            "".join(
                f'{{"item": {u}, "juror": "{r}", "score": {s}}}\n'
                for u, row in enumerate(GRID)
                for r, s in zip("ab", row, strict=True)
            ),
        ),
    ],
)
def test_the_same_ratings_are_read_from_any_kind_of_file(read, name, content):
    reading = read(content, name)
    np.testing.assert_array_equal(reading.table.values, GRID)
    assert (reading.level, reading.guessed_level, reading.left_out) == ("ordinal", True, ())


def test_columns_are_guessed_from_what_people_call_them(read):
    reading = read("Conversation_ID;Juror name;Rating\n1;a;3\n1;b;3\n2;a;4\n2;b;5\n")
    assert reading.layout == "a rating a row: unit is Conversation_ID, rater is Juror name, value is Rating"
    assert reading.guessed_layout


def test_columns_that_are_named_are_taken(read):
    reading = read(
        "what,who,how\n1,a,3\n1,b,4\n2,a,5\n2,b,5\n3,a,1\n3,b,2\n", unit="what", rater="who", value="how"
    )
    np.testing.assert_array_equal(reading.table.values, GRID)
    assert not reading.guessed_layout


def test_several_rater_columns_are_a_rater_each(read):
    reading = read("what,anna,note,ben\nx,3,ok,4\ny,5,,5\nz,1,,2\n", unit="what", rater="anna,ben")
    np.testing.assert_array_equal(reading.table.values, GRID)
    assert reading.table.raters == ("anna", "ben")


def test_numbered_columns_are_the_raters_and_other_numbers_are_not(read):
    reading = read("patient,age,score 1,score 2,comment\nx,61,3,4,fine\ny,47,5,5,\nz,30,1,2,odd\n")
    assert reading.table.raters == ("score 1", "score 2")
    assert reading.notes == ()


def test_a_patient_of_several_rows_is_not_the_unit(read):
    assert read("patient,r1,r2\nx,3,4\nx,5,5\nz,1,2\n").layout.startswith(
        "a rater a column: unit is the row,"
    )
    assert left(read("patient,r1,r2\nx,3,4\nx,5,4\nz,1,2\n", unit="patient")).values()


def test_columns_that_may_be_anything_come_with_a_warning(read):
    (warning,) = read("id,anna,ben\nx,3,4\ny,5,5\nz,1,2\n").notes
    assert "If they measure different things" in warning


def test_words_are_compared_as_they_are(read):
    reading = read("case,r1,r2\na,yes,yes\nb,no,Yes\nc,no,no\n")
    assert (reading.level, reading.numeric, reading.labels) == ("nominal", False, ("Yes", "no", "yes"))
    assert reading.notes == ("'Yes' and 'yes' count as different.",)


@pytest.mark.parametrize(
    ("numbers", "level"),
    [
        ("01", "nominal"),
        ("12345", "ordinal"),
        (["1.5", "2", "3"], "interval"),
        (map(str, range(12)), "interval"),
    ],
)
def test_the_level_is_guessed_from_the_values(read, numbers, level):
    rows = "".join(f"{u},a,{n}\n{u},b,{n}\n" for u, n in enumerate(numbers))
    assert read("unit,rater,score\n" + rows).level == level


def test_a_level_that_is_named_is_taken(read):
    reading = read(LONG, level="ratio")
    assert (reading.level, reading.guessed_level) == ("ratio", False)


def test_blank_cells_are_told_whatever_they_are_called(read):
    reading = read(LONG + "4,a,\n4,b,n/a\n5,a,NaN\n5,b,-\n6,a,NULL\n")
    assert left(reading) == {"blank": 5}
    assert reading.cells == 11


def test_words_among_numbers_are_left_out_and_shown(read):
    reading = read(LONG + "".join(f"{u},a,3\n" for u in range(4, 24)) + "4,b,3 (good)\n")
    (words,) = reading.left_out
    assert (words.cause, words.count, words.examples) == ("not a number", 1, ("line 28 (b): '3 (good)'",))


@pytest.mark.parametrize("cell", ["1_000", "inf", "1e999", "5%", "3.5.1", "0x1", "٣"])
def test_what_python_might_take_for_a_number_is_none(read, cell):
    assert left(read(LONG + f"4,a,{cell}\n", level="ordinal")) == {"not a number": 1}


def test_values_off_the_scale_are_left_out_and_the_scale_is_whole(read):
    reading = read(LONG + "4,a,0\n4,b,44\n5,a,5\n5,b,-1\n", low=1, high=6)
    assert left(reading) == {"off the scale of 1 to 6": 3}
    assert reading.labels == ("1", "2", "3", "4", "5", "6")
    assert reading.given_scale


def test_a_value_far_from_all_others_is_pointed_at(read):
    (note,) = read(LONG + "4,a,99\n4,b,3\n").notes
    assert note.startswith("Far from all others: 99 (1 rating).")
    assert read(LONG, low=1, high=5).notes == ()


def test_a_rating_that_is_repeated_counts_once_and_contradictions_do_not_count(read):
    reading = read(LONG + "3,a,1\n" + "4,a,2\n4,a,3\n4,b,2\n")
    assert left(reading) == {
        "contradict another rating of the unit by the same rater": 2,
        "say again what the same rater said of the unit": 1,
    }
    assert np.isnan(reading.table.values[3]).tolist() == [True, False]


def test_a_table_of_several_questions_is_refused_with_the_way_out(refuse, read):
    text = "conversation,juror,dimension,score\n" + "".join(
        f"{c},{j},{d},{(c * 7 + n * 3) % 5 + 1}\n"
        for c in range(6)
        for j in "ab"
        for n, d in enumerate(("safety", "accuracy"))
    )
    sentence = refuse(text)
    assert "Column 'dimension' tells them apart" in sentence
    assert "--where dimension=safety" in sentence
    assert "--unit conversation,dimension" in sentence
    assert len(read(text, where="dimension=safety").table.units) == 6
    assert len(read(text, unit="conversation,dimension").table.units) == 12


def test_a_second_reading_is_kept_apart_by_a_second_condition(read):
    """A juror's second vote is no other rater, and a vote it changed is no reason to drop the first."""
    text = "conversation,juror,dimension,reading,score\n" + "".join(
        f"{c},{j},{d},{r},{(c * 7 + n * 3 + (r == 2 and c == 0)) % 5 + 1}\n"
        for c in range(6)
        for j in "ab"
        for n, d in enumerate(("safety", "accuracy"))
        for r in (1, 2)
    )
    both = read(text, where="dimension=safety")
    first = read(text, where="dimension=safety, reading=1")
    assert left(both) == {
        "contradict another rating of the unit by the same rater": 4,
        "say again what the same rater said of the unit": 10,
    }
    assert left(first) == {}
    assert (len(both.table.units), len(first.table.units)) == (5, 6)


def test_a_condition_may_hold_a_comma(read):
    text = "unit,rater,place,score\n" + "".join(
        f"{u},{r},{p},{u}\n" for u in (1, 2) for r in "ab" for p in ('"Bonn, Rhine"', "Ulm")
    )
    assert len(read(text, where="place=Bonn, Rhine").table.units) == 2


def test_rows_that_are_cut_off_are_left_out_by_their_line(read):
    reading = read(LONG + "4,a\n4,b,3,4\n5,a,3\n")
    (broken,) = reading.left_out
    assert (broken.count, broken.examples) == (2, ("line 8, line 9",))
    assert left(
        read('{"unit":1,"rater":"a","score":2}\n{"unit":1,"rater":"b","score":2}\n{"un', "torn.jsonl")
    )


def test_ratings_of_nothing_and_by_nobody_are_left_out(read):
    assert left(read(LONG + ",a,3\n7,,3\n")) == {"of no unit": 1, "by no rater": 1}


def test_decimal_commas_are_points_where_commas_part_no_cells(read):
    reading = read("unit;rater;score\n1;a;2,5\n1;b;3\n2;a;1\n2;b;1,5\n")
    assert reading.labels == ("1", "1.5", "2.5", "3")
    assert "Commas in numbers are decimal points." in reading.notes


def test_names_in_an_old_encoding_are_read_and_it_is_said(read):
    reading = read(LONG.replace(",a,", ",André,").encode("cp1252"))
    assert reading.table.raters == ("André", "b")
    assert "Windows-1252" in reading.notes[0]


def test_ratings_without_raters_are_kept_as_anybodys(read):
    reading = read("item,label\n1,3\n1,4\n2,5\n2,5\n3,1\n")
    assert reading.table.raters == ()
    assert reading.table.values.shape == (3, 2)


def test_a_crowd_too_large_for_a_table_is_anybody_too(read, monkeypatch):
    monkeypatch.setattr("rubrics.agreement.reading.MOST_CELLS", 5)
    reading = read(LONG)
    assert reading.table.raters == ()
    assert "not told apart" in reading.notes[0]


@pytest.mark.parametrize(
    ("content", "name", "wish", "sentence"),
    [
        ("", "a.csv", {}, r"a\.csv: is empty; give a table as"),
        (b"PK\x03\x04rest", "a.xlsx", {}, r"a\.xlsx: is a workbook or a binary table; save it as CSV"),
        (b"a,b\n1,\x00", "a.csv", {}, r"is no text \(a zero byte at 6\)"),
        ("unit,rater,score\n", "a.csv", {}, "has no rows; begin the table with the names of its columns"),
        (
            "My study\nunit,rater,score\n1,a,3\n",
            "a.csv",
            {},
            r"has no rows of 1 columns as its first line has",
        ),
        ("{", "a.json", {}, "not JSON: "),
        ('"x"', "a.json", {}, "holds no table; write a list of objects"),
        ("nonsense\n", "a.jsonl", {}, "no line is a JSON object"),
        ("name\nx\ny\n", "a.csv", {}, "no column looks like ratings|only 'name' looks like ratings"),
        (LONG, "a.csv", {"value": "scor"}, r"--value: a\.csv has no column 'scor'; did you mean 'score'\?"),
        (LONG, "a.csv", {"unit": "zzz"}, r"has no column 'zzz'; columns are unit, rater, score\."),
        (LONG, "a.csv", {"where": "rater"}, r"--where 'rater' is not COLUMN=TEXT"),
        (LONG, "a.csv", {"where": "rater=z"}, r"no row has 'z' as its rater; there are a, b\."),
        (
            LONG,
            "a.csv",
            {"rater": "unit,rater", "value": "score"},
            "--rater names 2 columns, so leave out --value",
        ),
        (LONG, "a.csv", {"unit": "unit", "rater": "rater", "value": "unit,score"}, "--value names 2 columns"),
        (LONG, "a.csv", {"low": 5, "high": 1}, "--low 5 is not below --high 1"),
        (LONG, "a.csv", {"low": 6, "high": 9}, r"no rating is left \(6 off the scale of 6 to 9\)"),
        (
            LONG,
            "a.csv",
            {"value": "rater", "rater": "unit", "unit": "score", "level": "ordinal"},
            "words can be compared with --level nominal",
        ),
        (
            "who,rating\na,3\nb,4\n",
            "a.csv",
            {"rater": "who"},
            r"no column looks like what was rated; name it: --unit",
        ),
        ("unit,rater,score\n1,a,\n1,b,NA\n", "a.csv", {}, r"no rating is left \(2 blank\)"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence_that_says_what_to_do(
    refuse, content, name, wish, sentence
):
    said = refuse(content, name, **wish)
    assert re.search(sentence, said), said
    assert "\n" not in said


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Unusable, match=r"nowhere\.csv: cannot be read \(No such file or directory\)"):
        read_ratings(tmp_path / "nowhere.csv", ColumnWish(), ScaleWish())


@real
def test_real_scores_by_one_rater_are_read_and_say_nothing_of_agreement():
    reading = read_ratings(SCORES, ColumnWish(value="FactualF1"), ScaleWish())
    assert len(reading.table.units) == 400
    assert not (reading.table.patterns.given >= 2).any()


@real
def test_real_scores_in_several_columns_are_warned_about_and_sieved():
    reading = read_ratings(SCORES, ColumnWish(), ScaleWish(low=0, high=1))
    assert any("If they measure different things" in note for note in reading.notes)
    assert [one.cause for one in reading.left_out] == ["off the scale of 0 to 1"]


@real
def test_three_dermatologists_are_found_in_a_real_table_of_labels():
    reading = read_ratings(SHARED / "images" / "scin" / "scin_labels.csv", ColumnWish(), ScaleWish())
    assert [name[-1] for name in reading.table.raters] == ["1", "2", "3"]
    assert (reading.level, len(reading.labels), len(reading.table.units)) == ("nominal", 3, 5033)
    assert int((reading.table.patterns.given >= 2) @ reading.table.patterns.times) == 716
