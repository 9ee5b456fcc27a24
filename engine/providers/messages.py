"""Anthropic's Messages, through its own SDK on aiohttp, its retries off.

Facts of this wire that shape the code: the total input is the sum of three counters; an error may arrive as an
event after status 200; a dropped connection surfaces as an error of the transport, not of the SDK; a truncated
stream raises nothing and is told by its missing stop reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import anthropic
import httpx2

from agents.speech import Completion, Message, Prompt, Usage
from engine.catalog import Model
from engine.config import Access
from engine.errors import CallError, Dropped
from engine.providers import Listen, Reply
from engine.providers.dialect import (
    MALFORMED,
    TIMEOUT,
    count,
    failure,
    finish,
    merge,
    misread,
    seconds,
    spell_out,
)
from personas.album import Album

STOPS = {
    "end_turn": "end",
    "stop_sequence": "end",
    "tool_use": "end",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}
EPHEMERAL = {"cache_control": {"type": "ephemeral"}}


class Messages:
    """Anthropic's models."""

    def __init__(self, client: anthropic.AsyncAnthropic, album: Album) -> None:
        self._client = client
        self._album = album

    async def ask(self, prompt: Prompt, model: Model, listen: Listen | None = None) -> Reply:
        """Call the model once; raise a CallError when no whole answer came."""
        body = self._say(prompt, model)
        try:
            async with asyncio.timeout(TIMEOUT):
                if listen is not None:
                    return Reply(completion=await self._stream(body, prompt, listen))
                reply = await self._client.messages.create(**body)
                return Reply(completion=self._read(reply, prompt, reply._request_id or ""))
        except (anthropic.APIError, httpx2.TransportError, httpx2.StreamError, aiohttp.ClientError) as error:
            raise translate(error) from error
        except (TimeoutError, *MALFORMED) as error:
            raise misread("anthropic", error) from error

    async def _stream(self, body: dict[str, Any], prompt: Prompt, listen: Listen) -> Completion:
        async with self._client.messages.stream(**body) as stream:
            async for piece in stream.text_stream:
                listen(piece)
            request_id = stream.response.headers.get("request-id", "")
            return self._read(await stream.get_final_message(), prompt, request_id)

    def _say(self, prompt: Prompt, model: Model) -> dict[str, Any]:
        system = prompt.system
        body: dict[str, Any] = {"model": model.id, "max_tokens": prompt.max_tokens}
        if prompt.schema and model.verdict == "schema":
            body["output_config"] = {"format": {"type": "json_schema", "schema": prompt.schema.body}}
        elif prompt.schema:
            system += spell_out(prompt.schema)
        body["system"] = [{"type": "text", "text": system} | (EPHEMERAL if model.cache else {})]
        body["messages"] = [
            {"role": author, "content": [part for m in group for part in self._parts(m, model.cache)]}
            for author, group in merge(prompt.messages)
        ]
        return body

    def _parts(self, message: Message, cache: bool) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        if photo := message.photo:
            source = {"type": "base64", "media_type": photo.media_type, "data": self._album.encoded(photo)}
            parts.append({"type": "image", "source": source})
        if message.text:
            parts.append({"type": "text", "text": message.text})
        if message.mark and cache:
            parts[-1] |= EPHEMERAL
        return parts

    @staticmethod
    def _read(reply: anthropic.types.Message, prompt: Prompt, request_id: str) -> Completion:
        used = reply.usage
        read, write = count(used.cache_read_input_tokens), count(used.cache_creation_input_tokens)
        return finish(
            prompt,
            "".join(part.text for part in reply.content if part.type == "text"),
            stop=STOPS.get(reply.stop_reason or ""),
            usage=Usage(
                input=count(used.input_tokens) + read + write,
                cache_read=read,
                cache_write=write,
                output=count(used.output_tokens),
            ),
            served=reply.model,
            request_id=request_id,
        )


def translate(error: Exception) -> CallError:
    """Name an SDK or transport error in our own tree."""
    if isinstance(error, anthropic.APIStatusError):
        headers, body = error.response.headers, error.body if isinstance(error.body, dict) else {}
        inner = body.get("error") if isinstance(body.get("error"), dict) else {}
        details = inner.get("details") if isinstance(inner.get("details"), dict) else {}
        return failure(
            "anthropic",
            error.status_code,
            code=str(details.get("error_code") or inner.get("type") or ""),
            message=str(inner.get("message") or error.message),
            retry_after=seconds(headers.get("retry-after"), headers.get("retry-after-ms")),
        )
    return Dropped(f"anthropic: {type(error).__name__}: the connection failed or timed out.")


@asynccontextmanager
async def open_messages(access: Access, album: Album, room: int) -> AsyncIterator[Messages]:
    """Open the client with explicit credentials and endpoint."""
    transport = anthropic.DefaultAioHttpClient(
        limits=httpx2.Limits(max_connections=room + 8, max_keepalive_connections=room + 8),
        trust_env=not access.base_url.startswith("http://127."),
    )
    async with anthropic.AsyncAnthropic(
        api_key=access.secrets["ANTHROPIC_API_KEY"],
        base_url=access.base_url or None,
        max_retries=0,
        timeout=TIMEOUT,
        http_client=transport,
        open_telemetry=False,
    ) as client:
        yield Messages(client, album)
