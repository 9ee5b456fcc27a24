"""The sample that clinicians score: every kind is there, by chances that are what they are said to be."""

from __future__ import annotations

import numpy as np
import pytest

from engine.annotation.sampling import draw_sample, spread_chances
from personas.seeds import derive


def strata(many: int, *shares: tuple[int, ...]) -> list[list[str]]:
    """Deal things to the levels of some strata."""
    generator = derive("sampling", many)
    chances = [np.array(share) / sum(share) for share in shares]
    return [[str(level) for level in generator.choice(len(c), size=many, p=c)] for c in chances]


def codes(levels: list[list[str]]) -> list[np.ndarray]:
    return [np.unique(one, return_inverse=True)[1] for one in levels]


def test_every_level_of_every_stratum_is_there_though_one_is_rare():
    levels = strata(600, (1, 3, 6, 5), (12, 1), (1,) * 8, (4, 40, 40, 40, 30, 2))
    chosen, _ = draw_sample(levels, 60, derive("draw"))
    assert len(chosen) == 60
    for one in levels:
        assert {one[at] for at in chosen} == set(one)


def test_each_level_comes_out_within_a_few_of_its_expected_number():
    levels = strata(600, (1, 3, 6, 5), (12, 1), (1,) * 8)
    for seed in range(10):
        chosen, chance = draw_sample(levels, 60, derive("draw", seed))
        for code in codes(levels):
            assert np.abs(np.bincount(code[chosen]) - np.bincount(code, chance)).max() < 2.5


def test_the_chances_are_those_by_which_things_are_drawn():
    levels = [["a"] * 6 + ["b"] * 3 + ["c"], ["x", "y"] * 5]
    drawn, draws = np.zeros(10), 600
    for seed in range(draws):
        chosen, chance = draw_sample(levels, 4, derive("often", seed))
        drawn[chosen] += 1
    error = np.sqrt(chance * (1 - chance) / draws)
    assert np.all(np.abs(drawn / draws - chance) < 4 * error)
    assert chance.sum() == pytest.approx(4)


def test_weights_bring_back_what_the_whole_run_holds():
    levels = strata(400, (1, 9), (1, 1, 1))
    code = codes(levels)[0]
    held = []
    for seed in range(24):
        chosen, chance = draw_sample(levels, 40, derive("weigh", seed))
        held.append((code[chosen] / chance[chosen]).sum() / (1 / chance[chosen]).sum())
    assert np.mean(held) == pytest.approx(code.mean(), abs=0.02)
    plain = np.mean([code[draw_sample(levels, 40, derive("weigh", seed))[0]].mean() for seed in range(10)])
    assert plain < code.mean() - 0.05  # the common level is held back, and so weights are needed


def test_the_same_seed_draws_the_same_and_another_another():
    levels = strata(300, (1, 2), (1, 1, 1))
    first, again, other = (draw_sample(levels, 30, derive("seed", seed))[0].tolist() for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("size", [10, 11, 500])
def test_a_sample_as_large_as_what_there_is_takes_all_for_certain(size):
    chosen, chance = draw_sample([["a"] * 4 + ["b"] * 6], size, derive("all"))
    assert chosen.tolist() == list(range(10))
    assert chance.tolist() == [1.0] * 10


@pytest.mark.parametrize(("many", "size"), [(2, 1), (10, 9), (50, 1), (50, 49), (300, 150)])
def test_any_size_comes_out_exactly(many, size):
    levels = strata(many, (1, 2, 5), (1, 1), (9, 1))
    chosen, chance = draw_sample(levels, size, derive("size", many))
    assert len(chosen) == len(set(chosen.tolist())) == size
    assert 0 < chance.min() <= chance.max() <= 1


def test_a_level_with_few_things_cannot_be_asked_for_more_of_them():
    chance = spread_chances([np.array([0] * 98 + [1] * 2)], 50)
    assert chance[98:].tolist() == [1.0, 1.0]
    assert chance.sum() == pytest.approx(50)
