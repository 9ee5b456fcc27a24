"""Bedrock's Converse, statement by statement from providers.md, by its own SDK and by our provider.

What test_simulator_converse, test_simulator_breaks and test_simulator_edges already hold is not said again here.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import aioboto3
import aiohttp
import orjson
import pytest
from aiobotocore.config import AioConfig
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import ChecksumMismatch
from botocore.exceptions import ClientError, EventStreamError, ParamValidationError, ReadTimeoutError
from test_simulator_converse import LLAMA, NOVA, ask, client, image, read, tools
from test_simulator_messages import noise

from agents.juror import SCHEMA
from engine.errors import Dropped, Overloaded, Rejected, Throttled
from engine.simulator.faults import FaultRule
from engine.simulator.frames import exception_frame, member_frame
from personas.photos.album import Album
from tests.wire.clients import CATALOG, KEYS, SECRETS, deaf, ours, post, prompt
from tests.wire.relay import HeardRequest, always, relayed

RAW = {"authorization": "Bearer k"}
PLAIN = f"/model/{NOVA.replace(':', '%3A')}/converse"
ARN = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{NOVA}"
SAID = "seed 7, messages 1, images 0, last Hello"
BODY = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}
STREAM = "application/vnd.amazon.eventstream"
ERRORS = {
    400: (400, "ValidationException"), 401: (403, "UnrecognizedClientException"), 403: (403, "AccessDeniedException"),
    404: (404, "ResourceNotFoundException"), 408: (408, "ModelTimeoutException"), 424: (424, "ModelErrorException"),
    429: (429, "ThrottlingException"), 500: (500, "InternalServerException"),
    503: (503, "ServiceUnavailableException"),
}  # fmt: skip


def signature_of(heard: HeardRequest, url: str) -> str:
    """Sign a request anew, as botocore would, from what came over the wire."""
    told = heard.headers["authorization"]
    signed = told.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: heard.headers[name] for name in signed}
    request = AWSRequest(method="POST", url=url + heard.path, data=heard.body, headers=headers)
    request.context["timestamp"] = heard.headers["x-amz-date"]
    auth = SigV4Auth(Credentials(*SECRETS["bedrock"].values()), "bedrock", "us-east-1")
    text = auth.string_to_sign(request, auth.canonical_request(request))
    return auth.signature(text, request)


@pytest.mark.parametrize("shown", [False, True], ids=["words", "photograph"])
@pytest.mark.parametrize("listen", [None, deaf], ids=["plain", "streamed"])
async def test_our_signature_is_botocores_over_the_body_that_was_sent(simulator, png, shown, listen):
    album = Album()
    said = prompt().messages[0]
    said = replace(said, photo=album.put(png, drawn=True)) if shown else said
    async with relayed(simulator) as relay, ours(relay.url, "bedrock", album=album) as talk:
        await talk(prompt(messages=(said,)), listen)
    told = relay.last.headers
    assert told["x-amz-content-sha256"] == hashlib.sha256(relay.last.body).hexdigest()
    assert told["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDPLANTED/")
    assert "/us-east-1/bedrock/aws4_request" in told["authorization"]
    assert told["authorization"].endswith(f"Signature={signature_of(relay.last, relay.url)}")


@pytest.mark.parametrize("name", [NOVA, ARN], ids=["id", "arn"])
async def test_colons_and_slashes_of_a_model_are_escaped_in_the_path(simulator, name):
    escaped = name.replace(":", "%3A").replace("/", "%2F")
    model = CATALOG.models["nova-pro"].model_copy(update={"id": name})
    async with relayed(simulator) as relay:
        async with client(relay.url) as sdk:
            assert (await sdk.converse(**ask(modelId=name)))["stopReason"] == "end_turn"
        async with ours(relay.url, model) as talk:
            assert (await talk()).completion.text == SAID
            assert (await talk(None, deaf)).completion.text == SAID
    assert [heard.path for heard in relay.requests] == [
        f"/model/{escaped}/{way}" for way in ("converse", "converse", "converse-stream")
    ]


async def test_a_photograph_is_bytes_in_python_and_base64_on_the_wire(simulator, png):
    album = Album()
    said = replace(prompt().messages[0], photo=album.put(png, drawn=True))
    async with relayed(simulator) as relay:
        async with client(relay.url) as sdk:
            await sdk.converse(**ask(image(png), {"text": "Hello"}))
        theirs = relay.last.json()["messages"]
        async with ours(relay.url, "bedrock", album=album) as talk:
            await talk(prompt(messages=(said,)))
    assert theirs[0]["content"][0]["image"]["source"]["bytes"].startswith("iVBOR")
    assert relay.last.json()["messages"][0]["content"][:2] == theirs[0]["content"]


async def test_our_provider_always_says_how_long_an_answer_may_be(simulator):
    async with relayed(simulator) as relay, ours(relay.url, "bedrock") as talk:
        await talk()
    assert relay.last.json()["inferenceConfig"]["maxTokens"] == 99


@pytest.mark.parametrize("listen", [None, deaf], ids=["plain", "streamed"])
async def test_our_provider_forces_a_tool_on_nova(simulator, listen):
    async with relayed(simulator) as relay, ours(relay.url, "nova-pro") as talk:
        said = (await talk(prompt(schema=SCHEMA), listen)).completion
    config = relay.last.json()["toolConfig"]
    assert said.value == {"evidence": [], "reasoning": "verdict", "score": 4}
    assert config["toolChoice"] == {"tool": {"name": SCHEMA.name}}
    assert config["tools"][0]["toolSpec"]["inputSchema"] == {"json": SCHEMA.body}


@pytest.mark.parametrize("listen", [None, deaf], ids=["plain", "streamed"])
async def test_our_provider_asks_llama_in_words_and_for_no_cache(simulator, listen):
    async with relayed(simulator) as relay, ours(relay.url, "llama-4-maverick") as talk:
        await talk(prompt(schema=SCHEMA), listen)
    body = relay.last.json()
    assert "toolConfig" not in body
    assert "Answer with one JSON object" in body["system"][0]["text"]
    assert b"cachePoint" not in relay.last.body


async def test_any_is_refused_at_llama_in_the_services_words(simulator):
    async with client(simulator) as sdk:
        with pytest.raises(ClientError, match=r"doesn't support the toolConfig\.toolChoice\.any field"):
            await sdk.converse(**ask(modelId=LLAMA, **tools({"any": {}})))


@pytest.mark.parametrize(
    "newer",
    [
        {"outputConfig": {"textFormat": {"type": "json_schema"}}},
        {"serviceTier": {"type": "default"}},
        {"system": [{"text": "x"}, {"cachePoint": {"type": "default", "ttl": "1h"}}]},
        {"toolConfig": {"tools": [{"toolSpec": {"name": "v", "inputSchema": {"json": {}}, "strict": True}}]}},
    ],
    ids=["outputConfig", "serviceTier", "ttl", "strict"],
)
async def test_the_botocore_that_aioboto3_pins_knows_nothing_newer(simulator, newer):
    async with client(simulator) as sdk:
        with pytest.raises(ParamValidationError):
            await sdk.converse(**ask(**newer))


async def test_neither_nova_nor_llama_has_a_schema_of_its_own(simulator):
    config = {
        "textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"name": "v", "schema": "{}"}}}
    }
    status, _, body = await post(simulator + PLAIN, BODY | {"outputConfig": config}, RAW)
    assert (status, "outputConfig" in orjson.loads(body)["message"]) == (400, True)


async def test_a_reply_has_the_documented_shape(simulator):
    _, told, body = await post(simulator + PLAIN, BODY, RAW)
    reply = orjson.loads(body)
    assert reply.keys() == {"output", "stopReason", "usage", "metrics"}
    assert reply["metrics"].keys() == {"latencyMs"}
    assert told["x-amzn-RequestId"]


async def test_what_was_written_to_the_cache_is_told_with_how_long_it_lives(simulator):
    system = [{"text": "x" * 8000}, {"cachePoint": {"type": "default"}}]
    _, _, body = await post(simulator + PLAIN, BODY | {"system": system}, RAW)
    used = orjson.loads(body)["usage"]
    assert used["cacheDetails"] == [{"ttl": "5m", "inputTokens": 2000}]
    assert used["totalTokens"] == used["inputTokens"] + 2000 + used["outputTokens"]


async def test_an_event_stream_cut_into_eleven_byte_pieces_is_the_same_stream(simulator):
    heard: list[str] = []
    async with relayed(simulator, piece=11) as relay:
        async with client(relay.url) as sdk:
            theirs = await read((await sdk.converse_stream(**ask()))["stream"])
        async with ours(relay.url, "bedrock") as talk:
            mine = (await talk(None, heard.append)).completion
    assert theirs["text"] == mine.text == "".join(heard) == SAID
    assert mine.usage.output == theirs["usage"]["outputTokens"]


async def test_a_tools_stream_opens_its_block_and_a_texts_does_not(simulator):
    async with client(simulator) as sdk:
        text = (await read((await sdk.converse_stream(**ask()))["stream"]))["events"]
        tool = (await read((await sdk.converse_stream(**ask(**tools())))["stream"]))["events"]
    end = ["contentBlockDelta", "contentBlockStop", "messageStop", "metadata"]
    assert list(dict.fromkeys(text)) == ["messageStart", *end]
    assert list(dict.fromkeys(tool)) == ["messageStart", "contentBlockStart", *end]


FRAMES = {
    "throttlingException": Throttled,
    "validationException": Rejected,
    "modelStreamErrorException": Overloaded,
    "internalServerException": Overloaded,
    "serviceUnavailableException": Overloaded,
}


@pytest.mark.parametrize("name", FRAMES)
async def test_an_exception_frame_has_its_name_in_lower_camel_case(name):
    begun = member_frame("messageStart", {"role": "assistant"})
    broken = begun + exception_frame(name, {"message": "m", "originalStatusCode": 500})
    async with relayed(answer=always(broken, content_type=STREAM)) as relay:
        async with client(relay.url) as sdk:
            with pytest.raises(EventStreamError) as caught:
                await read((await sdk.converse_stream(**ask()))["stream"])
        async with ours(relay.url, "bedrock") as talk:
            with pytest.raises(FRAMES[name]):
                await talk(None, deaf)
    assert caught.value.response["Error"]["Code"] == name


@pytest.mark.parametrize("at", [8, -1], ids=["prelude", "message"])
async def test_either_checksum_is_looked_at(at):
    frame = bytearray(member_frame("messageStop", {"stopReason": "end_turn"}))
    frame[at] ^= 1
    async with relayed(answer=always(bytes(frame), content_type=STREAM)) as relay:
        async with client(relay.url) as sdk:
            with pytest.raises(ChecksumMismatch):
                await read((await sdk.converse_stream(**ask()))["stream"])
        async with ours(relay.url, "bedrock") as talk:
            with pytest.raises(Dropped):
                await talk(None, deaf)


async def test_a_dropped_stream_is_an_error_of_the_transport(simulate):
    async with simulate({NOVA: "drop"}) as url, client(url) as sdk:
        with pytest.raises(aiohttp.ClientPayloadError):
            await read((await sdk.converse_stream(**ask()))["stream"])


async def test_an_answer_that_does_not_come_is_a_read_timeout(simulate):
    config = AioConfig(retries={"total_max_attempts": 1}, proxies={}, read_timeout=0.3)
    opened = aioboto3.Session().client
    async with (
        simulate({NOVA: "hang"}) as url,
        opened("bedrock-runtime", endpoint_url=url, config=config, **KEYS) as sdk,
    ):
        with pytest.raises(ReadTimeoutError):
            await sdk.converse(**ask())


@pytest.mark.parametrize("fault", ["drop", "truncate"])
@pytest.mark.parametrize("listen", [None, deaf], ids=["plain", "streamed"])
async def test_our_provider_calls_every_break_a_dropped_call(simulate, fault, listen):
    async with simulate({NOVA: fault}) as url, ours(url, "bedrock") as talk:
        with pytest.raises(Dropped):
            await talk(None, listen)


@pytest.mark.parametrize("status", ERRORS)
async def test_every_error_has_the_documented_body_and_headers(simulate, status):
    async with simulate([FaultRule(kind="status", status=status)]) as url:
        answered, told, body = await post(url + PLAIN, BODY, RAW)
    assert (answered, told["x-amzn-ErrorType"].partition(":http://")[0]) == ERRORS[status]
    assert orjson.loads(body).keys() == {"message"}
    assert told["x-amzn-RequestId"]
    assert not [name for name in told if "ratelimit" in name.lower() or name.lower() == "retry-after"]


async def test_the_longest_answer_is_reserved_up_front(simulate):
    hang = FaultRule(kind="hang", first=1)
    async with simulate([hang], tokens=6000, burst=30.0) as url, client(url) as sdk:  # holds 3000
        async with aiohttp.ClientSession(headers=RAW, timeout=aiohttp.ClientTimeout(total=0.3)) as web:
            with pytest.raises(TimeoutError):
                await web.post(url + PLAIN, json=BODY | {"inferenceConfig": {"maxTokens": 2900}})
        with pytest.raises(sdk.exceptions.ThrottlingException, match="tokens"):
            await sdk.converse(**ask(inferenceConfig={"maxTokens": 2900}))


async def test_without_a_length_the_longest_of_the_model_is_reserved(simulate):
    hang = FaultRule(kind="hang", first=1)
    async with simulate([hang], tokens=6000, burst=30.0) as url, client(url) as sdk:
        async with aiohttp.ClientSession(headers=RAW, timeout=aiohttp.ClientTimeout(total=0.3)) as web:
            with pytest.raises(TimeoutError):
                await web.post(url + PLAIN, json=BODY)
        with pytest.raises(sdk.exceptions.ThrottlingException):
            await sdk.converse(**ask(inferenceConfig={"maxTokens": 1}))


async def test_tokens_read_from_the_cache_are_charged_as_any_other(simulate):
    system = [{"text": "x" * 8000}, {"cachePoint": {"type": "default"}}]
    async with simulate(tokens=6000, burst=30.0) as url, client(url) as sdk:
        await sdk.converse(**ask(system=system))
        with pytest.raises(sdk.exceptions.ThrottlingException):
            await sdk.converse(**ask(system=system))


async def test_a_photograph_is_of_the_user_and_at_most_eight_thousand_pixels_wide(simulator, png):
    wide = image(noise(8001, 1, "PNG"))
    rows = [
        {"role": "user", "content": [{"text": "x"}]},
        {"role": "assistant", "content": [image(png)]},
        {"role": "user", "content": [{"text": "y"}]},
    ]
    async with client(simulator) as sdk:
        with pytest.raises(sdk.exceptions.ValidationException, match="8000 pixels"):
            await sdk.converse(**ask(wide))
        with pytest.raises(sdk.exceptions.ValidationException, match="only accepted from the user"):
            await sdk.converse(**ask(messages=rows))


@pytest.mark.parametrize("form", ["png", "jpeg", "gif", "webp"])
async def test_four_kinds_of_photograph_are_taken(simulator, form):
    async with client(simulator) as sdk:
        reply = await sdk.converse(**ask(image(noise(10, 10, form.upper()), form), {"text": "x"}))
    assert "images 1" in reply["output"]["message"]["content"][0]["text"]
