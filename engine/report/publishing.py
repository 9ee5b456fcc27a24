"""Publishing: the files of one run's report, and the one place that writes them.

Nothing here knows what stands in a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

import orjson

from engine.disk import put_files
from engine.errors import BadRun
from engine.figures import Figure, Matter, draw
from engine.grid import write_grid
from engine.report.page import sections, write_page
from engine.report.paper import board_of, write_latex, write_markdown
from engine.report.story import Story
from engine.scoring.files import write_files
from engine.tables import tables

FIGURES = "figures"


def paint(story: Story) -> dict[str, Figure]:
    """Draw every figure of a run."""
    return draw(
        Matter(
            results=story.results,
            evidence=story.evidence,
            counted=story.counted,
            words=story.words,
            audited=story.audited,
        )
    )


def publish(story: Story, drawn: Mapping[str, Figure], folder: Path) -> Path:
    """Write the files of a report and give the path of its page; raises BadRun when they cannot be written."""
    if story.counted:
        write_files(folder / "report" / "numbers", story.counted)
    summary = {**story.summary, "evidence": asdict(story.evidence), "provenance": asdict(story.provenance)}
    board = board_of(story)
    numbers = {
        f"{name}.csv": write_grid(figure.rows, simulated=story.simulated) for name, figure in drawn.items()
    }
    known = {f"{name}.csv" for section in sections() for name in section.figures}
    keep(folder, numbers, FIGURES, gone=known - numbers.keys())
    files = {
        "summary.json": orjson.dumps(summary, option=orjson.OPT_INDENT_2) + b"\n",
        **tables(story.results, story.evidence, story.provenance, story.words),
        "leaderboard.md": write_markdown(board),
        "leaderboard.tex": write_latex(board),
        "index.html": write_page(story, drawn),
    }
    return keep(folder, files) / "index.html"


def keep(folder: Path, files: Mapping[str, bytes], within: str = "", *, gone: Iterable[str] = ()) -> Path:
    """Write files into `report/` of a run folder, or a folder within it, each whole or not at all; give its path.

    What an earlier report left there under a name in `gone` goes.
    Raises BadRun when it cannot be written.
    """
    place = folder / "report" / within
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name in gone:
            (place / name).unlink(missing_ok=True)
        put_files(place, files)
    except OSError as error:
        raise BadRun(
            f"{place} cannot be written ({error.strerror}); what was recorded is intact: free the disk and give "
            "the same command again."
        ) from error
    return place
