"""The channel to one address: an aiohttp session under every SDK, so that all three fail and wait alike.

An answer that is larger than any answer is ends in an error, before it fills the memory. The channel follows no
redirect (a key would travel with it), has no timeouts of its own (an attempt has one for the whole, and thousands
of connections at once must not run into a shorter one), and asks for a proxy where one is set, but never for this
machine. Nothing here knows what is sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
from multidict import CIMultiDict
from yarl import URL

from engine.config import Within

KEEP = 75.0
"""Seconds an idle connection is kept; a patient takes a while to answer."""
LARGEST = 64 * 2**20
"""Bytes of an answer. A hundred thousand tokens, streamed one by one in 300 bytes each, come to half of it."""


class TooLarge(aiohttp.ClientPayloadError):
    """An answer, or a part of it, is larger than any that a model gives."""


class BoundedAnswer:
    """An answer whose body is read up to its largest size, be it announced or endless; then TooLarge is raised."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.content_type = response.content_type
        self.headers = response.headers
        self.raw_headers = response.raw_headers
        self.content = self
        """Where those who know aiohttp look for `iter_chunks`."""

    async def read(self) -> bytes:
        """Give the whole body."""
        return b"".join([piece async for piece in self.iter_any()])

    async def iter_any(self) -> AsyncIterator[bytes]:
        """Give the body as it comes."""
        size = 0
        async for piece in self._response.content.iter_any():
            size += len(piece)
            if size > LARGEST:
                self.close()
                raise TooLarge
            yield piece

    async def iter_chunks(self) -> AsyncIterator[tuple[bytes, bool]]:
        """Give the same in the form in which aiobotocore takes it."""
        async for piece in self.iter_any():
            yield piece, True

    def close(self) -> None:
        """Let go of the connection; one whose answer was not read to its end is closed."""
        self._response.close()


class Channel:
    """Posts bodies to one address."""

    def __init__(self, session: aiohttp.ClientSession, proxy: str | None) -> None:
        self._session = session
        self._proxy = proxy
        self._urls: dict[str, URL] = {}

    async def post(self, url: str, headers: Any, body: Any) -> BoundedAnswer:
        """Send a body and give the answer as soon as its headers are there."""
        target = self._urls.get(url)
        if target is None:
            target = self._urls[url] = URL(url, encoded=True)
        return BoundedAnswer(
            await self._session.post(
                target, headers=headers, data=body, allow_redirects=False, proxy=self._proxy
            )
        )


class InsideChannel:
    """Hands bodies to whoever answers within this process."""

    def __init__(self, within: Within) -> None:
        self._within = within

    async def post(self, url: str, headers: Any, body: Any) -> InsideAnswer:
        """Hand a body over and give the answer."""
        whole = body if isinstance(body, bytes) else b"".join([piece async for piece in body])
        return InsideAnswer(*await self._within(url, headers, whole))


class InsideAnswer:
    """An answer that is there, as much like one of aiohttp's as is read of one."""

    def __init__(self, status: int, told: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = CIMultiDict(told)
        self._body = body

    @property
    def content_type(self) -> str:
        """Give the type without its parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0]

    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """Give the headers as they would be on the wire."""
        return tuple((name.encode("latin-1"), told.encode("latin-1")) for name, told in self.headers.items())

    @property
    def content(self) -> InsideAnswer:
        """Give what is read piece by piece."""
        return self

    async def read(self) -> bytes:
        """Give the whole body."""
        return self._body

    async def iter_any(self) -> AsyncIterator[bytes]:
        """Give the body in the one piece it is."""
        yield self._body

    async def iter_chunks(self) -> AsyncIterator[tuple[bytes, bool]]:
        """Give the same, and that the piece is whole."""
        yield self._body, True

    def close(self) -> None:
        """Let go of nothing."""


@asynccontextmanager
async def open_channel(
    address: str, room: int, within: Within | None = None
) -> AsyncIterator[Channel | InsideChannel]:
    """Open a channel for up to `room` calls at a time; to whoever answers `within` this process, if anybody does."""
    if within is not None:
        yield InsideChannel(within)
        return
    secure = urlsplit(address).scheme == "https"
    connector = aiohttp.TCPConnector(
        limit=room + 8, keepalive_timeout=KEEP, ssl=httpx2.create_ssl_context() if secure else True
    )
    session = aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None, sock_read=None),
        skip_auto_headers=("User-Agent", "Content-Type", "Accept", "Accept-Encoding"),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    async with session:
        yield Channel(session, proxy_of(address))


def proxy_of(address: str) -> str | None:
    """Give the proxy that the surroundings name for an address; None for none, and for every loopback host."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if is_loopback(host):
        return None
    proxies = getproxies()
    if proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine: localhost, 127.*, ::1."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
