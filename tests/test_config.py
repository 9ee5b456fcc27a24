"""The surroundings: which keys make a run live, where it calls, and that no secret is ever told."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

import pytest

from engine.catalog import read_catalog
from engine.config import SECRETS, URLS, decide_backend, detours, hosts, live_access, missing, scrub
from engine.errors import BadCredential, BadOption
from engine.models import Limits, Model

CATALOG = read_catalog()
MODELS = tuple(CATALOG.models.values())
OPENAI = CATALOG.models["gpt-5.1"]
ALL = {
    "ANTHROPIC_API_KEY": "a-key",
    "OPENAI_API_KEY": "o-key",
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": "k",
}


def local(key: str = "", name: str = "qwen") -> Model:
    return Model(
        name=name,
        title="Qwen",
        family="qwen",
        provider="openai",
        id="qwen",
        endpoint="http://gpu.lan:8000/tenant-7/v1",
        key=key,
        limits=Limits(requests=1, in_flight=1),
    )


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    for name in (*SECRETS, *URLS.values(), "AWS_REGION", "AWS_DEFAULT_REGION", "MY_KEY"):
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


def test_an_endpoint_without_a_key_needs_nothing_and_one_with_a_key_that_key(monkeypatch):
    assert decide_backend("auto", (local(),)) == "live"
    with pytest.raises(BadCredential, match="MY_KEY for qwen"):
        decide_backend("live", (local("MY_KEY"),))
    monkeypatch.setenv("MY_KEY", "m-key")
    assert decide_backend("auto", (local("MY_KEY"),)) == "live"


def test_the_sdks_own_variables_say_where_to_call(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "o-key")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    access = live_access(OPENAI)
    assert access.base_url == "http://127.0.0.1:9/v1"
    assert access.secrets == {"OPENAI_API_KEY": "o-key"}


def test_an_endpoint_of_ones_own_gets_its_own_key_and_never_openais(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "o-key")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("MY_KEY", "m-key")
    assert live_access(local("MY_KEY")).secrets == {"OPENAI_API_KEY": "m-key"}
    keyless = live_access(local())
    assert "o-key" not in keyless.secrets.values()
    assert keyless.base_url == "http://gpu.lan:8000/tenant-7/v1"


@pytest.mark.parametrize("provider", URLS)
@pytest.mark.parametrize(
    "url", ["gateway", "ftp://gateway", "http://me:hunter22@gateway", "http://gateway:x"]
)
def test_an_address_that_is_none_is_a_sentence_that_does_not_repeat_it(monkeypatch, provider, url):
    monkeypatch.setenv(URLS[provider], url)
    model = next(model for model in MODELS if model.provider == provider)
    with pytest.raises(BadOption, match=f"{URLS[provider]} .*unset it") as caught:
        live_access(model)
    assert "hunter22" not in str(caught.value)


def test_every_host_is_told_and_nothing_else_of_an_address(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://gateway.example:8443/tenant-7/anthropic")
    assert hosts((*MODELS, local())) == {
        "anthropic": "gateway.example:8443",
        "openai": "api.openai.com",
        "bedrock": "bedrock-runtime.eu-west-1.amazonaws.com",
        "qwen": "gpu.lan:8000",
    }


def test_only_what_is_called_elsewhere_is_worth_a_remark(monkeypatch):
    assert detours(MODELS) == []
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://gateway.example/tenant-7")
    assert detours((*MODELS, local())) == [
        "anthropic is called at gateway.example, as ANTHROPIC_BASE_URL says.",
        "qwen is called at gpu.lan:8000, its endpoint in the models file.",
    ]


def test_a_key_is_never_in_the_words_for_it(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-planted-987654")
    assert "planted" not in repr(live_access(CATALOG.models["claude-haiku-4.5"]))
    assert scrub("bad key sk-planted-987654!") == "bad key <ANTHROPIC_API_KEY>!"


SECRET = "planted/secret+42="
FORMS = {
    "as it stands": f"the key {SECRET} is bad",
    "in a query": f"?key={quote(SECRET, safe='')}&x=1",
    "in a query, in small letters": f"?key={quote(SECRET, safe='').lower()}&x=1",
    "in base64": b64encode(SECRET.encode()).decode(),
    "in base64 behind one letter": b64encode(f"u{SECRET}!".encode()).decode(),
    "in base64 as a user's password": b64encode(f"me:{SECRET}".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "MY_KEY"])
def test_a_known_secret_is_taken_out_in_every_form(monkeypatch, form, name):
    monkeypatch.setenv(name, SECRET)
    live_access(local("MY_KEY"))
    assert f"<{name}>" in scrub(FORMS[form])


LOOKALIKES = [
    ("authorization: Bearer abcdef123456", "abcdef123456"),
    ("Incorrect API key provided: sk-proj-abcdef123.", "abcdef123"),
    ("AWS4-HMAC-SHA256 Credential=ABCD/2026/us-east-1, SignedHeaders=host, Signature=0a1b2c", "ABCD"),
    ("AWS4-HMAC-SHA256 Credential=ABCD/2026/us-east-1, SignedHeaders=host, Signature=0a1b2c", "0a1b2c"),
    ("https://s3/x?X-Amz-Security-Token=tokentoken&X-Amz-Signature=0a1b2c", "tokentoken"),
    ("the id AKIAIOSFODNN7EXAMPLE has no access", "AKIAIOSFODNN7EXAMPLE"),
    ('{"x-api-key": "abcdef"}', "abcdef"),
    ("cannot reach http://me:hunter22@gateway/v1", "hunter22"),
    ("https://a.blob.example/c?sv=2024&sig=Abc%2Bdef%3D is over", "Abc"),
    ("https://storage.example/b?X-Goog-Credential=me&X-Goog-Signature=0a1b2c", "0a1b2c"),
    ("GET /x?token=abc123&b=1", "abc123"),
    ('{"SecretAccessKey": "wJalrXUt", "SessionToken": "IQoJb3JpZ2lu"}', "wJalrXUt"),
    ('{"SecretAccessKey": "wJalrXUt", "SessionToken": "IQoJb3JpZ2lu"}', "IQoJb3JpZ2lu"),
    ("aws_session_token = IQoJb3JpZ2lu", "IQoJb3JpZ2lu"),
    ("AWS_SECRET_ACCESS_KEY=wJalrXUt", "wJalrXUt"),
    ("x-amz-security-token: IQoJb3JpZ2lu", "IQoJb3JpZ2lu"),
    ("Authorization: Token abcdef0123", "abcdef0123"),
    ("{'Authorization': 'Bearer abcd'}", "abcd"),
    ("Proxy-Authorization: Basic bWU6cGFzcw==", "bWU6"),
    ("Ocp-Apim-Subscription-Key: 0a1b2c3d", "0a1b2c3d"),
    ("Cookie: session=0a1b2c; other=3d4e5f", "3d4e5f"),
    ("client_secret=0a1b2c and password: hunter22", "hunter22"),
    ("the token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4", "eyJ"),
    ("github_pat_11ABCDEFG0123456789_abc and xoxb-1234567890-abc", "11ABCDEFG"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----", "MIIabc"),
    ("-----BEGIN PRIVATE KEY-----\nMIIabc and cut", "MIIabc"),
]


@pytest.mark.parametrize(("text", "secret"), LOOKALIKES)
def test_what_looks_like_a_secret_goes_even_when_nobody_knows_it(text, secret):
    assert secret not in scrub(text)


@pytest.mark.parametrize(
    "text",
    [
        "x-api-key header is required",
        "a basic understanding of bearer authentication is required",
        "InvalidSignatureException: the request signature does not match",
        "risk-taking and task-oriented words at https://gateway.example/v1 @ noon",
        "max_tokens: 900 is too large",
        "POST /v1/chat/completions is not served at https://gateway.example/data/models",
        "and/or /data alone, 5/home, and the answer is 3/4; a key: value pair",
    ],
)
def test_sentences_stay_as_they_are(text):
    assert scrub(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "FileNotFoundError: [Errno 2] No such file: '/home/planted/models/x.gguf'",
        'File "/opt/planted/vllm/engine.py", line 3',
        "C:\\Users\\planted\\models\\x.bin is missing",
        "~/planted/x.bin, and ~planted/y",
        "cannot open file:///Users/planted/x.txt",
    ],
)
def test_a_path_goes_for_it_names_people(text):
    assert "planted" not in scrub(text)
    assert "<path>" in scrub(text)


def test_the_home_of_this_user_goes_wherever_it_is_and_whatever_is_in_its_name(monkeypatch):
    monkeypatch.setenv("HOME", "/storage/ward 7/Anna Planted")
    said = scrub("no /storage/ward 7/Anna Planted/models/x, none in /storage/ward 7/Anna Planted")
    assert "Planted" not in said


def test_what_opens_a_proxy_goes_too(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://planted-user:planted%2Fpass@proxy.example:3128")
    assert "planted" not in scrub("407: planted-user may not, planted/pass, planted%2Fpass")


def test_a_long_value_of_a_variable_that_is_called_a_key_is_one(monkeypatch):
    monkeypatch.setenv("SOME_GATEWAYS_TOKEN", "planted words of 16")
    monkeypatch.setenv("OTHER_TOKEN", "disabled")
    assert scrub("planted words of 16 is disabled") == "<SOME_GATEWAYS_TOKEN> is disabled"
