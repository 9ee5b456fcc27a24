"""Anthropic's own SDK against the simulator."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO

import aiohttp
import anthropic
import httpx2
import pytest
from PIL import Image

from engine.simulator.schemas import name_schema

MODEL = "claude-sonnet-4-6"
SCHEMA = {
    "type": "object",
    "properties": {"says": {"type": "string"}, "done": {"type": "boolean"}},
    "required": ["says", "done"],
    "additionalProperties": False,
}


@asynccontextmanager
async def client(url: str) -> AsyncIterator[anthropic.AsyncAnthropic]:
    http = anthropic.DefaultAioHttpClient(trust_env=False)
    async with anthropic.AsyncAnthropic(api_key="k", base_url=url, max_retries=0, http_client=http) as sdk:
        yield sdk


def ask(*content: object, **changes: object) -> dict[str, object]:
    said = list(content) or [{"type": "text", "text": "Hello"}]
    return {"model": MODEL, "max_tokens": 300, "messages": [{"role": "user", "content": said}]} | changes


def image(data: bytes, media: str = "image/png") -> dict[str, object]:
    text = base64.b64encode(data).decode()
    return {"type": "image", "source": {"type": "base64", "media_type": media, "data": text}}


async def test_a_plain_question_is_answered(simulator: str) -> None:
    async with client(simulator) as sdk:
        reply = await sdk.messages.create(**ask())
    assert reply.content[0].text == "seed 7, messages 1, images 0, last Hello"
    assert (reply.stop_reason, reply.model, reply._request_id[:4]) == ("end_turn", MODEL, "req_")


async def test_a_stream_gives_the_same_text_in_pieces(simulator: str) -> None:
    pieces = []
    async with client(simulator) as sdk, sdk.messages.stream(**ask()) as stream:
        async for piece in stream.text_stream:
            pieces.append(piece)
        final = await stream.get_final_message()
    assert len(pieces) > 1
    assert "".join(pieces) == final.content[0].text == "seed 7, messages 1, images 0, last Hello"
    assert final.stop_reason == "end_turn"
    assert final.usage.output_tokens == 10


async def test_a_photograph_arrives_and_is_billed_in_patches(simulator: str, png: bytes) -> None:
    async with client(simulator) as sdk:
        reply = await sdk.messages.create(**ask(image(png), {"type": "text", "text": "This"}))
        counted = await sdk.messages.count_tokens(
            model=MODEL, messages=[{"role": "user", "content": [image(png)]}]
        )
    assert "images 1" in reply.content[0].text
    assert reply.usage.input_tokens == 3 * 2 + 1  # 60 × 40 px in cells of 28 px, and one word
    assert counted.input_tokens == 6


async def test_a_structured_answer_is_json_text(simulator: str) -> None:
    shape = {"format": {"type": "json_schema", "schema": SCHEMA}}
    async with client(simulator) as sdk:
        reply = await sdk.messages.create(**ask(output_config=shape))
    assert reply.content[0].text == '{"says":"seed 7","done":false}'


def test_a_schema_without_a_name_is_told_by_its_fields() -> None:
    assert name_schema(SCHEMA) == "patient_turn"
    assert name_schema({"properties": {"score": {}, "evidence": {}, "reasoning": {}}}) == "verdict"
    assert name_schema(SCHEMA | {"title": "greeting"}) == "greeting"
    assert name_schema({}) == "answer"


async def test_total_input_is_the_sum_of_three_counters(simulator: str) -> None:
    system = [{"type": "text", "text": "x" * 8000, "cache_control": {"type": "ephemeral"}}]
    async with client(simulator) as sdk:
        first = (await sdk.messages.create(**ask(system=system))).usage
        second = (await sdk.messages.create(**ask(system=system))).usage
    assert (first.input_tokens, first.cache_creation_input_tokens, first.cache_read_input_tokens) == (
        2,
        2000,
        0,
    )
    assert (second.input_tokens, second.cache_creation_input_tokens, second.cache_read_input_tokens) == (
        2,
        0,
        2000,
    )


async def test_a_short_prefix_is_silently_not_cached(simulator: str) -> None:
    system = [{"type": "text", "text": "x" * 8000, "cache_control": {"type": "ephemeral"}}]
    async with client(simulator) as sdk:
        for _ in range(2):
            used = (await sdk.messages.create(**ask(system=system, model="claude-opus-4-6"))).usage
            assert (used.input_tokens, used.cache_read_input_tokens) == (2002, 0)


async def test_an_answer_longer_than_allowed_is_cut(simulator: str) -> None:
    async with client(simulator) as sdk:
        reply = await sdk.messages.create(**ask(max_tokens=2))
    assert (reply.stop_reason, reply.content[0].text) == ("max_tokens", "seed 7, ")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"extra_body": {"temperature": 0}}, "temperature"),
        ({"messages": []}, "first message"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "first message"),
        ({"messages": [{"role": "user", "content": ""}]}, "non-empty"),
        (
            {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "{"}]},
            "does not support assistant message prefill",
        ),
        ({"extra_headers": {"anthropic-version": "1999-01-01"}}, "not a valid version"),
        ({"extra_body": {"tools": [{"name": "x"}]}}, r"tools\.0\.custom\.input_schema: Field required"),
        ({"extra_body": {"max_tokens": "many"}}, "max_tokens: Input should be a valid integer"),
        ({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}, "additional"),
    ],
)
async def test_a_wrong_request_is_refused(simulator: str, changes: dict[str, object], says: str) -> None:
    async with client(simulator) as sdk:
        with pytest.raises(anthropic.BadRequestError, match=says) as caught:
            await sdk.messages.create(**ask(**changes))
    assert caught.value.type == "invalid_request_error"


async def test_the_older_version_takes_a_temperature(simulator: str) -> None:
    old = {"extra_headers": {"anthropic-version": "2023-06-01"}, "extra_body": {"temperature": 0}}
    async with client(simulator) as sdk:
        assert (await sdk.messages.create(**ask(**old))).stop_reason == "end_turn"


async def test_an_unknown_model_is_not_found(simulator: str) -> None:
    async with client(simulator) as sdk:
        with pytest.raises(anthropic.NotFoundError, match="model: claude-1"):
            await sdk.messages.create(**ask(model="claude-1"))
        with pytest.raises(anthropic.NotFoundError, match=r"model: gpt-5\.1"):
            await sdk.messages.create(**ask(model="gpt-5.1"))


def noise(width: int, height: int, kind: str) -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, height)).save(file, kind)
    return file.getvalue()


async def test_a_photograph_that_lies_about_itself_is_refused(simulator: str, png: bytes) -> None:
    bad = {
        "does not match the provided media type image/jpeg": image(png, "image/jpeg"),
        "media_type: Input should be": image(png, "image/bmp"),
        "Could not process image": image(b"not a photograph"),
        "8000 pixels": image(noise(8001, 1, "PNG")),
        "10 MB maximum": image(png + bytes(8_000_000)),
        "invalid base64": {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": "%"},
        },
    }
    async with client(simulator) as sdk:
        for says, block in bad.items():
            with pytest.raises(anthropic.BadRequestError, match=says):
                await sdk.messages.create(**ask(block))


async def test_every_kind_of_photograph_is_measured(simulator: str) -> None:
    async with client(simulator) as sdk:
        for kind in ("JPEG", "PNG", "GIF", "WEBP"):
            block = image(noise(1000, 1000, kind), f"image/{kind.lower()}")
            reply = await sdk.messages.create(**ask(block))
            assert reply.usage.input_tokens == 1296  # the published example


async def test_a_body_beyond_32_mb_is_too_large(simulator: str) -> None:
    async with client(simulator) as sdk:
        with pytest.raises(anthropic.ContentTooLargeError):
            await sdk.messages.create(**ask({"type": "text", "text": "x" * 33_000_000}))


async def test_every_answer_tells_the_rate_limits(simulator: str) -> None:
    async with client(simulator) as sdk:
        reply = await sdk.messages.with_raw_response.create(**ask())
    told = reply.headers
    assert told["anthropic-ratelimit-requests-limit"] == "60000"
    assert told["anthropic-ratelimit-tokens-limit"] == "240000000"
    assert int(told["anthropic-ratelimit-input-tokens-remaining"]) % 1000 == 0
    assert told["anthropic-ratelimit-output-tokens-reset"].endswith("Z")


async def test_without_credentials_or_version_nothing_is_said(simulator: str) -> None:
    async with aiohttp.ClientSession() as web:
        async with web.post(f"{simulator}/v1/messages", json=ask()) as bare:
            assert (bare.status, (await bare.json())["error"]["type"]) == (401, "authentication_error")
        async with web.post(f"{simulator}/v1/messages", json=ask(), headers={"x-api-key": "k"}) as old:
            assert (old.status, (await old.json())["error"]["message"][:17]) == (400, "anthropic-version")
        headers = {"x-api-key": "k", "anthropic-version": "2026-10-21"}
        async with web.post(f"{simulator}/v1/messages", data=b"{", headers=headers) as torn:
            assert (torn.status, (await torn.json())["type"]) == (400, "error")


async def test_the_text_depends_on_the_request_alone(simulate, simulator: str) -> None:
    async with simulate() as other, client(simulator) as here, client(other) as there:
        replies = [await sdk.messages.create(**ask()) for sdk in (here, there, here)]
    ids = {hashlib.sha256(reply.content[0].text.encode()).hexdigest() + reply.id for reply in replies}
    assert len(ids) == 1


async def test_models_are_listed(simulator: str) -> None:
    async with client(simulator) as sdk:
        assert (await sdk.models.list()).data[0].id == "claude-opus-4-6"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("400", anthropic.BadRequestError),
        ("401", anthropic.AuthenticationError),
        ("404", anthropic.NotFoundError),
        ("429", anthropic.RateLimitError),
        ("500", anthropic.InternalServerError),
        ("529", anthropic.OverloadedError),
        ("drop", (anthropic.APIConnectionError, httpx2.TransportError)),
        ("truncate", (anthropic.APIConnectionError, httpx2.TransportError)),
        ("filter", anthropic.BadRequestError),
    ],
)
async def test_a_fault_is_the_error_of_the_sdk(simulate, fault: str, error: type[Exception]) -> None:
    async with simulate({MODEL: fault}) as url, client(url) as sdk:
        with pytest.raises(error):
            await sdk.messages.create(**ask())
        assert (await sdk.messages.create(**ask(model="claude-opus-4-6"))).stop_reason == "end_turn"


async def test_a_truncated_stream_has_no_stop_reason(simulate) -> None:
    async with (
        simulate({MODEL: "truncate"}) as url,
        client(url) as sdk,
        sdk.messages.stream(**ask()) as stream,
    ):
        final = await stream.get_final_message()
    assert final.stop_reason is None


async def test_a_dropped_stream_is_an_error_of_the_transport(simulate) -> None:
    async with simulate({MODEL: "drop"}) as url, client(url) as sdk:
        with pytest.raises((httpx2.TransportError, anthropic.APIConnectionError)):
            async with sdk.messages.stream(**ask()) as stream:
                await stream.get_final_message()


async def test_an_error_in_a_stream_comes_after_status_200(simulate) -> None:
    async with simulate({MODEL: "midstream"}) as url, client(url) as sdk:
        with pytest.raises(anthropic.APIStatusError) as caught:
            async with sdk.messages.stream(**ask()) as stream:
                await stream.get_final_message()
    assert (caught.value.status_code, caught.value.type) == (200, "overloaded_error")


async def test_a_refusal_is_a_stop_reason(simulate) -> None:
    async with simulate({MODEL: "refusal"}) as url, client(url) as sdk:
        reply = await sdk.messages.create(**ask())
        async with sdk.messages.stream(**ask()) as stream:
            streamed = await stream.get_final_message()
    assert (reply.stop_reason, reply.content, reply.stop_details.type) == ("refusal", [], "refusal")
    assert (streamed.stop_reason, streamed.content) == ("refusal", [])
