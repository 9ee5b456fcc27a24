"""The guard: what a request must be before anybody hears it, and what every answer says to the browser.

In the order in which it is checked: the Host is one of ours (else a page somewhere could make its own name mean this
machine and read everything); what changes something comes from a page of ours; who asks has a seat, where seats are
kept. Nothing here knows what is served.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from engine.site.seats import Seats

MOST_BODY = 2**20
"""Bytes that a browser may send at once."""
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
LOOKING = frozenset({"GET", "HEAD"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
WHO = web.RequestKey("who", str)
"""Who asks, for every handler; "" where no seats are kept."""
KEY = "key"
"""What the token is called in a link."""
DOOR = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={path}">
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml"><title>Come in</title>
<p><a href="{path}">Come in</a></p></html>"""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def dress(request: web.Request, response: web.StreamResponse) -> None:
    """Put what every answer says into its headers; a handler's own Cache-Control stays."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.popall("Server", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Who may ask, and by what name."""

    address: str
    names: frozenset[str]
    """Further hosts that are ours."""
    seats: Seats | None
    """None where everybody who reaches us may look."""

    @property
    def admit(self) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
        """Give the rules as one layer around every handler."""

        @web.middleware
        async def admitted(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._check_host(request)
            if request.method not in LOOKING:
                _check_origin(request)
            if self.seats is not None:
                if token := request.query.get(KEY):
                    return self._seat(request, token)
                request[WHO] = self._recognise(request)
            else:
                request[WHO] = ""
            try:
                return await handler(request)
            except web.RequestPayloadError as error:
                raise web.HTTPBadRequest(text="What was sent came damaged: send it again.\n") from error

        return admitted

    def _check_host(self, request: web.Request) -> None:
        try:
            host = (urlsplit(f"//{request.host}").hostname or "") if request.url else ""
        except ValueError:  # for a port that is none as well
            host = ""
        if host not in LOCAL | self.names | {self.address} and not _numbered(host):
            raise web.HTTPForbidden(text="This name is none of ours: use the link that was printed.\n")

    def _seat(self, request: web.Request, token: str) -> web.Response:
        """Let in who came by a link, and take the token out of the address.

        By a page and not by a redirect: a browser sends a strict cookie along with what a page of ours asks for, and
        not with a redirect that somebody's mail has led to.
        """
        if self.seats is None or not self.seats.who(token):
            raise web.HTTPForbidden(text="This link does not open anything: ask for a new one.\n")
        path = "/" + request.rel_url.raw_path.lstrip("/")  # two slashes would be somebody else's host
        answer = web.Response(text=DOOR.format(path=escape(path)), content_type="text/html")
        answer.set_cookie(_cookie(request), token, httponly=True, samesite="Strict", path="/")
        return answer

    def _recognise(self, request: web.Request) -> str:
        who = self.seats.who(request.cookies.get(_cookie(request), "")) if self.seats else ""
        if not who:
            raise web.HTTPForbidden(text="Nobody is let in without a link: use the one you were given.\n")
        return who


def ours(record: logging.LogRecord) -> bool:
    """Tell whether what is logged is our trouble: who sends what is no request has been refused, and no more is said.

    What strangers send would fill the screen of whoever serves, and hide what is said there of a fault of ours.
    """
    return not (
        record.exc_info and isinstance(record.exc_info[1], HttpProcessingError | web.RequestPayloadError)
    )


def _check_origin(request: web.Request) -> None:
    """Refuse what another site's page sends: a browser says where it comes from."""
    origin = request.headers.get("Origin", "")
    ours = f"{request.scheme}://{request.host}"
    if origin != ours or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise web.HTTPForbidden(text="Only a page of this site may change something.\n")


def _numbered(host: str) -> bool:
    """Tell whether a host is an address in figures, which nobody can make mean another machine."""
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _cookie(request: web.Request) -> str:
    """Name the cookie: browsers give all ports of a host the same ones."""
    return f"seat-{request.url.port or 0}"
