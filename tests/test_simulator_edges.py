"""Where requests and answers end: stop sequences, contexts, counts of photographs, padding, counting tokens."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import aiohttp
import anthropic
import openai
import orjson
import pytest
from botocore.exceptions import ClientError
from conftest import echo
from PIL import Image
from test_simulator_completions import ask as ask_openai
from test_simulator_completions import client as openai_client
from test_simulator_completions import image as openai_image
from test_simulator_converse import ask as ask_bedrock
from test_simulator_converse import client as bedrock_client
from test_simulator_converse import image as bedrock_image
from test_simulator_converse import read
from test_simulator_messages import ask as ask_anthropic
from test_simulator_messages import client as anthropic_client
from test_simulator_messages import image as anthropic_image

from engine.simulator.served import load_served
from engine.simulator.server import serve

KEYS = {"authorization": "Bearer k"}
NOVA = "us.amazon.nova-pro-v1:0"
STOPPED = "seed 7, messages 1"


def photo(width: int, height: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return file.getvalue()


async def test_claude_stops_where_it_is_told_to(simulator: str) -> None:
    asked = ask_anthropic(stop_sequences=["last", ", images"])
    async with anthropic_client(simulator) as sdk:
        reply = await sdk.messages.create(**asked)
        async with sdk.messages.stream(**asked) as stream:
            streamed = await stream.get_final_message()
    for message in (reply, streamed):
        assert (message.content[0].text, message.stop_reason, message.stop_sequence) == (
            STOPPED,
            "stop_sequence",
            ", images",
        )


@pytest.mark.parametrize("stop", [", images", [", images", "last"]])
async def test_gpt_stops_where_it_is_told_to(simulator: str, stop: object) -> None:
    async with openai_client(simulator) as sdk:
        choice = (await sdk.chat.completions.create(**ask_openai(stop=stop))).choices[0]
        with pytest.raises(openai.BadRequestError, match="at most 4"):
            await sdk.chat.completions.create(**ask_openai(stop=list("abcde")))
    assert (choice.message.content, choice.finish_reason) == (STOPPED, "stop")


async def test_nova_stops_where_it_is_told_to(simulator: str) -> None:
    settings = {"maxTokens": 300, "stopSequences": [", images"]}
    async with bedrock_client(simulator) as sdk:
        reply = await sdk.converse(**ask_bedrock(inferenceConfig=settings))
        whole = await read((await sdk.converse_stream(**ask_bedrock(inferenceConfig=settings)))["stream"])
    assert reply["output"]["message"]["content"] == [{"text": STOPPED}]
    assert (whole["text"], whole["stopReason"], reply["stopReason"]) == (STOPPED, *["stop_sequence"] * 2)


async def test_a_prompt_longer_than_the_context_is_refused_in_each_providers_words(simulate) -> None:
    async with simulate(context=100) as url:
        async with anthropic_client(url) as sdk:
            with pytest.raises(
                anthropic.BadRequestError, match="prompt is too long: 250 tokens > 100 maximum"
            ):
                await sdk.messages.create(**ask_anthropic({"type": "text", "text": "x" * 1000}))
        async with openai_client(url) as sdk:
            for asked in (
                sdk.chat.completions.create(**ask_openai("x" * 1000)),
                sdk.responses.create(model="gpt-5.1", input="x" * 1000),
            ):
                with pytest.raises(openai.BadRequestError) as caught:
                    await asked
                assert caught.value.code == "context_length_exceeded"
        async with bedrock_client(url) as sdk:
            with pytest.raises(ClientError, match="Input is too long for requested model"):
                await sdk.converse(**ask_bedrock({"text": "x" * 1000}))


async def test_an_answer_that_fills_the_context_is_cut(simulate) -> None:
    async with simulate(context=6) as url:
        async with anthropic_client(url) as sdk:
            claude = await sdk.messages.create(**ask_anthropic())
        async with openai_client(url) as sdk:
            gpt = (await sdk.chat.completions.create(**ask_openai())).choices[0]
        async with bedrock_client(url) as sdk:
            nova = await sdk.converse(**ask_bedrock())
    assert (claude.content[0].text, claude.stop_reason) == (
        "seed 7, messages",
        "model_context_window_exceeded",
    )
    assert gpt.finish_reason == "length"
    assert nova["stopReason"] == "model_context_window_exceeded"


async def test_many_photographs_must_be_smaller_at_claude(simulator: str) -> None:
    small, wide = anthropic_image(photo(2000, 10)), anthropic_image(photo(2001, 10))
    async with anthropic_client(simulator) as sdk:
        assert (await sdk.messages.create(**ask_anthropic(*[wide] * 20))).stop_reason == "end_turn"
        assert (await sdk.messages.create(**ask_anthropic(*[small] * 21))).stop_reason == "end_turn"
        with pytest.raises(anthropic.BadRequestError, match="many-image requests: 2000 pixels"):
            await sdk.messages.create(**ask_anthropic(*[wide] * 21))


async def test_claude_takes_a_hundred_photographs_or_six_hundred(simulator: str) -> None:
    dot, small = anthropic_image(photo(1, 1)), "claude-haiku-4-5-20251001"
    async with anthropic_client(simulator) as sdk:
        assert (await sdk.messages.create(**ask_anthropic(*[dot] * 100, model=small))).content
        with pytest.raises(anthropic.BadRequestError, match="101 images > 100"):
            await sdk.messages.create(**ask_anthropic(*[dot] * 101, model=small))
        assert (await sdk.messages.create(**ask_anthropic(*[dot] * 600))).content
        with pytest.raises(anthropic.BadRequestError, match="601 images > 600"):
            await sdk.messages.create(**ask_anthropic(*[dot] * 601))


async def test_gpt_takes_fifteen_hundred_photographs(simulator: str) -> None:
    dot = openai_image(photo(1, 1))
    body = ask_openai([dot] * 1501)
    url = f"{simulator}/v1/chat/completions"
    async with aiohttp.ClientSession(headers=KEYS) as web, web.post(url, json=body) as reply:
        assert "1501 > 1500" in (await reply.json())["error"]["message"]


async def test_nova_takes_twenty_photographs_in_a_message(simulator: str) -> None:
    dot = bedrock_image(photo(1, 1))
    async with bedrock_client(simulator) as sdk:
        reply = await sdk.converse(**ask_bedrock(*[dot] * 20))
        with pytest.raises(ClientError, match="21 > 20"):
            await sdk.converse(**ask_bedrock(*[dot] * 21))
    assert reply["stopReason"] == "end_turn"


async def test_bedrock_counts_tokens_without_answering(simulator: str, png: bytes) -> None:
    asked = ask_bedrock(bedrock_image(png), {"text": "x" * 400})
    async with bedrock_client(simulator) as sdk:
        counted = await sdk.count_tokens(
            modelId=NOVA,
            input={"converse": {"messages": asked["messages"], "system": [{"text": "Be kind."}]}},
        )
        used = (await sdk.converse(**asked))["usage"]["inputTokens"]
        with pytest.raises(ClientError, match="'converse' alone"):
            await sdk.count_tokens(modelId=NOVA, input={"invokeModel": {"body": b"{}"}})
    assert counted["inputTokens"] == used + 2


async def test_the_pieces_of_a_stream_are_padded(simulator: str) -> None:
    async with openai_client(simulator) as sdk:
        padded = [chunk async for chunk in await sdk.chat.completions.create(**ask_openai(stream=True))]
        plain = {"stream": True, "stream_options": {"include_obfuscation": False}}
        bare = [chunk async for chunk in await sdk.chat.completions.create(**ask_openai(**plain))]
        events = [
            event async for event in await sdk.responses.create(model="gpt-5.1", input="x", stream=True)
        ]
    assert len({len(chunk.obfuscation) for chunk in padded}) > 1
    assert not any(chunk.obfuscation for chunk in bare)
    assert any(getattr(event, "obfuscation", "") for event in events)
    said = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}
    url = f"{simulator}/model/{NOVA}/converse-stream"
    async with aiohttp.ClientSession(headers=KEYS) as web, web.post(url, json=said) as reply:
        assert b'"p":"abc' in await reply.read()


async def test_a_field_nobody_knows_is_refused(simulator: str) -> None:
    odd = {"extra_body": {"colour": "red"}}
    async with anthropic_client(simulator) as sdk:
        with pytest.raises(anthropic.BadRequestError, match="colour: Extra inputs are not permitted"):
            await sdk.messages.create(**ask_anthropic(**odd))
    async with openai_client(simulator) as sdk:
        with pytest.raises(openai.BadRequestError) as caught:
            await sdk.chat.completions.create(**ask_openai(**odd))
        known = {"prompt_cache_key": "k", "safety_identifier": "s", "seed": 3, "verbosity": "low"}
        assert (await sdk.chat.completions.create(**ask_openai(**known))).choices
    assert (caught.value.code, caught.value.param) == ("unknown_parameter", "colour")


async def test_a_server_like_vllm_takes_more() -> None:
    served = replace(load_served()["gpt-5.1"], id="my-model", lenient=True, latency=0.0, piece_seconds=0.0)
    asked = ask_openai(model="my-model", max_tokens=2, extra_body={"top_k": 5, "repetition_penalty": 1.1})
    async with (
        serve(0, 7, think=echo, models={"my-model": served}) as port,
        openai_client(f"http://127.0.0.1:{port}") as sdk,
    ):
        choice = (await sdk.chat.completions.create(**asked)).choices[0]
        listed = (await sdk.models.list()).data
        shown = await sdk.models.retrieve("my-model")
    assert (choice.message.content, choice.finish_reason) == ("seed 7, ", "length")
    assert [model.id for model in listed] == [shown.id] == ["my-model"]


async def test_one_model_can_be_looked_up(simulator: str) -> None:
    async with anthropic_client(simulator) as sdk:
        assert (await sdk.models.retrieve("claude-opus-4-6")).display_name == "claude-opus-4-6"
        with pytest.raises(anthropic.NotFoundError):
            await sdk.models.retrieve("gpt-5.1")


async def test_any_json_object_can_be_asked_for(simulate) -> None:
    async with simulate() as url, openai_client(url) as sdk:
        reply = await sdk.chat.completions.create(**ask_openai(response_format={"type": "json_object"}))
    assert isinstance(orjson.loads(reply.choices[0].message.content), dict)


async def test_openai_tells_its_time_and_its_version(simulator: str) -> None:
    async with openai_client(simulator) as sdk:
        told = (await sdk.chat.completions.with_raw_response.create(**ask_openai())).headers
    assert told["openai-processing-ms"] == "0"
    assert told["openai-version"]
    assert told["openai-organization"]
