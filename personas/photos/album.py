"""Photographs: encoded bytes by their hash, and the door through which files become photographs.

The one idea: a photograph is known by the sha-256 of exactly the bytes that are sent, and those bytes carry
pixels only. This does not know what is in the picture.
"""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from pathlib import Path

import pybase64
from PIL import Image

from personas.errors import Unreadable
from personas.photos.fit import fit_photo
from personas.photos.pixels import bare, encode, plain, whole
from personas.values import Photo

MAX_PIXELS = 40_000_000
MEDIA = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
NAMED = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


class Album:
    """All photographs of a sample, encoded, with their base64 form made at most once."""

    def __init__(self) -> None:
        self._bytes: dict[str, bytes] = {}
        self._encoded: dict[str, bytes] = {}
        self._fitted: dict[tuple[str, int, int], Photo] = {}

    def __len__(self) -> int:
        return len(self._bytes)

    def put(self, data: bytes, *, drawn: bool, degraded: str = "") -> Photo:
        """Keep encoded bytes, metadata taken out if they carry any, and give the photograph they are."""
        data = _stripped(data)
        with Image.open(io.BytesIO(data)) as image:
            media, (width, height) = MEDIA[image.format or ""], image.size
        key = hashlib.sha256(data).hexdigest()
        self._bytes[key] = data
        return Photo(sha256=key, media_type=media, width=width, height=height, drawn=drawn, degraded=degraded)

    def fit(self, photo: Photo, *, bytes: int, side: int) -> Photo:
        """Give the photograph as it is sent to a model that takes at most `bytes` (of the file) and `side` px.

        The photograph itself when it fits. Each is fitted once per envelope, which may take seconds of CPU: ask
        first in a thread, where a model waits for none. Raises what `fit_photo` raises.
        """
        key = (photo.sha256, bytes, side)
        if key not in self._fitted:
            data = self._bytes[photo.sha256]
            fitted = fit_photo(data, bytes=bytes, side=side)
            same = fitted is data
            self._fitted[key] = (
                photo if same else self.put(fitted, drawn=photo.drawn, degraded=photo.degraded)
            )
        return self._fitted[key]

    def data(self, photo: Photo) -> bytes:
        """Give the bytes of a photograph; KeyError when it is not in this album."""
        return self._bytes[photo.sha256]

    def encoded(self, photo: Photo) -> bytes:
        """Give the bytes in base64, the same object every time: however many calls carry it, there is one copy."""
        if photo.sha256 not in self._encoded:
            self._encoded[photo.sha256] = pybase64.b64encode(self._bytes[photo.sha256])
        return self._encoded[photo.sha256]


def open_image(path: Path) -> bytes:
    """Read a photograph as bytes free of metadata: the file's own when it carries none, else re-encoded.

    Raises `Unreadable` when the file is missing, is of a kind that cannot be sent, is no image, is larger
    than 40 megapixels, has an extension that contradicts its content, or is cut off.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read ({error.strerror}). Check the name and rights.") from None
    named = NAMED.get(path.suffix.lower())
    if named is None:
        raise Unreadable(
            f"{path}: {path.suffix!r} is not a kind of image that can be sent. Convert it to PNG or JPEG."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(path) from None
    except (OSError, SyntaxError, ValueError):
        raise Unreadable(f"{path}: is not an image. Replace it with the original, or remove it.") from None
    with image:
        _check(path, image, data, named)
    return _stripped(data)


def _check(path: Path, image: Image.Image, data: bytes, named: str) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(path)
    kind = _kind(image)
    if kind != named:
        raise Unreadable(
            f"{path}: is named {path.suffix} but holds {kind}. Rename it by its content, or replace it."
        )
    try:
        image.load()
    except (OSError, SyntaxError, ValueError, struct.error) as error:
        raise Unreadable(f"{path}: is cut off or damaged ({error}). Copy it again from its source.") from None
    if not whole(kind, data):
        raise Unreadable(f"{path}: is cut off before its end. Copy it again from its source.")


def _stripped(data: bytes) -> bytes:
    """Give the bytes themselves when they hold pixels only, in a mode every provider takes; else encode them anew."""
    with Image.open(io.BytesIO(data)) as image:
        kind = _kind(image)
        if image.mode in ("RGB", "L") and bare(kind, data):
            return data
        return encode(plain(image), kind)


def _kind(image: Image.Image) -> str:
    """Give the kind of a file. Phones write MPO: a JPEG with a second picture behind it, which is taken out."""
    return "JPEG" if image.format == "MPO" else image.format or ""


def _too_large(path: Path) -> Unreadable:
    return Unreadable(f"{path}: has more than {MAX_PIXELS // 10**6} megapixels. Scale it down and try again.")
