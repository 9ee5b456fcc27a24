"""A feed: events that a page hears while it is open (server-sent events).

The one idea: a page that has gone ends its feed by itself, and a page that comes back is told everything anew, so
nothing is remembered of anybody. Nothing here knows what the events say.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
from aiohttp import ClientConnectionResetError, web

AGAIN = 2_000
"""Milliseconds after which a page asks again whose feed broke off."""


async def send_feed(request: web.Request, events: AsyncIterator[tuple[str, object]]) -> web.StreamResponse:
    """Send events, each a kind and what is put into JSON, until there are no more or nobody listens."""
    response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})
    response.content_type = "text/event-stream"
    response.charset = "utf-8"
    await response.prepare(request)
    try:
        await response.write(f"retry: {AGAIN}\n\n".encode())
        async for kind, value in events:
            await response.write(b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps(value)))
    except ClientConnectionResetError:
        pass
    return response
