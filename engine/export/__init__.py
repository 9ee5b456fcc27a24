"""A run as one file that can be given away: everything others need to doubt a number, and nothing else.

    imcbench-<plan>/   README.txt   MANIFEST.json   plan.json   rubric.toml   scenarios.jsonl   arms.jsonl
                       recorded/   journal/   report/   blobs/ (with --with-images)

The one idea: everything is looked at once before it is packed (`scan`), so that what must not leave stops the export
before a file is there. Unpacked, it is a run folder. Nothing here knows what was played.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import orjson

from engine.console.clean import flatten
from engine.errors import BadOption, BadRun
from engine.export.contents import Contents, LeftOut, list_contents
from engine.export.letter import letter, manifest, remarks
from engine.export.origins import read_origins, sort_photos
from engine.export.parcel import Part, pack
from engine.export.scan import Guard, Heard
from engine.fitting import megabytes
from engine.folder import read_plan
from engine.plan import Plan
from engine.setting import read_additions

LONGEST_NAME = 200
"""Bytes; the file system's 255 less what is put before and behind while the file is being written."""
END = ".zip"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWish:
    """What was asked on the command line."""

    run: Path
    out: Path | None = None
    """The file; None names it after the run and puts it beside it."""
    images: bool = False


def export(wish: ExportWish) -> str:
    """Pack a run into a new file and tell what is in it, what is not, and what to look at before passing it on.

    Raises BadOption for a name that cannot be the file's, BadRun for what is no run, holds a secret, or cannot be
    read or written, and `Unreadable` for a line of its scenarios that was changed.
    """
    plan = read_plan(wish.run)
    out = _check_out(wish)
    guard = Guard.of(wish.run)
    try:
        contents, heard = _gather(wish, guard)
        simulated = plan.simulated or heard.simulated
        parts = _parts(plan, contents, heard, simulated=simulated)
        pack(out, _root(plan), parts)
    except OSError as error:
        named = f" {flatten(str(error.filename))}" if error.filename else ""
        raise BadRun(f"the run cannot be exported to {out}:{named}: {error.strerror}; try again.") from error
    held = sum(part.scanned.size for part in parts)
    size = out.stat().st_size
    lines = [f"{out}: {len(parts)} files, {megabytes(held)} in {megabytes(size)}."]
    if simulated:
        lines.append("SIMULATED: invented minds answered, and the export says so.")
    return "\n".join([*lines, *remarks(contents, heard), *guard.told()])


def _check_out(wish: ExportWish) -> Path:
    """Give the name of the new file; BadOption when it can be none."""
    run = wish.run.resolve()
    out = wish.out or run.with_name(f"{run.name}{END}")
    if out.suffix.lower() != END or len(os.fsencode(out.name)) > LONGEST_NAME or not out.name.isprintable():
        raise BadOption(f"--out {flatten(str(out))}: give the name of a new file, such as run.zip.")
    if os.path.lexists(out):
        raise BadOption(f"{out} is there already: choose another --out, or remove it.")
    if not out.parent.is_dir():
        raise BadOption(f"--out {out}: there is no folder {out.parent}; make it first.")
    if run in out.resolve().parents:
        raise BadOption(f"--out {out} is inside the run: choose a place outside of it.")
    return out


def _gather(wish: ExportWish, guard: Guard) -> tuple[Contents, Heard]:
    """Look at everything there is, and settle what goes."""
    heard = Heard()
    contents = list_contents(wish.run, guard, heard)
    origins = read_origins(wish.run / "scenarios.jsonl")
    photos = sort_photos(origins, read_additions(wish.run), heard.fitted)
    return contents.illustrated(wish.run / "blobs", photos, asked=wish.images, origins=origins), heard


def _root(plan: Plan) -> str:
    """Name the folder that the export unpacks to; a run's own name may say what is nobody's business."""
    return f"imcbench-{plan.digest[:12]}"


def _parts(plan: Plan, contents: Contents, heard: Heard, *, simulated: bool) -> tuple[Part, ...]:
    """Give all files in the order of the zip, the two that are made for it included."""
    words = Part.made("README.txt", letter(plan, contents, heard, simulated=simulated).encode())
    parts = sorted([words, *contents.parts], key=lambda part: part.name)
    content = manifest(plan, contents, heard, parts=parts, simulated=simulated)
    listed = Part.made("MANIFEST.json", orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
    return tuple(sorted([listed, *parts], key=lambda part: part.name))


__all__ = ["ExportWish", "LeftOut", "export"]
