"""A run as tables for whoever computes: one file a table, in CSV, JSON lines or Parquet, and what every column means.

    RUN-parquet/   README.txt   schema.json   conversations.parquet   turns.parquet   verdicts.parquet   …
                   blobs/ (with --with-images)

The one idea: the same look as for the zip comes first (`engine.export.scan`), so that what must not leave stops it
before a table is there; then rows stream from the fold of the report and from the journal. Nothing here knows a
format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from string import Template

import orjson

from engine.config import versions
from engine.errors import BadRun
from engine.export.contents import Contents
from engine.export.letter import PROGRAM, SIMULATED, UNFINISHED, cautions
from engine.export.look import look, recheck
from engine.export.parcel import copy_part
from engine.export.place import ExportWish, choose_out, new_folder
from engine.export.scan import Guard, Heard
from engine.export.sheets.codebook import describe, sheets
from engine.export.sheets.rows import table_rows
from engine.export.sheets.writers import WRITERS, Row, load_arrow
from engine.fitting import megabytes
from engine.folder import read_plan
from engine.plan import Plan
from engine.results import tabulate_run

LETTER = Path(__file__).with_name("letter.txt")
CUT = """In CSV nothing is
obeyed: what looks like a formula has an apostrophe before it, what a terminal would obey is made visible, and a cell
ends after 32,767 characters. jsonl and parquet have every word as it was.
"""


def export_tables(wish: ExportWish) -> str:
    """Write a run's tables into a new folder and tell how many rows there are, and what to look at.

    Raises BadOption, BadRun and `Unreadable` as the zip does, and BadOption where the format's library is missing.
    """
    if wish.format == "parquet":
        load_arrow()
    plan = read_plan(wish.run)
    out, guard = choose_out(wish), Guard.of(wish.run)
    try:
        contents, heard = look(wish, guard)
        with new_folder(out) as part:
            simulated, counts = _write(wish, part, plan)
            for one in contents.parts:
                if one.name.startswith("blobs/"):
                    copy_part(one, part)
            _explain(wish, part, plan, contents, heard, simulated=simulated)
            recheck(wish, contents)
    except OSError as error:
        raise BadRun(f"the run cannot be exported to {out}: {error.strerror}; try again.") from error
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    lines = [f"{out}: {len(counts)} tables, {sum(counts.values()):,} rows, {megabytes(size)}."]
    lines += [", ".join(f"{name} {count:,}" for name, count in sorted(counts.items())) + "."]
    lines += ["SIMULATED: invented minds answered, and every row says so."] if simulated else []
    return "\n".join([*lines, *cautions(contents, heard), *guard.told()])


def _write(wish: ExportWish, folder: Path, plan: Plan) -> tuple[bool, dict[str, int]]:
    """Write every table; whether the run is simulated, and the rows of each."""
    results = tabulate_run(wish.run, plan)
    counts: dict[str, int] = {}

    def counted(name: str, rows: Iterable[Row]) -> Iterator[Row]:
        counts[name] = 0
        for row in rows:
            counts[name] += 1
            yield row

    marks = {"program": f"{PROGRAM} {versions()[PROGRAM]}", "plan": plan.digest}
    for name, rows in table_rows(results, wish.run):
        WRITERS[wish.format](
            folder / f"{name}.{wish.format}",
            sheets()[name],
            counted(name, rows),
            marks=marks,
            simulated=results.simulated,
        )
    return results.simulated, counts


def _explain(
    wish: ExportWish, folder: Path, plan: Plan, contents: Contents, heard: Heard, *, simulated: bool
) -> None:
    """Write what every column means, for people and for programs."""
    book = sheets().values()
    words = Template(LETTER.read_text(encoding="utf-8")).substitute(
        simulated=SIMULATED if simulated else "",
        program=f"{PROGRAM} {versions()[PROGRAM]}",
        state="" if heard.finished else f"{UNFINISHED}\n",
        plan=plan.digest,
        rubric=f"{plan.rubric['name']} {plan.rubric['version']} ({plan.rubric['status']})",
        tables="\n\n".join("\n".join(describe(sheet)) for sheet in book),
        cut=CUT if wish.format == "csv" else "",
        photographs="\n".join(cautions(contents, heard)) or "Nothing more.",
    )
    schema = {
        "program": f"{PROGRAM} {versions()[PROGRAM]}",
        "plan": plan.digest,
        "simulated": simulated,
        "finished": heard.finished,
        "tables": {
            sheet.name: {
                "row": sheet.row,
                "columns": [{"name": c.name, "type": c.kind, "description": c.words} for c in sheet.columns],
            }
            for sheet in book
        },
    }
    (folder / "README.txt").write_text(words, encoding="utf-8")
    (folder / "schema.json").write_bytes(orjson.dumps(schema, option=orjson.OPT_INDENT_2) + b"\n")
