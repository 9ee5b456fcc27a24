"""Fitting a photograph to what a model takes: its largest file and its longest side.

The one idea: what fits is sent untouched, to the byte; what does not is made smaller as little as will do, by
fixed steps, so that equal photographs and envelopes are equal bytes wherever the same Pillow runs. This does not
know which model takes how much, nor what is in the picture.
"""

from __future__ import annotations

import io
import math
import struct

from PIL import Image

from personas.errors import Unreadable
from personas.photos.pixels import QUALITY, encode, plain

LADDER = (QUALITY, 86, 80)
"""JPEG qualities tried at one size before a smaller size is; below 80 its blocks begin to look like texture."""
STEP = 0.9
"""The least that a side is shortened by from one size to the next."""
SMALLEST = 200
"""px of the longer side below which a skin lesion is no longer to be judged, and nothing is sent instead."""
HOPE = 1.2
"""A PNG is tried only where its size, taken as proportional to its area, would be at most this share of the limit:
encoding one costs seconds."""


def fit_photo(data: bytes, *, bytes: int, side: int) -> bytes:
    """Give a photograph that is at most `bytes` long as a file and `side` px on its longer side.

    Both limits are of the encoded file itself: on the wire, base64 adds a third. The same bytes come back when
    they fit. Else the picture is scaled with its aspect kept; a PNG stays one if that fits, and everything else
    becomes a JPEG, first of full quality, then down the ladder, then smaller. Raises Unreadable when it would
    have to be smaller than 200 px, or is no image.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            if len(data) <= bytes and max(image.size) <= side:
                return data
            pixels, kind = plain(image), image.format
    except (OSError, SyntaxError, ValueError, struct.error):
        raise Unreadable(
            f"a photograph of {len(data):,} bytes is no image, or damaged: take it out, or restore the file."
        ) from None
    longest = max(pixels.size)
    long = min(side, longest)
    hoped = len(data) * (long / longest) ** 2
    while long >= min(SMALLEST, longest):
        scaled = _scaled(pixels, long)
        if kind == "PNG" and hoped <= HOPE * bytes and len(found := encode(scaled, "PNG")) <= bytes:
            return found
        kind = "JPEG"
        for quality in LADDER:
            found = encode(scaled, "JPEG", quality=quality)
            if len(found) <= bytes:
                return found
        long = int(long * min(STEP, math.sqrt(bytes / len(found))))
    width, height = pixels.size
    raise Unreadable(
        f"a photograph of {width} x {height} px and {len(data) / 1e6:.1f} MB cannot be made to fit {side:,} px and "
        f"{bytes / 1e6:.3g} MB without becoming smaller than {SMALLEST} px: take it out of the data set, or check "
        "the model's `image` in the models file."
    )


def _scaled(image: Image.Image, long: int) -> Image.Image:
    """Give the picture with its longer side `long` px; itself when it is no longer."""
    share = long / max(image.size)
    if share >= 1:
        return image
    size = tuple(max(1, round(length * share)) for length in image.size)
    return image.resize(size, Image.Resampling.LANCZOS)
