"""Open what records lie in: plain or gzipped, with or without a byte order mark, and never more than fits.

The one idea: whatever is wrong with a file becomes one sentence here. This does not know what is written in it.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from personas.records.history import Unusable

LARGEST = 128 * 2**20
"""Bytes of a file that is read whole; a bundle of one patient has a few megabytes."""
LONGEST = 64 * 2**20
"""Bytes of a line; beyond is no resource, but a file without line ends or one packed to fill the memory."""
MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""Byte order marks, and what they announce."""


def named(path: Path) -> str:
    """Give a file's name in lower case, without the ending of a compressed file."""
    return path.name.lower().removesuffix(".gz")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading bytes; raises `Unusable` when it cannot be read or unpacked, then or later."""
    try:
        with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as file:
            yield file
    except OSError as error:
        raise Unusable(f"cannot be read ({error.strerror or error})") from None
    except (EOFError, zlib.error):
        raise Unusable("is a gzip file that is cut off or damaged") from None


def whole(path: Path) -> bytes:
    """Give a file's content as UTF-8 without a mark; raises `Unusable` when it is too large or cannot be read."""
    with opened(path) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Unusable(f"is larger than {LARGEST >> 20} MB, which no bundle of one patient is")
    for mark, code in MARKS.items():
        if content.startswith(mark):
            try:
                return content.decode("utf-8-sig" if code == "utf-8" else code).encode()
            except UnicodeDecodeError:
                raise Unusable(f"announces {code} and is not") from None
    return content


def lines(path: Path) -> Iterator[bytes]:
    """Give a file's lines one after another, without a mark; raises `Unusable` as `opened`, or at an endless one."""
    with opened(path) as file:
        first = True
        while line := file.readline(LONGEST + 1):
            if len(line) > LONGEST:
                raise Unusable(f"has a line of more than {LONGEST >> 20} MB")
            yield line.removeprefix(b"\xef\xbb\xbf") if first else line
            first = False
