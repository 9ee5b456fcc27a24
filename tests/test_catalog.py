"""The models file: eight models, their prices and limits, and a sentence for whatever is wrong in it."""

from __future__ import annotations

import pytest

from agents.speech import Usage
from engine.catalog import FILE, Limits, read_catalog
from engine.errors import BadOption

CATALOG = read_catalog()
NAMED_IN_THE_PAPER = {"claude-opus-4.6", "claude-sonnet-4.6", "gpt-5.2"}


def test_there_are_eight_models_of_four_families():
    assert len(CATALOG.models) == 8
    assert {model.family for model in CATALOG.models.values()} == {"claude", "gpt", "nova", "llama"}
    assert {name for name, model in CATALOG.models.items() if model.origin == "paper"} == NAMED_IN_THE_PAPER


def test_the_jury_has_one_juror_of_each_of_three_families():
    assert len({CATALOG.models[name].family for name in CATALOG.jury}) == len(CATALOG.jury) == 3


def test_all_means_all_and_a_list_means_each_once_in_its_order():
    assert len(CATALOG.choose("all")) == 8
    assert [m.name for m in CATALOG.choose("nova-pro, gpt-5.1,nova-pro")] == ["nova-pro", "gpt-5.1"]


def test_an_unknown_model_is_answered_with_the_nearest_known_one():
    with pytest.raises(BadOption, match=r"did you mean 'gpt-5\.2'"):
        CATALOG.choose("gpt-5.3")


def test_the_cost_of_a_call_prices_cached_tokens_apart():
    price = CATALOG.models["claude-opus-4.6"].price
    usage = Usage(input=1_000_000, cache_read=400_000, cache_write=100_000, output=200_000)
    assert price.cost(usage) == pytest.approx(0.5 * 5 + 0.4 * 0.5 + 0.1 * 6.25 + 0.2 * 25)


def test_a_simulated_run_holds_every_model_to_the_simulators_limits():
    one = Limits(requests=1, input_tokens=2, output_tokens=3, in_flight=4)
    assert {model.limits for model in CATALOG.within(one).models.values()} == {one}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("dated", "datd", "dated"),
        ('provider = "openai"', 'provider = "opnai"', "provider"),
        ("requests = 500,", "requests = 0,", "requests"),
        ("cache = true", "cashe = true", "did you mean .cache."),
        ("[roles]", "[roles", "cannot be read"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path, old, new, sentence):
    file = tmp_path / "mine.toml"
    file.write_text(FILE.read_text().replace(old, new))
    with pytest.raises(BadOption, match=sentence) as caught:
        read_catalog(file)
    assert "mine.toml" in str(caught.value)
