"""OpenAI's Chat Completions, through its own SDK, its retries off; and every server that speaks the same.

Bodies are written here and go through the client's lower-level `request`: the typed call walks every message of the
conversation anew and spends three times the CPU. The prompt count already includes cached tokens. A server of one's
own is sent what all of them take and nothing else, and may leave out whatever loses nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import openai
import orjson
from openai._models import FinalRequestOptions

from agents.speech import Message, Prompt
from engine.config import KEYLESS, Access
from engine.models import Model
from engine.providers import Listen, Reply
from engine.providers.bodies import Body, Darkroom, combine, mark
from engine.providers.choices import StreamedChoice, read_choice
from engine.providers.complaints import body_of, complains, judge
from engine.providers.dialect import MALFORMED, Blame, cut, merge, misread, spell_out
from engine.providers.headers import told_by_openai
from engine.providers.transport import STREAMED, LeanClient, headers_of, open_client, whole_of
from engine.secrets import check_keys
from personas.photos.album import Album
from personas.values import Photo

PATH = "/chat/completions"
HOME = "https://api.openai.com/v1"


class CompletionsClient(LeanClient, openai.AsyncOpenAI):
    """OpenAI's client; organization and project of the environment are not sent."""


class Completions:
    """The models of OpenAI, or of one server that speaks its protocol."""

    def __init__(self, client: CompletionsClient, darkroom: Darkroom, access: Access) -> None:
        self._client = client
        self._darkroom = darkroom
        self._access = access
        # `post` would make this anew for every call, defaults and all: a tenth of what the SDK costs.
        self._order = FinalRequestOptions.construct(method="post", url=PATH)

    async def ask(self, prompt: Prompt, model: Model, listen: Listen | None = None) -> Reply:
        """Call the model once; raise a CallError when no whole answer came."""
        body = self._say(prompt, model, streamed=listen is not None)
        headers = {"content-length": str(len(body))}
        try:
            async with asyncio.timeout(model.seconds):
                if listen is not None:
                    return await self._stream(body, headers, (prompt, model), listen)
                order = self._order.model_copy(update={"content": body, "headers": headers})
                reply = await self._client.request(httpx2.Response, order)
                return self._read(reply.content, headers_of(reply), prompt, model)
        except openai.APIStatusError as error:
            return self._judge(
                error.status_code, body_of(error.response.content), headers_of(error.response), model
            )
        except openai.APIConnectionError as error:
            raise cut("openai", error) from None
        except openai.APIError as error:  # an error event in a stream that began with status 200
            return self._judge(200, error.body, {}, model)
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise cut("openai", error) from None
        except (TimeoutError, *MALFORMED) as error:
            raise misread("openai", error, model) from None

    async def _stream(
        self, body: bytes | Body, headers: dict[str, str], asked: tuple[Prompt, Model], listen: Listen
    ) -> Reply:
        choice = StreamedChoice(listen)
        async with await self._client.post(
            PATH,
            content=body,
            cast_to=object,
            stream=True,
            stream_cls=openai.AsyncStream[Any],
            options={"headers": headers | {"accept": STREAMED}},
        ) as stream:
            told = headers_of(stream.response)
            if whole := whole_of(stream.response):
                reply = self._read(whole, told, *asked)
                listen(reply.completion.text)
                return reply
            async for chunk in stream:
                if not chunk.get("choices") and complains(chunk):
                    return self._judge(200, chunk, told, asked[1])
                choice.hear(chunk)
        said = read_choice(choice.whole(), *asked, request_id=told.get("x-request-id", ""), streamed=True)
        return Reply(completion=said, rates=told_by_openai(told))

    def _say(self, prompt: Prompt, model: Model, *, streamed: bool) -> bytes | Body:
        system, photos = prompt.system, []
        body: dict[str, Any] = {"model": model.id, model.length: prompt.max_tokens}
        if prompt.schema and model.verdict == "schema":
            shape = {"name": prompt.schema.name, "strict": True, "schema": prompt.schema.body}
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
        elif prompt.schema:
            system += spell_out(prompt.schema)
        body["messages"] = [{"role": "system", "content": system}]
        for author, group in merge(prompt.messages):
            plain = author == "assistant" or (model.endpoint and not any(m.photo for m in group))
            content: Any = (
                "\n\n".join(m.text for m in group)
                if plain
                else [part for m in group for part in self._parts(m, model, photos)]
            )
            body["messages"].append({"role": author, "content": content})
        if not model.endpoint:
            body["prompt_cache_key"] = cache_key(prompt)
        if streamed:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return self._darkroom.write(combine(body, model.options), photos)

    def _parts(self, message: Message, model: Model, photos: list[Photo]) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        if message.photo:
            photo = self._darkroom.fit(message.photo, bytes=model.image.bytes, side=model.image.side)
            photos.append(photo)
            url = {"url": mark(f"data:{photo.media_type};base64,")}
            parts.append({"type": "image_url", "image_url": url if model.endpoint else url | DETAIL})
        if message.text:
            parts.append({"type": "text", "text": message.text})
        return parts

    def _read(self, body: bytes, told: Mapping[str, str], prompt: Prompt, model: Model) -> Reply:
        """Read a whole body, which may hold an error for all that its status says."""
        whole = orjson.loads(body)
        if not whole.get("choices") and complains(whole):
            return self._judge(200, whole, told, model)
        said = read_choice(whole, prompt, model, request_id=told.get("x-request-id", ""))
        return Reply(completion=said, rates=told_by_openai(told))

    def _judge(self, status: int, body: object, headers: Mapping[str, str], model: Model) -> Reply:
        """Give the reply that a content filter left; raise what any other error means."""
        blame = Blame(
            model=model,
            secrets=self._access.secrets,
            address=self._access.base_url,
            headers=headers,
            rates=told_by_openai(headers),
        )
        return Reply(completion=judge("openai", status, body, blame), rates=blame.rates)


DETAIL = {"detail": "high"}


def cache_key(prompt: Prompt) -> str:
    """Give 16 hex digits that all calls of one conversation share, so that they meet one cache.

    What they share is their beginning: the system prompt and the first message, or a juror's case and transcript.
    """
    first = prompt.messages[0]
    photo = first.photo.sha256 if first.photo else ""
    return hashlib.sha256(f"{prompt.system}\0{first.text}\0{photo}".encode(errors="replace")).hexdigest()[:16]


@asynccontextmanager
async def open_completions(access: Access, album: Album, room: int) -> AsyncIterator[Completions]:
    """Open the client with explicit credentials and address; a server that wants no key is sent a harmless word."""
    check_keys(access.secrets)
    address = access.base_url or HOME
    async with open_client(address, room, access.within) as http:
        client = CompletionsClient(
            api_key=access.secrets.get("OPENAI_API_KEY") or KEYLESS,
            admin_api_key="",
            organization="",
            project="",
            base_url=address,
            max_retries=0,
            timeout=None,
            http_client=http,
        )
        names = ("Accept", "Content-Type", "User-Agent")
        client.dress(PATH, names, {"Authorization": f"Bearer {client.api_key}"})
        yield Completions(client, Darkroom(album), access)
