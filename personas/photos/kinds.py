"""What a file is by its first bytes, whatever it is called, before any decoder is trusted with it.

The one idea: of the many formats that a picture library understands three may be sent, so only the decoders of
these three ever see a stranger's bytes. This decodes nothing and does not know where a file came from.
"""

from __future__ import annotations

import re

SENT = {"PNG": ("PNG",), "JPEG": ("JPEG", "MPO"), "WEBP": ("WEBP",)}
"""What may be sent, and the decoders for it; phones write MPO, a JPEG with a second picture behind it."""
BEGINNINGS = (
    (rb"\x89PNG\r\n\x1a\n", "PNG"),
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"RIFF....WEBP", "WEBP"),
    (rb"GIF8[79]a", "GIF"),
    (rb"II\*\0|MM\0\*|II\+\0|MM\0\+", "TIFF"),
    (rb"BM.{4}\0\0\0\0", "BMP"),
    (rb"....ftyp(?:hei[cxms]|hev[cx]|mif1|msf1|avi[fs])", "HEIC or AVIF"),
    (rb"\0\0\0\x0cjP  |\xffO\xffQ", "JPEG 2000"),
    (rb"8BPS", "PSD"),
    (rb"%PDF|%!PS", "PDF or PostScript"),
    (rb"PK\x03\x04", "a ZIP archive"),
    (rb"\x1f\x8b", "a gzip archive"),
    (rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?(?:<!DOCTYPE svg[^>]*>\s*)?svg\b", "SVG"),
    (rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*>.{0,400}<svg\b", "SVG"),
)
LOOKED_AT = 1_024
"""Bytes that tell the kind."""
SCAN = b"\xff\xda"
MOST_SCANS = 100
"""Scans of a JPEG: an ordinary one has 1, a progressive one some 10. Each takes a pass over all pixels, so that a
small file of thousands of them would keep a processor busy for minutes."""


def kind_of(data: bytes) -> str:
    """Name what a file holds, "" for what is known as no kind of picture or document."""
    head = data[:LOOKED_AT]
    return next((kind for way, kind in BEGINNINGS if re.match(way, head, re.DOTALL)), "")


def laborious(kind: str, data: bytes) -> bool:
    """Say whether decoding would take far longer than any picture of this size does."""
    return kind == "JPEG" and data.count(SCAN) > MOST_SCANS
