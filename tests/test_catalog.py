"""The models files: the built-in eight, a user's own over them, and a sentence for whatever is wrong in either."""

from __future__ import annotations

import pytest

from agents.speech import Usage
from engine.catalog import FILE, Limits, read_catalog
from engine.errors import BadOption
from engine.models import Price

CATALOG = read_catalog()
NAMED_IN_THE_PAPER = {"claude-opus-4.6", "claude-sonnet-4.6", "gpt-5.2"}
MINE = """
[models.qwen]
provider = "openai"
endpoint = "http://localhost:8000/v1/"
id = "Qwen/Qwen2.5-VL"
verdict = "schema"
limits = { requests = 100, in_flight = 4 }
"""
ROLES = '[roles]\npatient = "qwen"\njury = ["qwen", "gpt-5.2"]\n'


@pytest.fixture
def mine(tmp_path):
    """Give a function that writes a models file and reads it."""

    def read(text: str):
        file = tmp_path / "mine.toml"
        file.write_text(text)
        return read_catalog(file)

    return read


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


def test_a_cached_token_without_a_price_of_its_own_costs_what_any_other_does():
    usage = Usage(input=1_000_000, cache_read=400_000, cache_write=100_000)
    assert Price(input=2, output=3).cost(usage) == pytest.approx(2)


def test_a_simulated_run_holds_every_model_to_the_simulators_limits():
    one = Limits(requests=1, input_tokens=2, output_tokens=3, in_flight=4)
    assert {model.limits for model in CATALOG.within(one).models.values()} == {one}


def test_a_model_of_ones_own_needs_no_more_than_where_it_is_and_what_it_may_be_sent(mine):
    model = mine(MINE).models["qwen"]
    assert model.account == "http://localhost:8000/v1"
    assert model.host == "localhost:8000"
    assert (model.title, model.family, model.key) == ("qwen", "qwen", "")
    assert model.price.cost(Usage(input=1000, cache_read=100, output=1000)) == 0
    assert model.image.bytes == 3_750_000


def test_all_means_the_models_of_ones_own_file_and_built_in_ones_may_stand_beside_it(mine):
    catalog = mine(MINE)
    assert len(catalog.models) == 9
    assert [m.name for m in catalog.choose("all")] == ["qwen"]
    assert [m.name for m in catalog.choose("all,gpt-5.2")] == ["qwen", "gpt-5.2"]
    assert (catalog.patient, catalog.jury) == (CATALOG.patient, CATALOG.jury)


def test_ones_own_file_may_give_the_roles_to_others_and_then_all_is_as_ever(mine):
    catalog = mine(MINE + ROLES)
    assert (catalog.patient, catalog.jury) == ("qwen", ("qwen", "gpt-5.2"))
    assert [m.name for m in catalog.company(catalog.choose("all"))] == ["qwen", "gpt-5.2"]
    assert len(mine('[roles]\njury = ["gpt-5.1"]\n').choose("all")) == 8


def test_a_model_of_a_known_name_replaces_the_built_in_one_whole(mine):
    catalog = mine(MINE.replace("[models.qwen]", '[models."gpt-5.2"]') + "options = { temperature = 0.5 }\n")
    assert len(catalog.models) == 8
    model = catalog.models["gpt-5.2"]
    assert (model.host, model.price.input, model.options) == ("localhost:8000", 0, {"temperature": 0.5})
    assert CATALOG.models["gpt-5.2"].host == ""


def test_the_prices_are_of_the_day_that_ones_own_file_says(mine):
    assert mine(MINE).dated == CATALOG.dated
    assert mine('dated = "2030-01-01"\n' + MINE).dated == "2030-01-01"


MISTAKES = {
    "a key that does not exist": ("id =", "idd =", "unknown key 'idd' in models.qwen, did you mean 'id'?"),
    "a key like no other": ("id =", "zzz =", "known are title, family"),
    "a limit that does not exist": ("requests =", "reqests =", "models.qwen.limits, did you mean 'requests'"),
    "a table that does not exist": ("[models.qwen]", "[model.qwen]", "did you mean 'models'"),
    "a table that is none": ("[models.qwen]", "models = 3\n[roles]", "unknown key"),
    "no id": ('id = "Qwen/Qwen2.5-VL"', "", "Field required at models.qwen.id"),
    "no limits": ("limits =", "image =", "unknown key"),
    "no calls in flight": (", in_flight = 4", "", "limits.in_flight"),
    "a limit of nothing": ("requests = 100", "requests = 0", "limits.requests"),
    "a limit beyond numbers": ("requests = 100", "requests = 10000000000000", "limits.requests"),
    "a name that cannot be asked for": ("[models.qwen]", '[models."Qwen/VL"]', "letters, digits"),
    "a name that moves the cursor": ("[models.qwen]", '[models."\\u001b[2J"]', "models.\\x1b"),
    "a name that means everybody": ("[models.qwen]", "[models.all]", "'all', which means something else"),
    "a provider's name": ("[models.qwen]", "[models.openai]", "'openai', which means something else"),
    "an address of no protocol": ("http://localhost:8000/v1/", "localhost:8000", "begins with http://"),
    "an address without a host": ("http://localhost:8000/v1/", "http:///v1", "names a host"),
    "a port that is none": ("localhost:8000", "localhost:port", "is not a URL"),
    "a password in an address": ("localhost", "me:hunter22@localhost", "belong into an environment variable"),
    "a query in an address": ("8000/v1/", "8000/v1?key=hunter22", "a base URL cannot"),
    "an endpoint of another protocol": ('"openai"', '"anthropic"', 'provider = "openai"'),
    "a mechanism that the provider has not": (
        '"schema"',
        '"tool"',
        "not openai's, which has schema and plain",
    ),
    "a key instead of its name": ("verdict", 'key = "sk-hunter22"\nverdict', "not the key itself"),
    "a key like a name": ("verdict", 'key = "hf_Hunter22hunter22hunter"\nverdict', "not the key itself"),
    "an option that is the engine's": ("verdict", "options = { stream = true }\nverdict", "'stream'"),
    "a price that is none": ("verdict", "price = { input = inf }\nverdict", "price.input"),
    "no TOML": ("[models.qwen]", "[models.qwen", "cannot be read"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_ones_own_file_is_one_sentence_that_names_it(mistake, mine):
    old, new, sentence = MISTAKES[mistake]
    assert old in MINE
    with pytest.raises(BadOption, match=r"mine\.toml") as caught:
        mine(MINE.replace(old, new))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hunter22" not in str(caught.value)


def test_a_key_without_an_endpoint_has_nothing_to_open(mine):
    with pytest.raises(BadOption, match="key belongs to an endpoint"):
        mine(MINE.replace('endpoint = "http://localhost:8000/v1/"', 'key = "MY_KEY"'))


def test_a_provider_s_own_model_needs_a_limit_of_tokens(mine):
    with pytest.raises(BadOption, match="limits need tokens"):
        mine(MINE.replace('endpoint = "http://localhost:8000/v1/"', ""))


def test_one_endpoint_cannot_have_two_keys(mine):
    other = MINE.replace("models.qwen", "models.other").replace("id =", 'key = "OTHER"\nid =')
    with pytest.raises(BadOption, match="qwen and other have one endpoint and two keys"):
        mine(MINE + other)


@pytest.mark.parametrize(
    ("roles", "sentence"),
    [
        ('patient = "quen"', "did you mean 'qwen'?"),
        ('jury = ["qwen", "qwen"]', "a juror sits twice"),
        ('juri = ["qwen"]', "did you mean 'jury'?"),
        ('jury = "qwen"', "roles.jury"),
    ],
)
def test_a_role_that_nobody_can_play_is_named(mine, roles, sentence):
    with pytest.raises(BadOption, match=r"mine\.toml") as caught:
        mine(f"{MINE}[roles]\n{roles}\n")
    assert sentence in str(caught.value)


def test_a_file_that_is_empty_or_missing_or_no_text_is_said_to_be(mine, tmp_path):
    with pytest.raises(BadOption, match="is empty"):
        mine("# nothing yet\n")
    with pytest.raises(BadOption, match="No such file"):
        read_catalog(tmp_path / "other.toml")
    (tmp_path / "other.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadOption, match="cannot be read"):
        read_catalog(tmp_path / "other.toml")


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
def test_a_mistake_in_the_built_in_file_is_named_too(tmp_path, old, new, sentence):
    file = tmp_path / "models.toml"
    file.write_text(
        FILE.read_text().replace(f"\n{old}", f"\n{new}")
        if old == "dated"
        else FILE.read_text().replace(old, new)
    )
    with pytest.raises(BadOption, match=sentence) as caught:
        read_catalog(built_in=file)
    assert "models.toml" in str(caught.value)
