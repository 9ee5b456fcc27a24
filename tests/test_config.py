"""The surroundings: which keys make a run live, and that none is ever told."""

from __future__ import annotations

import pytest

from engine.catalog import read_catalog
from engine.config import SECRETS, decide_backend, live_access, missing, scrub
from engine.errors import BadCredential

MODELS = tuple(read_catalog().models.values())
ALL = {
    "ANTHROPIC_API_KEY": "a-key",
    "OPENAI_API_KEY": "o-key",
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": "k",
}


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)


def test_without_keys_a_run_is_simulated_and_a_live_one_is_told_which_are_missing():
    assert decide_backend("auto", MODELS) == "simulated"
    with pytest.raises(BadCredential, match="OPENAI_API_KEY for openai"):
        decide_backend("live", MODELS)


def test_with_every_key_it_is_live_unless_told_otherwise(monkeypatch):
    for name, key in ALL.items():
        monkeypatch.setenv(name, key)
    assert decide_backend("auto", MODELS) == decide_backend("live", MODELS) == "live"
    assert decide_backend("simulated", MODELS) == "simulated"


def test_half_a_pair_of_keys_is_none(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    assert "bedrock" in missing(MODELS)
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "token")
    assert "bedrock" not in missing(MODELS)


def test_only_the_providers_that_are_needed_are_asked_for(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "o-key")
    assert decide_backend("live", tuple(m for m in MODELS if m.provider == "openai")) == "live"


def test_the_sdks_own_variables_say_where_to_call(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "o-key")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    access = live_access("openai")
    assert access.base_url == "http://127.0.0.1:9/v1"
    assert access.secrets == {"OPENAI_API_KEY": "o-key"}


def test_a_key_is_never_in_the_words_for_it(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-planted-987654")
    assert "planted" not in repr(live_access("anthropic"))
    assert scrub("bad key sk-planted-987654!") == "bad key <ANTHROPIC_API_KEY>!"
