"""What an album keeps its bytes in when they lie on the disk, written as they come and read when asked for.

The one idea: a folder of files named by their sha-256 is a mapping from hash to bytes. This does not know whose
photographs they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path

HASH = re.compile(r"[0-9a-f]{64}")
MOST_BYTES = 512 * 2**20
"""Of a file: more than any picture of so many pixels needs; a film of an angiography may have it."""
ENDS = {b"\xff\xd8": ".jpg", b"\x89P": ".png", b"RI": ".webp"}
"""How a file is called, by its first two bytes."""


class PhotoShelf(MutableMapping[str, bytes]):
    """The bytes in a folder, by hash; a hash that is not there is a KeyError."""

    def __init__(self, folder: Path, *, named: bool = True) -> None:
        """Keep files in a folder; `named` ones end as their kind does, others in nothing."""
        self._folder = folder
        self._ends = ENDS if named else dict.fromkeys(ENDS, "")

    def __getitem__(self, key: str) -> bytes:
        # Keys come out of files anybody may have written, and are not to lead anywhere else.
        if not HASH.fullmatch(key):
            raise KeyError(key)
        for end in self._ends.values():
            file = self._folder / f"{key}{end}"
            if file.is_file() and file.stat().st_size <= MOST_BYTES:  # a pipe would be waited for without end
                return file.read_bytes()
        raise KeyError(key)

    def __setitem__(self, key: str, data: bytes) -> None:
        file = self._folder / f"{key}{self._ends[data[:2]]}"
        if not file.exists():
            part = file.with_name(f".{file.name}.part")
            part.unlink(missing_ok=True)  # which a stranger may have made a link
            with part.open("xb") as made:
                made.write(data)
            os.replace(part, file)

    def __delitem__(self, key: str) -> None:
        for end in self._ends.values():
            (self._folder / f"{key}{end}").unlink(missing_ok=True)

    def __iter__(self) -> Iterator[str]:
        ends = set(self._ends.values())
        return (file.stem for file in sorted(self._folder.glob("[0-9a-f]*")) if file.suffix in ends)

    def __len__(self) -> int:
        return sum(1 for _ in self)
