"""Several runs side by side: what each is, how they differ, their leaderboards and figures, and what may be compared.

The one idea: two numbers stand in one row only for the eye. What may be held against each other, and what must not be
pooled, is said by `engine.comparison`, each run against the first, and its refusals are told like its findings. Every
run's own report is written anew and linked. Nothing here knows how a number is computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from string import ascii_uppercase

from engine.comparison import weigh
from engine.comparison.sides import read_side
from engine.comparison.values import Comparison
from engine.disk import put_files
from engine.errors import BadOption, BadRun
from engine.folder import read_plan
from engine.grid import write_grid
from engine.report.abreast.board import boards_of
from engine.report.abreast.page import write_page
from engine.report.abreast.values import Abreast, Held, Told
from engine.report.paper import write_latex, write_markdown
from engine.report.publishing import paint, publish
from engine.report.story import tell
from engine.tables import leaderboard_rows

MOST = len(ascii_uppercase)
LONGEST = 100
"""Characters of the name of a folder that nobody named."""
FILES = ("index.html", "leaderboard.md", "leaderboard.tex", "leaderboard.csv")


def lay_abreast(runs: Sequence[Path], out: Path | None = None) -> Path:
    """Write the page of several runs, and each one's own report; give the page's path.

    Raises BadOption for too many, for a run that is named twice and for a folder that holds something else, BadRun
    for what is no run or cannot be written.
    """
    _check(runs)
    place = out or _name(runs)
    _claim(place)
    told = tuple(_tell(letter, run) for letter, run in zip(ascii_uppercase, runs, strict=False))
    abreast = Abreast(runs=told, held=tuple(_hold(told[0], other) for other in told[1:]))
    board = boards_of(abreast)
    files = {
        "index.html": write_page(abreast, place),
        "leaderboard.md": write_markdown(board),
        "leaderboard.tex": write_latex(board),
        "leaderboard.csv": write_grid(_rows(abreast), simulated=abreast.some_simulated),
    }
    try:
        put_files(place, files)
    except OSError as error:
        raise _unwritable(place, error) from error
    return place / "index.html"


def _check(runs: Sequence[Path]) -> None:
    if len(runs) > MOST:
        raise BadOption(f"{len(runs)} runs are too many for one page: name {MOST} at most.")
    seen: dict[Path, Path] = {}
    for run in runs:
        real = run.resolve()
        if real in seen:
            raise BadOption(f"{run} is named twice: a run is not held against itself; name it once.")
        seen[real] = run
    for run in runs:
        read_plan(run)  # before anything is written or read at length


def _name(runs: Sequence[Path]) -> Path:
    """Name a folder after the runs, beside the first."""
    names = [run.resolve().name for run in runs]
    return runs[0].resolve().parent / "-beside-".join(names)[:LONGEST]


def _claim(place: Path) -> None:
    """Make the folder, or find in it nothing but an earlier page."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        strange = sorted(path.name for path in place.iterdir() if path.name not in FILES)
    except OSError as error:
        raise _unwritable(place, error) from error
    if strange:
        raise BadOption(f"--out {place} holds {strange[0]} and may be somebody's: name a folder that is new.")


def _unwritable(place: Path, error: OSError) -> BadRun:
    return BadRun(f"{place} cannot be written ({error.strerror}): name another folder with --out.")


def _tell(letter: str, run: Path) -> Told:
    side = read_side(letter, run)
    story = tell(side.results, run)
    drawn = paint(story)
    return Told(side=side, story=story, drawn=drawn, page=publish(story, drawn, run))


def _hold(first: Told, other: Told) -> Held:
    """Hold a run against the first; why it cannot be is a finding too."""
    try:
        comparison: Comparison | None = weigh(first.side, other.side)
        refusal = ""
    except BadRun as error:
        comparison, refusal = None, str(error)
    return Held(other=other, comparison=comparison, refusal=refusal)


def _rows(abreast: Abreast) -> Iterator[dict[str, object]]:
    for told in abreast.runs:
        mark = {"run": told.side.letter, "name": told.side.name}
        own = told.story.provenance.marks() | {"run_simulated": told.story.simulated}
        for row in leaderboard_rows(told.story.results, {}):
            yield mark | row | own
