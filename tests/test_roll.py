"""The roll: it knows what it was told, forgets nothing and takes as much room as it was given."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.roll import SMALLEST, Roll


@given(st.lists(st.text(max_size=3) | st.tuples(st.text(max_size=2), st.integers(0, 3)), max_size=20))
def test_it_answers_as_a_set_does(names):
    roll, known = Roll(), set()
    for name in names:
        assert (name in roll) == (name in known)
        assert roll.add(name) == (name not in known)
        known.add(name)
        assert name in roll
    assert len(roll) == len(known)


def test_it_grows_without_forgetting():
    roll, count = Roll(), 5 * SMALLEST
    assert all(roll.add(f"talk {number}") for number in range(count))
    assert not any(roll.add(f"talk {number}") for number in range(count))
    assert "talk of nobody" not in roll
    assert len(roll) == count


def test_the_room_that_was_asked_for_is_there_from_the_beginning():
    roll, count = Roll(10_000), 10_000
    before = roll.size
    for number in range(count):
        roll.add(number)
    assert roll.size == before <= 8 * 4 * count


def test_a_name_that_hashes_to_nothing_is_a_name():
    roll = Roll()
    assert hash(0) == 0
    assert 0 not in roll
    assert roll.add(0)
    assert not roll.add(0)
