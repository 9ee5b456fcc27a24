"""Bedrock's Converse, signed by botocore, its retries off.

Facts of this wire that shape the code: a forced tool is the one structured answer Nova has, and Llama has none;
sampling parameters have a table of their own, what only one model family knows another; a failure inside a stream is
an exception frame whose code is in lower camel case; there are no rate headers and no Retry-After.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import aiohttp
import orjson
from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError
from botocore.parsers import ResponseParserError

from agents.speech import Completion, Message, Prompt, Stop
from engine.config import Access
from engine.errors import CallError
from engine.models import Model
from engine.providers import Listen, Reply
from engine.providers.answers import count, count_usage, find_stop, finish
from engine.providers.bodies import Body, Darkroom, combine, mark
from engine.providers.dialect import (
    MALFORMED,
    Blame,
    cut,
    failure,
    marked,
    merge,
    misread,
    spell_out,
)
from engine.providers.signing import CONTENT, DIGEST, open_bedrock
from engine.providers.thoughts import ThoughtFilter, split_thought
from personas.photos.album import Album
from personas.values import Photo

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
SAMPLING = {"temperature", "topP", "stopSequences"}
"""Options that stand in `inferenceConfig`."""
TABLES = {
    "additionalModelRequestFields",
    "guardrailConfig",
    "inferenceConfig",
    "outputConfig",
    "performanceConfig",
    "requestMetadata",
    "serviceTier",
    "toolConfig",
}
"""Options that stand in the body itself; every other one is the model family's own."""
STATUS = {
    "throttlingException": 429,
    "validationException": 400,
    "modelTimeoutException": 408,
    "modelStreamErrorException": 424,
    "internalServerException": 500,
    "serviceUnavailableException": 503,
}
"""Of exception frames; anything else in a stream is the service's trouble."""


class Converse:
    """Bedrock's models."""

    def __init__(self, client: Any, darkroom: Darkroom, access: Access) -> None:
        self._client = client
        self._darkroom = darkroom
        self._access = access

    async def ask(self, prompt: Prompt, model: Model, listen: Listen | None = None) -> Reply:
        """Call the model once; raise a CallError when no whole answer came."""
        body = self._say(prompt, model)
        digest = body.digest() if isinstance(body, Body) else hashlib.sha256(body).hexdigest()
        sent = {"modelId": model.id, CONTENT: body, DIGEST: digest}
        try:
            async with asyncio.timeout(model.seconds):
                if listen is None:
                    return Reply(completion=_read(await self._client.converse(**sent), prompt, model))
                reply = await self._client.converse_stream(**sent)
                with closing(reply["stream"]):  # whether or not it was read to its end
                    return Reply(completion=_read(await _gather(reply, listen), prompt, model))
        except ClientError as error:
            raise self._judge(error, model) from None
        except (TimeoutError, ResponseParserError, ParserError, *MALFORMED) as error:
            raise misread("bedrock", error, model) from None
        except (BotoCoreError, aiohttp.ClientError) as error:
            raise cut("bedrock", error) from None

    def _say(self, prompt: Prompt, model: Model) -> bytes | Body:
        system, photos, marks = prompt.system, [], marked(prompt, model)
        body: dict[str, Any] = {"inferenceConfig": {"maxTokens": prompt.max_tokens}}
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
            {
                "role": author,
                "content": [part for m in group for part in self._parts(m, model, photos, marks)],
            }
            for author, group in merge(prompt.messages)
        ]
        return self._darkroom.write(combine(body, sort_options(model.options)), photos)

    def _parts(
        self, message: Message, model: Model, photos: list[Photo], marks: set[int]
    ) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        if message.photo:
            photo = self._darkroom.fit(message.photo, bytes=model.image.bytes, side=model.image.side)
            photos.append(photo)
            kind = photo.media_type.removeprefix("image/")
            parts.append({"image": {"format": kind, "source": {"bytes": mark()}}})
        if message.text:
            parts.append({"text": message.text})
        if id(message) in marks:
            parts.append(CACHE_POINT)
        return parts

    def _judge(self, error: ClientError, model: Model) -> CallError:
        """Name an error status, or an exception frame in a stream."""
        told = error.response.get("Error", {})
        code, message = (
            said if isinstance(said := told.get(name), str) else "" for name in ("Code", "Message")
        )
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        if isinstance(error, EventStreamError):
            status = STATUS.get(code, 503)
        blame = Blame(
            model=model,
            secrets=self._access.secrets,
            address=self._access.base_url,
            begun=isinstance(error, EventStreamError),
        )
        return failure("bedrock", status, code=code, message=message, blame=blame)


def sort_options(options: dict[str, Any]) -> dict[str, Any]:
    """Put each option where Converse wants it: sampling, tables of the body, and what is the model family's own."""
    sorted_out: dict[str, Any] = {name: value for name, value in options.items() if name in TABLES}
    own = {name: value for name, value in options.items() if name not in TABLES | SAMPLING}
    sampling = {name: value for name, value in options.items() if name in SAMPLING}
    if sampling:
        sorted_out = combine({"inferenceConfig": sampling}, sorted_out)
    if own:
        sorted_out = combine({"additionalModelRequestFields": own}, sorted_out)
    return sorted_out


async def _gather(reply: dict[str, Any], listen: Listen) -> dict[str, Any]:
    """Put a stream's events together into what a whole answer looks like."""
    pieces, inputs, thoughts, ear = [], [], [], ThoughtFilter(listen)
    whole: dict[str, Any] = {"ResponseMetadata": reply["ResponseMetadata"]}
    async for event in reply["stream"]:
        if "contentBlockDelta" in event:
            delta = event["contentBlockDelta"]["delta"]
            piece, used = delta.get("text", ""), delta.get("toolUse", {}).get("input", "")
            pieces.append(piece)
            inputs.append(used)
            thoughts.append(delta.get("reasoningContent", {}).get("text", ""))
            if piece:
                ear.hear(piece)
            elif used:
                listen(used)
        elif "messageStop" in event:
            whole["stopReason"] = event["messageStop"]["stopReason"]
        elif "metadata" in event:
            whole["usage"] = event["metadata"]["usage"]
    ear.close()
    text, tool, thought = map("".join, (pieces, inputs, thoughts))
    if tool:  # the text beside it is no answer, but its thought counts
        thought += split_thought(text)[1]
    thinking = [{"reasoningContent": {"reasoningText": {"text": thought}}}] if thought else []
    whole["output"] = {"message": {"content": [*thinking, {"text": tool or text}]}}
    return whole


def _read(reply: dict[str, Any], prompt: Prompt, model: Model) -> Completion:
    used = reply.get("usage", {})
    read, write = count(used.get("cacheReadInputTokens")), count(used.get("cacheWriteInputTokens"))
    text, tool, thought = "", None, ""
    for part in reply.get("output", {}).get("message", {}).get("content", []):
        if "toolUse" in part and tool is None:
            tool = orjson.dumps(part["toolUse"]["input"]).decode()
        thought += part.get("reasoningContent", {}).get("reasoningText", {}).get("text", "")
        text += part.get("text", "")
    if tool is not None:
        thought += split_thought(text)[1]
    return finish(
        prompt,
        text if tool is None else tool,
        stop=find_stop(reply.get("stopReason"), STOPS),
        usage=count_usage(
            input=count(used.get("inputTokens")) + read + write,
            read=read,
            write=write,
            output=count(used.get("outputTokens")),
        ),
        served=model.id,  # Converse does not say which model served
        request_id=reply.get("ResponseMetadata", {}).get("RequestId", ""),
        reasoning=thought,
    )


@asynccontextmanager
async def open_converse(access: Access, album: Album, room: int) -> AsyncIterator[Converse]:
    """Open the client with explicit credentials and address."""
    async with open_bedrock(access, room) as client:
        yield Converse(client, Darkroom(album), access)
