"""Bedrock's own SDK against the simulator, and the frames of its streams."""

from __future__ import annotations

from binascii import crc32
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aioboto3
import aiohttp
import pytest
from aiobotocore.config import AioConfig
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer
from botocore.exceptions import ClientError, EventStreamError, HTTPClientError

from engine.simulator.frames import member_frame, split_words

NOVA = "us.amazon.nova-pro-v1:0"
LLAMA = "us.meta.llama4-maverick-17b-instruct-v1:0"
SCHEMA = {"type": "object", "properties": {"score": {"type": "integer"}}}
BROKEN = (HTTPClientError, aiohttp.ClientError)


@asynccontextmanager
async def client(url: str) -> AsyncIterator[Any]:
    config = AioConfig(retries={"total_max_attempts": 1}, proxies={})
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    async with aioboto3.Session().client("bedrock-runtime", endpoint_url=url, config=config, **keys) as sdk:
        yield sdk


def ask(*content: dict[str, Any], **changes: Any) -> dict[str, Any]:
    said = list(content) or [{"text": "Hello"}]
    limits = {"maxTokens": 300}
    return {
        "modelId": NOVA,
        "messages": [{"role": "user", "content": said}],
        "inferenceConfig": limits,
    } | changes


def image(data: bytes, form: str = "png") -> dict[str, Any]:
    return {"image": {"format": form, "source": {"bytes": data}}}


def tools(choice: dict[str, Any] | None = None) -> dict[str, Any]:
    spec = {"name": "verdict", "description": "Judge.", "inputSchema": {"json": SCHEMA}}
    chosen = {"tool": {"name": "verdict"}} if choice is None else choice
    return {"toolConfig": {"tools": [{"toolSpec": spec}], "toolChoice": chosen}}


async def read(stream: AsyncIterator[dict[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = {"text": "", "tool": "", "events": []}
    async for event in stream:
        whole["events"].append(next(iter(event)))
        delta = event.get("contentBlockDelta", {}).get("delta", {})
        whole["text"] += delta.get("text", "")
        whole["tool"] += delta.get("toolUse", {}).get("input", "")
        whole |= event.get("messageStop", {}) | event.get("metadata", {})
    return whole


async def test_a_plain_question_is_answered(simulator: str) -> None:
    async with client(simulator) as sdk:
        reply = await sdk.converse(**ask())
    assert reply["output"]["message"]["content"] == [{"text": "seed 7, messages 1, images 0, last Hello"}]
    assert reply["stopReason"] == "end_turn"
    assert reply["usage"]["totalTokens"] == 12
    assert reply["ResponseMetadata"]["RequestId"].startswith("req_")


async def test_a_stream_gives_the_same_text_in_pieces(simulator: str) -> None:
    async with client(simulator) as sdk:
        whole = await read((await sdk.converse_stream(**ask()))["stream"])
    assert whole["text"] == "seed 7, messages 1, images 0, last Hello"
    assert whole["stopReason"] == "end_turn"
    assert whole["usage"]["outputTokens"] == 10
    assert whole["events"][0] == "messageStart"
    assert whole["events"][-3:] == ["contentBlockStop", "messageStop", "metadata"]


async def test_a_forced_tool_is_used(simulator: str) -> None:
    async with client(simulator) as sdk:
        reply = await sdk.converse(**ask(**tools()))
        whole = await read((await sdk.converse_stream(**ask(**tools())))["stream"])
    used = reply["output"]["message"]["content"][0]["toolUse"]
    assert (used["name"], used["input"]["score"], reply["stopReason"]) == ("verdict", 4, "tool_use")
    assert whole["tool"] == '{"evidence":[],"reasoning":"verdict","score":4}'
    assert (whole["stopReason"], whole["events"][1]) == ("tool_use", "contentBlockStart")


async def test_llama_takes_no_forced_tool_and_streams_none(simulator: str) -> None:
    async with client(simulator) as sdk:
        with pytest.raises(ClientError, match=r"doesn't support the toolConfig\.toolChoice\.tool field"):
            await sdk.converse(**ask(modelId=LLAMA, **tools()))
        with pytest.raises(ClientError, match="tool use in streaming mode"):
            await sdk.converse_stream(**ask(modelId=LLAMA, **tools({"auto": {}})))
        reply = await sdk.converse(**ask(modelId=LLAMA, **tools({"auto": {}})))
    assert reply["stopReason"] == "tool_use"


async def test_a_photograph_arrives(simulator: str, png: bytes) -> None:
    async with client(simulator) as sdk:
        reply = await sdk.converse(**ask(image(png), {"text": "This"}))
    assert "images 1" in reply["output"]["message"]["content"][0]["text"]


async def test_cached_tokens_stand_beside_the_input(simulator: str) -> None:
    system = [{"text": "x" * 8000}, {"cachePoint": {"type": "default"}}]
    async with client(simulator) as sdk:
        first = (await sdk.converse(**ask(system=system)))["usage"]
        second = (await sdk.converse(**ask(system=system)))["usage"]
        with pytest.raises(ClientError, match="did not allow prompt caching"):
            await sdk.converse(**ask(system=system, modelId=LLAMA))
    assert (first["inputTokens"], first["cacheWriteInputTokens"], first["cacheReadInputTokens"]) == (
        2,
        2000,
        0,
    )
    assert (second["inputTokens"], second["cacheWriteInputTokens"], second["cacheReadInputTokens"]) == (
        2,
        0,
        2000,
    )


def said(*roles: str) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": [{"text": "x"}]} for role in roles]}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (said("assistant"), "must start with a user"),
        (said("user", "user"), "must alternate"),
        (said("user", "assistant"), "must end with a user"),
        ({"messages": [{"role": "user", "content": [{"text": " "}]}]}, "is blank"),
        (tools({"tool": {"name": "other"}}), "not one of the tools"),
    ],
)
async def test_a_wrong_request_is_refused(simulator: str, changes: dict[str, Any], says: str) -> None:
    async with client(simulator) as sdk:
        with pytest.raises(sdk.exceptions.ValidationException, match=says):
            await sdk.converse(**ask(**changes))


async def test_a_photograph_that_lies_about_itself_is_refused(simulator: str, png: bytes) -> None:
    many = [image(png) for _ in range(21)]
    bad = [
        ("not what its format", [image(png, "jpeg")]),
        ("Could not process image", [image(b"not a photograph")]),
        (r"3\.75 MB maximum", [image(png + bytes(3_750_000))]),
        ("too many images", many),
    ]
    async with client(simulator) as sdk:
        for says, content in bad:
            with pytest.raises(sdk.exceptions.ValidationException, match=says):
                await sdk.converse(**ask(*content))


async def test_an_unknown_model_is_not_found(simulator: str) -> None:
    async with client(simulator) as sdk:
        with pytest.raises(sdk.exceptions.ResourceNotFoundException):
            await sdk.converse(**ask(modelId="us.amazon.nova-premier-v1:0"))


async def test_without_credentials_nothing_is_said(simulator: str) -> None:
    async with (
        aiohttp.ClientSession() as web,
        web.post(f"{simulator}/model/{NOVA}/converse", json={}) as bare,
    ):
        assert bare.status == 403
        assert bare.headers["x-amzn-ErrorType"].startswith("MissingAuthenticationTokenException")


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        ("400", "ValidationException", 400),
        ("401", "UnrecognizedClientException", 403),
        ("404", "ResourceNotFoundException", 404),
        ("429", "ThrottlingException", 429),
        ("500", "InternalServerException", 500),
        ("503", "ServiceUnavailableException", 503),
    ],
)
async def test_a_fault_is_the_error_of_the_sdk(simulate, fault: str, code: str, status: int) -> None:
    async with simulate({NOVA: fault}) as url, client(url) as sdk:
        with pytest.raises(ClientError) as caught:
            await sdk.converse(**ask())
    told = caught.value.response
    assert (told["Error"]["Code"], told["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert "retry-after" not in told["ResponseMetadata"]["HTTPHeaders"]


@pytest.mark.parametrize("fault", ["drop", "truncate"])
async def test_a_broken_connection_raises(simulate, fault: str) -> None:
    async with simulate({NOVA: fault}) as url, client(url) as sdk:
        with pytest.raises(BROKEN):
            await sdk.converse(**ask())


async def test_broken_streams_break_as_the_service_does(simulate) -> None:
    async with simulate({NOVA: "truncate"}) as url, client(url) as sdk:
        whole = await read((await sdk.converse_stream(**ask()))["stream"])
        assert "stopReason" not in whole
    async with simulate({NOVA: "drop"}) as url, client(url) as sdk:
        with pytest.raises(BROKEN):
            await read((await sdk.converse_stream(**ask()))["stream"])
    async with simulate({NOVA: "midstream"}) as url, client(url) as sdk:
        with pytest.raises(EventStreamError) as caught:
            await read((await sdk.converse_stream(**ask()))["stream"])
    assert caught.value.response["Error"]["Code"] == "modelStreamErrorException"


async def test_useless_answers_look_as_they_should(simulate) -> None:
    async with simulate({NOVA: "filter"}) as url, client(url) as sdk:
        reply = await sdk.converse(**ask())
        assert (reply["stopReason"], reply["output"]["message"]["content"]) == ("content_filtered", [])
    async with simulate({NOVA: "malformed"}) as url, client(url) as sdk:
        reply = await sdk.converse(**ask(**tools()))
        assert reply["stopReason"] == "malformed_tool_use"
    async with simulate({NOVA: "refusal"}) as url, client(url) as sdk:
        reply = await sdk.converse(**ask())
        assert "can't help" in reply["output"]["message"]["content"][0]["text"]


def test_a_frame_carries_two_checksums() -> None:
    frame = member_frame("messageStop", {"stopReason": "end_turn"})
    assert int.from_bytes(frame[:4], "big") == len(frame)
    assert int.from_bytes(frame[8:12], "big") == crc32(frame[:8])
    assert int.from_bytes(frame[-4:], "big") == crc32(frame[:-4])
    parsed = EventStreamBuffer()
    parsed.add_data(frame)
    event = next(parsed)
    assert event.headers[":event-type"] == "messageStop"
    assert event.payload == b'{"stopReason":"end_turn"}'


def test_a_changed_frame_is_found_out() -> None:
    frame = bytearray(member_frame("messageStop", {"stopReason": "end_turn"}))
    frame[-10] ^= 1
    parsed = EventStreamBuffer()
    parsed.add_data(bytes(frame))
    with pytest.raises(ChecksumMismatch):
        next(parsed)


@pytest.mark.parametrize("text", ["", " ", "one", " two words \n", "a b c d  e\n\nf g", "x" * 5000])
def test_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(split_words(text)) == text
