"""How traits and tasks are dealt."""

import itertools
from collections import Counter

import numpy as np
import pytest

from personas.people.design import RUNS, FairDeal, TraitDesign, _array
from personas.people.traits import levels
from personas.scenarios.balance import cramer
from personas.seeds import derive


def dealt(count, seed=1, groups=9):
    rng = derive("test", seed)
    strata = [
        (f"g{a}", f"t{b}")
        for a, b in zip(rng.integers(0, groups, count), rng.integers(0, 3, count), strict=True)
    ]
    design = TraitDesign(seed)
    return strata, [design.deal(*names) for names in strata]


def test_the_array_has_every_pair_of_levels_three_times():
    assert _array().shape == (27, 13)
    for one, other in itertools.combinations(_array().T, 2):
        assert set(Counter(zip(one, other, strict=True)).values()) == {3}


def test_every_block_has_every_level_nine_times():
    _, hands = dealt(4 * RUNS)
    for start in range(0, len(hands), RUNS):
        for name in levels():
            assert set(Counter(hand[name] for hand in hands[start : start + RUNS]).values()) == {9}


@pytest.mark.parametrize("count", [20, 45, 130, 155])
def test_any_beginning_is_evenly_dealt(count):
    for seed in range(4):
        _, hands = dealt(count, seed)
        for name in levels():
            counts = Counter(hand[name] for hand in hands)
            assert max(counts.values()) - min(counts[step] for step in levels()[name]) <= 7


def test_at_155_no_two_traits_are_tied():
    for seed in range(4):
        _, hands = dealt(155, seed)
        columns = {name: [hand[name] for hand in hands] for name in levels()}
        assert max(cramer(columns[a], columns[b]) for a, b in itertools.combinations(columns, 2)) < 0.08


def test_at_155_traits_are_tied_to_skin_and_diagnosis_less_than_chance_would_tie_them():
    for seed in range(4):
        strata, hands = dealt(155, seed)
        groups, tones = ([each[place] for each in strata] for place in (0, 1))
        by_group = [cramer([hand[name] for hand in hands], groups) for name in levels()]
        by_tone = [cramer([hand[name] for hand in hands], tones) for name in levels()]
        assert np.mean(by_group) < 0.75 * np.sqrt(8 / 155)
        assert max(by_tone) < np.sqrt(2 / 155)


def test_dealing_is_a_function_of_the_address():
    assert dealt(9)[1] == dealt(9)[1] != dealt(9, 2)[1]


def test_options_are_dealt_by_their_shares_overall_and_within():
    deal, had = FairDeal(1), Counter()
    for place in range(300):
        stratum = f"s{place % 5}"
        had[stratum, deal.pick({"rare": 0.2, "common": 0.8}, stratum)] += 1
    assert all(had[f"s{place}", "rare"] in (11, 12, 13) for place in range(5))


def test_what_cannot_be_had_is_made_up_for_later():
    deal = FairDeal(1)
    first = [deal.pick({"a": 1.0}) for _ in range(5)]
    later = [deal.pick({"a": 1.0, "b": 1.0}) for _ in range(10)]
    assert Counter(first + later)["b"] in (7, 8)
    with pytest.raises(ValueError, match="nothing to deal"):
        deal.pick({})
