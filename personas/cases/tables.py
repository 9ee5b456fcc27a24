"""Folders of data sets as they were unpacked: which files lie where, and tables as rows.

The one idea: a folder is walked once and nothing in it is opened but its tables, so ten thousand photographs cost
a directory listing. Photographs are known by name, wherever below the folder a download or a mirror put them. This
does not know what a column means.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from personas.errors import Unreadable
from personas.within import inside

IMAGES = {".png", ".jpg", ".jpeg", ".webp", ".dcm", ".dicom", ".gif", ".bmp", ".tif", ".tiff", ".heic"}
"""Suffixes a row may mean by its image; whether it is a kind that can be sent is said when it is opened."""
SEPARATORS = ",;\t"
OBEYED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What a terminal would obey or turn round; no table needs it, and cells end up in notes and prompts."""
LINE_END = re.compile(r"\s*\n\s*")
Row = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderIndex:
    """What lies below a folder, by name."""

    root: Path
    images: dict[str, list[str]]
    """Paths in path order by lower-case file name, and by the name without its suffix."""
    others: tuple[str, ...]
    """Paths of everything that is not named as an image, in path order."""

    def image(self, name: str, under: str = "") -> Path | None:
        """Find a photograph by its name, with or without suffix, in the folders it names as far as they are there.

        With `under`, only where these words are in its path below the root. Of equal files the first in path
        order; raises ValueError when files of different kinds or sizes are equally good.
        """
        parts = name.replace("\\", "/").lower().split("/")
        found = [
            path
            for path in self.images.get(parts[-1], ())
            if not under or under.lower() in os.path.relpath(path, self.root).lower()
        ]
        if len(found) > 1:
            shared = [_shared(path, parts[:-1]) for path in found]
            found = [path for path, number in zip(found, shared, strict=True) if number == max(shared)]
            # A mirror's double has the size of its twin; a mask that goes by the name of its photograph has not.
            if len({(os.path.splitext(path)[1].lower(), _size(path)) for path in found}) > 1:
                raise ValueError(f"different files go by the name {name!r}")
        return Path(found[0]) if found else None

    def tables(self, patterns: tuple[str, ...]) -> tuple[Path, ...]:
        """Find the tables of the first pattern that any file's name matches, each name once."""
        for pattern in patterns:
            found: dict[str, Path] = {}
            for path in self.others:
                name = os.path.basename(path)
                if fnmatchcase(name.lower(), pattern.lower()):
                    found.setdefault(name.lower(), Path(path))
            if found:
                return tuple(found.values())
        return ()


def survey(folder: Path) -> FolderIndex:
    """List what lies below a folder. Raises `Unreadable` when it is not a folder."""
    if not os.path.isdir(folder):
        raise Unreadable(
            f"{folder}: is not a folder. Give the folder a data set was unpacked into, its table and its images "
            "anywhere below it."
        )
    found: list[str] = []
    walked: set[str] = set()
    home = os.path.realpath(folder)
    for place, folders, names in os.walk(folder, onerror=_refuse, followlinks=True):
        # A link may lead back to where it lies, or out of what was given.
        if (real := os.path.realpath(place)) in walked or not inside(real, home):
            folders.clear()
            continue
        walked.add(real)
        # Archives packed on a Mac carry a hidden twin of every file, which is no image.
        folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]
        paths = [os.path.join(place, name) for name in names if not name.startswith(".")]
        found += [path for path in paths if not os.path.islink(path) or inside(path, home)]
    found.sort(key=lambda path: path.split(os.sep))
    images: dict[str, list[str]] = {}
    others: list[str] = []
    for path in found:
        name = os.path.basename(path).lower()
        stem, suffix = os.path.splitext(name)
        if suffix in IMAGES:
            images.setdefault(name, []).append(path)
            images.setdefault(stem, []).append(path)
        else:
            others.append(path)
            if not suffix or suffix[1:].isdigit():  # DICOM files are often called by a bare number
                images.setdefault(name, []).append(path)
    return FolderIndex(root=folder, images=images, others=tuple(others))


def header(path: Path) -> tuple[str, ...]:
    """Give a table's column names. Raises `Unreadable` when it is no table."""
    try:
        return tuple(_cells(next(_records(path), [])))
    except csv.Error as error:
        raise _no_table(path, error) from None


def rows(path: Path) -> list[Row]:
    """Read a table: comma, semicolon or tab; any line ends; columns without a name are left out.

    Raises `Unreadable` when the file cannot be read, is not UTF-8, or is no table.
    """
    records = _records(path)
    try:
        names = _cells(next(records, []))
        return [
            {name: value for name, value in zip(names, _padded(cells, len(names)), strict=False) if name}
            for cells in map(_cells, records)
            if any(cells)
        ]
    except csv.Error as error:
        raise _no_table(path, error) from None


def _refuse(error: OSError) -> None:
    raise Unreadable(f"{error.filename}: cannot be listed ({error.strerror}). Check its rights.")


def _shared(path: str, folders: list[str]) -> int:
    """Count how many folders, from the file upwards, are those that a table names."""
    own = path.lower().split(os.sep)[-2::-1]
    pairs = zip(own, reversed(folders), strict=False)
    return next((number for number, (one, other) in enumerate(pairs) if one != other), len(folders))


def _size(path: str) -> int:
    """Give a file's size in bytes; -1 for a link that leads nowhere."""
    try:
        return os.path.getsize(path)
    except OSError:
        return -1


def _records(path: Path) -> Iterator[list[str]]:
    try:
        if not path.is_file():
            raise Unreadable(f"{path}: is no file. Replace it with the original table.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read ({error.strerror}). Check the name and rights.") from None
    except UnicodeDecodeError:
        raise Unreadable(
            f"{path}: is not UTF-8 text. Replace it with the original, or save it as CSV in UTF-8."
        ) from None
    text = OBEYED.sub(" ", text) if OBEYED.search(text) else text
    first = text.split("\n", 1)[0]
    return csv.reader(io.StringIO(text, newline=""), delimiter=max(SEPARATORS, key=first.count))


def _cells(record: list[str]) -> list[str]:
    return [LINE_END.sub(" ", cell) if "\n" in cell else cell for cell in map(str.strip, record)]


def _padded(cells: list[str], width: int) -> list[str]:
    return cells + [""] * (width - len(cells))


def _no_table(path: Path, error: csv.Error) -> Unreadable:
    return Unreadable(f"{path}: is not a CSV table ({error}). Replace it with the original.")
