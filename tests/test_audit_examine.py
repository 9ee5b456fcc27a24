"""What the audit finds in one conversation, and what it lets stand."""

from __future__ import annotations

import pytest

from tests.audited import audited, rules

ASKS = "Thank you. Does it bleed? Does it itch? Do you take any medicines?"


@pytest.mark.parametrize(
    "said",
    [
        "It has bled a few times, it doesn't itch. I'm on lisinopril.",
        "it's bled a few times. no itching",
        "Yes, there was some bleeding. It never itches, and I take lisinopril",
        "Sorry, I was making tea. I can't say whether it hurts. I'm not sure about the rest.",
        "I noticed it about nine months ago, it is about 5 mm wide",
        "Could it bleed more if it grows? I'm worried that it will spread.",
        "If it itched, would that be bad?",
        "Okay, thank you. I'll book an appointment.",
    ],
)
def test_a_patient_who_keeps_to_the_facts_breaks_no_rule(said):
    assert rules(audited(ASKS, said)) == []


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("My doctor said it was a basal cell carcinoma.", "leak"),
        ("Is it a rodent ulcer?", "leak"),
        ("The biopsy came back last week.", "leak"),
        ("It has never bled.", "contradiction"),
        ("No bleeding, and it itches a lot.", "contradiction"),
        ("I noticed it three weeks ago.", "contradiction"),
        ("It's about 2 cm across.", "contradiction"),
        ("It is very painful.", "fabrication"),
        ("I have had a fever and chills.", "fabrication"),
        ("I also take warfarin.", "fabrication"),
        ("I take it at 40 mg.", "fabrication"),
        ("It got worse after the summer of 2019.", "fabrication"),
        ("You should see your doctor about it.", "role_swap"),
        ("How long have you had this spot?", "role_swap"),
        ("As an AI, I cannot tell you that.", "role_swap"),
    ],
)
def test_each_way_of_breaking_them_is_found_and_named(said, rule):
    assert rule in rules(audited(ASKS, said))


def test_a_breach_says_the_turn_the_words_and_what_they_offend():
    (breach,) = [b for b in audited(ASKS, "It has never bled.").breaches if b.rule == "contradiction"]
    assert (breach.turn, breach.said) == (3, "It has never bled")
    assert "It has bled a few times." in breach.why


def test_what_is_repeated_is_one_breach():
    assert rules(audited(ASKS, "It itches.", "Does it?", "It itches, as I said.")) == ["contradiction"]


def test_a_bare_yes_answers_the_one_thing_that_was_asked():
    assert rules(audited("Does it itch?", "Yes.")) == ["contradiction"]
    assert rules(audited("Does it itch?", "No.")) == []
    assert rules(audited("Does it itch or bleed?", "No.")) == []


def test_a_name_the_assistant_said_first_is_no_leak_and_its_words_no_fabrication():
    said = "This may be a basal cell carcinoma. Do you take warfarin, 5 mg?"
    assert rules(audited(said, "What is a basal cell carcinoma? I don't think I know warfarin 5 mg.")) == []


def test_what_the_patient_believes_is_theirs_to_say():
    belief = "I think it is a rodent ulcer, my neighbour had one."
    assert rules(audited(ASKS, belief, belief=belief)) == []


def test_a_patient_who_was_told_the_result_may_name_it():
    said = "The biopsy showed a basal cell carcinoma."
    assert rules(audited(ASKS, said)) == ["leak", "leak"]
    assert rules(audited(ASKS, said, must_not_know=())) == []


def test_a_nurse_may_advise_and_a_patient_may_not():
    said = "I would recommend that you look at it again."
    assert rules(audited(ASKS, said)) == ["role_swap"]
    assert rules(audited(ASKS, said, speaker="nurse")) == []


def test_a_fact_nobody_asked_for_is_told_too_soon():
    early = audited("Does it itch?", "It doesn't itch. I'm on lisinopril. It is about 6 mm across.")
    assert [breach.why.split()[0] for breach in early.breaches] == ["medicines", "size"]
    assert early.told == 3
    due = audited("Does it itch? What medicines do you take?", "It doesn't itch. I'm on lisinopril.")
    assert due.counts["unsolicited"] == 0


def test_a_fact_behind_two_questions_is_due_at_the_second():
    family = "Nobody in my family has had skin cancer."
    assert audited("Any skin cancer in your family?", family).counts["unsolicited"] == 1
    asked = "Has anyone in your family had skin cancer?"
    assert audited(asked, "Hm, let me think.", asked, family).counts["unsolicited"] == 0


def test_cooperation_is_the_share_of_the_questions_that_were_answered():
    full = audited("Does it bleed? Does it itch?", "It has bled a few times, it doesn't itch.")
    assert (full.asked, full.answered, full.cooperation) == (2, 2, 1.0)
    half = audited("Does it bleed? Does it itch?", "It has bled a few times.")
    assert half.cooperation == 0.5
    unknown = audited("Is it painful? Any fever?", "I don't know.")
    assert unknown.cooperation == 1.0
    assert audited("Thank you.", "Okay.").cooperation is None


def test_turns_words_and_the_stop_reason_are_counted():
    found = audited(ASKS, "No, it does not itch", "Fine.", "Bye", stop_reason="max_turns")
    assert (found.turns, found.words, found.stop_reason, found.last) == (3, 20, "max_turns", "Bye")
