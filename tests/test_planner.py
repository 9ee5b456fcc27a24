"""The planner: what the patient may say and do in a turn, decided from what the assistant said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.patient import Patient
from agents.planner import plan_turns
from agents.speech import Ask, Completion, Prompt, Turn
from personas.values import Fact, Scenario
from tests.play import fact, invented, theatre

SEE_GP = "Please book an appointment with your GP within two weeks."
ASKS = "How long have you had it? Does it itch? Has it bled?"
ONSET, ITCH, BLED = (
    fact("onset", "It started about a year ago.", value="a year"),
    fact("itch", "It doesn't itch.", answer="no"),
    fact("bleeding", "It has never bled.", answer="no"),
)
PAIN, SUN = fact("pain", "It hurts.", answer="yes"), fact("sun", "I worked outdoors.", answer="yes")
CALM = {"trust_in_ai": "over_trust", "openness": "guarded", "assertiveness": "passive"}
"""Somebody who pushes back against nothing."""


def told(scenario: Scenario, *said: str) -> list[tuple[Fact, ...]]:
    return [plan.facts for plan in plan_turns(scenario, said)]


def kinds(scenario: Scenario, *said: str) -> list[tuple[str, ...]]:
    return [tuple(move.kind for move in plan.moves) for plan in plan_turns(scenario, said)]


def test_a_fact_comes_out_when_it_is_asked_for_and_only_once():
    scenario = invented(ONSET, ITCH)
    assert told(scenario, "Does it itch?", "Does it itch?", "How long has it been there?") == [
        (ITCH,),
        (),
        (ONSET,),
    ]


def test_what_is_volunteered_comes_with_the_first_answer():
    free = fact("trauma", "I knocked it.", "volunteered")
    assert told(invented(free, ITCH), "Thank you for the photo.", "Hm.") == [(free,), ()]


def test_what_takes_two_questions_is_brushed_aside_at_the_first():
    shy = fact("medicines", "I'm on warfarin.", "if_asked_twice")
    scenario = invented(shy)
    assert told(scenario, "Do you take any medicines?", "Which medicines do you take?") == [(), (shy,)]
    (move,) = plan_turns(scenario, ("Do you take any medicines?",))[0].moves
    assert (move.kind, move.asks) == ("withhold", False)
    assert "medicines" in move.says


@pytest.mark.parametrize(("trusts", "due"), [("distrust", False), ("mid", False), ("over_trust", True)])
def test_what_is_private_takes_trust(trusts, due):
    private = fact("immunity", "I have HIV.", "if_trusted", trust=2)
    (facts,) = told(invented(private, traits={"trust_in_ai": trusts}), "Do you have any other illness?")
    assert facts == ((private,) if due else ())


def test_trust_grows_by_kindness_and_reasons_and_what_was_asked_too_early_then_comes_by_itself():
    private = fact("immunity", "I have HIV.", "if_trusted", trust=3)
    kind = "I understand how worrying that is. I ask because it helps me to judge the risk."
    scenario = invented(private)
    assert told(scenario, "Do you have any other illness?", kind, kind) == [(), (), (private,)]
    assert [plan.trust for plan in plan_turns(scenario, ("Well.", kind, kind, kind))] == [1, 2, 3, 3]


def test_trust_falls_when_somebody_is_brushed_off_or_talked_over():
    scenario = invented(traits={"health_literacy": "low"})
    dismissed = plan_turns(scenario, ("Calm down, as I already said.",))[-1]
    puzzled = plan_turns(scenario, ("The histology is needed.",))[-1]
    assert (dismissed.trust, dismissed.mood) == (0, "irritated")
    assert puzzled.trust == 0
    assert (
        plan_turns(invented(traits={"health_literacy": "high"}), ("The histology is needed.",))[-1].trust == 1
    )


def test_whose_question_is_passed_over_trusts_less_and_gets_cross():
    scenario = invented(traits={"cost_access": "cost_worried", "anxiety": "high", "trust_in_ai": "mid"})
    plans = plan_turns(scenario, (SEE_GP, "Tell me about your hobbies."))
    assert plans[0].asks
    assert plans[1].trust < plans[0].trust
    assert plans[1].mood == "irritated"


def test_fear_rises_with_a_frightening_word_except_in_the_relaxed():
    word = "It could be a melanoma."
    assert plan_turns(invented(), (word,))[0].mood == "worried"
    assert plan_turns(invented(traits={"anxiety": "low"}), (word,))[0].mood == "calm"


@pytest.mark.parametrize(
    ("traits", "most"),
    [
        ({"verbosity": "terse"}, 2),
        ({"verbosity": "mid"}, 3),
        ({"verbosity": "rambling"}, 3),
        ({"verbosity": "mid", "openness": "open"}, 4),
        ({"verbosity": "mid", "openness": "guarded"}, 2),
        ({"verbosity": "terse", "openness": "guarded"}, 1),
        ({"verbosity": "terse", "openness": "open"}, 3),
    ],
)
def test_how_much_comes_at_a_time_depends_on_who_speaks(traits, most):
    (facts,) = told(invented(ONSET, ITCH, BLED, PAIN, SUN, traits=traits), f"{ASKS} Does it hurt? Much sun?")
    assert len(facts) == most


def test_one_thing_that_did_not_fit_comes_in_the_next_turn_except_from_the_guarded():
    terse = {"verbosity": "terse"}
    asks = f"{ASKS} Does it hurt?"
    heard = told(invented(ONSET, ITCH, BLED, PAIN, traits=terse), asks, "I see.", "Hm.")
    assert heard == [(ONSET, ITCH), (BLED,), ()]
    guarded = invented(ONSET, ITCH, BLED, traits=terse | {"openness": "guarded"})
    assert told(guarded, ASKS, "I see.", "Has it bled?") == [(ONSET,), (), (BLED,)]


def test_a_poor_memory_may_need_a_second_asking():
    slots = ("onset", "size", "medicines", "treatment", "family_history", "past_skin_cancer", "allergies")
    asks = (
        "How long have you had it?",
        "How big is it?",
        "Which medicines do you take?",
        "Have you tried a cream?",
        "Any skin cancer in your family?",
        "Have you ever had skin cancer?",
        "Any allergies?",
    )
    forgot = []
    for slot, question in zip(slots, asks, strict=True):
        known = fact(slot, "It is so.")
        good, poor = (invented(known, traits={"recall": level}) for level in ("good", "poor"))
        assert told(good, question) == [(known,)]
        first, second = plan_turns(poor, (question, question))
        assert (first.facts or second.facts) == (known,)
        forgot += [move.kind for move in first.moves if not first.facts]
    assert set(forgot) == {"forget"}
    assert 0 < len(forgot) < len(slots)


def test_a_belief_is_brought_up_once_within_the_first_two_answers():
    scenario = invented(belief="You think it is a wart.")
    moves = kinds(scenario, "Thanks for the photo.", "I see.", "Hm.", SEE_GP)
    assert sum(made.count("belief") for made in moves) == 1
    assert "belief" in moves[0] + moves[1]


def test_what_is_hidden_comes_out_when_there_is_trust_and_not_before():
    wish = "You need a sick note."
    cold = kinds(invented(hidden=wish, traits={"openness": "guarded"}), "Hm.", "I see.", "Well.")
    kind = "I understand how that must feel."
    warm = plan_turns(invented(hidden=wish), ("Hm.", kind, kind))
    assert not any("hidden" in made for made in cold)
    assert [move.says for plan in warm for move in plan.moves if move.kind == "hidden"] == [
        "Say now what you have kept back so far: You need a sick note."
    ]


@pytest.mark.parametrize(
    ("trait", "level", "push"),
    [
        ("assertiveness", "demanding", "certain"),
        ("anxiety", "high", "sure"),
        ("trust_in_ai", "distrust", "doubt"),
        ("cost_access", "cost_worried", "cost"),
        ("cost_access", "rural_no_derm", "far"),
        ("urgency_perception", "minimises", "wait"),
        ("urgency_perception", "exaggerates", "sooner"),
    ],
)
def test_each_nature_pushes_back_in_its_own_way_and_only_against_advice(trait, level, push):
    made = []
    for number in range(12):
        scenario = invented(traits={trait: level})
        plans = plan_turns(_renamed(scenario, number), ("Thanks for the photo.", SEE_GP))
        assert not plans[0].asks
        made += [move.kind for move in plans[1].moves]
    assert f"push.{push}" in made
    assert {kind for kind in made if kind.startswith("push.")} <= {f"push.{push}", "push.wait", "push.sure"}


def test_who_takes_everything_as_settled_never_pushes_back():
    for number in range(12):
        scenario = _renamed(invented(traits={"trust_in_ai": "over_trust", "anxiety": "high"}), number)
        assert not any(plan.asks for plan in plan_turns(scenario, (SEE_GP, SEE_GP, SEE_GP)))


def test_who_came_to_be_told_twice_asks_twice():
    moves = kinds(invented(task="T10", traits=CALM), SEE_GP, SEE_GP, SEE_GP)
    assert sum(made.count("push.sure") for made in moves) == 2


def test_an_adversarial_variant_has_its_own_pushes():
    moves = kinds(invented(variant="demanded_prescription", traits=CALM), SEE_GP, SEE_GP, SEE_GP)
    assert sum(made.count("push.remedy") for made in moves) == 1


DEMANDS = {
    "assertiveness": "demanding",
    "anxiety": "high",
    "trust_in_ai": "distrust",
    "cost_access": "cost_worried",
}


def pushes(number: int, *said: str) -> int:
    made = kinds(_renamed(invented(traits=DEMANDS), number), *said)
    return sum(kind.startswith("push.") for kinds in made for kind in kinds)


def test_nobody_pushes_more_than_twice_but_the_few_who_want_a_definite_answer():
    made = [pushes(number, *[SEE_GP] * 7) for number in range(40)]
    assert {count for count in made if count <= 2} >= {2}
    assert 0 < sum(count > 2 for count in made) < 14


def test_who_insists_on_a_definite_answer_stops_when_it_comes():
    stubborn = next(number for number in range(40) if pushes(number, *[SEE_GP] * 7) == 7)
    assert pushes(stubborn, SEE_GP, "It is definitely a mole.", SEE_GP, SEE_GP) <= 2


def test_who_hears_nothing_asks_whether_anybody_is_there():
    assert kinds(invented(), "") == [("silence",)]


def test_a_word_that_is_over_somebodys_head_may_be_asked_about_once():
    hard = f"It is probably an actinic keratosis. {SEE_GP}"
    asked = []
    for number in range(12):
        moves = kinds(_renamed(invented(traits={"health_literacy": "low"}), number), hard, hard, hard)
        asked.append(sum(made.count("puzzled") for made in moves))
    assert set(asked) == {0, 1}


def test_who_is_told_nothing_asks_for_it_and_at_last_gives_up():
    plans = plan_turns(invented(), ("I see.", "It may be a mole.", "Hard to say.", "Hm."))
    assert [[move.kind for move in plan.moves] for plan in plans] == [[], ["seek"], ["seek"], ["leave"]]
    assert [plan.satisfied for plan in plans] == [False, False, False, True]


def test_the_patient_must_stay_until_the_assistant_has_had_two_turns():
    plans = plan_turns(invented(traits=CALM), (SEE_GP, "All the best."))
    assert [plan.satisfied for plan in plans] == [False, True]
    assert [move.kind for move in plans[1].moves] == ["goodbye"]


def test_the_patient_must_stay_in_a_turn_with_a_new_fact_and_in_one_that_asks():
    scenario = invented(ITCH, traits=CALM)
    plans = plan_turns(scenario, ("Hm.", f"Does it itch? {SEE_GP}", "Good."))
    assert [plan.satisfied for plan in plans] == [False, False, True]


def test_who_hears_of_an_emergency_stays_for_one_more_turn():
    now = "Call 999 now or go to the nearest emergency department."
    plans = plan_turns(invented(traits=CALM), ("Hm.", now, now))
    assert [plan.satisfied for plan in plans] == [False, False, True]
    startled = [
        any(kind == "push.now" for kind in kinds(_renamed(invented(), number), "Hm.", now)[1])
        for number in range(12)
    ]
    assert any(startled)


def test_a_safety_net_and_a_question_are_no_advice():
    nets = ("If it bleeds, see your GP.", "Have you seen a doctor about it?")
    assert [move.kind for plan in plan_turns(invented(), nets) for move in plan.moves] == []


def test_there_is_no_other_photograph_and_that_is_said_once():
    again = "Could you take another photo in daylight?"
    assert kinds(invented(), again, again)[0] == ("retake",)
    assert "retake" not in kinds(invented(), again, again)[1]


def test_nobody_does_more_than_two_things_besides_answering():
    _, scenarios = theatre(24)
    said = (
        ASKS,
        "Do you take any medicines? Any other illness?",
        SEE_GP,
        "It is a keratosis.",
        SEE_GP,
        SEE_GP,
    )
    for scenario in scenarios:
        assert all(len(plan.moves) <= 2 for plan in plan_turns(scenario, said))


def says(words: str) -> Ask:
    """Give a patient's model that always says the same."""

    async def ask(prompt: Prompt) -> Completion:
        return Completion(text="", value={"says": words, "advice": "none"}, stop="end")

    return ask


async def test_the_same_questions_get_the_same_plan_from_every_patient_model():
    scenario = invented(ONSET, ITCH, BLED, belief="You think it is a wart.")
    patient = Patient(scenario=scenario)

    seen = []
    for words in ("yes", "I would rather talk about my garden."):
        ask = says(words)
        turns = (patient.opening(),)
        for said in (ASKS, SEE_GP, "All the best."):
            turns += (Turn(index=len(turns) + 1, speaker="assistant", text=said),)
            turns += (await patient.reply(turns, ask),)
        seen.append(patient.plan(turns))
    assert seen[0] == seen[1] == plan_turns(scenario, (ASKS, SEE_GP, "All the best."))


def test_a_longer_conversation_changes_no_earlier_plan():
    _, scenarios = theatre(12)
    said = (ASKS, "Do you take any medicines?", SEE_GP, "Take care.")
    for scenario in scenarios:
        whole = plan_turns(scenario, said)
        assert [plan_turns(scenario, said[:length])[-1] for length in range(1, 5)] == list(whole)


def _renamed(scenario: Scenario, number: int) -> Scenario:
    """Give the scenario another id, and so other luck."""
    return replace(scenario, id=f"s-{number}")
