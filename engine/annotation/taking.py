"""Taking in: the file that comes back from a pack.

The one idea: a slip a line, each held against the sheet like one from a served page, and taken in once however often
the file comes. What is of another run or sample is refused whole. Nothing here knows a pack's page.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.annotation.marks import check_name
from engine.annotation.population import AnnotatedRun
from engine.annotation.serving import open_desks
from engine.annotation.sheet import Sheet
from engine.annotation.slips import BadSlip, Slip, read_slip
from engine.errors import BadOption
from engine.segments import read_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenFile:
    """What came of a file from a pack."""

    annotator: str
    new: int
    known: int
    """Taken in before."""
    wrong: tuple[str, ...]
    """A sentence for each line that is none."""


def take_file(run: AnnotatedRun, sheet: Sheet, path: Path) -> TakenFile:
    """Take the slips of a file in, each once.

    Raises BadOption when the file cannot be read, holds no slip, or is of another run, sample or several annotators:
    then nothing of it is taken.
    """
    slips, wrong = _read(path)
    if not slips:
        why = f" ({wrong[0]})" if wrong else ""
        raise BadOption(f"--take {path}: holds no score{why}; give the file that the page saved.")
    if any(slip.sheet != sheet.digest for _, slip in slips):
        raise BadOption(
            f"--take {path}: is of another run or sample than {run.folder}; give the run it was made for."
        )
    owners = {(slip.annotator, slip.final) for _, slip in slips}
    if len(owners) > 1:
        raise BadOption(f"--take {path}: is of several annotators; give one file for each.")
    name, final = owners.pop()
    new = known = 0
    with open_desks(run, sheet, [check_name(name)], final=final) as desks:
        for number, slip in slips:
            try:
                fresh = desks[name].accept(slip) is not None
            except BadSlip as error:
                wrong.append(f"line {number}: {error}")
            else:
                new, known = new + fresh, known + (not fresh)
    return TakenFile(annotator=name, new=new, known=known, wrong=tuple(wrong))


def _read(path: Path) -> tuple[list[tuple[int, Slip]], list[str]]:
    """Read the slips with their lines, and a sentence for each line that is none."""
    slips, wrong = [], []
    try:
        with path.open("rb") as file:
            for number, (_, line) in enumerate(read_lines(file), start=1):
                try:
                    slips.append((number, read_slip(line)))
                except BadSlip as error:
                    wrong.append(f"line {number}: {error}")
    except OSError as error:
        raise BadOption(
            f"--take {path}: cannot be read ({error.strerror}); give the file that the page saved."
        ) from error
    return slips, wrong
