"""What a patient's words claim."""

from __future__ import annotations

import pytest

from engine.audit.claims import audited, claims
from engine.audit.words import amounts, clauses, near, plain, without
from personas.slots import says, slots, statement


def answers(text: str) -> set[tuple[str, str]]:
    """Give the slots and answers that a text claims."""
    return {(claim.slot, claim.answer) for claim in claims(text) if claim.kind == "answer"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "No itching or pain, but it bleeds sometimes.",
            {("itch", "no"), ("pain", "no"), ("bleeding", "yes")},
        ),
        ("No bleeding, itching or pain", {("bleeding", "no"), ("itch", "no"), ("pain", "no")}),
        ("It doesn't itch but hurts", {("itch", "no"), ("pain", "yes")}),
        ("it’s changed", {("change", "yes")}),
        ("It has stayed the same.", {("change", "no")}),
        ("I'm not sure if it itches", set()),
        ("I am not sure it itches", {("itch", "unknown")}),
        ("Does it bleed? If it bleeds, I will come back.", set()),
        ("I take blood thinners.", set()),
        ("My father had skin cancer", {("family_history", "yes")}),
        ("I never had skin cancer", {("past_skin_cancer", "no")}),
        ("I think it's an allergy.", set()),
    ],
)
def test_a_clause_claims_what_its_cues_name_unless_it_is_denied_asked_or_feared(text, found):
    assert answers(text) == found


@pytest.mark.parametrize("speaker", ["self", "parent_of_child", "partner", "nurse", "gp"])
@pytest.mark.parametrize("answer", ["yes", "no", "unknown"])
@pytest.mark.parametrize("slot", slots())
def test_no_wording_of_a_fact_is_read_as_another_answer(slot, answer, speaker):
    if says(slot, answer):
        for seed in range(12):
            text = statement(slot, answer, seed, speaker=speaker, sex="male")
            for found_slot, found in answers(text):
                assert found_slot != slot or found in (answer, "unknown"), text


def test_most_wordings_of_what_is_audited_are_read_as_what_they_say():
    hits = [
        (slot, answer) in answers(statement(slot, answer, seed))
        for slot in audited()
        for answer in ("yes", "no")
        if says(slot, answer)
        for seed in range(12)
    ]
    assert sum(hits) / len(hits) > 0.9


def test_every_audited_slot_is_a_slot():
    assert set(audited()) <= set(slots())


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("about a year and a half ago", ("days", 547.9)),
        ("for eight months", ("days", 243.5)),
        ("2 cm", ("mm", 20.0)),
        ("3.5mm wide", ("mm", 3.5)),
        ("half a year", ("days", 182.6)),
    ],
)
def test_amounts_are_read_in_one_unit(text, amount):
    (found,) = amounts(plain(text))
    assert near(found, amount, 0.01)


def test_a_few_weeks_are_no_amount():
    assert amounts(plain("a few weeks ago, several times a day")) == []


def test_what_is_known_is_taken_out_however_it_is_contracted():
    assert without("Well, it's bled a few times. And?", plain("It is bled a few times")) == "Well, .. And?"
    assert without("It never bled", plain("It has bled")) == "It never bled"


def test_clauses_are_statements_only():
    assert [words for _, words in clauses("It hurts, I think. Does it matter? Yes and no.")] == [
        "it hurts",
        "i think",
        "yes",
        "no",
    ]
