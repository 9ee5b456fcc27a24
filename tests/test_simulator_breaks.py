"""Every fault at every provider, streamed or not, as its SDK meets it."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import openai
import pytest
from botocore.eventstream import ChecksumMismatch
from botocore.exceptions import ClientError
from test_simulator_completions import ask as ask_openai
from test_simulator_completions import client as openai_client
from test_simulator_completions import shape
from test_simulator_converse import ask as ask_bedrock
from test_simulator_converse import client as bedrock_client
from test_simulator_converse import read, tools
from test_simulator_messages import ask as ask_anthropic
from test_simulator_messages import client as anthropic_client

from engine.simulator.answering import REASONING
from engine.simulator.faults import FaultRule

CLAUDE, GPT, NOVA = "claude-sonnet-4-6", "gpt-5.1", "us.amazon.nova-pro-v1:0"
SAID = "seed 7, messages 1, images 0, last Hello"
TAGGED = f"<think>\n{REASONING}\n</think>\n\n"


def rule(kind: str, **changes: Any) -> list[FaultRule]:
    return [FaultRule(kind=kind, **changes)]


@pytest.mark.parametrize(
    ("fault", "error", "name"),
    [
        ("402", anthropic.PaymentRequiredError, "billing_error"),
        ("403", anthropic.PermissionDeniedError, "permission_error"),
        ("408", anthropic.APIStatusError, "timeout_error"),
        ("413", anthropic.ContentTooLargeError, "request_too_large"),
        ("424", anthropic.APIStatusError, "api_error"),
        ("504", anthropic.GatewayTimeoutError, "timeout_error"),
        ("quota", anthropic.PaymentRequiredError, "billing_error"),
        ("billing", anthropic.PaymentRequiredError, "billing_error"),
        ("spend", anthropic.RateLimitError, "rate_limit_error"),
    ],
)
async def test_claudes_errors(simulate, fault: str, error: type[Exception], name: str) -> None:
    async with simulate({CLAUDE: fault}) as url, anthropic_client(url) as sdk:
        with pytest.raises(error) as caught:
            await sdk.messages.create(**ask_anthropic())
    assert caught.value.type == name
    assert "retry-after" not in caught.value.response.headers


async def test_a_spend_limit_at_anthropic_says_so_in_its_details(simulate) -> None:
    async with simulate({CLAUDE: "spend"}) as url, anthropic_client(url) as sdk:
        with pytest.raises(anthropic.RateLimitError) as caught:
            await sdk.messages.create(**ask_anthropic())
    assert caught.value.body["error"]["details"] == {"error_code": "enforced_spend_limit_reached"}


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        ("402", openai.APIStatusError, None),
        ("403", openai.PermissionDeniedError, "unsupported_country_region_territory"),
        ("408", openai.APIStatusError, None),
        ("413", openai.APIStatusError, None),
        ("424", openai.APIStatusError, None),
        ("504", openai.InternalServerError, None),
        ("quota", openai.RateLimitError, "insufficient_quota"),
        ("spend", openai.RateLimitError, "insufficient_quota"),
        ("billing", openai.APIStatusError, "billing_not_active"),
    ],
)
async def test_gpts_errors(simulate, fault: str, error: type[Exception], code: str | None) -> None:
    async with simulate({GPT: fault}) as url, openai_client(url) as sdk:
        for asked in (
            sdk.chat.completions.create(**ask_openai()),
            sdk.responses.create(model=GPT, input="x"),
        ):
            with pytest.raises(error) as caught:
                await asked
            assert caught.value.code == code
            assert "retry-after" not in caught.value.response.headers


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        ("402", "AccessDeniedException", 403),
        ("403", "AccessDeniedException", 403),
        ("408", "ModelTimeoutException", 408),
        ("413", "ValidationException", 413),
        ("424", "ModelErrorException", 424),
        ("504", "InternalServerException", 504),
        ("quota", "ServiceQuotaExceededException", 400),
        ("spend", "ServiceQuotaExceededException", 400),
        ("billing", "AccessDeniedException", 403),
    ],
)
async def test_novas_errors(simulate, fault: str, code: str, status: int) -> None:
    async with simulate({NOVA: fault}) as url, bedrock_client(url) as sdk:
        with pytest.raises(ClientError) as caught:
            await sdk.converse(**ask_bedrock())
    told = caught.value.response
    assert (told["Error"]["Code"], told["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)


async def test_a_plan_names_the_pause_and_the_error(simulate) -> None:
    asked = rule("429", retry_after=2.5) + rule("status", status=418)
    async with simulate(asked) as url:
        async with openai_client(url) as sdk:
            with pytest.raises(openai.RateLimitError) as pause:
                await sdk.chat.completions.create(**ask_openai())
        async with anthropic_client(url) as sdk:
            with pytest.raises(anthropic.RateLimitError) as rounded:
                await sdk.messages.create(**ask_anthropic())
    assert pause.value.response.headers["retry-after-ms"] == "2500"
    assert rounded.value.response.headers["retry-after"] == "3"
    async with simulate(rule("status", status=418, code="ModelNotReadyException")) as url:
        async with bedrock_client(url) as sdk:
            with pytest.raises(ClientError) as named:
                await sdk.converse(**ask_bedrock())
        async with openai_client(url) as sdk:
            with pytest.raises(openai.APIStatusError) as other:
                await sdk.chat.completions.create(**ask_openai())
    assert named.value.response["Error"]["Code"] == "ModelNotReadyException"
    assert (other.value.status_code, other.value.code) == (418, "ModelNotReadyException")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_drip_is_slow_and_whole(simulate, stream: bool) -> None:
    async with simulate(rule("drip", seconds=0)) as url:
        async with anthropic_client(url) as sdk:
            if stream:
                async with sdk.messages.stream(**ask_anthropic()) as events:
                    reply = await events.get_final_message()
            else:
                reply = await sdk.messages.create(**ask_anthropic())
        async with bedrock_client(url) as sdk:
            if stream:
                text = (await read((await sdk.converse_stream(**ask_bedrock()))["stream"]))["text"]
            else:
                text = (await sdk.converse(**ask_bedrock()))["output"]["message"]["content"][0]["text"]
    assert reply.content[0].text == text == SAID


async def test_a_drip_waits_between_its_drops(simulate) -> None:
    async with simulate(rule("drip", seconds=60)) as url, openai_client(url) as sdk:
        with pytest.raises(openai.APITimeoutError):
            await sdk.chat.completions.create(**ask_openai(), timeout=0.3)


async def test_a_wrong_checksum_is_found_by_bedrocks_sdk(simulate) -> None:
    async with simulate(rule("crc")) as url, bedrock_client(url) as sdk:
        with pytest.raises(ChecksumMismatch):
            await read((await sdk.converse_stream(**ask_bedrock()))["stream"])
        with pytest.raises(ValueError, match="utf-8"):  # the SDK gives no error of its own
            await sdk.converse(**ask_bedrock())


async def test_elsewhere_the_bytes_are_garbled(simulate) -> None:
    unreadable = (ValueError, anthropic.APIError, openai.APIError)
    async with simulate(rule("crc")) as url:
        async with anthropic_client(url) as sdk:
            with pytest.raises(unreadable):
                await sdk.messages.create(**ask_anthropic())
            with pytest.raises(unreadable):
                async with sdk.messages.stream(**ask_anthropic()) as events:
                    await events.get_final_message()
        async with openai_client(url) as sdk:
            with pytest.raises(unreadable):
                await sdk.chat.completions.create(**ask_openai())
            with pytest.raises(unreadable):
                async for _ in await sdk.chat.completions.create(**ask_openai(stream=True)):
                    pass
            with pytest.raises(unreadable):
                async for _ in await sdk.responses.create(model=GPT, input="x", stream=True):
                    pass


async def test_claude_shows_its_thinking_before_its_words(simulate) -> None:
    async with simulate({CLAUDE: "thinking"}) as url, anthropic_client(url) as sdk:
        reply = await sdk.messages.create(**ask_anthropic())
        async with sdk.messages.stream(**ask_anthropic()) as stream:
            streamed = await stream.get_final_message()
    for message in (reply, streamed):
        thought, words = message.content
        assert (thought.type, thought.thinking, words.text) == ("thinking", REASONING, SAID)
        assert thought.signature
    assert reply.usage.output_tokens - reply.usage.output_tokens_details.thinking_tokens == 10


async def test_claude_thinks_when_it_is_told_to(simulator: str) -> None:
    asked = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}
    async with anthropic_client(simulator) as sdk:
        thinking = await sdk.messages.create(**ask_anthropic(**asked))
        adaptive = await sdk.messages.create(**ask_anthropic(thinking={"type": "adaptive"}))
        for budget, says in ((100, "budget_tokens"), (2000, "max_tokens")):
            with pytest.raises(anthropic.BadRequestError, match=says):
                asked["thinking"] = {"type": "enabled", "budget_tokens": budget}
                await sdk.messages.create(**ask_anthropic(**asked))
    assert [block.type for block in thinking.content] == ["thinking", "text"]
    assert [block.type for block in adaptive.content] == ["text"]


async def test_an_openai_compatible_server_has_a_field_for_reasoning(simulate) -> None:
    async with simulate({GPT: "thinking"}) as url, openai_client(url) as sdk:
        reply = await sdk.chat.completions.create(**ask_openai())
        parts = ""
        async for chunk in await sdk.chat.completions.create(**ask_openai(stream=True)):
            parts += getattr(chunk.choices[0].delta, "reasoning_content", None) or ""
        response = await sdk.responses.create(model=GPT, input="Hello")
    assert (reply.choices[0].message.reasoning_content, reply.choices[0].message.content) == (REASONING, SAID)
    assert parts == REASONING
    assert reply.usage.completion_tokens - reply.usage.completion_tokens_details.reasoning_tokens == 10
    assert [item.type for item in response.output] == ["reasoning", "message"]


async def test_bedrock_has_a_block_for_reasoning(simulate) -> None:
    async with simulate({NOVA: "thinking"}) as url, bedrock_client(url) as sdk:
        content = (await sdk.converse(**ask_bedrock()))["output"]["message"]["content"]
        stream = (await sdk.converse_stream(**ask_bedrock()))["stream"]
        deltas = [event["contentBlockDelta"] async for event in stream if "contentBlockDelta" in event]
    assert content[0]["reasoningContent"]["reasoningText"]["text"] == REASONING
    assert content[1]["text"] == SAID
    shown = "".join(each["delta"].get("reasoningContent", {}).get("text", "") for each in deltas)
    assert shown == REASONING
    assert {each["contentBlockIndex"] for each in deltas} == {0, 1}


async def test_tags_hold_reasoning_within_the_text(simulate) -> None:
    async with simulate(rule("think-tags")) as url:
        async with anthropic_client(url) as sdk:
            claude = (await sdk.messages.create(**ask_anthropic())).content[0].text
        async with openai_client(url) as sdk:
            asked = ask_openai(response_format=shape({"type": "object", "properties": {}, "required": []}))
            asked["response_format"]["json_schema"]["strict"] = False
            gpt = (await sdk.chat.completions.create(**asked)).choices[0].message.content
        async with bedrock_client(url) as sdk:
            aside, used = (await sdk.converse(**ask_bedrock(**tools())))["output"]["message"]["content"]
    assert claude == TAGGED + SAID
    assert json.loads(gpt.removeprefix(TAGGED))["score"] == 4
    assert (aside["text"], used["toolUse"]["name"]) == (TAGGED, "verdict")
