"""Photographs in a request body: decoded once, measured from their first bytes.

The same photograph comes with every turn of a conversation, so what was found out about it is kept by its
base64 text. Nothing here decodes a pixel, or knows a provider's limits.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from io import BytesIO

import pybase64
from PIL import Image

SHELF_BYTES = 64_000_000
"""Of decoded photographs kept; the oldest go first."""
MEDIA = {"image/jpeg": "jpeg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}
START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class BadPhoto(Exception):
    """The text is not base64 ("base64"), or the bytes are no photograph of a known kind ("kind")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPhoto:
    """A photograph as it came."""

    data: bytes
    kind: str
    """png, jpeg, gif or webp, told by the bytes and not by what the sender called it."""
    width: int
    """Pixels, like the height."""
    height: int
    key: int
    """Tells photographs apart within this process."""
    text_size: int
    """Characters of base64."""


class PhotoShelf:
    """The photographs seen lately."""

    def __init__(self, room: int = SHELF_BYTES) -> None:
        self._room = room
        self._seen: dict[int, SentPhoto] = {}
        self._held = 0

    def take(self, text: str) -> SentPhoto:
        """Decode a photograph, or find it on the shelf; BadPhoto when it is none."""
        key = hash(text)  # 64 bits, salted per process: nobody can aim at a collision
        if (photo := self._seen.get(key)) and photo.text_size == len(text):
            return photo
        photo = _read_photo(text, key)
        self._seen[key] = photo
        self._held += len(photo.data)
        while self._held > self._room and len(self._seen) > 1:
            self._held -= len(self._seen.pop(next(iter(self._seen))).data)
        return photo


def is_moving(photo: SentPhoto) -> bool:
    """Say whether a photograph is a GIF of several pictures."""
    if photo.kind != "gif":
        return False
    try:
        with Image.open(BytesIO(photo.data)) as image:
            return getattr(image, "n_frames", 1) > 1
    except (OSError, ValueError, SyntaxError):
        return False


def _read_photo(text: str, key: int) -> SentPhoto:
    try:
        data = pybase64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadPhoto("base64") from None
    try:
        kind, width, height = _measure(data)
    except IndexError:  # the header is cut short
        raise BadPhoto("kind") from None
    if not (width and height):
        raise BadPhoto("kind")
    return SentPhoto(data=data, kind=kind, width=width, height=height, key=key, text_size=len(text))


def _measure(data: bytes) -> tuple[str, int, int]:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png", _big(data, 16, 4), _big(data, 20, 4)
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg", *_measure_jpeg(data)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "gif", _little(data, 6, 2), _little(data, 8, 2)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp", *_measure_webp(data)
    raise BadPhoto("kind")


def _measure_jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker in START_OF_FRAME:
            return _big(data, at + 7, 2), _big(data, at + 5, 2)
        at += 1 if marker == 0xFF else 2 + _big(data, at + 2, 2)  # fill bytes have no length
    raise BadPhoto("kind")


def _measure_webp(data: bytes) -> tuple[int, int]:
    form = data[12:16]
    if form == b"VP8X":
        return 1 + _little(data, 24, 3), 1 + _little(data, 27, 3)
    if form == b"VP8L":
        bits = _little(data, 21, 4)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF


def _big(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise IndexError(at)
    return int.from_bytes(data[at : at + size], "big")


def _little(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise IndexError(at)
    return int.from_bytes(data[at : at + size], "little")


SHELF = PhotoShelf()
"""One for all models: every model under test sees the same photographs."""
