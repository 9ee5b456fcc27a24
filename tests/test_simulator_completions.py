"""OpenAI's own SDK against the simulator."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import openai
import orjson
import pytest

MODEL = "gpt-5.1"
SCHEMA = {
    "type": "object",
    "properties": {"score": {"type": "integer", "enum": [1, 2, 3, 4, 5]}},
    "required": ["score"],
    "additionalProperties": False,
}


@asynccontextmanager
async def client(url: str, key: str = "k") -> AsyncIterator[openai.AsyncOpenAI]:
    http = openai.DefaultAioHttpClient(trust_env=False)
    async with openai.AsyncOpenAI(api_key=key, base_url=f"{url}/v1", max_retries=0, http_client=http) as sdk:
        yield sdk


def ask(content: object = "Hello", **changes: object) -> dict[str, object]:
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": content}]
    return {"model": MODEL, "messages": messages} | changes


def image(data: bytes, media: str = "image/png") -> dict[str, object]:
    url = f"data:{media};base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url, "detail": "high"}}


def shape(schema: dict[str, object]) -> dict[str, object]:
    return {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": schema}}


async def test_a_plain_question_is_answered(simulator: str) -> None:
    async with client(simulator) as sdk:
        reply = await sdk.chat.completions.create(**ask())
    choice = reply.choices[0]
    assert choice.message.content == "seed 7, messages 1, images 0, last Hello"
    assert (choice.finish_reason, choice.message.refusal, reply.model) == ("stop", None, MODEL)
    assert reply._request_id.startswith("req_")


async def test_a_stream_ends_with_its_usage(simulator: str) -> None:
    text, last = "", None
    async with client(simulator) as sdk:
        options = {"stream": True, "stream_options": {"include_usage": True}}
        async for chunk in await sdk.chat.completions.create(**ask(**options)):
            last = chunk
            for choice in chunk.choices:
                text += choice.delta.content or ""
    assert text == "seed 7, messages 1, images 0, last Hello"
    assert (last.choices, last.usage.completion_tokens) == ([], 10)


async def test_a_stream_that_asked_for_no_usage_has_none(simulator: str) -> None:
    async with client(simulator) as sdk:
        chunks = [chunk async for chunk in await sdk.chat.completions.create(**ask(stream=True))]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert not any(chunk.usage for chunk in chunks)


async def test_a_photograph_arrives_and_is_billed_in_patches(simulator: str, png: bytes) -> None:
    async with client(simulator) as sdk:
        reply = await sdk.chat.completions.create(**ask([image(png), {"type": "text", "text": "This"}]))
    assert "images 1" in reply.choices[0].message.content
    assert (
        reply.usage.prompt_tokens == 2 + 2 * 2 + 1
    )  # the system's words, 60 × 40 px in cells of 32, one word


async def test_a_structured_answer_has_the_name_of_its_schema(simulator: str) -> None:
    async with client(simulator) as sdk:
        reply = await sdk.chat.completions.create(**ask(response_format=shape(SCHEMA)))
    assert orjson.loads(reply.choices[0].message.content)["reasoning"] == "verdict"


async def test_the_prompt_count_includes_what_was_cached(simulator: str) -> None:
    async with client(simulator) as sdk:
        first = (await sdk.chat.completions.create(**ask("x" * 8000))).usage
        second = (await sdk.chat.completions.create(**ask("x" * 8000 + "and more"))).usage
        short = (await sdk.chat.completions.create(**ask("x" * 3000))).usage
    assert (first.prompt_tokens, first.prompt_tokens_details.cached_tokens) == (2002, 0)
    assert second.prompt_tokens == 2004
    assert second.prompt_tokens_details.cached_tokens == 1920  # steps of 128
    assert short.prompt_tokens_details.cached_tokens == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"max_tokens": 5}, "unsupported_parameter"),
        ({"reasoning_effort": "low", "temperature": 0.2}, "unsupported_value"),
        ({"reasoning_effort": "huge"}, "unsupported_value"),
        ({"functions": [{"name": "x"}]}, "unsupported_parameter"),
        ({"response_format": {"type": "xml"}}, "unsupported_value"),
        ({"response_format": shape({"type": "object", "properties": {}})}, None),
        ({"messages": []}, "empty_array"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "invalid_value"),
        ({"max_completion_tokens": 0}, "integer_below_min_value"),
    ],
)
async def test_a_wrong_request_is_refused(simulator: str, changes: dict[str, object], code: str) -> None:
    async with client(simulator) as sdk:
        with pytest.raises(openai.BadRequestError) as caught:
            await sdk.chat.completions.create(**ask(**changes))
    assert (caught.value.code, caught.value.type) == (code, "invalid_request_error")


async def test_a_temperature_is_taken_when_the_model_does_not_reason(simulator: str) -> None:
    async with client(simulator) as sdk:
        reply = await sdk.chat.completions.create(**ask(temperature=0.2, reasoning_effort="none"))
    assert reply.choices[0].finish_reason == "stop"


async def test_an_unknown_model_is_not_found(simulator: str) -> None:
    async with client(simulator) as sdk:
        with pytest.raises(openai.NotFoundError) as caught:
            await sdk.chat.completions.create(**ask(model="gpt-9"))
    assert caught.value.code == "model_not_found"


async def test_a_photograph_that_lies_about_itself_is_refused(simulator: str, png: bytes) -> None:
    bad = {
        "invalid_image_format": image(png, "image/jpeg"),
        "unsupported_image_media_type": image(png, "image/bmp"),
        "image_parse_error": image(b"not a photograph"),
        "empty_image_file": image(b""),
        "invalid_base64_image": {"type": "image_url", "image_url": {"url": "data:image/png;base64,%"}},
        "invalid_image_url": {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    }
    async with client(simulator) as sdk:
        for code, part in bad.items():
            with pytest.raises(openai.BadRequestError) as caught:
                await sdk.chat.completions.create(**ask([part]))
            assert caught.value.code == code


async def test_every_answer_tells_the_rate_limits(simulator: str) -> None:
    async with client(simulator) as sdk:
        told = (await sdk.chat.completions.with_raw_response.create(**ask())).headers
    assert told["x-ratelimit-limit-requests"] == "60000"
    assert told["x-ratelimit-reset-tokens"].endswith("ms")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("400", openai.BadRequestError),
        ("401", openai.AuthenticationError),
        ("404", openai.NotFoundError),
        ("429", openai.RateLimitError),
        ("500", openai.InternalServerError),
        ("503", openai.InternalServerError),
        ("529", openai.InternalServerError),
        ("drop", openai.APIConnectionError),
        ("truncate", openai.APIConnectionError),
        ("midstream", openai.InternalServerError),
    ],
)
async def test_a_fault_is_the_error_of_the_sdk(simulate, fault: str, error: type[Exception]) -> None:
    async with simulate({MODEL: fault}) as url, client(url) as sdk:
        with pytest.raises(error):
            await sdk.chat.completions.create(**ask())


async def test_a_truncated_stream_has_no_finish_reason(simulate) -> None:
    async with simulate({MODEL: "truncate"}) as url, client(url) as sdk:
        chunks = [chunk async for chunk in await sdk.chat.completions.create(**ask(stream=True))]
    assert not any(chunk.choices[0].finish_reason for chunk in chunks)


@pytest.mark.parametrize(("fault", "error"), [("drop", Exception), ("midstream", openai.APIError)])
async def test_a_broken_stream_raises(simulate, fault: str, error: type[Exception]) -> None:
    async with simulate({MODEL: fault}) as url, client(url) as sdk:
        with pytest.raises(error):
            async for _ in await sdk.chat.completions.create(**ask(stream=True)):
                pass


async def test_a_refusal_stands_beside_the_content(simulate) -> None:
    async with simulate({MODEL: "refusal"}) as url, client(url) as sdk:
        choice = (await sdk.chat.completions.create(**ask())).choices[0]
        chunks = [chunk async for chunk in await sdk.chat.completions.create(**ask(stream=True))]
    assert (choice.finish_reason, choice.message.content) == ("stop", None)
    assert "can't help" in choice.message.refusal
    assert "can't help" in "".join(chunk.choices[0].delta.refusal or "" for chunk in chunks)


async def test_useless_answers_look_as_they_should(simulate) -> None:
    faults = {"gpt-5.1": "filter", "gpt-5.2": "malformed"}
    async with simulate(faults) as url, client(url) as sdk:
        filtered = (await sdk.chat.completions.create(**ask())).choices[0]
        broken = await sdk.chat.completions.create(**ask(model="gpt-5.2", response_format=shape(SCHEMA)))
    assert (filtered.finish_reason, filtered.message.content) == ("content_filter", "")
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(broken.choices[0].message.content)
