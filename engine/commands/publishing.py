"""Publishing: the command that writes what people look at from a run that was played, and calls no model."""

from __future__ import annotations

from pathlib import Path

from engine.commands import Told
from engine.errors import BadOption


def report(*runs: Path, out: Path | None = None) -> Told:
    """Write the report of a run anew, or put several runs side by side on one page.

    Parameters
    ----------
    runs
        A run folder: its report is written into it, from the journal alone, in whatever state the run is. Several:
        each one's own report, and a page on which they stand side by side, each held against the first.
    out
        Folder for that page and its leaderboards; a new one named after the runs, beside the first, when left out.
    """
    if not runs:
        raise BadOption("name a run folder, or several: python run.py report runs/NAME.")
    if len(runs) == 1:
        if out is not None:
            raise BadOption("--out goes with several runs: the report of one is written into its own folder.")
        from engine.report import report as write

        page = write(runs[0])
    else:
        from engine.report.abreast import lay_abreast

        page = lay_abreast(runs, out)
    return Told(pieces=(f"Report: {page}\n",))
