"""Bedrock's Converse, through aioboto3, its retries off.

Facts of this wire that shape the code: a forced tool is the one structured answer Nova has, and Llama has none;
photographs are raw bytes here; a failure inside a stream is an exception frame whose code is in lower camel case;
there is no Retry-After.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aioboto3
import aiohttp
import orjson
from aiobotocore.config import AioConfig
from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError

from agents.speech import Completion, Message, Prompt, Stop, Usage
from engine.catalog import Model
from engine.config import Access
from engine.errors import CallError, Dropped
from engine.providers import Listen, Reply
from engine.providers.dialect import MALFORMED, TIMEOUT, count, failure, finish, merge, misread, spell_out
from personas.album import Album

STOPS: dict[str, Stop] = {
    "end_turn": "end",
    "tool_use": "end",
    "stop_sequence": "end",
    "malformed_model_output": "end",
    "malformed_tool_use": "end",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "filter",
    "content_filtered": "filter",
}
CACHE_POINT = {"cachePoint": {"type": "default"}}
STATUS = {"throttlingException": 429, "validationException": 400, "serviceUnavailableException": 503}
"""Of exception frames; anything else in a stream is the service's trouble."""


class Converse:
    """Bedrock's models."""

    def __init__(self, client: Any, album: Album) -> None:
        self._client = client
        self._album = album

    async def ask(self, prompt: Prompt, model: Model, listen: Listen | None = None) -> Reply:
        """Call the model once; raise a CallError when no whole answer came."""
        body = self._say(prompt, model)
        try:
            async with asyncio.timeout(TIMEOUT):
                if listen is None:
                    said = self._read(await self._client.converse(**body), prompt, model)
                    return Reply(completion=said)
                stream = await self._client.converse_stream(**body)
                return Reply(completion=await self._stream(stream, prompt, model, listen))
        except (BotoCoreError, ClientError, ParserError, aiohttp.ClientError) as error:
            raise translate(error) from error
        except (TimeoutError, *MALFORMED) as error:
            raise misread("bedrock", error) from error

    async def _stream(
        self, reply: dict[str, Any], prompt: Prompt, model: Model, listen: Listen
    ) -> Completion:
        text, tool, whole = "", "", {"ResponseMetadata": reply["ResponseMetadata"]}
        async for event in reply["stream"]:
            if "contentBlockDelta" in event:
                delta = event["contentBlockDelta"]["delta"]
                piece = delta.get("text", "")
                text, tool = text + piece, tool + delta.get("toolUse", {}).get("input", "")
                listen(piece or delta.get("toolUse", {}).get("input", ""))
            elif "messageStop" in event:
                whole["stopReason"] = event["messageStop"]["stopReason"]
            elif "metadata" in event:
                whole["usage"] = event["metadata"]["usage"]
        whole["output"] = {"message": {"content": [{"text": tool or text}]}}
        return self._read(whole, prompt, model)

    def _say(self, prompt: Prompt, model: Model) -> dict[str, Any]:
        system = prompt.system
        body: dict[str, Any] = {"modelId": model.id, "inferenceConfig": {"maxTokens": prompt.max_tokens}}
        if prompt.schema and model.verdict == "tool":
            spec = {
                "name": prompt.schema.name,
                "description": "Give the answer in this shape.",
                "inputSchema": {"json": prompt.schema.body},
            }
            choice = {"tool": {"name": prompt.schema.name}}
            body["toolConfig"] = {"tools": [{"toolSpec": spec}], "toolChoice": choice}
        elif prompt.schema:
            system += spell_out(prompt.schema)
        body["system"] = [{"text": system}, *([CACHE_POINT] if model.cache else [])]
        body["messages"] = [
            {"role": author, "content": [part for m in group for part in self._parts(m, model.cache)]}
            for author, group in merge(prompt.messages)
        ]
        return body

    def _parts(self, message: Message, cache: bool) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        if photo := message.photo:
            kind = photo.media_type.removeprefix("image/")
            parts.append({"image": {"format": kind, "source": {"bytes": self._album.data(photo)}}})
        if message.text:
            parts.append({"text": message.text})
        if message.mark and cache:
            parts.append(CACHE_POINT)
        return parts

    @staticmethod
    def _read(reply: dict[str, Any], prompt: Prompt, model: Model) -> Completion:
        used = reply.get("usage", {})
        read, write = count(used.get("cacheReadInputTokens")), count(used.get("cacheWriteInputTokens"))
        text = ""
        for part in reply.get("output", {}).get("message", {}).get("content", []):
            if "toolUse" in part:
                text = orjson.dumps(part["toolUse"]["input"]).decode()
                break
            text += part.get("text", "")
        return finish(
            prompt,
            text,
            stop=STOPS.get(reply.get("stopReason", "")),
            usage=Usage(
                input=count(used.get("inputTokens")) + read + write,
                cache_read=read,
                cache_write=write,
                output=count(used.get("outputTokens")),
            ),
            served=model.id,  # Converse does not say which model served
            request_id=reply.get("ResponseMetadata", {}).get("RequestId", ""),
        )


def translate(error: Exception) -> CallError:
    """Name an SDK or transport error in our own tree."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        if isinstance(error, EventStreamError):
            status = STATUS.get(code, 503)
        return failure(
            "bedrock", status, code=code, message=error.response.get("Error", {}).get("Message", "")
        )
    return Dropped(f"bedrock: {type(error).__name__}: the connection failed, was cut, or timed out.")


@asynccontextmanager
async def open_converse(access: Access, album: Album, room: int) -> AsyncIterator[Converse]:
    """Open the client; the pool is as wide as the calls in flight, since botocore's own is ten."""
    local = access.base_url.startswith("http://127.")
    bearer = "AWS_BEARER_TOKEN_BEDROCK" in access.secrets
    config = AioConfig(
        max_pool_connections=room + 8,
        connect_timeout=10,
        read_timeout=TIMEOUT,
        retries={"total_max_attempts": 1},
        **({"proxies": {}} if local else {}),
        **({} if bearer else {"signature_version": "v4"}),
    )
    async with aioboto3.Session().client(
        "bedrock-runtime",
        region_name=access.region,
        endpoint_url=access.base_url or None,
        aws_access_key_id=access.secrets.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=access.secrets.get("AWS_SECRET_ACCESS_KEY"),
        aws_session_token=access.secrets.get("AWS_SESSION_TOKEN"),
        config=config,
    ) as client:
        yield Converse(client, album)
