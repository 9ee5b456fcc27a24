"""The three SDKs as they come, and our own providers, each asked one question in a uniform way.

Nothing here is set up better than its defaults, apart from what the caller asks for. It knows no simulator.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aioboto3
import aiohttp
import anthropic
import openai
from aiobotocore.config import AioConfig
from multidict import CIMultiDictProxy

from agents.speech import Message, Prompt
from engine.catalog import read_catalog
from engine.config import Access
from engine.models import Model
from engine.providers import Reply, open_provider
from personas.photos.album import Album

CATALOG = read_catalog()
SEATS = {"anthropic": "claude-sonnet-4.6", "openai": "gpt-5.1", "bedrock": "nova-pro"}
"""A model of each provider, by its name in the catalog."""
IDS = {provider: CATALOG.models[name].id for provider, name in SEATS.items()}
PATHS = {
    "anthropic": "/v1/messages",
    "openai": "/v1/chat/completions",
    "bedrock": "/model/us.amazon.nova-pro-v1%3A0/converse",
}
SECRETS = {
    "anthropic": {"ANTHROPIC_API_KEY": "planted-key"},
    "openai": {"OPENAI_API_KEY": "planted-key"},
    "bedrock": {"AWS_ACCESS_KEY_ID": "AKIDPLANTED", "AWS_SECRET_ACCESS_KEY": "planted-secret"},
}
KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
ANSWERS = {
    "anthropic": {"content": [{"type": "text", "text": "Yes."}], "stop_reason": "end_turn"},
    "openai": {"choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}]},
    "bedrock": {
        "output": {"message": {"role": "assistant", "content": [{"text": "Yes."}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        "metrics": {"latencyMs": 1},
    },
}
"""A whole answer of each, with nothing in it that need not be."""
SAID = "Hello"


@asynccontextmanager
async def open_sdk(provider: str, url: str, **options: Any) -> AsyncIterator[Any]:
    """Open a provider's SDK at the base URL of a server; options are its client's own."""
    if provider == "anthropic":
        async with anthropic.AsyncAnthropic(api_key="k", base_url=url, **options) as sdk:
            yield sdk
    elif provider == "openai":
        async with openai.AsyncOpenAI(api_key="k", base_url=f"{url}/v1", **options) as sdk:
            yield sdk
    else:
        config = AioConfig(**options)
        async with aioboto3.Session().client(
            "bedrock-runtime", endpoint_url=url, config=config, **KEYS
        ) as sdk:
            yield sdk


async def ask_sdk(provider: str, sdk: Any) -> str:
    """Ask an SDK's client one plain question."""
    if provider == "anthropic":
        rows = [{"role": "user", "content": SAID}]
        return (await sdk.messages.create(model=IDS[provider], max_tokens=99, messages=rows)).content[0].text
    if provider == "openai":
        rows = [{"role": "user", "content": SAID}]
        said = await sdk.chat.completions.create(model=IDS[provider], messages=rows)
        return said.choices[0].message.content
    rows = [{"role": "user", "content": [{"text": SAID}]}]
    limits = {"maxTokens": 99}
    said = await sdk.converse(modelId=IDS[provider], messages=rows, inferenceConfig=limits)
    return said["output"]["message"]["content"][0]["text"]


async def post(url: str, body: object, headers: dict[str, str]) -> tuple[int, CIMultiDictProxy[str], bytes]:
    """Post a body without any SDK; give status, headers and body of the answer."""
    async with aiohttp.ClientSession(headers=headers) as web, web.post(url, json=body) as answer:
        return answer.status, answer.headers, await answer.read()


def prompt(text: str = SAID, **changes: Any) -> Prompt:
    """Make a prompt of one message."""
    said = (Message(author="user", text=text),)
    return Prompt(**({"system": "Be kind.", "messages": said, "max_tokens": 99} | changes))


@asynccontextmanager
async def ours(
    url: str,
    model: Model | str,
    *,
    album: Album | None = None,
    room: int = 4,
    secrets: dict[str, str] | None = None,
) -> AsyncIterator[Callable[..., Any]]:
    """Open our provider of a model, or of a provider's usual one, at the base URL of a server."""
    model = CATALOG.models[SEATS.get(model, model)] if isinstance(model, str) else model
    base = f"{url}/v1" if model.provider == "openai" else url
    access = Access(base_url=base, secrets=SECRETS[model.provider] if secrets is None else secrets)
    async with open_provider(model.provider, access, album or Album(), room) as door:

        async def ask(asked: Prompt | None = None, listen: Callable[[str], None] | None = None) -> Reply:
            return await door.ask(asked or prompt(), model, listen)

        yield ask


def deaf(piece: str) -> None:
    """Listen, so that the call is streamed, and forget."""
