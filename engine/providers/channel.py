"""The channel to one address: an aiohttp session under every SDK, so that all three fail and wait alike.

It follows no redirect (a key would travel with it), has no timeouts of its own (an attempt has one for the whole,
and thousands of connections at once must not run into a shorter one), and asks for a proxy where one is set, but
never for this machine. Nothing here knows what is sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
from yarl import URL

KEEP = 75.0
"""Seconds an idle connection is kept; a patient takes a while to answer."""


class Channel:
    """Posts bodies to one address."""

    def __init__(self, session: aiohttp.ClientSession, proxy: str | None) -> None:
        self._session = session
        self._proxy = proxy
        self._urls: dict[str, URL] = {}

    async def post(self, url: str, headers: Any, body: Any) -> aiohttp.ClientResponse:
        """Send a body and give the answer as soon as its headers are there."""
        target = self._urls.get(url)
        if target is None:
            target = self._urls[url] = URL(url, encoded=True)
        return await self._session.post(
            target, headers=headers, data=body, allow_redirects=False, proxy=self._proxy
        )


@asynccontextmanager
async def open_channel(address: str, room: int) -> AsyncIterator[Channel]:
    """Open a channel for up to `room` calls at a time."""
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
