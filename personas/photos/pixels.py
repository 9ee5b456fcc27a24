"""Image files as bytes: encoding pixels, and telling whether a file carries anything else.

The one idea: a file is passed on as it is only when every part of it is known to hold pixels; any other is
encoded again from its pixels alone, so that a new kind of metadata needs no new rule. This does not know whose
picture it is or where it is sent.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms

QUALITY = 92
ORIENTATION = 0x0112
"""The Exif tag that says how a picture lies."""
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings a picture upright, by its orientation; 1 is upright."""
PNG_PARTS = {b"IHDR", b"IDAT", b"IEND"}
"""Chunks of which an RGB or grey PNG consists; any other, a palette or a colour key included, goes."""
PNG_NOTES = {b"pHYs", b"tEXt", b"zTXt", b"iTXt", b"tIME", b"sRGB", b"bKGD", b"hIST", b"sBIT", b"sPLT"}
"""Chunks that change nothing about the pixels and so can be cut out without encoding anew, which takes a second
for a large photograph. Orientation, colour profiles, gamma, transparency and second frames are none of them."""
HEADER_END = 33
"""Where a PNG's first chunk ends."""
EMPTY = 12
"""Bytes of a chunk with nothing in it, as the last one is."""
DEPTH = 24
"""Where a PNG says how many bits a sample has; not every provider reads sixteen."""
JPEG_PARTS = {*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDD} - {0xC8}
"""Markers of frames, tables and scans. Comments and application segments, where metadata lives, are none; nor is
DNL, which decoders pass over whatever it holds."""
MOST_TABLES = 16_384
"""Bytes of tables in a JPEG; the most that is needed is some 4,000, and decoders take any number of spare ones."""
SLICE = 1 << 20
"""Bytes of pixels that are unpacked at once, to be counted."""
JFIF = b"\xff\xe0\x00\x10JFIF\x00"
"""The one application segment that may stay: 16 bytes long, it has no room for a thumbnail."""
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7]")
"""Ends the compressed data of a scan; stuffed zeros and restart marks are part of it."""


def encode(image: Image.Image, kind: str, *, quality: int = QUALITY) -> bytes:
    """Encode pixels as PNG, JPEG or WEBP with fixed settings, so that equal pixels are equal bytes."""
    out = io.BytesIO()
    options = {"PNG": {"compress_level": 6}, "JPEG": {"quality": quality}, "WEBP": {"lossless": True}}[kind]
    # A copy through `Image.frombytes` leaves `info` behind, and with it every kind of metadata.
    bare = Image.frombytes(image.mode, image.size, image.tobytes())
    bare.save(out, kind, **options)
    return out.getvalue()


def whole(kind: str, data: bytes) -> bool:
    """Say whether the end mark is there: Pillow forgives a PNG or JPEG whose last bytes are missing."""
    if kind == "PNG":
        return any(name == b"IEND" for name, _ in _chunks(data))
    return kind != "JPEG" or b"\xff\xd9" in data[-64:] or data.rstrip(b"\0").endswith(b"\xff\xd9")


def bare(kind: str, data: bytes) -> bool:
    """Say whether a file consists of known parts only, from its first byte to its last."""
    if kind == "PNG":
        parts = list(_chunks(data))
        known = {name for name, _ in parts} <= PNG_PARTS and not _stuffed(parts)
        return known and parts[-1][1] == len(data) and data[DEPTH] == 8 and _brimful(data)
    # A WEBP is always encoded anew: nobody's photographs come as such often enough for a third walk.
    return kind == "JPEG" and _bare_jpeg(data)


def sliced(data: bytes, *, upright: bool) -> bytes | None:
    """Cut the notes out of an 8-bit PNG and leave its pixels as they are; None when it holds more than notes.

    What a camera noted counts as notes only where it does not say that the picture lies on its side.
    """
    notes = PNG_NOTES | {b"eXIf"} if upright else PNG_NOTES
    parts, at = [data[:8]], 8
    if _stuffed(list(_chunks(data))) or not _brimful(data):
        return None
    for name, end in _chunks(data):
        if name in PNG_PARTS:
            parts.append(data[at:end])
        elif name not in notes:
            return None
        at = end
    return b"".join(parts) if data[DEPTH] == 8 else None


def orientation(image: Image.Image) -> int:
    """Give how a picture lies, 1-8; 1 where a damaged note does not say, as browsers take it."""
    try:
        found = image.getexif().get(ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, struct.error):
        return 1
    return found if found in TURNS else 1


def plain(image: Image.Image) -> Image.Image:
    """Turn upright, into sRGB, onto white: what the metadata said is done to the pixels before it goes."""
    profile = image.info.get("icc_profile")
    turn = TURNS.get(orientation(image))
    upright = image if turn is None else image.transpose(turn)
    if profile and upright.mode == "RGB":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            upright = ImageCms.profileToProfile(upright, source, ImageCms.createProfile("sRGB"))
        except (ImageCms.PyCMSError, OSError):
            pass  # A broken profile is no reason to lose the picture: show it as sRGB, as browsers do.
    if upright.mode.startswith("I"):  # 16 bits of grey, of which Pillow's own conversion makes a white page
        upright = Image.fromarray((np.asarray(upright) >> 8).clip(0, 255).astype(np.uint8))
    if "A" in upright.getbands() or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        ground = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(ground, upright)
    return upright.convert("RGB")


def _bare_jpeg(data: bytes) -> bool:
    """Walk the segments: an ordinary JFIF header, then frames, tables and scans, and nothing behind the end."""
    at, tables = 2, 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        tables += length
        if tables > MOST_TABLES:
            return False
        if marker not in JPEG_PARTS and not (at == 2 and data.startswith(JFIF, at)):
            return False
        at += 2 + length
        if marker == 0xDA:
            found = NEXT_MARKER.search(data, at)
            at = found.start() if found else len(data)
    return data[at:] == b"\xff\xd9"


def _stuffed(parts: list[tuple[bytes, int]]) -> bool:
    """Say whether a PNG's first or last chunk is longer than it has to be, and holds more than Pillow looks at."""
    return parts[0][1] != HEADER_END or (len(parts) > 1 and parts[-1][1] - parts[-2][1] != EMPTY)


def _brimful(data: bytes) -> bool:
    """Say whether the compressed data of a PNG are its rows and nothing more, behind which words could lie."""
    width, height, _, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    if colour not in (0, 2) or interlaced:
        return False  # to be encoded anew, which is easier than to count
    left = height * (1 + width * (3 if colour else 1))
    packed = zlib.decompressobj()
    rest = b"".join(data[start:end] for start, end in _bodies(data))
    try:
        while not packed.eof and left >= 0:
            pixels = packed.decompress(rest, SLICE)
            if not pixels and not packed.unconsumed_tail:
                break
            left, rest = left - len(pixels), packed.unconsumed_tail
    except zlib.error:
        return False
    return left == 0 and packed.eof and not packed.unused_data


def _bodies(data: bytes) -> Iterator[tuple[int, int]]:
    """Give where the compressed pixels of a PNG lie, chunk by chunk."""
    at = 8
    for name, end in _chunks(data):
        if name == b"IDAT":
            yield at + 8, end - 4
        at = end


def _chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
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
