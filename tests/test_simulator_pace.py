"""How long a simulated model takes."""

from __future__ import annotations

from dataclasses import replace
from statistics import median, quantiles

import pytest

from engine.simulator.pace import delay
from engine.simulator.served import ServedModel, load_served


def served(**changes: object) -> ServedModel:
    return replace(load_served()["gpt-5.2"], **changes)


def delays(model: ServedModel, *, seed: int = 7) -> list[float]:
    return [delay(model, seed, str(call)) for call in range(4000)]


def test_without_a_spread_every_answer_takes_the_same() -> None:
    assert set(delays(served(latency=0.3, spread=0))) == {0.3}
    assert set(delays(served(latency=0, spread=1))) == {0}


def test_a_spread_is_lognormal_around_the_median() -> None:
    found = delays(served(latency=2.0, spread=0.5))
    assert median(found) == pytest.approx(2.0, rel=0.05)
    low, *_, high = quantiles(found, n=40)  # 2.5 % and 97.5 %
    assert (low, high) == (pytest.approx(2 / 2.66, rel=0.1), pytest.approx(2 * 2.66, rel=0.1))


def test_a_tail_takes_some_times_as_long() -> None:
    found = delays(served(latency=1.0, spread=0, tail=0.01, tail_times=10))
    assert set(found) == {1.0, 10.0}
    assert 20 < found.count(10.0) < 60


def test_the_seed_decides_and_nothing_else() -> None:
    model = served(tail=0.1)
    assert delays(model) == delays(model)
    assert delays(model) != delays(model, seed=8)


def test_the_usual_answer_takes_a_twentieth_of_a_second() -> None:
    found = delays(served())
    assert median(found) == pytest.approx(0.05, rel=0.05)
    assert max(found) < 0.3
