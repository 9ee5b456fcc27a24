"""The end of a sitting: from the journal to the leaderboard, the report and the exit status.

Nothing here knows how the run was played.
"""

from __future__ import annotations

from pathlib import Path

from engine.console.board import show_board
from engine.evidence import gather
from engine.folder import read_plan
from engine.report import write_report
from engine.results import tabulate_run

INTERRUPTED = 130


def conclude(folder: Path, *, finished: bool) -> int:
    """Write the report, show the leaderboard, and give the exit status."""
    results = tabulate_run(folder, read_plan(folder))
    evidence = gather(results)
    page = write_report(results, folder, evidence)
    show_board(results, evidence, page, finished=finished)
    if not finished:
        return INTERRUPTED
    return 0 if results.whole else 1
