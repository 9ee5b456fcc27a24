"""Where an export goes: a new file or a new folder, outside of the run, there when it is whole and not before.

Nothing here knows what is in it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.console.clean import flatten
from engine.errors import BadOption, BadRun

Format = Literal["zip", "csv", "jsonl", "parquet", "inspect"]
LONGEST_NAME = 200
"""Bytes; the file system's 255 less what is put before and behind while it is being written."""
END = ".zip"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWish:
    """What was asked on the command line."""

    run: Path
    out: Path | None = None
    """The file, or the folder of tables or logs; None names it after the run and puts it beside it."""
    images: bool = False
    format: Format = "zip"


def choose_out(wish: ExportWish) -> Path:
    """Give the name of the new file or folder; BadOption when it can be none."""
    run = wish.run.resolve()
    zipped = wish.format == "zip"
    out = wish.out or run.with_name(f"{run.name}{END}" if zipped else f"{run.name}-{wish.format}")
    example = "file, such as run.zip" if zipped else f"folder, such as run-{wish.format}"
    good = out.suffix.lower() == END if zipped else out.name not in ("", "..")
    if not good or len(os.fsencode(out.name)) > LONGEST_NAME or not out.name.isprintable():
        raise BadOption(f"--out {flatten(str(out))}: give the name of a new {example}.")
    if os.path.lexists(out):
        raise BadOption(f"{out} is there already: choose another --out, or remove it.")
    if not out.parent.is_dir():
        raise BadOption(f"--out {out}: there is no folder {out.parent}; make it first.")
    if run in out.resolve().parents:
        raise BadOption(f"--out {out} is inside the run: choose a place outside of it.")
    return out


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Give a folder to fill that takes its place when all is well, and is gone when it is not.

    Raises BadRun when the place was taken meanwhile, OSError when it cannot be written.
    """
    part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    try:
        yield part
        part.chmod(0o755)
        if os.path.lexists(out):
            raise BadRun(f"{out} came to be while the export was made: choose another --out.")
        os.rename(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
