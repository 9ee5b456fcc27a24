"""A run as something that can be given away: everything others need to doubt a number, and nothing else.

    zip       one file, a run folder again when unpacked
    sheets/   a folder of tables: csv, jsonl, parquet
    logs/     a folder of logs for Inspect's viewer

The zip:

    imcbench-<plan>/   README.txt   MANIFEST.json   plan.json   rubric.toml   scenarios.jsonl   arms.jsonl
                       recorded/   journal/   report/   blobs/ (with --with-images)

The one idea: everything is looked at once before it is packed (`scan`), so that what must not leave stops the export
before a file is there. Nothing here knows what was played.
"""

from __future__ import annotations

import orjson

from engine.console.clean import flatten
from engine.errors import BadRun
from engine.export.contents import Contents, LeftOut
from engine.export.letter import letter, manifest, remarks
from engine.export.logs import export_logs
from engine.export.look import look
from engine.export.parcel import Part, pack
from engine.export.place import ExportWish, choose_out
from engine.export.scan import Guard, Heard
from engine.export.sheets import export_tables
from engine.fitting import megabytes
from engine.folder import read_plan
from engine.plan import Plan


def export(wish: ExportWish) -> str:
    """Give a run away in the format that was asked for; tell what is in it, and what to look at first.

    Raises BadOption for a name that cannot be the file's, BadRun for what is no run, holds a secret, or cannot be
    read or written, and `Unreadable` for a line of its scenarios that was changed.
    """
    if wish.format == "inspect":
        return export_logs(wish)
    return _export_zip(wish) if wish.format == "zip" else export_tables(wish)


def _export_zip(wish: ExportWish) -> str:
    """Pack a run into a new file and tell what is in it, what is not, and what to look at before passing it on."""
    plan = read_plan(wish.run)
    out = choose_out(wish)
    guard = Guard.of(wish.run)
    try:
        contents, heard = look(wish, guard)
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
