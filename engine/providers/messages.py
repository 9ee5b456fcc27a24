"""Anthropic's Messages, through its own SDK, its retries off.

Facts of this wire that shape the code: the total input is the sum of three counters; an error may arrive as an
event after status 200; a truncated stream raises nothing and is told by its missing stop reason; the version that
the SDK speaks refuses sampling parameters, an older one takes them. Bodies are written here and go through the
client's lower-level `post`: the typed call spends as much again on types that nobody reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import httpx2
import orjson

from agents.speech import Completion, Message, Prompt
from engine.config import Access
from engine.models import Model
from engine.providers import Listen, Reply
from engine.providers.answers import count, count_usage, find_stop, finish
from engine.providers.bodies import Body, Darkroom, combine, mark
from engine.providers.complaints import complains, judge
from engine.providers.dialect import MALFORMED, Blame, cut, marked, merge, misread, spell_out
from engine.providers.headers import told_by_anthropic
from engine.providers.thoughts import ThoughtFilter
from engine.providers.transport import STREAMED, LeanClient, headers_of, open_client, whole_of
from engine.secrets import check_keys
from personas.photos.album import Album
from personas.values import Photo

PATH = "/v1/messages"
HOME = "https://api.anthropic.com"
SAMPLING = {"temperature", "top_p", "top_k"}
SAMPLED = "2023-06-01"
"""The version of the wire that takes them."""
STOPS = {
    "end_turn": "end",
    "stop_sequence": "end",
    "tool_use": "end",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}
GROWING = {"text_delta": "text", "thinking_delta": "thinking"}
"""Deltas that are read, and the field of a block that each lengthens."""
EPHEMERAL = {"cache_control": {"type": "ephemeral"}}


class MessagesClient(LeanClient, anthropic.AsyncAnthropic):
    """Anthropic's client."""


class Messages:
    """Anthropic's models."""

    def __init__(self, client: MessagesClient, darkroom: Darkroom, access: Access) -> None:
        self._client = client
        self._darkroom = darkroom
        self._access = access

    async def ask(self, prompt: Prompt, model: Model, listen: Listen | None = None) -> Reply:
        """Call the model once; raise a CallError when no whole answer came."""
        body, headers = self._say(prompt, model, streamed=listen is not None)
        try:
            async with asyncio.timeout(model.seconds):
                if listen is not None:
                    return await self._stream(body, headers, (prompt, model), listen)
                reply = await self._client.post(
                    PATH,
                    content=body,
                    cast_to=httpx2.Response,
                    options={"headers": headers, "timeout": None},
                )
                return self._read(reply.content, headers_of(reply), prompt, model)
        except anthropic.APIStatusError as error:
            return self._judge(error.status_code, error.body, headers_of(error.response), model)
        except (anthropic.APIError, httpx2.HTTPError, httpx2.StreamError) as error:
            raise cut("anthropic", error) from None
        except (TimeoutError, *MALFORMED) as error:
            raise misread("anthropic", error, model) from None

    async def _stream(
        self, body: bytes | Body, headers: dict[str, str], asked: tuple[Prompt, Model], listen: Listen
    ) -> Reply:
        whole, blocks, ear = {}, {}, ThoughtFilter(listen)
        async with await self._client.post(
            PATH,
            content=body,
            cast_to=object,
            stream=True,
            stream_cls=anthropic.AsyncStream[Any],
            options={"headers": headers | {"accept": STREAMED}, "timeout": None},
        ) as stream:
            told = headers_of(stream.response)
            if body_given := whole_of(stream.response):
                reply = self._read(body_given, told, *asked)
                listen(reply.completion.text)
                return reply
            async for event in stream:
                kind = event["type"]
                if kind == "message_start":
                    whole = dict(event["message"])
                elif kind == "content_block_start":
                    blocks[event["index"]] = _parted(event["content_block"])
                elif kind == "content_block_delta":
                    _extend(blocks[event["index"]], event["delta"], ear)
                elif kind == "message_delta":
                    whole["stop_reason"] = event["delta"]["stop_reason"]
                    counted = {name: value for name, value in event["usage"].items() if value is not None}
                    whole["usage"] = whole["usage"] | counted
        ear.close()
        whole["content"] = [_joined(blocks[index]) for index in sorted(blocks)]
        said = _read(whole, asked[0], told.get("request-id", ""))
        return Reply(completion=said, rates=told_by_anthropic(told))

    def _say(self, prompt: Prompt, model: Model, *, streamed: bool) -> tuple[bytes | Body, dict[str, str]]:
        """Write the body and the headers that go with it."""
        system, photos, marks = prompt.system, [], marked(prompt, model)
        body: dict[str, Any] = {"model": model.id, "max_tokens": prompt.max_tokens}
        if prompt.schema and model.verdict == "schema":
            body["output_config"] = {"format": {"type": "json_schema", "schema": prompt.schema.body}}
        elif prompt.schema:
            system += spell_out(prompt.schema)
        body["system"] = [{"type": "text", "text": system} | (EPHEMERAL if model.cache else {})]
        body["messages"] = [
            {
                "role": author,
                "content": [part for m in group for part in self._parts(m, model, photos, marks)],
            }
            for author, group in merge(prompt.messages)
        ]
        if streamed:
            body["stream"] = True
        content = self._darkroom.write(combine(body, model.options), photos)
        headers = {"content-length": str(len(content))}
        if SAMPLING & model.options.keys():
            headers["anthropic-version"] = SAMPLED
        return content, headers

    def _parts(
        self, message: Message, model: Model, photos: list[Photo], marks: set[int]
    ) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        if message.photo:
            photo = self._darkroom.fit(message.photo, bytes=model.image.bytes, side=model.image.side)
            photos.append(photo)
            source = {"type": "base64", "media_type": photo.media_type, "data": mark()}
            parts.append({"type": "image", "source": source})
        if message.text:
            parts.append({"type": "text", "text": message.text})
        if id(message) in marks:
            parts[-1] |= EPHEMERAL
        return parts

    def _read(self, body: bytes, told: Mapping[str, str], prompt: Prompt, model: Model) -> Reply:
        """Read a whole body, which may hold an error for all that its status says."""
        whole = orjson.loads(body)
        if not whole.get("content") and complains(whole):
            return self._judge(200, whole, told, model)
        said = _read(whole, prompt, told.get("request-id", ""))
        return Reply(completion=said, rates=told_by_anthropic(told))

    def _judge(self, status: int, body: object, headers: Mapping[str, str], model: Model) -> Reply:
        """Give the reply that a content filter left; raise what any other error means."""
        blame = Blame(
            model=model,
            secrets=self._access.secrets,
            address=self._access.base_url,
            headers=headers,
            rates=told_by_anthropic(headers),
        )
        return Reply(completion=judge("anthropic", status, body, blame), rates=blame.rates)


def _parted(block: Mapping[str, Any]) -> dict[str, Any]:
    """Begin a block whose texts are lists of pieces: to lengthen a text piece by piece would copy it each time."""
    return dict(block) | {name: [block[name]] for name in GROWING.values() if name in block}


def _extend(block: dict[str, Any], delta: Mapping[str, Any], ear: ThoughtFilter) -> None:
    """Add a delta to its block; only text is heard."""
    if name := GROWING.get(delta["type"]):
        block.setdefault(name, []).append(delta[name])
        if name == "text":
            ear.hear(delta[name])


def _joined(block: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "".join(value) if name in GROWING.values() else value for name, value in block.items()}


def _read(reply: dict[str, Any], prompt: Prompt, request_id: str) -> Completion:
    used, content = reply.get("usage") or {}, reply.get("content") or []
    read, write = count(used.get("cache_read_input_tokens")), count(used.get("cache_creation_input_tokens"))
    details = used.get("output_tokens_details") or {}
    return finish(
        prompt,
        "".join(part["text"] for part in content if part["type"] == "text"),
        stop=find_stop(reply.get("stop_reason"), STOPS),
        usage=count_usage(
            input=count(used.get("input_tokens")) + read + write,
            read=read,
            write=write,
            output=count(used.get("output_tokens")),
            reasoning=count(details.get("thinking_tokens")),
        ),
        served=reply.get("model") or "",
        request_id=request_id,
        reasoning="".join(part.get("thinking") or "" for part in content if part["type"] == "thinking"),
    )


@asynccontextmanager
async def open_messages(access: Access, album: Album, room: int) -> AsyncIterator[Messages]:
    """Open the client with explicit credentials and address."""
    check_keys(access.secrets)
    address = access.base_url or HOME
    async with open_client(address, room, access.within) as http:
        client = MessagesClient(
            api_key=access.secrets["ANTHROPIC_API_KEY"],
            base_url=address,
            max_retries=0,
            timeout=None,
            http_client=http,
            open_telemetry=False,
        )
        names = ("Accept", "Content-Type", "User-Agent", "anthropic-version")
        client.dress(PATH, names, client.auth_headers)
        client._custom_headers = {}  # of ANTHROPIC_CUSTOM_HEADERS
        yield Messages(client, Darkroom(album), access)
