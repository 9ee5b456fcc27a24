"""Which slots a message asks about, and how patients answer."""

import pytest

from personas.slots import asked, says, slots, statement


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How long has it been there? Has it changed or bled?", {"onset", "change", "bleeding"}),
        ("Tell me about any medicines you take.", {"medicines"}),
        ("Let me know if it has bled.", {"bleeding"}),
        ("Have you or anyone in your family had skin cancer?", {"family_history", "past_skin_cancer"}),
        ("Do you have a family history of skin cancer?", {"family_history"}),
        ("Have you ever had skin cancer?", {"past_skin_cancer"}),
        ("Do you take any medication, e.g. blood thinners?", {"medicines"}),
        ("Are you pregnant, or allergic to anything?", {"pregnancy", "allergies"}),
        ("Is your immune system weakened, for example by a transplant?", {"immunity"}),
        ("Is it painful, itchy, or does it bleed?", {"pain", "itch", "bleeding"}),
        ("HOW BIG IS IT?", {"size"}),
    ],
)
def test_questions_ask(text, expected):
    assert asked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "If it bleeds or grows, come back.",
        "Let me know if it starts to bleed or itch.",
        "It looks like a mole that changed and hurts.",
        "Does that make sense?",
        "",
    ],
)
def test_statements_and_warnings_ask_nothing(text):
    assert asked(text) == frozenset()


def test_a_list_under_a_request_is_asked_and_what_follows_it_is_not():
    listed = "To help, please let me know:\n- how long you've had it\n- any allergies"
    text = f"{listed}\n\nIf it bleeds, see a doctor."
    assert asked(text) == {"onset", "allergies"}


def test_numbered_questions_are_asked():
    assert asked("1. When did you first notice it?\n2. Is it growing?") == {"onset", "change"}


def test_every_statement_is_a_sentence_without_a_gap():
    for slot in slots():
        for answer in ("yes", "no", "unknown", "value"):
            if says(slot, answer):
                for child in (False, True):
                    words = statement(slot, answer, 1, child=child, value="tacrolimus")
                    assert "$" not in words
                    assert words


def test_the_address_picks_the_wording():
    said = {statement("itch", "yes", n) for n in range(50)}
    assert len(said) == 3
    assert statement("itch", "yes", 7) == statement("itch", "yes", 7)


def test_no_cue_begins_with_anything_but_a_letter():
    assert all(len(slot) > 2 for slot in slots())
    assert asked("?") == frozenset()


def test_an_answer_without_words_is_refused():
    with pytest.raises(KeyError):
        statement("onset", "yes", 1)
