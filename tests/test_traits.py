"""Traits and their words."""

from collections import Counter

import pytest

from personas.people.traits import NEUTRAL, balanced, describe, levels, neutral


def test_a_neutral_patient_gets_one_neutral_line():
    assert describe({name: neutral(name) for name in levels()}) == NEUTRAL
    assert describe({}) == NEUTRAL


def test_every_other_level_has_one_sentence():
    for name, steps in levels().items():
        for step in steps:
            if step != neutral(name):
                assert describe({name: step}).count(".") == 1


def test_unknown_levels_are_refused():
    with pytest.raises(KeyError, match="anxiety"):
        describe({"anxiety": "huge"})
    with pytest.raises(KeyError):
        describe({"charm": "high"})


def test_three_patients_in_turn_have_every_level_once():
    dealt = balanced(30, 1)
    for name, steps in levels().items():
        for start in range(0, 30, 3):
            assert {hand[name] for hand in dealt[start : start + 3]} == set(steps)


def test_traits_vary_independently():
    dealt = balanced(300, 1)
    pairs = Counter((hand["anxiety"], hand["openness"]) for hand in dealt)
    assert len(pairs) == 9
    assert min(pairs.values()) > 15


def test_dealing_is_a_function_of_the_address():
    assert balanced(9, 1) == balanced(9, 1) != balanced(9, 2)
