"""How traits and tasks are dealt."""

import itertools
from collections import Counter

import numpy as np
import pytest

from personas.people.design import SETTLED, FairDeal, TraitDesign
from personas.people.traits import levels
from personas.scenarios.balance import cramer
from personas.seeds import derive


def dealt(count, seed=1, groups=12):
    rng = derive("test", seed)
    strata = [
        (f"g{a}", f"t{b}")
        for a, b in zip(rng.integers(0, groups, count), rng.integers(0, 3, count), strict=True)
    ]
    design = TraitDesign(seed)
    return strata, [design.deal(*names) for names in strata]


def columns(hands):
    return {name: [hand[name] for hand in hands] for name in levels()}


def ties(hands, others):
    return [cramer(column, others) for column in columns(hands).values()]


def spread(hands):
    counts = ([Counter(column)[step] for step in levels()[name]] for name, column in columns(hands).items())
    return max(max(each) - min(each) for each in counts)


@pytest.mark.parametrize("count", [20, 45, 130, 155])
def test_any_beginning_is_evenly_dealt(count):
    assert max(spread(dealt(count, seed)[1]) for seed in range(4)) <= 5


def test_at_155_no_two_traits_are_tied():
    for seed in range(4):
        pairs = itertools.combinations(columns(dealt(155, seed)[1]).values(), 2)
        assert max(itertools.starmap(cramer, pairs)) <= 0.13


def test_at_155_traits_are_hardly_tied_to_twelve_groups_and_to_skin():
    for seed in range(4):
        strata, hands = dealt(155, seed)
        groups, tones = ([each[place] for each in strata] for place in (0, 1))
        # By chance it would be 0.27 and 0.11.
        assert max(ties(hands, groups)) <= 0.13
        assert np.mean(ties(hands, groups)) <= 0.10
        assert max(ties(hands, tones)) <= 0.09


def test_a_group_of_thirteen_has_each_level_about_four_times():
    strata, hands = dealt(156, 2)
    for group in {names[0] for names in strata}:
        of = [hand for hand, names in zip(hands, strata, strict=True) if names[0] == group]
        assert spread(of) <= 4


def test_large_samples_stay_even_when_fewer_orders_are_tried():
    strata, hands = dealt(3 * SETTLED)
    assert spread(hands) <= 6
    assert max(ties(hands, [names[0] for names in strata])) <= 0.02


def test_who_is_shown_twice_is_made_up_for():
    design = TraitDesign(5)
    first = design.deal("g", "t")
    for _ in range(3):
        design.again(first, "g", "t")
    assert design.crowding(first, "g", "t") > 2
    later = [design.deal("g", "t") for _ in range(8)]
    assert spread([first] * 4 + later) <= 2
    assert all(hand[name] != first[name] for hand in later[:4] for name in levels())


def test_patients_of_no_stratum_are_dealt_as_well():
    design = TraitDesign(1)
    assert spread([design.deal() for _ in range(30)]) <= 2


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
