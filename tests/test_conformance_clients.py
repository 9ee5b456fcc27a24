"""Addresses, keys, retries, pools and proxies: what providers.md says of all three SDKs, and what ours do instead."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate

import aioboto3
import aiohttp
import anthropic
import openai
import orjson
import pytest
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ClientError

from engine.errors import CallError, Throttled
from tests.wire.clients import ANSWERS, IDS, KEYS, PATHS, SEATS, ask_sdk, deaf, open_sdk, ours, post, prompt
from tests.wire.relay import HeardRequest, always, relayed, reply

IN_AN_HOUR = "an HTTP date an hour from now"

SDK_ERRORS = (anthropic.APIError, openai.APIError, ClientError, BotoCoreError)
ONCE = {
    "anthropic": {"max_retries": 0},
    "openai": {"max_retries": 0},
    "bedrock": {"retries": {"total_max_attempts": 1}},
}
STATUSES = (307, 400, 401, 402, 403, 404, 408, 409, 413, 424, 429, 500, 503, 504, 529)
providers = pytest.mark.parametrize("provider", SEATS)
streamed = pytest.mark.parametrize("listen", [None, deaf], ids=["plain", "streamed"])


@providers
async def test_the_sdks_own_variables_lead_an_sdk_to_the_simulator(simulator, monkeypatch, provider):
    async with relayed(simulator) as relay:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", relay.url)
        monkeypatch.setenv("OPENAI_BASE_URL", f"{relay.url}/v1")
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", relay.url)
        if provider == "bedrock":
            opened = aioboto3.Session().client("bedrock-runtime", **KEYS)
        else:
            opened = {"anthropic": anthropic.AsyncAnthropic, "openai": openai.AsyncOpenAI}[provider](
                api_key="k"
            )
        async with opened as sdk:
            assert (await ask_sdk(provider, sdk)).endswith("last Hello")
    assert relay.last.path == PATHS[provider]


@providers
async def test_our_provider_asks_at_the_same_path_and_says_nothing_of_this_machine(simulator, provider):
    async with relayed(simulator) as relay, ours(relay.url, provider) as ask:
        await ask()
    assert relay.last.path == PATHS[provider]
    told = relay.last.headers
    assert not {"x-stainless-os", "x-stainless-arch", "x-stainless-runtime-version"} & told.keys()
    assert not {"cookie", "traceparent"} & told.keys()
    assert "linux" not in told["user-agent"].lower()


async def test_only_openais_sdk_insists_on_a_key_when_it_is_made(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    anthropic.AsyncAnthropic()
    with pytest.raises(openai.OpenAIError):
        openai.AsyncOpenAI()


@pytest.mark.parametrize("mine", [False, True], ids=["sdk", "ours"])
async def test_bedrocks_bearer_token_takes_the_place_of_a_signature(simulator, monkeypatch, mine):
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "planted-token")
    async with relayed(simulator) as relay:
        if mine:
            token = {"AWS_BEARER_TOKEN_BEDROCK": "planted-token"}
            async with ours(relay.url, "bedrock", secrets=token) as ask:
                await ask()
        else:
            async with aioboto3.Session().client(
                "bedrock-runtime", endpoint_url=relay.url, region_name="us-east-1"
            ) as sdk:
                await ask_sdk("bedrock", sdk)
    assert relay.last.headers["authorization"] == "Bearer planted-token"


def test_no_retries_is_zero_and_never_none():
    for made in (anthropic.AsyncAnthropic, openai.AsyncOpenAI):
        with pytest.raises(TypeError):
            made(api_key="k", max_retries=None)


async def test_botocore_changes_the_retries_it_is_given(simulator):
    retries = {"max_attempts": 0}
    async with open_sdk("bedrock", simulator, retries=retries) as sdk:
        await ask_sdk("bedrock", sdk)
    assert retries != {"max_attempts": 0}


def test_the_sdks_wait_ten_minutes_by_default_and_botocore_one():
    for made in (anthropic.AsyncAnthropic, openai.AsyncOpenAI):
        timeout = made(api_key="k").timeout
        assert (timeout.read, timeout.connect) == (600, 5)
    config = AioConfig()
    assert (config.read_timeout, config.connect_timeout, config.max_pool_connections) == (60, 60, 10)
    for sdk in (anthropic, openai):
        assert sdk.DEFAULT_CONNECTION_LIMITS.max_connections == 1000


async def count_of_calls(provider: str, status: int, **headers: str) -> int:
    """Count what an SDK with its own defaults sends for one question that is always answered alike."""
    answer = always({"error": {"message": "no"}}, status, **headers)
    async with relayed(answer=answer) as relay, open_sdk(provider, relay.url) as sdk:
        with pytest.raises(SDK_ERRORS):
            await ask_sdk(provider, sdk)
    return len(relay.requests)


@pytest.mark.looptime
@pytest.mark.parametrize("provider", ["anthropic", "openai"])
@pytest.mark.parametrize(
    ("status", "calls"), [(400, 1), (403, 1), (404, 1), (413, 1), (408, 3), (409, 3), (429, 3), (500, 3), (529, 3)]
)  # fmt: skip
async def test_an_sdk_left_alone_asks_thrice_what_may_pass(provider, status, calls):
    assert await count_of_calls(provider, status) == calls


@pytest.mark.looptime
async def test_bedrocks_sdk_left_alone_asks_five_times_and_does_not_keep_to_retry_after():
    loop = asyncio.get_running_loop()
    start = loop.time()
    assert await count_of_calls("bedrock", 503, retry_after="500") == 5
    assert loop.time() - start < 500


@pytest.mark.looptime
@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_a_header_overrides_what_an_sdk_would_do(provider):
    assert await count_of_calls(provider, 400, x_should_retry="true") == 3
    assert await count_of_calls(provider, 500, x_should_retry="false") == 1


@pytest.mark.looptime
async def test_openais_sdk_does_not_wait_more_than_two_minutes():
    assert await count_of_calls("openai", 429, retry_after="121") == 1
    assert await count_of_calls("openai", 429, retry_after="119") == 3


@pytest.mark.looptime
@pytest.mark.parametrize("provider", ["anthropic", "openai"])
@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry_after_ms": "20000", "retry_after": "40"}, 40, 42),
        ({"retry_after": "40"}, 80, 82),
        ({}, 1.0, 1.6),  # 0.5 s and 1 s, each up to a quarter less
    ],
)
async def test_an_sdk_waits_as_it_is_told_milliseconds_first(provider, headers, least, most):
    loop = asyncio.get_running_loop()
    start = loop.time()
    await count_of_calls(provider, 429, **headers)
    assert least <= loop.time() - start <= most


@pytest.mark.looptime
@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_an_sdk_understands_a_date_to_wait_for(provider):
    loop = asyncio.get_running_loop()
    start = loop.time()
    await count_of_calls(provider, 429, retry_after=formatdate(time.time() + 40, usegmt=True))
    assert 60 <= loop.time() - start <= 82


@pytest.mark.looptime
@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_an_sdk_left_alone_dials_thrice_after_a_cut_connection(provider):
    async with relayed(answer=cut) as relay, open_sdk(provider, relay.url) as sdk:
        with pytest.raises(SDK_ERRORS):
            await ask_sdk(provider, sdk)
    assert len(relay.requests) == 3


async def cut(heard: HeardRequest) -> bytes:
    raise ConnectionResetError


@providers
@streamed
@pytest.mark.parametrize("status", STATUSES)
async def test_our_provider_asks_once_and_leaves_retries_to_the_engine(provider, status, listen):
    answer = always({"message": "no"}, status, location="/elsewhere")
    async with relayed(answer=answer) as relay, ours(relay.url, provider) as ask:
        with pytest.raises(CallError):
            await ask(None, listen)
    assert len(relay.requests) == 1


@providers
@streamed
async def test_our_provider_does_not_dial_again_after_a_cut_connection(provider, listen):
    async with relayed(answer=cut) as relay, ours(relay.url, provider) as ask:
        with pytest.raises(CallError):
            await ask(None, listen)
    assert len(relay.requests) == 1


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after": "0.5"}, 0.5),
        ({"retry_after_ms": "250", "retry_after": "9"}, 0.25),
        ({"retry_after": IN_AN_HOUR}, 3600),
        ({}, None),
    ],
)
async def test_every_form_of_retry_after_reaches_the_engine(provider, headers, seconds):
    if IN_AN_HOUR in headers.values():
        headers = {"retry_after": formatdate(time.time() + 3600, usegmt=True)}
    error = {"error": {"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "slow"}}
    async with relayed(answer=always(error, 429, **headers)) as relay, ours(relay.url, provider) as ask:
        with pytest.raises(Throttled) as caught:
            await ask()
    assert caught.value.retry_after == pytest.approx(seconds, abs=5 if seconds == 3600 else 1e-9)


async def test_anthropics_sdk_refuses_a_long_answer_in_one_piece_and_ours_does_not(simulator):
    rows = [{"role": "user", "content": "Hello"}]
    asked = {"model": IDS["anthropic"], "messages": rows}
    async with open_sdk("anthropic", simulator) as sdk:
        assert (await sdk.messages.create(max_tokens=21_333, **asked)).content
        with pytest.raises(ValueError, match="Streaming"):
            await sdk.messages.create(max_tokens=21_334, **asked)
        assert (await sdk.messages.create(max_tokens=21_334, timeout=60, **asked)).content
    async with ours(simulator, "anthropic") as ask:
        assert (await ask(prompt(max_tokens=64_000))).completion.text


class Barrier:
    """Holds every answer back until so many questions are here at once."""

    def __init__(self, count: int, answer: bytes) -> None:
        self.waiting = 0
        self._count = count
        self._answer = answer
        self._all_here = asyncio.Event()

    async def __call__(self, heard: HeardRequest) -> bytes:
        self.waiting += 1
        if self.waiting == self._count:
            self._all_here.set()
        await self._all_here.wait()
        return self._answer


@providers
async def test_our_pools_hold_three_hundred_calls_at_once(provider):
    barrier = Barrier(300, reply(ANSWERS[provider]))
    async with (
        relayed(answer=barrier) as relay,
        ours(relay.url, provider, room=300) as ask,
        asyncio.timeout(60),
        asyncio.TaskGroup() as group,
    ):
        calls = [group.create_task(ask()) for _ in range(300)]
    assert {call.result().completion.text for call in calls} == {"Yes."}


async def test_bedrocks_sdk_left_alone_makes_ten_calls_at_once():
    barrier = Barrier(11, reply(ANSWERS["bedrock"]))
    async with relayed(answer=barrier) as relay, open_sdk("bedrock", relay.url) as sdk:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1), asyncio.TaskGroup() as group:
                for _ in range(11):
                    group.create_task(ask_sdk("bedrock", sdk))
    assert barrier.waiting == 10


async def test_the_simulator_takes_nine_hundred_connections_at_once(simulator):
    headers = {"authorization": "Bearer k"}
    body = {"model": IDS["openai"], "messages": [{"role": "user", "content": "Hello"}]}
    url = f"{simulator}/v1/chat/completions"
    connector = aiohttp.TCPConnector(limit=0)

    async def post(web: aiohttp.ClientSession) -> int:
        async with web.post(url, json=body, headers=headers) as answer:
            return answer.status

    async with aiohttp.ClientSession(connector=connector) as web, asyncio.TaskGroup() as group:
        calls = [group.create_task(post(web)) for _ in range(900)]
    assert {call.result() for call in calls} == {200}


def behind(monkeypatch: pytest.MonkeyPatch, proxy: str, *, spare: str = "") -> None:
    """Set a proxy as a company does, with or without hosts to spare."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, proxy)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, spare) if spare else monkeypatch.delenv(name, raising=False)


def transports(provider: str) -> list[dict[str, object]]:
    """Give the options of a client with each transport it comes with."""
    if provider == "bedrock":
        return [{}]
    made = {"anthropic": anthropic, "openai": openai}[provider]
    return [{}, {"http_client": made.DefaultAioHttpClient()}]


@providers
async def test_a_proxy_breaks_loopback_for_every_sdk_and_transport_unless_told(
    simulator, monkeypatch, provider
):
    async with relayed(answer=always({}, 502)) as proxy:
        behind(monkeypatch, proxy.url)
        for options in transports(provider):
            before = len(proxy.requests)
            async with open_sdk(provider, simulator, **ONCE[provider] | options) as sdk:
                with pytest.raises(SDK_ERRORS):
                    await ask_sdk(provider, sdk)
            assert len(proxy.requests) == before + 1
        behind(monkeypatch, proxy.url, spare="127.0.0.1,localhost")
        for options in transports(provider):
            async with open_sdk(provider, simulator, **ONCE[provider] | options) as sdk:
                assert await ask_sdk(provider, sdk)
        behind(monkeypatch, proxy.url)
        if provider == "bedrock":
            async with open_sdk(provider, simulator, proxies={}) as sdk:
                assert await ask_sdk(provider, sdk)


@providers
async def test_ours_ask_the_proxy_about_a_real_host_and_never_about_loopback(
    simulator, monkeypatch, provider
):
    async with relayed(answer=always({"message": "no"}, 502)) as proxy:
        behind(monkeypatch, proxy.url)
        async with ours(simulator, provider) as ask:
            assert (await ask()).completion.text
        assert not proxy.requests
        async with ours("http://models.example", provider) as ask:
            with pytest.raises(CallError):
                await ask()
    assert proxy.last.line == f"POST http://models.example{PATHS[provider]} HTTP/1.1"


ROUTES = (
    "/v1/messages", "/v1/messages/count_tokens", "/v1/chat/completions", "/v1/responses",
    "/model/m/converse", "/model/m/converse-stream", "/model/m/count-tokens",
)  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
async def test_a_stranger_without_a_key_is_refused_at_every_route(simulator, route):
    status, _, body = await post(simulator + route, {}, {})
    told = orjson.loads(body)
    assert status in (401, 403)
    assert (told.get("error") or told)["message"]
