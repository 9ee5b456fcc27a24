"""Annotation: clinicians score a run's conversations, blinded, and what they say becomes a table.

    population.py, sampling.py   who could be scored, of what kind, and who is drawn by what chance
    sheet.py                     the sample, kept; each annotator's order; who scores what twice
    masking.py, exhibit.py       what is shown of a conversation, and what never is
    marks.py, slips.py           what is said, the file that loses none of it, and what may come in
    sheaf.py, disputes.py        everybody's marks as a table, and where they differ
    paper.py, serving.py         the page, and who is let in
    pack.py, taking.py           the page as a folder, and what comes back

The one idea: whoever scores knows the case and not whose conversation it is. Nothing here knows what a calibration
makes of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.annotation.keys import issue_links
from engine.annotation.marks import read_names
from engine.annotation.pack import write_pack
from engine.annotation.population import AnnotatedRun, open_run
from engine.annotation.serving import open_desks, serve_pages
from engine.annotation.sheaf import COLUMNS, Sheaf, count_done, gather_sheaf, out_of, tell_agreement
from engine.annotation.sheet import FOLDER, Sheet, SheetWish, open_sheet, read_sheet
from engine.annotation.taking import take_file
from engine.disk import put_files
from engine.errors import BadOption, BadRun
from engine.grid import write_grid
from engine.journal import claim
from engine.prose import plural
from engine.site import Address
from engine.site.guard import KEY

__all__ = ["Address", "PageWish", "SheetWish", "export", "pack", "read_names", "serve", "take"]
SHOWN = 5
"""Lines of a file that are none which are named; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWish:
    """What was asked on the command line for pages."""

    sheet: SheetWish
    """With the annotators whose pages are served or packed."""
    adjudicate: bool = False
    address: Address = field(default_factory=Address)
    new_links: bool = False


def serve(folder: Path, wish: PageWish, announce: Callable[[str], None]) -> str:
    """Serve annotators' pages until interrupted; `announce` is given the links. Gives what there is to say after it.

    Raises BadRun for what is no run, or is being scored by these annotators already, BadOption for a bad address.
    """
    run, names = open_run(folder), wish.sheet.annotators
    wish.address.check()
    sheet, notes = _begin(run, wish)
    with open_desks(run, sheet, names, final=wish.adjudicate) as desks:
        with claim(folder / FOLDER):
            seats, tokens = issue_links(folder / FOLDER / "keys.json", names, anew=wish.new_links)
        for desk in desks.values():
            notes += desk.notebook.damage

        def listening(port: int) -> None:
            sheaf = gather_sheaf(run, sheet)
            links = {name: wish.address.link(port, f"/?{KEY}={token}") for name, token in tokens.items()}
            announce("\n".join([*notes, *_greeting(sheaf, links, wish)]) + "\n")

        asyncio.run(serve_pages(desks, wish.address, seats, listening))
    return "\n".join(_progress(gather_sheaf(run, sheet), names)) + "\n"


def pack(folder: Path, wish: PageWish, out: Path, *, restricted: bool = False) -> str:
    """Write each annotator's page into a folder of its own and say what is in it."""
    run, names = open_run(folder), wish.sheet.annotators
    sheet, notes = _begin(run, wish)
    with open_desks(run, sheet, names, final=wish.adjudicate) as desks:
        for name, desk in desks.items():
            notes += write_pack(desk, out / name if len(desks) > 1 else out, restricted=restricted)
    return "\n".join(notes) + "\n"


def take(folder: Path, path: Path) -> str:
    """Take a pack's file in and say what came of it."""
    run = open_run(folder)
    taken = take_file(run, read_sheet(run), path)
    lines = [f"{path}: {taken.new} new answers of {taken.annotator}, {taken.known} taken in before."]
    lines += [f"Left out: {one}" for one in taken.wrong[:SHOWN]]
    if len(taken.wrong) > SHOWN:
        lines.append(f"Left out: {len(taken.wrong) - SHOWN} more.")
    return "\n".join(lines) + "\n"


def export(folder: Path, out: Path | None) -> str:
    """Write what was scored as a table that calibrate and agreement read, and say how far annotators agree."""
    run = open_run(folder)
    sheaf = gather_sheaf(run, read_sheet(run))
    rows = list(sheaf.rows())
    if not rows:
        raise BadRun(
            f"{folder}: nothing is scored yet: begin with python run.py annotate RUN --annotator NAME."
        )
    path = out or out_of(run)
    try:
        put_files(
            path.parent, {path.name: write_grid(rows, simulated=run.results.simulated, columns=COLUMNS)}
        )
    except OSError as error:
        raise BadRun(f"--out {path}: cannot be written ({error.strerror}); choose another.") from error
    above = sum(row["above_cap"] for row in rows)
    lines = [*sheaf.damage, *_progress(sheaf, [*sheaf.marks]), *tell_agreement(sheaf)]
    if sheaf.finals:
        lines.append(
            f"Settled by a third: {plural(len(sheaf.finals), 'dispute')}; the column final has their word."
        )
    if above:
        lines.append(f"Above a cap named beside it: {above} of {len(rows)} scores; see the column above_cap.")
    lines.append(f"{path}: {len(rows)} rows. Next: python run.py calibrate {folder} --annotations {path}")
    return "\n".join(lines) + "\n"


def _begin(run: AnnotatedRun, wish: PageWish) -> tuple[Sheet, list[str]]:
    """Draw the sheet, or take up the one there is; who adjudicates draws none."""
    if not wish.sheet.annotators:
        raise BadOption("--annotator names nobody: say who scores, such as --annotator anna or anna,ben.")
    if wish.adjudicate:
        return read_sheet(run), []
    try:
        (run.folder / FOLDER).mkdir(exist_ok=True)
    except OSError as error:
        raise BadRun(
            f"{run.folder / FOLDER} cannot be made ({error.strerror}): make the run folder writable."
        ) from error
    with claim(run.folder / FOLDER):
        return open_sheet(run, wish.sheet)


def _greeting(sheaf: Sheaf, links: Mapping[str, str], wish: PageWish) -> list[str]:
    sheet = sheaf.sheet
    told = f"{len(sheet.items):,} of {sheet.population:,} conversations, drawn by chance and by kind"
    shared = f"dealt out, {len(sheet.shared)} of them to two" if sheet.dealt else "the same for everybody"
    lines = [f"{told}; {shared}."]
    lines.append("Links, shown this once; earlier ones still hold unless --new-links was given:")
    wide = max(map(len, links))
    for name, link in links.items():
        done, many, _ = count_done(sheaf, name)
        told = "settles disputes" if wish.adjudicate else f"{done} of {many} done"
        lines.append(f"  {name:{wide}}  {told}  {link}")
    lines.append("Every answer is on the disk before the page says so. Ctrl-C ends.")
    return lines


def _progress(sheaf: Sheaf, names: list[str] | tuple[str, ...]) -> list[str]:
    lines = []
    for name in names:
        done, many, seconds = count_done(sheaf, name)
        final = len({mark.subject for mark in sheaf.marks.get(name, ()) if mark.final})
        if final:
            lines.append(f"{name}: {plural(final, 'dispute')} settled.")
        if not final or seconds:
            lines.append(f"{name}: {done} of {plural(many, 'conversation')} done, {seconds / 60:.0f} min.")
    return lines
