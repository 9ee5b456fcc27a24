"""What the SDKs of Anthropic and OpenAI take for their HTTP client: their requests, sent through our channel.

An SDK writes the request, its headers and its errors; this only carries. Merging addresses, cookies, authentication
and redirects, on which httpx2 spends as much again, are left out: none of them belongs to a call. A plain answer is
read at once, a streamed one piece by piece. Nothing here knows what is said.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp
import httpx2
from multidict import CIMultiDict

from engine.config import Within
from engine.providers.channel import LARGEST, BoundedAnswer, Channel, TooLarge, open_channel

STREAMED = "text/event-stream"
CARRIED = {b"host", b"connection", b"transfer-encoding"}
"""Headers that the channel writes itself."""
WHOLE = "application/json"
READABLE = "gzip"
"""The encoding that is undone here: an SDK would unpack whatever a small body holds, a hundred gigabytes included."""
PACKED = {"gzip", "x-gzip"}
STEP = 2**16
"""Bytes that are unpacked at a time."""
LONGEST_EVENT = 2**20
"""Bytes of one event of a stream: some servers put a whole answer with its reasoning into one."""
MOST_LINES = 1_000
"""Line ends within one event, which has two or three; the SDKs copy what they hold of it with every line."""
BLANKS = (b"\n\n", b"\r\r", b"\n\r\n")
"""What parts two events."""
READ = {b"content-type", b"retry-after"}
"""Headers of an answer that the SDK gets to see; it would look at no other, and copies what it gets."""
TOLD = "told"
"""Where a response keeps all of them, in the channel's own mapping, which is looked up without searching."""


class ChannelClient(httpx2.AsyncClient):
    """The SDKs' seam for a network of one's own."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(transport=Nowhere(), follow_redirects=False, trust_env=False, timeout=None)
        self._channel = channel
        self._urls: dict[str, httpx2.URL] = {}

    def build_request(self, method: str, url: Any, **given: Any) -> httpx2.Request:
        """Make the request the SDK has written, adding nothing."""
        known = self._urls.get(str(url)) or self._urls.setdefault(str(url), httpx2.URL(url))
        return httpx2.Request(method, known, headers=given.get("headers"), content=given.get("content"))

    async def send(self, request: httpx2.Request, *, stream: bool = False, **_: Any) -> httpx2.Response:
        """Send one request; raises the transport errors that the SDKs expect."""
        headers = CIMultiDict(
            (name.decode("ascii"), value.decode("latin-1"))
            for name, value in request.headers.raw
            if name.lower() not in CARRIED
        )
        try:
            body: object = request.content
        except httpx2.RequestNotRead:
            body = request.stream
        with _translating():
            answer = await self._channel.post(str(request.url), headers, body)
            streamed = stream and answer.status == 200 and answer.content_type != WHOLE
            content = None if streamed else b"".join([piece async for piece in unpack(answer)])
        return httpx2.Response(
            answer.status,
            headers=[pair for pair in answer.raw_headers if pair[0].lower() in READ],
            content=content,
            stream=AnswerStream(answer) if content is None else None,
            request=request,
            extensions={TOLD: answer.headers},
        )


class LeanClient:
    """Beside an SDK's client: it says nothing of this machine, neither what it is nor what its environment adds."""

    @property
    def default_headers(self) -> dict[str, str]:
        """Give the headers of every request; whatever the environment would add is not in."""
        return self.lean

    def dress(self, path: str, names: tuple[str, ...], own: Mapping[str, str]) -> None:
        """Make headers and address once: those of the SDK with these names, and our own."""
        given = super().default_headers
        self.lean = {name: given[name] for name in names} | {**own, "Accept-Encoding": READABLE}
        self.target = httpx2.URL(f"{str(self.base_url).rstrip('/')}{path}")

    def _prepare_url(self, url: str) -> httpx2.URL:
        # There is one address: the SDK would parse it anew for every call.
        return self.target


class Nowhere(httpx2.AsyncBaseTransport):
    """What httpx2 would use if anything but `send` were asked of the client."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Refuse."""
        raise httpx2.UnsupportedProtocol("only bodies are posted here.")


class AnswerStream(httpx2.AsyncByteStream):
    """A streamed answer."""

    def __init__(self, answer: BoundedAnswer) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        gauge = EventGauge()
        with _translating():
            async for piece in unpack(self._answer):
                gauge.measure(piece)
                yield piece

    async def aclose(self) -> None:
        """Let go of the connection; one whose answer was not read to its end is closed."""
        self._answer.close()


class EventGauge:
    """Measures the event that a stream is in, wherever its pieces are cut."""

    def __init__(self) -> None:
        self._last = b""
        """The end of the piece before: an empty line may be torn."""
        self._size = self._lines = 0

    def measure(self, piece: bytes) -> None:
        """Take the next piece; raises TooLarge when no event has so many bytes or lines."""
        seen = self._last + piece
        blank = max(map(seen.rfind, BLANKS))
        if blank >= 0:
            self._size = self._lines = 0
        rest = piece if blank < 0 else seen[blank:]
        self._size += len(rest)
        self._lines += rest.count(b"\n") + rest.count(b"\r")
        self._last = seen[-2:]
        if self._size > LONGEST_EVENT or self._lines > MOST_LINES:
            raise TooLarge


async def unpack(answer: BoundedAnswer) -> AsyncIterator[bytes]:
    """Give the body of an answer as it comes, without the encoding that was asked for; TooLarge for one too large."""
    if answer.headers.get("content-encoding", "").strip().lower() not in PACKED:
        async for piece in answer.iter_any():
            yield piece
        return
    size, packed = 0, zlib.decompressobj(zlib.MAX_WBITS | 16)
    async for piece in answer.iter_any():
        while told := packed.decompress(piece, STEP):
            size, piece = size + len(told), packed.unconsumed_tail
            if size > LARGEST:
                answer.close()
                raise TooLarge
            yield told
    if not packed.eof:
        raise aiohttp.ClientPayloadError


def headers_of(response: httpx2.Response) -> Mapping[str, str]:
    """Give all headers of a response."""
    return response.extensions[TOLD]


def whole_of(response: httpx2.Response) -> bytes | None:
    """Give the JSON object that came where a stream was asked for; None for a stream, by whatever name it goes."""
    if response.headers.get("content-type", "").partition(";")[0].strip().lower() != WHOLE:
        return None
    body = response.content.lstrip()
    return body if body.startswith(b"{") else None


@contextmanager
def _translating() -> Iterator[None]:
    """Give a failure the name by which the SDKs know it; its words may hold an address, so only its kind is told."""
    try:
        yield
    except aiohttp.ClientConnectorError as error:
        raise httpx2.ConnectError(type(error).__name__) from error
    except (aiohttp.ClientError, OSError, zlib.error) as error:
        raise httpx2.ReadError(type(error).__name__) from error


@asynccontextmanager
async def open_client(
    address: str, room: int, within: Within | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    """Open what the SDKs take for their HTTP client."""
    async with open_channel(address, room, within) as channel:
        yield ChannelClient(channel)
