"""The simulator's own bill: every call stands on it once, in the right place."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from test_simulator_completions import ask as ask_openai
from test_simulator_completions import client as openai_client
from test_simulator_converse import ask as ask_bedrock
from test_simulator_converse import client as bedrock_client
from test_simulator_converse import read
from test_simulator_faults import ROUTES, asked
from test_simulator_messages import ask as ask_anthropic
from test_simulator_messages import client as anthropic_client

from engine.simulator.bill import Bill
from engine.simulator.faults import CUTS, FaultRule
from engine.simulator.tokens import TokenUsage

HEADERS = {"authorization": "Bearer k", "anthropic-version": "2026-10-21"}
TOKENS = ("input", "cache_read", "cache_write", "output", "reasoning")


async def bill(url: str) -> dict[str, Any]:
    async with aiohttp.ClientSession() as web, web.get(f"{url}/bill") as reply:
        return await reply.json()


async def send(url: str, route: str, *, stream: bool = False, patience: float = 5.0) -> bytes | None:
    """Ask once; None when no whole answer came."""
    path, said = asked(route, stream=stream)
    async with aiohttp.ClientSession(headers=HEADERS) as web:
        try:
            async with asyncio.timeout(patience), web.post(url + path, json=said) as reply:
                return await reply.read() if reply.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            return None


async def settled(url: str, open: int = 0) -> dict[str, Any]:
    """Give the bill once so many calls are open."""
    while True:
        if (told := await bill(url))["open"] == open:
            return told
        await asyncio.sleep(0.01)


def where(told: dict[str, Any], model: str) -> tuple[int, int, int, dict[str, int]]:
    account = told["models"][model]
    counts = account["whole"]["count"], account["cut"]["count"], account["abandoned"]
    return (*counts, account["refused"])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("route", ROUTES)
async def test_an_answer_is_whole_and_the_same_request_is_a_repetition(simulator, route, stream) -> None:
    for _ in range(3):
        assert await send(simulator, route, stream=stream)
    told = await bill(simulator)
    model = ROUTES[route][0]
    assert where(told, model) == (3, 0, 0, {})
    assert told["models"][model]["repeated"] == 2
    assert (told["open"], told["open_most"], list(told["models"])) == (0, 1, [model])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kind", CUTS)
async def test_what_breaks_on_its_way_was_made_all_the_same(simulate, kind, route, stream) -> None:
    async with simulate([FaultRule(kind=kind)]) as url:
        await send(url, route, stream=stream)
        told = await settled(url)
    account = told["models"][ROUTES[route][0]]
    assert where(told, ROUTES[route][0]) == (0, 1, 0, {})
    assert account["cut"]["input"] > 0
    assert account["cut"]["output"] > 0


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kind", ["429", "503", "quota", "billing"])
async def test_a_refusal_stands_there_by_its_status_and_costs_nothing(simulate, kind, route) -> None:
    async with simulate([FaultRule(kind=kind)]) as url:
        assert await send(url, route) is None
        told = await bill(url)
    whole, cut, abandoned, refused = where(told, ROUTES[route][0])
    assert (whole, cut, abandoned, sum(refused.values())) == (0, 0, 0, 1)
    assert all(400 <= int(status) < 600 for status in refused)


@pytest.mark.parametrize("route", ROUTES)
async def test_a_client_that_leaves_before_its_answer_has_abandoned_it(simulate, route) -> None:
    async with simulate([FaultRule(kind="hang")]) as url:
        assert await send(url, route, patience=0.2) is None
        told = await settled(url)
    assert where(told, ROUTES[route][0]) == (0, 0, 1, {})


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("route", ROUTES)
async def test_a_client_that_leaves_in_the_middle_has_had_its_answer_cut(simulate, route, stream) -> None:
    async with simulate([FaultRule(kind="drip", seconds=30)]) as url:
        assert await send(url, route, stream=stream, patience=0.2) is None
        told = await settled(url)
    assert where(told, ROUTES[route][0]) == (0, 1, 0, {})


async def test_what_cannot_be_understood_names_no_model(simulator) -> None:
    async with aiohttp.ClientSession(headers=HEADERS) as web:
        await web.post(f"{simulator}/v1/messages", data=b"[]")
        await web.post(f"{simulator}/v1/chat/completions", json={"model": "gpt-9", "messages": []})
    assert where(await bill(simulator), "") == (0, 0, 0, {"400": 1, "404": 1})


async def test_calls_that_are_open_at_one_time_are_counted(simulate) -> None:
    async with simulate([FaultRule(kind="hang")]) as url, asyncio.TaskGroup() as group:
        tasks = [group.create_task(send(url, "completions", patience=0.5)) for _ in range(7)]
        told = await settled(url, 7)
        await asyncio.wait(tasks)
        assert told["open_most"] == 7
        assert where(await settled(url), "gpt-5.1")[2] == 7


async def test_the_tokens_are_those_that_the_usage_told(simulator) -> None:
    async with anthropic_client(simulator) as sdk:
        claude = (await sdk.messages.create(**ask_anthropic())).usage
    async with openai_client(simulator) as sdk:
        gpt = (await sdk.chat.completions.create(**ask_openai(model="gpt-5.1"))).usage
        other = (await sdk.responses.create(model="gpt-5.2", input="Hello " * 900)).usage
        again = (await sdk.responses.create(model="gpt-5.2", input="Hello " * 900)).usage
    async with bedrock_client(simulator) as sdk:
        nova = (await sdk.converse(**ask_bedrock()))["usage"]
        streamed = (await read((await sdk.converse_stream(**ask_bedrock()))["stream"]))["usage"]
    models = (await bill(simulator))["models"]
    told = {model: tuple(account["whole"][key] for key in TOKENS) for model, account in models.items()}
    assert told["claude-sonnet-4-6"] == (claude.input_tokens, 0, 0, claude.output_tokens, 0)
    assert told["gpt-5.1"] == (gpt.prompt_tokens, 0, 0, gpt.completion_tokens, 0)
    read_back = again.input_tokens_details.cached_tokens
    assert read_back > 0
    both = other.input_tokens + again.input_tokens, other.output_tokens + again.output_tokens
    assert told["gpt-5.2"] == (both[0], read_back, 0, both[1], 0)
    # One question asked plainly and as a stream: two paths, one request.
    assert told["us.amazon.nova-pro-v1:0"] == (
        nova["inputTokens"] + streamed["inputTokens"],
        *(0, 0),
        nova["outputTokens"] + streamed["outputTokens"],
        0,
    )


def test_reasoning_and_what_is_cached_are_parts_of_the_whole() -> None:
    kept = Bill()
    with kept.call() as one:
        one.model = "m"
        one.make("digest", TokenUsage(fresh=10, read=20, written=30, output=40, reasoning=5))
        one.whole = True
    whole = kept.statement()["models"]["m"]["whole"]
    assert [whole[key] for key in ("count", *TOKENS)] == [1, 60, 20, 30, 40, 5]


def test_another_model_asked_the_same_is_no_repetition() -> None:
    kept = Bill()
    for model in ("a", "b", "a"):
        with kept.call() as one:
            one.model = model
            one.make("digest", TokenUsage(fresh=1, read=0, written=0))
    assert [account["repeated"] for account in kept.statement()["models"].values()] == [1, 0]
