"""Photographs that come with somebody's scenarios or run, looked at before they are sent on.

The one idea: a file beside a scenario is named by its hash, which says that nobody changed it, and nothing of what
it is; so it must be just what this program would have written: one picture of the size and kind that are told of
it, and pixels only. Nothing is decoded here, and nothing mended: whoever made the file can make it again.
"""

from __future__ import annotations

import hashlib
import io

from PIL import Image

from personas.photos.kinds import SENT, kind_of, laborious
from personas.photos.pixels import bare
from personas.values import Photo

MEDIA = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
CHUNK = slice(12, 16)
"""Where a WEBP says what its first part is; alone in its file, it holds pixels."""
HEAD = 20
"""Bytes before that part's own."""


def vet(data: bytes, photo: Photo, most: int) -> str:
    """Say why these bytes are not the photograph, of at most `most` pixels, that is told of; "" when they are it."""
    if hashlib.sha256(data).hexdigest() != photo.sha256:
        return "was changed"
    kind = kind_of(data)
    if MEDIA.get(kind) != photo.media_type:
        return f"is no {photo.media_type}" + (f" but {kind}" if kind else "")
    try:
        with Image.open(io.BytesIO(data), formats=SENT[kind]) as image:
            size, mode = image.size, image.mode
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return "is no picture"
    if size != (photo.width, photo.height):
        return f"is {size[0]} x {size[1]} px and not {photo.width} x {photo.height}"
    if size[0] * size[1] > most or laborious(kind, data):
        return "would take more memory or time than any photograph"
    if mode not in ("RGB", "L") or not (_alone(data) if kind == "WEBP" else bare(kind, data)):
        return "carries more than its pixels, and who is shown may stand there"
    return ""


def _alone(data: bytes) -> bool:
    """Say whether a WEBP is one part of pixels and ends where that does."""
    length = int.from_bytes(data[HEAD - 4 : HEAD], "little")
    return data[CHUNK] in (b"VP8 ", b"VP8L") and len(data) == HEAD + length + length % 2
