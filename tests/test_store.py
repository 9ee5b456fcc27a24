"""Scenarios as lines."""

import pytest

from personas.errors import Unreadable
from personas.scenarios.store import dump, identify, load
from tests.samples import embedded

SCENARIOS = embedded(6, 3).scenarios


def test_what_is_written_reads_back_equal():
    assert load(dump(SCENARIOS)) == SCENARIOS


def test_ids_are_the_hash_of_the_content():
    for scenario in SCENARIOS:
        assert identify(scenario) == scenario


def test_a_changed_line_is_refused_by_its_number():
    data = dump(SCENARIOS).replace(SCENARIOS[2].persona.worry.encode(), b"something else", 1)
    with pytest.raises(Unreadable, match=r"line \d.*changed"):
        load(data)


def test_a_line_that_is_no_scenario_is_refused_by_its_number():
    with pytest.raises(Unreadable, match="line 7"):
        load(dump(SCENARIOS) + b'{"id": 3}\n')
    with pytest.raises(Unreadable, match="line 1"):
        load(b"not json\n")


def test_nothing_reads_as_nothing():
    assert load(b"") == ()
