"""The disk: what must still be there after the power has gone, and nothing written that is not ours.

What a stranger's folder holds under a name that we write to is a link until it is known to be none: a file is made
anew where one is made, and one that is written on is looked at first.

A kill leaves what was written in the page cache, and so shows nothing of this: a file is safe once it is synced,
and its name once its folder is. Nothing here knows what is kept.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def keep_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and return when both it and its name are on the disk; raises OSError.

    What a killed one left beside it, under the name .NAME.part, is written over by the next.
    """
    part = path.with_name(f".{path.name}.part")
    with make_anew(part) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    keep_name(part, path)


def put_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder that is there, each whole or not at all; raises OSError.

    For what can be made again: nothing waits for the disk.
    """
    for name, content in files.items():
        part = folder / f".{name}.part"
        with make_anew(part) as file:
            file.write(content)
        os.replace(part, folder / name)


def make_anew(path: Path) -> BinaryIO:
    """Open a new file to be written; what had its name, a link to somewhere perhaps, has lost it. Raises OSError."""
    path.unlink(missing_ok=True)
    return path.open("xb")


def open_own(path: Path) -> int:
    """Open a file to be read and added to, made where there is none; raises OSError, also for a link or a pipe."""
    with suppress(FileNotFoundError):
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise OSError(errno.EPERM, "it is not a file of its own")
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW, 0o600)


def keep_name(part: Path, path: Path) -> None:
    """Give what is on the disk already its place, and return when that is on the disk too; raises OSError."""
    os.replace(part, path)
    sync_path(path.parent)


def sync_path(path: Path) -> None:
    """Return when a file's bytes, or a folder's names, are on the disk; raises OSError."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def sync_tree(folder: Path) -> None:
    """Return when everything in a folder is on the disk, from the innermost outward; raises OSError."""
    for inner, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync_path(Path(inner, name))
        sync_path(Path(inner))
