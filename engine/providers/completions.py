"""OpenAI's Chat Completions, through its own SDK on aiohttp, its retries off.

A plain call goes through the client's lower-level `post` with a body we wrote: the typed call walks every
message of the conversation anew and spends three times the CPU. A streamed call (one conversation at a time)
takes the typed way. The prompt count already includes cached tokens.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx2
import openai
import orjson

from agents.speech import Completion, Message, Prompt, Stop, Usage
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

STOPS: dict[str, Stop] = {"stop": "end", "tool_calls": "end", "length": "length", "content_filter": "filter"}
JSON = {"headers": {"content-type": "application/json"}}


class Completions:
    """OpenAI's models."""

    def __init__(self, client: openai.AsyncOpenAI, album: Album) -> None:
        self._client = client
        self._album = album

    async def ask(self, prompt: Prompt, model: Model, listen: Listen | None = None) -> Reply:
        """Call the model once; raise a CallError when no whole answer came."""
        body = self._say(prompt, model)
        try:
            async with asyncio.timeout(TIMEOUT):
                if listen is not None:
                    return Reply(completion=await self._stream(body, prompt, listen))
                reply = await self._client.post(
                    "/chat/completions", content=orjson.dumps(body), cast_to=httpx2.Response, options=JSON
                )
                request_id = reply.headers.get("x-request-id", "")
                return Reply(completion=self._read(orjson.loads(reply.content), prompt, request_id))
        except (openai.APIError, httpx2.TransportError, httpx2.StreamError, aiohttp.ClientError) as error:
            raise translate(error) from error
        except (TimeoutError, *MALFORMED) as error:
            raise misread("openai", error) from error

    async def _stream(self, body: dict[str, Any], prompt: Prompt, listen: Listen) -> Completion:
        extra = {"messages": body.pop("messages"), "stream_options": {"include_usage": True}}
        chunks = await self._client.chat.completions.create(
            messages=[], extra_body=extra, stream=True, **body
        )
        text, refusal, reason, used, served = "", "", None, {}, ""
        async for chunk in chunks:
            served = chunk.model or served
            used = chunk.usage.to_dict() if chunk.usage else used
            for choice in chunk.choices:
                refusal += choice.delta.refusal or ""
                reason = choice.finish_reason or reason
                if piece := choice.delta.content:
                    text += piece
                    listen(piece)
        message = {"content": text, "refusal": refusal}
        choice = {"message": message, "finish_reason": reason}
        request_id = chunks.response.headers.get("x-request-id", "")
        return self._read({"choices": [choice], "usage": used, "model": served}, prompt, request_id)

    def _say(self, prompt: Prompt, model: Model) -> dict[str, Any]:
        system = prompt.system
        body: dict[str, Any] = {"model": model.id, "max_completion_tokens": prompt.max_tokens}
        if prompt.schema and model.verdict == "schema":
            shape = {"name": prompt.schema.name, "strict": True, "schema": prompt.schema.body}
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
        elif prompt.schema:
            system += spell_out(prompt.schema)
        body["messages"] = [{"role": "system", "content": system}]
        for author, group in merge(prompt.messages):
            if author == "assistant":
                content: Any = "\n\n".join(m.text for m in group)
            else:
                content = [part for m in group for part in self._parts(m)]
            body["messages"].append({"role": author, "content": content})
        return body

    def _parts(self, message: Message) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        if photo := message.photo:
            url = f"data:{photo.media_type};base64,{self._album.encoded(photo)}"
            parts.append({"type": "image_url", "image_url": {"url": url, "detail": "high"}})
        if message.text:
            parts.append({"type": "text", "text": message.text})
        return parts

    @staticmethod
    def _read(reply: dict[str, Any], prompt: Prompt, request_id: str) -> Completion:
        if not reply.get("choices"):
            raise Dropped("openai: the answer holds no choice.")
        choice, used = reply["choices"][0], reply.get("usage") or {}
        message = choice.get("message") or {}
        refused = message.get("refusal")
        return finish(
            prompt,
            message.get("content") or refused or "",
            stop="refusal" if refused else STOPS.get(choice.get("finish_reason") or ""),
            usage=Usage(
                input=count(used.get("prompt_tokens")),
                cache_read=count((used.get("prompt_tokens_details") or {}).get("cached_tokens")),
                output=count(used.get("completion_tokens")),
                reasoning=count((used.get("completion_tokens_details") or {}).get("reasoning_tokens")),
            ),
            served=reply.get("model", ""),
            request_id=request_id,
        )


def translate(error: Exception) -> CallError:
    """Name an SDK or transport error in our own tree."""
    if isinstance(error, openai.APIStatusError):
        headers = error.response.headers
        body = error.body if isinstance(error.body, dict) else {}
        return failure(
            "openai",
            error.status_code,
            code=str(error.code or error.type or ""),
            message=str(body.get("message") or error.message),
            retry_after=seconds(headers.get("retry-after"), headers.get("retry-after-ms")),
        )
    if type(error) is openai.APIError:  # an error event in a stream that began with status 200
        return failure("openai", 200, code=str(error.code or ""), message=error.message)
    return Dropped(f"openai: {type(error).__name__}: the connection failed or timed out.")


@asynccontextmanager
async def open_completions(access: Access, album: Album, room: int) -> AsyncIterator[Completions]:
    """Open the client with explicit credentials and endpoint."""
    transport = openai.DefaultAioHttpClient(
        limits=httpx2.Limits(max_connections=room + 8, max_keepalive_connections=room + 8),
        trust_env=not access.base_url.startswith("http://127."),
    )
    async with openai.AsyncOpenAI(
        api_key=access.secrets["OPENAI_API_KEY"],
        base_url=access.base_url or None,
        max_retries=0,
        timeout=TIMEOUT,
        http_client=transport,
    ) as client:
        yield Completions(client, album)
