"""The site: how pages are served, and to whom.

    guard.py    what every request must be, and every answer say: Host, origin, seat, policy
    seats.py    who may sit down: tokens in links, kept as hashes
    photos.py   photographs, by their hash alone
    feed.py     events that a page hears while it is open

The one idea: what listens is one function, and nothing that is served can forget a rule, since rules are around it
and not in it. On loopback everybody on this machine may look; beyond it only who has a token. Nothing here knows
what is shown.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from engine.errors import BadOption
from engine.pages import house_style
from engine.site.guard import MOST_BODY, Guard, dress, ours
from engine.site.seats import Seats

LOG = logging.getLogger(__name__)
LOG.addFilter(ours)
ICON = Path(__file__).with_name("icon.svg")
ENDINGS = (signal.SIGINT, signal.SIGTERM)
EVERYWHERE = ("0.0.0.0", "::")
"""Addresses that stand for all of this machine's."""
LAST_PORT = 65_535
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PATIENCE = 0.5
"""Seconds in which answers that are under way may come to their end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a site listens."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes any that is free."""

    @property
    def local(self) -> bool:
        """Tell whether nobody beyond this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def check(self) -> None:
        """Raise BadOption for what is no address to listen on."""
        if not 0 <= self.port <= LAST_PORT:
            raise BadOption(f"--port {self.port} is not a port; give 0 to {LAST_PORT}.")
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            if self.host != "localhost":
                raise BadOption(
                    f"--host {self.host!r} is not an address: give 127.0.0.1, or 0.0.0.0 for all the world."
                ) from None

    def link(self, port: int, path: str = "/") -> str:
        """Give the link to a page, once the port is known."""
        host = socket.gethostname() if self.host in EVERYWHERE else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"


def make_site(
    routes: Iterable[web.RouteDef],
    *,
    address: Address,
    assets: Mapping[str, str] | None = None,
    seats: Seats | None = None,
) -> web.Application:
    """Give a site with its rules around it; `assets` are files of ours, by name, beside the house's.

    Every handler finds who asks in `request[WHO]`, "" where no seats are kept. Raises BadOption for an address
    beyond loopback without seats.
    """
    if not address.local and seats is None:
        raise BadOption(
            f"--host {address.host} can be reached from elsewhere, where everybody needs a token: name who may."
        )
    names = frozenset() if address.local else frozenset({socket.gethostname(), socket.getfqdn()})
    guard = Guard(address=address.host, names=names, seats=seats)
    site = web.Application(middlewares=[guard.admit], client_max_size=MOST_BODY)
    site.on_response_prepare.append(dress)
    files = {"house.css": house_style(), "icon.svg": ICON.read_text(), **(assets or {})}

    async def asset(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in files:
            raise web.HTTPNotFound
        return web.Response(text=files[name], content_type=KINDS[Path(name).suffix])

    site.add_routes([*routes, web.get("/assets/{name}", asset)])
    return site


async def serve_site(
    site: web.Application,
    address: Address,
    announce: Callable[[int], None],
    *,
    endings: Iterable[signal.Signals] = ENDINGS,
) -> None:
    """Listen until one of the `endings` or cancelled; `announce` is told the port once it is listened on.

    Raises BadOption for a port that cannot be had.
    """
    endings = tuple(endings)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    runner = web.AppRunner(
        site, access_log=None, logger=LOG, handler_cancellation=True, shutdown_timeout=PATIENCE
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, address.host, address.port).start()
        except OSError as error:
            told = f"{address.host} port {address.port} cannot be listened on: {error.strerror or error}."
            raise BadOption(f"{told} Choose another with --port, or 0 for any free one.") from error
        for ending in endings:
            loop.add_signal_handler(ending, stop.set)
        try:
            announce(runner.addresses[0][1])
            await stop.wait()
        finally:
            for ending in endings:
                loop.remove_signal_handler(ending)
    finally:
        await runner.cleanup()
