"""Traits and their words."""

import pytest

from personas.people.traits import NEUTRAL, describe, levels, neutral


def test_a_neutral_patient_gets_one_neutral_line():
    assert describe({name: neutral(name) for name in levels()}) == NEUTRAL
    assert describe({}) == NEUTRAL


def test_every_other_level_has_one_sentence():
    for name, steps in levels().items():
        for step in steps:
            if step != neutral(name):
                assert describe({name: step}).count(".") == 1


def test_the_words_do_not_hang_on_the_order_in_which_traits_are_held():
    traits = {name: next(step for step in steps if step != neutral(name)) for name, steps in levels().items()}
    assert describe(dict(sorted(traits.items()))) == describe(traits)


def test_unknown_levels_are_refused():
    with pytest.raises(KeyError, match="anxiety"):
        describe({"anxiety": "huge"})
    with pytest.raises(KeyError):
        describe({"charm": "high"})
