"""OpenAI's two protocols, statement by statement from providers.md, by its own SDK and by our provider.

What test_simulator_completions, _responses, _breaks and _edges already hold is not said again here.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from io import BytesIO

import openai
import orjson
import pydantic
import pytest
from PIL import Image
from test_simulator_completions import MODEL, ask, client, image, shape

from agents.juror import SCHEMA
from engine.errors import Denied, Dropped, Overloaded, Throttled
from engine.simulator.faults import FaultRule
from personas.photos.album import Album
from tests.wire.clients import CATALOG, IDS, deaf, open_sdk, ours, post, prompt
from tests.wire.relay import always, relayed

RAW = {"authorization": "Bearer k"}
CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
BODIES = {CHAT: ask(), RESPONSES: {"model": MODEL, "input": "Hello"}}
ERRORS = {
    400: ("invalid_request_error", None), 401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"), 429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", None), 503: ("server_error", "overloaded"),
}  # fmt: skip


class Verdict(pydantic.BaseModel):
    reasoning: str
    score: int = pydantic.Field(ge=1, le=5)


def photo(width: int, height: int) -> dict[str, object]:
    file = BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return image(file.getvalue())


async def test_our_provider_sends_a_bearer_and_no_organisation(simulator, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "planted-org")
    async with relayed(simulator) as relay, ours(relay.url, "openai") as talk:
        await talk()
    told = relay.last.headers
    assert told["authorization"] == "Bearer planted-key"
    assert not {"openai-organization", "openai-project"} & told.keys()


async def test_our_provider_asks_for_a_length_a_shape_and_detail_as_gpt_5_wants_them(simulator, png):
    album = Album()
    said = replace(prompt().messages[0], photo=album.put(png, drawn=True))
    async with relayed(simulator) as relay, ours(relay.url, "openai", album=album) as talk:
        await talk(prompt(messages=(said,), schema=SCHEMA))
    body = relay.last.json()
    table = {"name": SCHEMA.name, "strict": True, "schema": SCHEMA.body}
    assert (body["max_completion_tokens"], "max_tokens" in body) == (99, False)
    assert body["response_format"] == {"type": "json_schema", "json_schema": table}
    shown, words = body["messages"][1]["content"]
    assert shown["image_url"]["url"].startswith("data:image/png;base64,")
    assert (shown["image_url"]["detail"], words) == ("high", {"type": "text", "text": "Hello"})


async def test_a_model_that_is_told_max_tokens_is_refused_and_our_provider_says_so(simulator):
    old = CATALOG.models["gpt-5.1"].model_copy(update={"length": "max_tokens"})
    async with ours(simulator, old) as talk:
        with pytest.raises(Exception, match="max_completion_tokens"):
            await talk()


async def test_our_provider_passes_a_temperature_on_where_the_model_takes_it(simulator):
    cold = CATALOG.models["gpt-5.1"].model_copy(
        update={"options": {"temperature": 0, "reasoning_effort": "none"}}
    )
    async with relayed(simulator) as relay, ours(relay.url, cold) as talk:
        assert (await talk()).completion.stop == "end"
    assert relay.last.json()["temperature"] == 0


@pytest.mark.parametrize("role", ["system", "developer"])
async def test_the_developer_is_a_system_by_another_name(simulator, role):
    rows = [{"role": role, "content": "Be kind."}, {"role": "user", "content": "Hello"}]
    async with client(simulator) as sdk:
        said = await sdk.chat.completions.create(**ask(messages=rows))
    assert said.choices[0].message.content == "seed 7, messages 1, images 0, last Hello"


@pytest.mark.parametrize("effort", ["none", "low", "medium", "high", "xhigh"])
async def test_every_effort_is_taken(simulator, effort):
    async with client(simulator) as sdk:
        assert (await sdk.chat.completions.create(**ask(reasoning_effort=effort))).choices
        assert (await sdk.responses.create(model=MODEL, input="x", reasoning={"effort": effort})).output_text


@pytest.mark.parametrize("detail", ["low", "high", "auto", "original"])
async def test_every_detail_is_taken(simulator, png, detail):
    part = image(png)
    part["image_url"]["detail"] = detail
    async with client(simulator) as sdk:
        assert (await sdk.chat.completions.create(**ask([part]))).choices


async def test_a_completion_has_the_documented_shape(simulator):
    whole = orjson.loads((await post(simulator + CHAT, ask(), RAW))[2])
    choice, used = whole["choices"][0], whole["usage"]
    assert choice["message"].keys() == {"role", "content", "refusal", "annotations"}
    assert used["total_tokens"] == used["prompt_tokens"] + used["completion_tokens"]
    assert used["prompt_tokens_details"].keys() == {"cached_tokens", "image_tokens", "audio_tokens"}
    assert used["completion_tokens_details"]["reasoning_tokens"] == 0


async def test_the_tokens_of_photographs_are_told(simulator, png):
    async with client(simulator) as sdk:
        used = (await sdk.chat.completions.create(**ask([image(png), image(png)]))).usage
    assert used.prompt_tokens_details.image_tokens == 8  # twice 60 × 40 px in cells of 32
    assert used.prompt_tokens == 2 + 8


async def test_a_stream_is_chunks_without_names_and_ends_with_done(simulator):
    asked = ask(stream=True, stream_options={"include_usage": True})
    _, told, body = await post(simulator + CHAT, asked, RAW)
    lines = body.decode().strip().split("\n\n")
    chunks = [orjson.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert told["content-type"].startswith("text/event-stream")
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert (chunks[-2]["choices"][0]["delta"], chunks[-2]["choices"][0]["finish_reason"]) == ({}, "stop")
    assert (chunks[-1]["choices"], chunks[-1]["usage"]["completion_tokens"]) == ([], 10)
    assert [chunk["usage"] for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)


async def test_streams_cut_into_seven_byte_pieces_are_the_same_streams(simulator):
    heard: list[str] = []
    async with relayed(simulator, piece=7) as relay:
        async with client(relay.url) as sdk:
            async with sdk.chat.completions.stream(**ask()) as stream:
                theirs = (await stream.get_final_completion()).choices[0].message.content
            async with sdk.responses.stream(model=MODEL, input="Hello") as stream:
                responded = (await stream.get_final_response()).output_text
        async with ours(relay.url, "openai") as talk:
            mine = (await talk(None, heard.append)).completion.text
    assert theirs == responded == mine == "".join(heard) == "seed 7, messages 1, images 0, last Hello"


async def test_a_refusal_is_no_exception_and_parses_to_nothing(simulate):
    async with simulate({MODEL: "refusal"}) as url, client(url) as sdk:
        said = (await sdk.chat.completions.parse(**ask(response_format=Verdict))).choices[0]
    assert (said.finish_reason, said.message.content, said.message.parsed) == ("stop", None, None)
    assert said.message.refusal


async def test_parse_raises_where_an_answer_was_filtered_or_cut(simulate):
    async with simulate({"gpt-5.2": "filter"}) as url, client(url) as sdk:
        with pytest.raises(openai.ContentFilterFinishReasonError):
            await sdk.chat.completions.parse(**ask(model="gpt-5.2", response_format=Verdict))
        with pytest.raises(openai.LengthFinishReasonError):
            await sdk.chat.completions.parse(**ask(max_completion_tokens=2, response_format=Verdict))


async def test_bounds_are_passed_through_by_the_sdk(simulator):
    async with relayed(simulator) as relay, client(relay.url) as sdk:
        said = (await sdk.chat.completions.parse(**ask(response_format=Verdict))).choices[0]
    table = relay.last.json()["response_format"]["json_schema"]
    assert said.message.parsed.score == 4
    assert (table["strict"], table["schema"]["properties"]["score"]["maximum"]) == (True, 5)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": [], "additionalProperties": False},
    ],
    ids=["open", "optional"],
)  # fmt: skip
async def test_a_strict_schema_closes_itself_and_requires_everything(simulator, schema):
    async with client(simulator) as sdk:
        with pytest.raises(openai.BadRequestError, match="Invalid schema"):
            await sdk.chat.completions.create(**ask(response_format=shape(schema)))


async def test_an_error_in_the_middle_of_a_stream_has_no_status(simulate):
    async with simulate({MODEL: "midstream"}) as url, client(url) as sdk:
        with pytest.raises(openai.APIError) as caught:
            async for _ in await sdk.chat.completions.create(**ask(stream=True)):
                pass
        async with ours(url, "openai") as talk:
            with pytest.raises(Overloaded):
                await talk(None, deaf)
    assert not isinstance(caught.value, openai.APIStatusError)


async def test_a_refusal_in_a_stream_of_responses_has_events_of_its_own(simulate):
    async with simulate({MODEL: "refusal"}) as url, client(url) as sdk:
        stream = await sdk.responses.create(model=MODEL, input="x", stream=True)
        events = [event.type async for event in stream]
    assert {"response.refusal.delta", "response.refusal.done", "response.completed"} <= {*events}


async def test_the_further_options_of_both_protocols_are_taken(simulator):
    both = {"prompt_cache_key": "k", "prompt_cache_retention": "24h", "safety_identifier": "s"}
    both |= {"service_tier": "default", "store": False}
    async with client(simulator) as sdk:
        assert (await sdk.chat.completions.create(**ask(seed=3, verbosity="low", **both))).choices
        said = await sdk.responses.create(model=MODEL, input="x", text={"verbosity": "low"}, **both)
    assert said.output_text


async def test_a_failed_response_is_an_event_and_raises_nothing():
    failed = {"type": "response.failed", "sequence_number": 0, "response": {"status": "failed", "output": []}}
    event = b"event: response.failed\ndata: " + orjson.dumps(failed) + b"\n\n"
    stream = always(event, content_type="text/event-stream")
    async with relayed(answer=stream) as relay, client(relay.url) as sdk:
        events = [
            event.type async for event in await sdk.responses.create(model=MODEL, input="x", stream=True)
        ]
    assert events == ["response.failed"]


@pytest.mark.parametrize("transport", ["httpx2", "aiohttp"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_drop_is_an_error_of_the_sdk_whatever_carries_it(simulate, transport, streamed):
    http = {"http_client": openai.DefaultAioHttpClient()} if transport == "aiohttp" else {}
    async with simulate({MODEL: "drop"}) as url, open_sdk("openai", url, max_retries=0, **http) as sdk:
        with pytest.raises(openai.APIConnectionError):
            said = await sdk.chat.completions.create(**ask(stream=streamed))
            async for _ in said if streamed else ():
                pass


@pytest.mark.parametrize("fault", ["drop", "truncate"])
async def test_our_provider_calls_both_a_dropped_call(simulate, fault):
    async with simulate({MODEL: fault}) as url, ours(url, "openai") as talk:
        with pytest.raises(Dropped):
            await talk(None, deaf)


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("status", ERRORS)
async def test_every_error_has_the_documented_body_and_header(simulate, status, path):
    async with simulate([FaultRule(kind="status", status=status)]) as url:
        answered, told, body = await post(url + path, BODIES[path], RAW)
    error = orjson.loads(body)["error"]
    assert (answered, error["type"], error["code"]) == (status, *ERRORS[status])
    assert error.keys() == {"message", "type", "param", "code"}
    assert told["x-request-id"].startswith("req_")


async def test_a_body_that_is_too_large_has_no_class_of_its_own(simulate):
    async with simulate({MODEL: "413"}) as url, client(url) as sdk:
        with pytest.raises(openai.APIStatusError) as caught:
            await sdk.chat.completions.create(**ask())
    assert type(caught.value) is openai.APIStatusError


@pytest.mark.looptime
async def test_the_sdk_asks_again_without_credit_and_our_provider_does_not(simulate):
    async with simulate({MODEL: "quota"}) as url, relayed(url) as relay:
        async with open_sdk("openai", relay.url) as sdk:
            with pytest.raises(openai.RateLimitError):
                await sdk.chat.completions.create(**ask())
        assert len(relay.requests) == 3
        async with ours(relay.url, "openai") as talk:
            with pytest.raises(Denied):
                await talk()
    assert len(relay.requests) == 4


@pytest.mark.parametrize("path", BODIES)
async def test_rate_headers_come_with_every_answer(simulator, path):
    _, told, _ = await post(simulator + path, BODIES[path], RAW)
    names = {
        f"x-ratelimit-{field}-{kind}"
        for field in ("limit", "remaining", "reset")
        for kind in ("requests", "tokens")
    }
    names |= {"openai-processing-ms", "openai-version", "openai-organization", "x-request-id"}
    assert all(name in told for name in names)


async def test_photographs_count_against_the_limit_of_tokens(simulate):
    slow = {"tokens": 6000, "burst": 30.0}  # holds 3000 tokens, and gains 100 a second
    async with simulate(**slow) as url, client(url) as sdk:
        await sdk.chat.completions.create(**ask([photo(1024, 1024)] * 2))
        await sdk.chat.completions.create(**ask())
        with pytest.raises(openai.RateLimitError) as caught:
            await sdk.chat.completions.create(**ask([photo(1024, 1024)]))
        async with ours(url, "openai") as talk:
            with pytest.raises(Throttled) as mine:
                await talk(prompt("x" * 6000))
    assert (caught.value.type, caught.value.code) == ("tokens", "rate_limit_exceeded")
    assert mine.value.retry_after > 0


async def test_a_gif_may_not_move_here_and_may_at_claude(simulator):
    frames = [Image.new("RGB", (9, 9), shade) for shade in ("red", "blue")]
    still, moving = BytesIO(), BytesIO()
    frames[0].save(still, "GIF")
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    async with client(simulator) as sdk:
        assert (await sdk.chat.completions.create(**ask([image(still.getvalue(), "image/gif")]))).choices
        with pytest.raises(openai.BadRequestError, match="animated"):
            await sdk.chat.completions.create(**ask([image(moving.getvalue(), "image/gif")]))
    source = {
        "type": "base64",
        "media_type": "image/gif",
        "data": base64.b64encode(moving.getvalue()).decode(),
    }
    rows = [{"role": "user", "content": [{"type": "image", "source": source}]}]
    async with open_sdk("anthropic", simulator) as sdk:
        said = await sdk.messages.create(model=IDS["anthropic"], max_tokens=99, messages=rows)
    assert "images 1" in said.content[0].text


async def test_photographs_come_from_the_user_alone(simulator, png):
    rows = [{"role": "user", "content": "x"}, {"role": "assistant", "content": [image(png)]}]
    async with client(simulator) as sdk:
        with pytest.raises(openai.BadRequestError):
            await sdk.chat.completions.create(**ask(messages=rows))
