"""Tools, as the SDKs offer them; what Bedrock alone does with them is in test_simulator_converse."""

from __future__ import annotations

import anthropic
import openai
import orjson
import pytest
from test_simulator_completions import ask as ask_openai
from test_simulator_completions import client as openai_client
from test_simulator_converse import ask as ask_bedrock
from test_simulator_converse import client as bedrock_client
from test_simulator_converse import tools as bedrock_tools
from test_simulator_messages import ask as ask_anthropic
from test_simulator_messages import client as anthropic_client

SCHEMA = {"type": "object", "properties": {"score": {"type": "integer"}}}
SAID = '{"evidence":[],"reasoning":"verdict","score":4}'
CLAUDE_TOOLS = [{"name": "verdict", "description": "Judge.", "input_schema": SCHEMA}]
GPT_TOOLS = [{"type": "function", "function": {"name": "verdict", "parameters": SCHEMA}}]


@pytest.mark.parametrize("choice", [{"type": "auto"}, {"type": "any"}, {"type": "tool", "name": "verdict"}])
async def test_claude_uses_the_tool_it_is_offered(simulator: str, choice: dict[str, str]) -> None:
    asked = ask_anthropic(tools=CLAUDE_TOOLS, tool_choice=choice)
    async with anthropic_client(simulator) as sdk:
        reply = await sdk.messages.create(**asked)
        parts = []
        async with sdk.messages.stream(**asked) as stream:
            async for event in stream:
                if event.type == "content_block_delta":
                    parts.append(event.delta.partial_json)
            streamed = await stream.get_final_message()
    used = reply.content[0]
    assert (used.type, used.name, used.input["score"], reply.stop_reason) == (
        "tool_use",
        "verdict",
        4,
        "tool_use",
    )
    assert (parts[0], "".join(parts)) == ("", SAID)
    assert (streamed.content[0].input, streamed.stop_reason) == (used.input, "tool_use")


async def test_claude_answers_a_tools_result_in_words(simulator: str) -> None:
    async with anthropic_client(simulator) as sdk:
        used = (await sdk.messages.create(**ask_anthropic(tools=CLAUDE_TOOLS))).content[0]
        result = {"type": "tool_result", "tool_use_id": used.id, "content": "noted"}
        rows = [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": [used.model_dump(exclude_none=True)]},
            {"role": "user", "content": [result]},
        ]
        reply = await sdk.messages.create(**ask_anthropic(messages=rows, tools=CLAUDE_TOOLS))
    assert (reply.content[0].text, reply.stop_reason) == (
        "seed 7, messages 3, images 0, last noted",
        "end_turn",
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tool_choice": {"type": "tool", "name": "other"}}, "not one of the tools"),
        ({"tool_choice": {"type": "all"}}, "tool_choice"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools of one's own"),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}
            | {"tool_choice": {"type": "any"}},
            "tool_choice forces tool use",
        ),
    ],
)
async def test_claude_refuses_tools_that_do_not_fit(simulator: str, changes: dict, says: str) -> None:
    async with anthropic_client(simulator) as sdk:
        with pytest.raises(anthropic.BadRequestError, match=says):
            await sdk.messages.create(**ask_anthropic(**({"tools": CLAUDE_TOOLS} | changes)))


@pytest.mark.parametrize(
    "choice", ["auto", "required", {"type": "function", "function": {"name": "verdict"}}]
)
async def test_gpt_uses_the_tool_it_is_offered(simulator: str, choice: object) -> None:
    asked = ask_openai(tools=GPT_TOOLS, tool_choice=choice)
    async with openai_client(simulator) as sdk:
        reply = (await sdk.chat.completions.create(**asked)).choices[0]
        async with sdk.chat.completions.stream(**asked) as stream:
            streamed = (await stream.get_final_completion()).choices[0]
    for choice_made in (reply, streamed):
        call = choice_made.message.tool_calls[0]
        assert (call.function.name, call.function.arguments) == ("verdict", SAID)
        assert (choice_made.finish_reason, choice_made.message.content) == ("tool_calls", None)


async def test_gpt_answers_a_tools_result_in_words(simulator: str) -> None:
    async with openai_client(simulator) as sdk:
        said = (await sdk.chat.completions.create(**ask_openai(tools=GPT_TOOLS))).choices[0].message
        rows = [
            {"role": "user", "content": "Hello"},
            said.model_dump(exclude_none=True, exclude={"annotations"}),
            {"role": "tool", "tool_call_id": said.tool_calls[0].id, "content": "noted"},
        ]
        reply = await sdk.chat.completions.create(**ask_openai(messages=rows, tools=GPT_TOOLS))
        unwilling = await sdk.chat.completions.create(**ask_openai(tools=GPT_TOOLS, tool_choice="none"))
    assert reply.choices[0].message.content == "seed 7, messages 3, images 0, last noted"
    assert unwilling.choices[0].finish_reason == "stop"


async def test_gpt_refuses_a_tool_that_is_not_offered(simulator: str) -> None:
    other = {"type": "function", "function": {"name": "other"}}
    async with openai_client(simulator) as sdk:
        with pytest.raises(openai.BadRequestError, match="not one of the tools"):
            await sdk.chat.completions.create(**ask_openai(tools=GPT_TOOLS, tool_choice=other))


async def test_a_malformed_answer_tears_the_arguments(simulate) -> None:
    async with simulate({"gpt-5.1": "malformed"}) as url, openai_client(url) as sdk:
        reply = (await sdk.chat.completions.create(**ask_openai(tools=GPT_TOOLS))).choices[0]
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(reply.message.tool_calls[0].function.arguments)


async def test_nova_answers_a_tools_result_in_words(simulator: str) -> None:
    offered = bedrock_tools({"auto": {}})
    async with bedrock_client(simulator) as sdk:
        used = (await sdk.converse(**ask_bedrock(**offered)))["output"]["message"]
        result = {"toolUseId": used["content"][0]["toolUse"]["toolUseId"], "content": [{"text": "noted"}]}
        rows = [
            {"role": "user", "content": [{"text": "Hello"}]},
            used,
            {"role": "user", "content": [{"toolResult": result}]},
        ]
        reply = await sdk.converse(**ask_bedrock(messages=rows, **offered))
    assert reply["output"]["message"]["content"][0]["text"].endswith("last noted")
