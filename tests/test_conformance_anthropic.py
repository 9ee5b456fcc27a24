"""Anthropic's Messages, statement by statement from providers.md, by its own SDK and by our provider.

What test_simulator_messages, test_simulator_breaks and test_simulator_edges already hold is not said again here.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import anthropic
import httpx2
import orjson
import pydantic
import pytest
from test_simulator_messages import MODEL, ask, client, image, noise

from agents.juror import SCHEMA
from engine.errors import Dropped, Overloaded, Throttled
from engine.simulator.faults import FaultRule
from personas.photos.album import Album
from tests.wire.clients import CATALOG, deaf, open_sdk, ours, post, prompt
from tests.wire.relay import always, relayed

OPUS = "claude-opus-4-6"
PATH = "/v1/messages"
RAW = {"authorization": "Bearer k", "anthropic-version": "2026-10-21"}
CACHED = {"cache_control": {"type": "ephemeral"}}
ERRORS = {
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
    404: "not_found_error", 409: "conflict_error", 413: "request_too_large", 429: "rate_limit_error",
    500: "api_error", 504: "timeout_error", 529: "overloaded_error",
}  # fmt: skip


def long(text: str = "x") -> list[dict[str, object]]:
    """Give a system prompt of 2000 tokens that asks to be cached."""
    return [{"type": "text", "text": text * 8000} | CACHED]


async def test_the_sdk_sends_a_bearer_the_newest_version_and_its_count_of_retries(simulator):
    async with relayed(simulator) as relay, client(relay.url) as sdk:
        await sdk.messages.create(**ask())
    told = relay.last.headers
    assert (told["authorization"], told["anthropic-version"]) == ("Bearer k", "2026-10-21")
    assert (told["x-stainless-retry-count"], told["content-type"]) == ("0", "application/json")
    assert "x-api-key" not in told


async def test_our_provider_sends_a_bearer_and_the_same_version(simulator):
    async with relayed(simulator) as relay, ours(relay.url, "anthropic") as talk:
        await talk()
    told = relay.last.headers
    assert (told["authorization"], told["anthropic-version"]) == ("Bearer planted-key", "2026-10-21")
    assert "x-api-key" not in told
    assert "NOT_GIVEN" not in told.values()


@pytest.mark.parametrize("version", ["2023-06-01", "2026-10-21"])
@pytest.mark.parametrize("key", [{"x-api-key": "k"}, {"authorization": "Bearer k"}])
async def test_the_simulator_takes_either_header_and_either_version(simulator, key, version):
    status, _, _ = await post(simulator + PATH, ask(), key | {"anthropic-version": version})
    assert status == 200


async def test_the_sdk_knows_no_temperature_any_more(simulator):
    async with client(simulator) as sdk:
        with pytest.raises(TypeError):
            await sdk.messages.create(**ask(temperature=0))


@pytest.mark.parametrize("field", [{"temperature": 1.0}, {"top_p": 1.0}, {"top_k": 5}])
async def test_sampling_is_refused_by_the_newer_version_even_at_its_default(simulator, field):
    async with client(simulator) as sdk:
        with pytest.raises(anthropic.BadRequestError, match=next(iter(field))):
            await sdk.messages.create(**ask(extra_body=field))


async def test_our_provider_asks_for_a_temperature_under_the_older_version(simulator):
    model = CATALOG.models["claude-sonnet-4.6"].model_copy(update={"options": {"temperature": 0}})
    async with relayed(simulator) as relay, ours(relay.url, model) as talk:
        assert (await talk()).completion.stop == "end"
    assert (relay.last.headers["anthropic-version"], relay.last.json()["temperature"]) == ("2023-06-01", 0)


async def test_neighbours_of_one_role_are_taken_as_one_turn(simulator):
    rows = [{"role": "user", "content": "One."}, {"role": "user", "content": "Two."}]
    async with client(simulator) as sdk:
        assert (await sdk.messages.create(**ask(messages=rows))).stop_reason == "end_turn"


@pytest.mark.parametrize("place", ["document", "citations"])
async def test_the_newer_version_takes_no_document_of_the_assistant_and_no_citations_of_the_user(
    simulator, place
):
    source = {"type": "text", "media_type": "text/plain", "data": "x"}
    cited = [{"type": "char_location", "cited_text": "x", "document_index": 0}]
    rows = {
        "document": [
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": [{"type": "document", "source": source}]},
            {"role": "user", "content": "y"},
        ],
        "citations": [{"role": "user", "content": [{"type": "text", "text": "x", "citations": cited}]}],
    }
    async with client(simulator) as sdk:
        with pytest.raises(anthropic.BadRequestError, match=place):
            await sdk.messages.create(**ask(messages=rows[place]))


async def test_the_sdk_warns_of_a_thinking_budget_at_opus(simulator):
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}
    async with client(simulator) as sdk:
        with pytest.warns(UserWarning, match="adaptive"):
            await sdk.messages.create(**ask(model=OPUS, **thinking))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            await sdk.messages.create(**ask(model=OPUS, thinking={"type": "adaptive"}))


async def test_one_mark_for_the_whole_request_is_a_breakpoint_at_its_end(simulator):
    said = {"type": "text", "text": "x" * 8000}
    async with client(simulator) as sdk:
        used = [(await sdk.messages.create(**ask(said, **CACHED))).usage for _ in range(2)]
    assert [(one.cache_creation_input_tokens, one.cache_read_input_tokens) for one in used] == [
        (2000, 0),
        (0, 2000),
    ]


async def test_a_fifth_breakpoint_is_refused_and_our_provider_makes_four_at_most(simulator):
    said = [{"type": "text", "text": "Hello"} | CACHED for _ in range(5)]
    async with client(simulator) as sdk:
        assert (await sdk.messages.create(**ask(*said[:4]))).content
        with pytest.raises(anthropic.BadRequestError, match="maximum of 4"):
            await sdk.messages.create(**ask(*said))


async def test_an_hour_costs_in_a_counter_of_its_own(simulator):
    system = long()
    system[0]["cache_control"] = {"type": "ephemeral", "ttl": "1h"}
    async with client(simulator) as sdk:
        used = (await sdk.messages.create(**ask(system=system))).usage
    assert (used.cache_creation.ephemeral_1h_input_tokens, used.cache_creation.ephemeral_5m_input_tokens) == (
        2000,
        0,
    )


async def test_a_photograph_put_before_what_was_cached_makes_it_worthless(simulator, png):
    said = {"type": "text", "text": "x" * 8000} | CACHED
    async with client(simulator) as sdk:
        await sdk.messages.create(**ask(said))
        used = (await sdk.messages.create(**ask(image(png), said))).usage
    assert used.cache_read_input_tokens == 0


async def test_a_message_has_the_documented_shape(simulator):
    message = orjson.loads((await post(simulator + PATH, ask(), RAW))[2])
    assert message.keys() == {
        "id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "usage",
    }  # fmt: skip
    assert message["id"].startswith("msg_")
    assert {"input_tokens", "cache_creation", "output_tokens", "service_tier", "inference_geo"} <= message[
        "usage"
    ].keys()


def names(body: bytes) -> list[str]:
    """Give the names of a stream's events, neighbours of one name once."""
    found = [line[7:].decode() for line in body.splitlines() if line.startswith(b"event: ")]
    return [name for at, name in enumerate(found) if at == 0 or found[at - 1] != name]


async def test_the_events_come_in_order_and_the_sdk_swallows_the_pings(simulator):
    _, _, body = await post(simulator + PATH, ask(stream=True), RAW)
    assert names(body) == [
        "message_start", "content_block_start", "ping", "content_block_delta", "content_block_stop",
        "message_delta", "message_stop",
    ]  # fmt: skip
    assert b"[DONE]" not in body
    async with client(simulator) as sdk:
        events = [event async for event in await sdk.messages.create(**ask(stream=True))]
    assert {event.type for event in events} == set(names(body)) - {"ping"}
    assert events[0].message.usage.output_tokens == 1
    assert (events[0].message.content, events[-2].usage.output_tokens) == ([], 10)


async def test_a_stream_cut_into_seven_byte_pieces_is_the_same_stream(simulator):
    heard: list[str] = []
    async with relayed(simulator, piece=7) as relay:
        async with client(relay.url) as sdk, sdk.messages.stream(**ask()) as stream:
            theirs = (await stream.get_final_message()).content[0].text
        async with ours(relay.url, "anthropic") as talk:
            mine = (await talk(None, heard.append)).completion
    assert theirs == mine.text == "".join(heard) == "seed 7, messages 1, images 0, last Hello"


@pytest.mark.parametrize(
    ("transport", "error"),
    [("httpx2", (httpx2.RemoteProtocolError, httpx2.ReadError)), ("aiohttp", (httpx2.ReadError,))],
)
async def test_a_dropped_stream_is_no_error_of_the_sdk_but_its_transports(simulate, transport, error):
    http = {"http_client": anthropic.DefaultAioHttpClient()} if transport == "aiohttp" else {}
    async with simulate({MODEL: "drop"}) as url, open_sdk("anthropic", url, max_retries=0, **http) as sdk:
        with pytest.raises(httpx2.TransportError) as caught:
            async with sdk.messages.stream(**ask()) as stream:
                await stream.get_final_message()
    assert type(caught.value) in error
    assert not isinstance(caught.value, anthropic.AnthropicError)


@pytest.mark.parametrize("fault", ["drop", "truncate"])
async def test_our_provider_calls_both_a_dropped_call(simulate, fault):
    async with simulate({MODEL: fault}) as url, ours(url, "anthropic") as talk:
        with pytest.raises(Dropped):
            await talk(None, deaf)


@pytest.mark.parametrize(
    ("kind", "mine"), [("overloaded_error", Overloaded), ("rate_limit_error", Throttled), ("api_error", Overloaded)]
)  # fmt: skip
async def test_an_error_event_after_status_200_is_told_by_its_type(kind, mine):
    event = b'event: error\ndata: {"type":"error","error":{"type":"%s","message":"m"}}\n\n' % kind.encode()
    stream = always(event, content_type="text/event-stream")
    async with relayed(answer=stream) as relay:
        async with client(relay.url) as sdk:
            with pytest.raises(anthropic.APIStatusError) as caught:
                async for _ in await sdk.messages.create(**ask(stream=True)):
                    pass
        async with ours(relay.url, "anthropic") as talk:
            with pytest.raises(mine):
                await talk(None, deaf)
    assert (caught.value.status_code, caught.value.type) == (200, kind)


@pytest.mark.parametrize("status", ERRORS)
async def test_every_error_has_the_documented_body_and_header(simulate, status):
    async with simulate([FaultRule(kind="status", status=status)]) as url:
        answered, told, text = await post(url + PATH, ask(), RAW)
    body = orjson.loads(text)
    assert (answered, body["type"], body["error"]["type"]) == (status, "error", ERRORS[status])
    assert body["error"]["message"]
    assert told["request-id"] == body["request_id"]
    assert body["request_id"].startswith("req_")


def test_the_old_name_of_too_much_is_an_alias():
    assert anthropic.RequestTooLargeError is anthropic.ContentTooLargeError


async def test_a_conflict_has_a_class_of_its_own(simulate):
    async with simulate([FaultRule(kind="status", status=409)]) as url, client(url) as sdk:
        with pytest.raises(anthropic.ConflictError):
            await sdk.messages.create(**ask())


@pytest.mark.parametrize("stream", [False, True])
async def test_rate_headers_come_with_every_answer(simulator, stream):
    _, told, _ = await post(simulator + PATH, ask(stream=stream), RAW)
    for kind in ("requests", "tokens", "input-tokens", "output-tokens"):
        assert {f"anthropic-ratelimit-{kind}-{field}" for field in ("limit", "remaining", "reset")} <= {*told}
    assert {"anthropic-organization-id", "anthropic-workspace-id"} <= {*told}


async def test_cache_reads_are_not_charged_to_the_input_limit(simulate):
    slow = {"input_tokens": 6000, "burst": 30.0}  # holds 3000 tokens, and gains 100 a second
    async with simulate(**slow) as url, client(url) as sdk:
        await sdk.messages.create(**ask(system=long()))
        assert (await sdk.messages.create(**ask(system=long()))).usage.cache_read_input_tokens == 2000
        with pytest.raises(anthropic.RateLimitError, match="input tokens"):
            await sdk.messages.create(**ask(system=long("y")))


async def test_the_longest_answer_is_not_reserved(simulate):
    hang = FaultRule(kind="hang", first=1)
    async with simulate([hang], output_tokens=6000, burst=30.0) as url, client(url) as sdk:
        with pytest.raises(anthropic.APITimeoutError):
            await sdk.messages.create(**ask(max_tokens=2900, timeout=0.3))
        assert (await sdk.messages.create(**ask(max_tokens=2900))).content


class Verdict(pydantic.BaseModel):
    reasoning: str
    score: int = pydantic.Field(ge=1, le=5)


async def test_parse_gives_the_parsed_output_and_moves_bounds_into_the_description(simulator):
    async with relayed(simulator) as relay, client(relay.url) as sdk:
        message = await sdk.messages.parse(**ask(output_format=Verdict))
    score = relay.last.json()["output_config"]["format"]["schema"]["properties"]["score"]
    assert message.parsed_output.score == 4
    assert not {"minimum", "maximum"} & score.keys()
    assert "{maximum: 5, minimum: 1}" in score["description"]


@pytest.mark.parametrize(
    "shape",
    [
        {"type": "integer", "minimum": 1, "maximum": 5},
        {"type": "string", "minLength": 3},
        {"type": "string", "pattern": "^x"},
        {"$ref": "#"},
        {"type": "object", "properties": {}, "additionalProperties": True},
    ],
    ids=["number", "length", "pattern", "recursion", "open"],
)
async def test_constraints_that_the_service_does_not_hold_are_refused(simulator, shape):
    schema = {
        "type": "object",
        "properties": {"score": shape},
        "required": ["score"],
        "additionalProperties": False,
    }
    config = {"format": {"type": "json_schema", "schema": schema}}
    async with client(simulator) as sdk:
        with pytest.raises(anthropic.BadRequestError, match="output_config"):
            await sdk.messages.create(**ask(output_config=config))


def closed(**properties: object) -> dict[str, object]:
    return {"type": "object", "properties": properties, "required": [], "additionalProperties": False}


async def test_a_schema_may_have_so_many_optional_properties_unions_and_strict_tools(simulator):
    some = {"type": "string"}
    either = {"anyOf": [some, {"type": "integer"}]}
    async with client(simulator) as sdk:
        for fits, one_more in (
            (closed(**{f"a{at}": some for at in range(24)}), closed(**{f"a{at}": some for at in range(25)})),
            (
                closed(**{f"a{at}": either for at in range(16)}),
                closed(**{f"a{at}": either for at in range(17)}),
            ),
        ):
            shapes = [{"format": {"type": "json_schema", "schema": schema}} for schema in (fits, one_more)]
            assert (await sdk.messages.create(**ask(output_config=shapes[0]))).content
            with pytest.raises(anthropic.BadRequestError, match="too many"):
                await sdk.messages.create(**ask(output_config=shapes[1]))
        tools = [{"name": f"t{at}", "input_schema": closed(), "strict": True} for at in range(21)]
        assert (await sdk.messages.create(**ask(tools=tools[:20]))).content
        with pytest.raises(anthropic.BadRequestError, match="21 > 20"):
            await sdk.messages.create(**ask(tools=tools))


async def test_a_strict_tool_may_be_forced_instead(simulator):
    tool = {"name": "verdict", "input_schema": closed(), "strict": True}
    chosen = {"type": "tool", "name": "verdict"}
    async with client(simulator) as sdk:
        assert (await sdk.messages.create(**ask(tools=[tool], tool_choice=chosen))).stop_reason == "tool_use"


@pytest.mark.parametrize("listen", [None, deaf], ids=["plain", "streamed"])
async def test_our_provider_asks_for_a_schema_and_needs_no_beta(simulator, listen):
    async with relayed(simulator) as relay, ours(relay.url, "anthropic") as talk:
        said = (await talk(prompt(schema=SCHEMA), listen)).completion
    assert said.value == {"evidence": [], "reasoning": "verdict", "score": 4}
    assert relay.last.json()["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA.body}}
    assert "anthropic-beta" not in relay.last.headers


async def test_a_photograph_is_sent_before_the_words_as_the_type_its_bytes_are(simulator, png):
    album = Album()
    photo = album.put(png, drawn=True)
    said = replace(prompt().messages[0], photo=photo)
    async with relayed(simulator) as relay, ours(relay.url, "anthropic", album=album) as talk:
        await talk(prompt(messages=(said,)))
    shown, words = relay.last.json()["messages"][0]["content"]
    assert (shown["source"]["type"], shown["source"]["media_type"]) == ("base64", "image/png")
    assert words["text"] == "Hello"


async def test_a_side_of_eight_thousand_pixels_is_the_longest(simulator):
    async with client(simulator) as sdk:
        assert (await sdk.messages.create(**ask(image(noise(8000, 1, "PNG"))))).stop_reason == "end_turn"
