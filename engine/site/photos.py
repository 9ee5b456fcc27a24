"""Photographs over the wire: by their hash alone, those of one run, with the type that they were found to have.

Nothing here knows in which conversation a photograph is shown.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web
from anyio.to_thread import run_sync

from personas.errors import Unreadable
from personas.photos.album import Album
from personas.values import Photo

PLACE = "/photographs/{sha256:[0-9a-f]{64}}"
KEPT = "private, max-age=86400, immutable"
"""The name is the content."""


def photo_route(album: Album, photos: Iterable[Photo]) -> web.RouteDef:
    """Serve those photographs that a run shows; any other hash, or one whose file is gone, is not found."""
    known = {photo.sha256: photo for photo in photos}

    async def photo(request: web.Request) -> web.Response:
        shown = known.get(request.match_info["sha256"])
        if shown is None:
            raise web.HTTPNotFound(text="No photograph of this run has that name.\n")
        try:
            data = await run_sync(album.data, shown)
        except (KeyError, OSError, Unreadable):
            raise web.HTTPNotFound(text="The photograph is not in the run folder.\n") from None
        return web.Response(body=data, content_type=shown.media_type, headers={"Cache-Control": KEPT})

    return web.get(PLACE, photo)


def photo_path(sha256: str) -> str:
    """Give where a photograph is served."""
    return f"/photographs/{sha256}"
