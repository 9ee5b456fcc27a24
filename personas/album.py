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
from PIL import Image, ImageCms, ImageOps

from personas.errors import Unreadable
from personas.values import Photo

MAX_PIXELS = 40_000_000
QUALITY = 92
MEDIA = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
NAMED = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
PIXEL_CHUNKS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"}
"""PNG chunks without which the picture cannot be shown; any other is taken out."""
PIXEL_KEYS = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "progressive", "progression"}
"""What Pillow reports of a JPEG that says nothing about whose it is or where it was taken."""


class Album:
    """All photographs of a sample, encoded, with their base64 form made at most once."""

    def __init__(self) -> None:
        self._bytes: dict[str, bytes] = {}
        self._text: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._bytes)

    def put(self, data: bytes, *, drawn: bool, degraded: str = "") -> Photo:
        """Keep encoded bytes and give the photograph they are."""
        with Image.open(io.BytesIO(data)) as image:
            media, (width, height) = MEDIA[image.format or ""], image.size
        key = hashlib.sha256(data).hexdigest()
        self._bytes[key] = data
        return Photo(sha256=key, media_type=media, width=width, height=height, drawn=drawn, degraded=degraded)

    def data(self, photo: Photo) -> bytes:
        """Give the bytes of a photograph; KeyError when it is not in this album."""
        return self._bytes[photo.sha256]

    def encoded(self, photo: Photo) -> str:
        """Give the bytes as base64 text, the same string object every time."""
        if photo.sha256 not in self._text:
            self._text[photo.sha256] = pybase64.b64encode(self._bytes[photo.sha256]).decode("ascii")
        return self._text[photo.sha256]


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
        return _checked(path, image, data, named)


def encode(image: Image.Image, kind: str) -> bytes:
    """Encode pixels as PNG, JPEG or WEBP with fixed settings, so that equal pixels are equal bytes."""
    out = io.BytesIO()
    options = {"PNG": {"compress_level": 6}, "JPEG": {"quality": QUALITY}, "WEBP": {"lossless": True}}[kind]
    # A copy through `Image.frombytes` leaves `info` behind, and with it every kind of metadata.
    bare = Image.frombytes(image.mode, image.size, image.tobytes())
    bare.save(out, kind, **options)
    return out.getvalue()


def _checked(path: Path, image: Image.Image, data: bytes, named: str) -> bytes:
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(path)
    # Phones write MPO: a JPEG with a second picture behind it, which goes with the metadata.
    kind = "JPEG" if image.format == "MPO" else image.format
    if kind != named:
        raise Unreadable(
            f"{path}: is named {path.suffix} but holds {kind}. Rename it by its content, or replace it."
        )
    try:
        image.load()
    except (OSError, SyntaxError, ValueError, struct.error) as error:
        raise Unreadable(f"{path}: is cut off or damaged ({error}). Copy it again from its source.") from None
    if not _whole(kind, data):
        raise Unreadable(f"{path}: is cut off before its end. Copy it again from its source.")
    if _bare(kind, image, data):
        return data
    return encode(_plain(image), kind)


def _whole(kind: str, data: bytes) -> bool:
    """Say whether the end mark is there: Pillow forgives a PNG or JPEG whose last bytes are missing."""
    if kind == "PNG":
        return any(name == b"IEND" for name, _ in _chunks(data))
    return kind != "JPEG" or b"\xff\xd9" in data[-64:] or data.rstrip(b"\0").endswith(b"\xff\xd9")


def _bare(kind: str, image: Image.Image, data: bytes) -> bool:
    """Say whether the bytes hold pixels only, in a mode every provider takes."""
    if image.mode not in ("RGB", "L"):
        return False
    if kind == "PNG":
        names = list(_chunks(data))
        return {name for name, _ in names} <= PIXEL_CHUNKS and names[-1][1] == len(data)
    return (
        kind == "JPEG"
        and image.format == "JPEG"
        and set(image.info) <= PIXEL_KEYS
        and not any(marker.startswith("APP") and marker != "APP0" for marker, _ in image.applist)
        and data.endswith(b"\xff\xd9")
    )


def _chunks(data: bytes):
    """Walk a PNG's chunks and give each name with the offset at which the chunk ends."""
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 12 + length > len(data):
            return
        name, at = data[at + 4 : at + 8], at + 12 + length
        yield name, at
        if name == b"IEND":
            return


def _plain(image: Image.Image) -> Image.Image:
    """Turn upright, into sRGB, onto white: what the metadata said is done to the pixels before it goes."""
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    if profile and upright.mode == "RGB":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            upright = ImageCms.profileToProfile(upright, source, ImageCms.createProfile("sRGB"))
        except (ImageCms.PyCMSError, OSError):
            pass  # A broken profile is no reason to lose the picture: show it as sRGB, as browsers do.
    if "A" in upright.getbands() or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        ground = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(ground, upright)
    return upright.convert("RGB")


def _too_large(path: Path) -> Unreadable:
    return Unreadable(f"{path}: has more than {MAX_PIXELS // 10**6} megapixels. Scale it down and try again.")
