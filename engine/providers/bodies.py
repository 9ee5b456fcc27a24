"""Bodies: a request as JSON, with every photograph in it as the one copy that all calls share.

The one idea: the body is written with a mark, a byte that JSON cannot hold, where a photograph belongs, and cut
there; what is sent is the pieces in turn. So a thousand calls in flight with one photograph cost one photograph.
Nothing here knows a dialect.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import orjson

from personas.photos.album import Album
from personas.values import Photo

MARK = b"\0"  # orjson writes control characters as escapes, so none stands in its output
SLICE = 65_536
"""Bytes of a photograph handed to the connection at a time: what waits there is a copy of each call's own."""


class Body:
    """One request's body in pieces; asynchronous iteration gives them, a large one in slices."""

    __slots__ = ("_pieces", "_size")

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces
        self._size = sum(map(len, pieces))

    def __len__(self) -> int:
        return self._size

    async def __aiter__(self) -> AsyncIterator[bytes | memoryview]:
        for piece in self._pieces:
            if len(piece) <= SLICE:
                yield piece
                continue
            view = memoryview(piece)
            for start in range(0, len(piece), SLICE):
                yield view[start : start + SLICE]

    def digest(self) -> str:
        """Give the sha-256 of the whole, hexadecimal."""
        digest = hashlib.sha256()
        for piece in self._pieces:
            digest.update(piece)
        return digest.hexdigest()


class Darkroom:
    """Where photographs get ready to be sent."""

    def __init__(self, album: Album) -> None:
        self._album = album

    def fit(self, photo: Photo, *, bytes: int, side: int) -> Photo:
        """Give the photograph as a model with this envelope takes it (bytes of the file, px of the longer side)."""
        return self._album.fit(photo, bytes=bytes, side=side)

    def write(self, body: dict[str, Any], photos: list[Photo]) -> bytes | Body:
        """Write a body in which `mark` stands for each of the photographs in turn; without one it is plain bytes."""
        text = orjson.dumps(body)
        if not photos:
            return text
        pieces = text.split(MARK)
        whole = [pieces[0]]
        for photo, piece in zip(photos, pieces[1:], strict=True):
            whole += (self._album.encoded(photo), piece)
        return Body(whole)


def mark(before: str = "") -> orjson.Fragment:
    """Give what stands in a body for a photograph's base64 text; `before` begins the same string."""
    return orjson.Fragment(b'"' + before.encode("ascii") + MARK + b'"')


def combine(body: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Add the options of a model to a body; where both have a table of the same name, their fields are joined."""
    for name, value in options.items():
        mine = body.get(name)
        body[name] = (
            combine(dict(mine), value) if isinstance(mine, dict) and isinstance(value, dict) else value
        )
    return body
