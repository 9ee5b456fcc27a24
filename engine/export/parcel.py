"""The zip: the same files give the same bytes, and memory stays flat however large they are.

Names are sorted and ours alone, times are fixed, rights are plain. The file is written beside its place and moved
there when it is whole. Nothing here knows what is in it.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import zipfile
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from engine.errors import BadRun
from engine.export.scan import CHUNK, Scanned, opened

BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The first moment a zip can tell."""
UNIX = 3
FOLDERS = ("blobs/", "journal/", "report/")
"""There in every run, be they empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of an export."""

    name: str
    """Below the export's folder, parted by slashes."""
    scanned: Scanned
    path: Path | None = None
    """Where it lies; None for one that was made for the export."""
    data: bytes = b""
    """Of one that was made."""

    @classmethod
    def made(cls, name: str, data: bytes) -> Part:
        """Give a file that lies nowhere yet."""
        return cls(
            name=name,
            scanned=Scanned(size=len(data), sha256=hashlib.sha256(data).hexdigest()),
            data=data,
        )

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Open it for reading."""
        return nullcontext(io.BytesIO(self.data)) if self.path is None else opened(self.path)


def pack(out: Path, root: str, parts: Iterable[Part]) -> None:
    """Write a zip, whole or not at all; BadRun when a file is no longer what it was, or the place was taken."""
    handle, beside = tempfile.mkstemp(prefix=f".{out.stem}.", suffix=".part", dir=out.parent)
    try:
        with open(handle, "wb") as file:
            with zipfile.ZipFile(file, "w") as zip:
                for folder in ("", *FOLDERS):
                    zip.writestr(_entry(f"{root}/{folder}", 0, folder=True), b"")
                for part in parts:
                    _add(zip, root, part)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, 0o644)
        if os.path.lexists(out):
            raise BadRun(f"{out} came to be while the export was made: choose another --out.")
        os.replace(beside, out)
    finally:
        if os.path.exists(beside):
            os.unlink(beside)


def copy_part(part: Part, folder: Path) -> None:
    """Copy one file into a folder under its name; BadRun when it is no longer what was looked at."""
    path = folder / part.name
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as target:
        _pour(part, target)


def _add(zip: zipfile.ZipFile, root: str, part: Part) -> None:
    entry = _entry(f"{root}/{part.name}", part.scanned.size)
    if part.name.startswith("blobs/"):  # a photograph is packed already
        entry.compress_type = zipfile.ZIP_STORED
    with zip.open(entry, "w") as target:
        _pour(part, target)


def _pour(part: Part, target: IO[bytes]) -> None:
    """Copy one file as far as it was looked at, and see that it is what was looked at."""
    digest, left = hashlib.sha256(), part.scanned.size
    with part.open() as source:
        while left and (chunk := source.read(min(CHUNK, left))):
            digest.update(chunk)
            target.write(chunk)
            left -= len(chunk)
    if digest.hexdigest() != part.scanned.sha256:
        raise BadRun(f"{part.name} was changed while it was exported: give the command again.")


def _entry(name: str, size: int, *, folder: bool = False) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, BEGINNING)
    entry.compress_type = zipfile.ZIP_STORED if folder else zipfile.ZIP_DEFLATED
    entry.create_system = UNIX
    entry.external_attr = (0o40755 << 16 | 0x10) if folder else 0o100644 << 16
    entry.file_size = size  # how zipfile knows that a large one needs large numbers
    return entry
