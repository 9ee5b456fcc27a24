"""The end of a sitting: from the journal to the leaderboard, the report and the exit status.

Nothing here knows how the run was played.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from engine.console.board import show_board
from engine.evidence import gather
from engine.folder import read_plan
from engine.means import Short
from engine.report import write_report
from engine.results import tabulate_run

INTERRUPTED = 130


def conclude(folder: Path, *, finished: bool, short: tuple[Short, ...] = ()) -> int:
    """Write the report, show the leaderboard, and give the exit status.

    `short` says what there was too little of, where a run was stopped for that.
    """
    plan = read_plan(folder)
    results = tabulate_run(folder, plan)
    evidence = gather(results)
    page = write_report(results, folder, evidence)
    show_board(results, evidence, page, stop=_stop(folder, finished, short, person=bool(plan.person)))
    if not finished and not short:
        return INTERRUPTED
    return 0 if finished and results.whole else 1


def _stop(folder: Path, finished: bool, short: tuple[Short, ...], *, person: bool = False) -> str:
    """Say why a run is not finished, and how it goes on; "" for one that is."""
    if finished:
        return ""
    more = "".join(f" {each.option} MORE" for each in short)
    way = "play --run" if person else "resume"
    on = (
        f"The run was stopped; python run.py {way} {shlex.quote(str(folder))}{more} goes on where it stopped."
    )
    return " ".join((*(each.said for each in short), on))
