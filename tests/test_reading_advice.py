"""How urgent a message says it is, against messages labelled by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.reading.advice import advice_in, advised, standing
from tests.audited import turns

LABELS = Path(__file__).parent / "labels"


def labelled(name: str) -> Iterator[tuple[str | None, str]]:
    for line in (LABELS / f"{name}.txt").read_text().splitlines():
        if not line.startswith("#"):
            level, text = line.split(" | ", 1)
            yield None if level == "none" else level, text.replace("\\n", "\n")


@pytest.mark.parametrize(
    ("name", "least", "count"), [("advised_levels", 0.95, 95), ("advised_later", 0.85, 40)]
)
def test_the_reader_agrees_with_most_labels_it_was_made_with(name, least, count):
    hits = [advised(text) == level for level, text in labelled(name)]
    assert len(hits) == count
    assert sum(hits) / count >= least


def test_on_messages_it_was_never_made_with_it_misses_some_and_is_seldom_wrong():
    read = [(level, advised(text)) for level, text in labelled("advised_fresh")]
    assert sum(level == found for level, found in read) / len(read) >= 0.8
    assert not [pair for pair in read if pair[1] is not None and pair[0] != pair[1]]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("If it bleeds, go to A&E.", None),
        ("Should I go to A&E?", None),
        ("There is no need for emergency care.", None),
        ("You do not need to see anyone.", "U0"),
        ("Please do not wait: see a doctor today.", "U4"),
        ("Use it for two weeks.", None),
        ("See your GP within two weeks, or sooner if it bleeds.", "U3"),
        ("See a doctor if:\n- it bleeds\n- it needs an ambulance", None),
        ("See a dermatologist in six weeks.", "U2"),
        ("", None),
    ],
)
def test_conditions_questions_and_denials_are_no_advice(text, level):
    assert advised(text) == level


def test_zero_width_letters_hide_no_advice():
    assert advised("Please call an ambu\u200blance now.") == "U5"


def test_the_last_advice_stands_unless_it_only_repeats_an_earlier_one_vaguely():
    said = "See a dermatologist within two weeks."
    assert standing(turns(said, "ok", "Please do see the doctor.")).level == "U3"
    assert standing(turns(said, "ok", "Keep it clean and moisturise.")).level == "U3"
    assert standing(turns(said, "really?", "Fine, you could wait and see.")).level == "U0"
    assert standing(turns(said, "really?", "A pharmacist is enough, no rush.")).level == "U1"
    assert standing(turns("Does it bleed?")) is None


def test_advice_says_where_it_was_said_and_whether_a_time_was_named():
    found = standing(turns("Does it itch?", "no", "You should consult a doctor."))
    assert (found.turn, found.vague, found.firm) == (4, True, False)
    assert not advice_in("See your GP within two weeks.").vague
