"""The report on anybody's ratings: it fits a terminal, hides nothing, and says the same as JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.agreement import AgreementWish, agreement
from engine.agreement.page import WIDTH
from rubrics.errors import Unusable

RATINGS = [[1, 2, 1], [2, 2, 2], [3, 3, 4], [4, 4, 4], [5, 5, 5], [1, 1, 2], [3, 3, 3], [2, 3, 2]]
TABLE = "case,rater 1,rater 2,rater 3\n" + "".join(
    f"c{n},{a},{b},{c}\n" for n, (a, b, c) in enumerate(RATINGS)
)


@pytest.fixture
def report(tmp_path):
    """Give the report on a text."""

    def reporter(content: str, name: str = "ratings.csv", **wish) -> str:
        file = tmp_path / name
        file.write_text(content)
        return agreement(file, AgreementWish(**wish))

    return reporter


def row(text: str, name: str, form: str) -> list[str]:
    """Give the words of one coefficient's line."""
    lines = text.splitlines()
    below = lines[lines.index(name) + 1 :]
    return next(line for line in below if line.startswith(f"  {form}"))[30:].split()


def test_the_answer_is_in_a_sentence_before_the_table(report):
    text = report(TABLE)
    assert "Krippendorff's alpha (ordinal) is 0." in text
    assert text.index("95% interval") < text.index("Fleiss' kappa")


def test_every_number_has_its_units_raters_and_ratings_beside_it(report):
    text = report(TABLE)
    for name, form in (
        ("Krippendorff's alpha", "ordinal"),
        ("Percent agreement", "exact"),
        ("Cohen's kappa, mean over pairs of raters", "quadratic"),
        ("Fleiss' kappa", "unweighted"),
        ("Gwet's AC1", "unweighted"),
        ("Gwet's AC2", "ordinal"),
        ("Brennan-Prediger", "linear"),
        ("ICC", "(2,k)"),
    ):
        assert row(text, name, form)[-3:] == ["8", "3", "24"]


@pytest.mark.parametrize(
    "content",
    [
        TABLE,
        TABLE.replace("rater", "a rater with a name that is longer than anybody's patience would allow"),
        "case,r1,r2\n" + "".join(f"c{n},{n * 1.37},{n * 1.21}\n" for n in range(60)),
        "unit,rater,score\n" + "".join(f"u{u},r{r},{(u * r) % 11}\n" for u in range(30) for r in range(14)),
        "unit,rater,score\n1,a,3\n2,b,4\n",
    ],
    ids=["plain", "long names", "measures", "many raters", "nothing shared"],
)
def test_no_line_is_wider_than_a_terminal(report, content):
    assert max(map(len, report(content).splitlines())) <= WIDTH


def test_what_was_guessed_is_said_and_what_was_named_is_not(report):
    assert "raters are rater 1, rater 2, rater 3 (guessed)" in " ".join(report(TABLE).split())
    assert "ordinal (guessed from the values)" in report(TABLE)
    named = report(TABLE, unit="case", rater="rater 1,rater 2,rater 3", level="interval", low=1, high=5)
    assert "guessed" not in named
    assert "those seen" not in named


def test_what_was_left_out_is_counted_with_its_cause_and_place(report):
    text = report(TABLE + "c8,,44,four\n", low=1, high=5)
    assert "Left out: 3" in text
    assert "      1  off the scale of 1 to 5\n           line 10 (rater 2): '44'" in text
    assert "      1  not a number\n           line 10 (rater 3): 'four'" in text
    assert "left out nothing" in report(TABLE)


def test_an_undefined_coefficient_says_why_below_the_table(report):
    text = report("case,r1,r2\na,3,3\nb,3,3\nc,3,3\n")
    assert "Krippendorff's alpha (nominal) is undefined: all ratings are the same value" in " ".join(
        text.split()
    )
    assert row(text, "Cohen's kappa", "unweighted")[:2] == ["–", "[1]"]
    assert "\n[1] all ratings are the same value" in text


def test_ratings_that_meet_nowhere_get_one_sentence_and_no_table(report):
    text = report("unit,rater,score\n1,a,3\n2,b,4\n3,a,5\n")
    assert "No agreement can be computed: no unit has two ratings." in text
    assert "Fleiss" not in text


def test_one_value_that_crowds_out_all_others_is_pointed_at(report):
    rows = "".join(f"c{n},{int(n == 1)},{int(n in (1, 2))}\n" for n in range(50))
    assert "97% of the ratings are one value." in report("case,r1,r2\n" + rows)
    assert "are one value" not in report(TABLE)


def test_few_units_are_warned_about(report):
    assert "With 8 units distrust the intervals" in report(TABLE)


def test_words_get_what_words_allow(report):
    text = report("case,r1,r2\n" + "".join(f"c{n},{'ab'[n % 2]},{'ab'[n % 3 == 0]}\n" for n in range(12)))
    assert "Krippendorff's alpha (nominal)" in text
    assert "ICC" not in text
    assert "quadratic" not in text


def test_the_most_and_the_least_agreeing_pairs_of_many_raters_are_shown(report):
    content = "unit,rater,score\n" + "".join(
        f"u{u},r{r},{(u * (1 + r % 3)) % 5}\n" for u in range(30) for r in range(14)
    )
    text = report(content)
    pairs = text[text.index("Pairs of raters") : text.index("alike:")]
    assert len(pairs.splitlines()) == 15
    assert "  …" in pairs


def test_names_cannot_command_the_terminal(report):
    text = report(TABLE.replace("rater 1", "rater\x1b[31m 1"), rater="rater\x1b[31m 1,rater 2")
    assert "\x1b" not in text
    assert "rater␛[31m 1" in text


def test_json_says_the_same_and_more(report):
    content = json.loads(report(TABLE + "c8,1,,\n", as_json=True))
    text = report(TABLE + "c8,1,,\n")
    assert content["file"] == "ratings.csv"
    assert (content["units"], content["values"], content["level"]) == (9, 25, "ordinal")
    assert content["left_out"] == [{"cause": "blank", "count": 2, "examples": []}]
    first = content["coefficients"][0]
    assert f"alpha (ordinal) is {first['value']:.3f}" in text
    assert {"low", "high", "error", "method", "units", "raters", "values", "why"} <= first.keys()
    assert np.sum(content["table"]) == 2 * 3 * 8
    assert [squares["units"] for squares in content["mean_squares"]] == [8, 8]


def test_the_same_file_gives_the_same_report(report):
    assert report(TABLE) == report(TABLE)


def test_a_mistake_is_one_sentence(report):
    with pytest.raises(Unusable, match="has no column 'scores'"):
        report(TABLE, value="scores")
