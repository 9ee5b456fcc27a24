"""OpenAI's Responses, through OpenAI's own SDK, against the simulator."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import openai
import orjson
import pytest
from pydantic import BaseModel

MODEL = "gpt-5.2"
SCHEMA = {
    "type": "object",
    "properties": {"score": {"type": "integer"}},
    "required": ["score"],
    "additionalProperties": False,
}
FORMAT = {"format": {"type": "json_schema", "name": "verdict", "strict": True, "schema": SCHEMA}}
TOOL = {"type": "function", "name": "verdict", "parameters": SCHEMA, "strict": True}
ORDER = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]


class Verdict(BaseModel):
    evidence: list[str]
    reasoning: str
    score: int


@asynccontextmanager
async def client(url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    http = openai.DefaultAioHttpClient(trust_env=False)
    async with openai.AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0, http_client=http) as sdk:
        yield sdk


def ask(content: object = "Hello", **changes: object) -> dict[str, object]:
    rows = [{"role": "user", "content": content}]
    return {"model": MODEL, "input": rows, "instructions": "Be kind.", "store": False} | changes


async def test_a_plain_question_is_answered(simulator: str) -> None:
    async with client(simulator) as sdk:
        reply = await sdk.responses.create(**ask(prompt_cache_key="a conversation"))
        short = await sdk.responses.create(model=MODEL, input="Hello")
    assert reply.output_text == "seed 7, messages 1, images 0, last Hello"
    assert (reply.status, reply.model, reply.instructions) == ("completed", MODEL, "Be kind.")
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.total_tokens) == (4, 10, 14)
    assert reply._request_id.startswith("req_")
    assert short.output_text == reply.output_text


async def test_a_stream_tells_its_events_in_order(simulator: str) -> None:
    async with client(simulator) as sdk:
        events = [event async for event in await sdk.responses.create(**ask(stream=True))]
    assert list(dict.fromkeys(event.type for event in events)) == ORDER
    assert [event.sequence_number for event in events] == list(range(len(events)))
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert said == events[-1].response.output_text == "seed 7, messages 1, images 0, last Hello"


async def test_a_conversation_with_a_photograph_is_understood(simulator: str, png: bytes) -> None:
    url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    rows = [
        {"role": "user", "content": [{"type": "input_image", "image_url": url, "detail": "high"}]},
        {"role": "assistant", "content": "I see."},
        {"role": "user", "content": [{"type": "input_text", "text": "And now?"}]},
    ]
    async with client(simulator) as sdk:
        reply = await sdk.responses.create(**ask(input=rows))
    assert reply.output_text == "seed 7, messages 3, images 1, last And now?"


async def test_a_structured_answer_is_parsed_by_the_sdk(simulator: str) -> None:
    async with client(simulator) as sdk:
        parsed = await sdk.responses.parse(**ask(text_format=Verdict))
        plain = await sdk.responses.create(**ask(text=FORMAT))
    assert parsed.output_parsed.score == 4
    assert orjson.loads(plain.output_text)["reasoning"] == "verdict"


async def test_a_tool_is_called_and_its_result_is_answered_in_words(simulator: str) -> None:
    async with client(simulator) as sdk:
        called = (await sdk.responses.create(**ask(tools=[TOOL]))).output[0]
        async with sdk.responses.stream(**ask(tools=[TOOL], tool_choice="required")) as stream:
            streamed = (await stream.get_final_response()).output[0]
        result = {"type": "function_call_output", "call_id": called.call_id, "output": "noted"}
        rows = [{"role": "user", "content": "Hello"}, called.model_dump(exclude_none=True), result]
        closing = await sdk.responses.create(**ask(input=rows, tools=[TOOL]))
    assert (called.type, called.name, orjson.loads(called.arguments)["score"]) == (
        "function_call",
        "verdict",
        4,
    )
    assert streamed.arguments == called.arguments
    assert closing.output_text.endswith("last noted")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_refusal_is_a_part_of_the_message(simulate, stream: bool) -> None:
    async with simulate({MODEL: "refusal"}) as url, client(url) as sdk:
        if stream:
            async with sdk.responses.stream(**ask()) as events:
                reply = await events.get_final_response()
        else:
            reply = await sdk.responses.create(**ask())
    part = reply.output[0].content[0]
    assert (reply.status, part.type) == ("completed", "refusal")
    assert "can't help" in part.refusal


async def test_what_is_cut_short_is_incomplete(simulate) -> None:
    async with simulate({"gpt-5.1": "filter"}) as url, client(url) as sdk:
        cut = await sdk.responses.create(**ask("x" * 100, max_output_tokens=16))
        filtered = await sdk.responses.create(**ask(model="gpt-5.1"))
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert (filtered.incomplete_details.reason, filtered.output) == ("content_filter", [])


async def test_an_error_in_a_stream_is_an_event_that_raises_nothing(simulate) -> None:
    async with simulate({MODEL: "midstream"}) as url, client(url) as sdk:
        events = [event async for event in await sdk.responses.create(**ask(stream=True))]
    assert (events[-1].type, events[-1].code) == ("error", "server_error")


async def test_a_truncated_stream_has_no_end(simulate) -> None:
    async with simulate({MODEL: "truncate"}) as url, client(url) as sdk:
        events = [event async for event in await sdk.responses.create(**ask(stream=True))]
    assert events[-1].type == "response.output_text.delta"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"instructions": None, "input": []}, "empty_array"),
        ({"max_output_tokens": 3}, "integer_below_min_value"),
        ({"previous_response_id": "resp_1"}, "previous_response_not_found"),
        ({"extra_body": {"max_tokens": 5}}, "unknown_parameter"),
        ({"reasoning": {"effort": "huge"}}, "unsupported_value"),
        ({"reasoning": {"effort": "low"}, "temperature": 0.2}, "unsupported_value"),
        ({"input": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}, "invalid_value"),
        ({"tools": [{"type": "web_search"}]}, "unsupported_value"),
        ({"background": True}, "unsupported_parameter"),
    ],
)
async def test_a_wrong_request_is_refused(simulator: str, changes: dict[str, object], code: str) -> None:
    async with client(simulator) as sdk:
        with pytest.raises(openai.BadRequestError) as caught:
            await sdk.responses.create(**ask(**changes))
    assert caught.value.code == code
