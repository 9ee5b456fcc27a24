"""A possibility stated in a model's words is the true condition, or it is not: held against names written by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.conditions.book import conditions
from personas.conditions.names import normal
from personas.conditions.naming import known, other, same
from personas.values import Truth
from tests.samples import embedded

SAMPLE = embedded(1, 7).scenarios[0].truth

FILE = Path(__file__).with_name("labels") / "possibilities.txt"
ROWS = [line.split(" | ") for line in FILE.read_text(encoding="utf-8").splitlines() if line[0] != "#"]


def truth(key: str) -> Truth:
    condition = conditions()[key]
    return replace(SAMPLE, label=key, title=condition.title, accepted=condition.accepted)


@pytest.mark.parametrize(("key", "hit", "said"), ROWS, ids=lambda value: value)
def test_names_written_by_hand(key, hit, said):
    assert same(said, truth(key)) is (hit == "yes")


def test_the_table_is_large_enough_to_mean_something():
    assert len({key for key, _, _ in ROWS}) >= 30
    assert min([hit for _, hit, _ in ROWS].count(word) for word in ("yes", "no")) >= 100


@pytest.mark.parametrize("key", sorted(conditions()))
def test_every_condition_is_known_by_all_its_own_names_and_by_its_title(key):
    condition = conditions()[key]
    for name in (*condition.names, condition.title):
        assert same(name, truth(key)), name
        assert same(f"Probable {name.capitalize()}", truth(key)), name


def words(names: tuple[str, ...]) -> set[str]:
    return {word for name in names for word in normal(name).split()}


def test_the_names_of_one_condition_are_never_another_that_does_not_accept_them():
    confused = []
    for key, condition in conditions().items():
        accepted = words(condition.accepted)
        for rival in conditions().values():
            alike = set(rival.names) & set(condition.accepted) or set(condition.names) <= set(rival.accepted)
            if rival.key == key or alike or not words(rival.names) & accepted:
                continue  # without a word in common there is nothing to confuse
            confused += [(key, name) for name in rival.names if same(name, truth(key))]
    assert not confused


def test_one_possibility_is_one_condition_and_of_several_the_first_counts():
    assert same("Melanoma or dysplastic naevus", truth("MEL"))
    assert not same("Dysplastic naevus vs. melanoma", truth("MEL"))
    assert not same("Eczema / psoriasis / tinea", truth("PSO"))
    assert same("Not eczema but psoriasis", truth("PSO"))
    assert not same("Skin lesion (melanoma) (basal cell carcinoma) (eczema)", truth("BCC"))
    assert not same("Mole, melanoma, BCC, SCC, eczema", truth("BCC"))


def test_a_condition_of_somebody_elses_data_is_known_by_the_names_it_came_with():
    strange = replace(
        SAMPLE, label="XYZ", title="Grubbel's disease", accepted=("grubbel disease", "morbus grubbel")
    )
    assert same("Early Grubbel's disease", strange)
    assert same("probable MORBUS GRUBBEL", strange)
    assert not same("melanoma", strange)


def test_what_is_known_tells_which_condition_was_named():
    assert known("Probable basal-cell carcinoma") == ("BCC",)
    assert known("some rash or other") == ()


@pytest.mark.parametrize("said", ["Other", "something else", "Other causes", "None of these", "Unknown"])
def test_what_is_left_is_no_condition(said):
    assert other(said)


@pytest.mark.parametrize("said", ["melanoma", "Other: psoriasis", "another mole", "mother patch", "Eczema"])
def test_a_condition_is_not_what_is_left(said):
    assert not other(said)


@given(st.text(max_size=300))
def test_nothing_that_is_written_breaks_it(text):
    assert same(text, truth("NEV")) in (True, False)
    assert other(text) in (True, False)
