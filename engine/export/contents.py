"""What of a run folder goes into an export, by names that this program gives; whatever else lies there stays.

Nothing here knows what a file says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.errors import BadRun
from engine.export.origins import Origins, SortedPhotos
from engine.export.parcel import Part
from engine.export.scan import Guard, Heard, scan, weigh
from engine.folder import RUBRIC
from engine.report.page import sections
from engine.scoring.files import TABLES
from engine.segments import RECORDED
from engine.setting import ADDED
from personas.photos.shelf import HASH

ALWAYS = ("plan.json", "scenarios.jsonl", RUBRIC)
SEGMENT = re.compile(r"[0-9]{1,20}\.jsonl")
HIDDEN = "."
OURS = {"MANIFEST.json", "README.txt"}
"""What an export holds beside the run; made anew."""
REPORT = (
    *("index.html", "summary.json", "audit.json", "audit.csv", "ledger.csv"),
    *(
        "leaderboard.md",
        "leaderboard.tex",
        "leaderboard.csv",
        "scores.csv",
        "verdicts.csv",
        "exclusions.csv",
        "triage.csv",
        "forecasts.csv",
    ),
    *("reliability.csv", "ceilings.csv", "canaries.csv", "orders.csv", "replays.csv"),
)
CALIBRATION = ("calibration.csv", "calibrated_scores.csv", "calibration.json", "calibration.svg")
NAMED = {
    "": (*ALWAYS, ADDED),
    RECORDED: (RUBRIC,),
    "report": REPORT,
    "report/figures": tuple(f"{name}.csv" for section in sections() for name in section.figures),
    "report/numbers": (*sorted(TABLES), "summary.json"),
    "report/calibration": CALIBRATION,
}
"""Folders of a run, and the files that the program writes there."""
SEGMENTED = (RECORDED, "journal")
KNOWN = {*SEGMENTED, "blobs", "report", "report/figures", "report/numbers", "report/calibration"}
"""What else lies there and is no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something of the run folder that is not in the export."""

    what: str
    count: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an export is made of."""

    parts: tuple[Part, ...]
    left_out: tuple[LeftOut, ...]
    origins: Origins = field(default_factory=Origins)
    photos: int = 0
    """Photographs that go along."""

    @property
    def names(self) -> Collection[str]:
        """Name the files that go along."""
        return {part.name for part in self.parts}

    def illustrated(self, blobs: Path, photos: SortedPhotos, *, asked: bool, origins: Origins) -> Contents:
        """Give the contents with those photographs that may leave and were asked for."""
        there = sorted(path for path in _listed(blobs) if HASH.fullmatch(path.name) and _plain(path))
        free = [path for path in there if path.name in photos.free]
        bound = [path for path in there if path.name in photos.bound]
        strange = len(there) - len(free) - len(bound)
        lost = len(photos.free | photos.bound) - len(free) - len(bound)
        parts, damaged = [], 0
        for path in free if asked else ():
            scanned = weigh(path)
            if scanned.sha256 == path.name:
                parts.append(Part(name=f"blobs/{path.name}", scanned=scanned, path=path))
            else:
                damaged += 1
        why = (
            (
                0 if asked else len(free),
                "not asked for: --with-images takes along those that may be passed on",
            ),
            (len(bound), f"the licence of {', '.join(origins.binding)} forbids passing them on"),
            (strange, "no scenario and no arm of this run shows them"),
            (damaged, "they are not what they are called"),
            (lost if asked else 0, "the run itself does not hold them"),
        )
        left = (LeftOut(what="photographs", count=count, why=words) for count, words in why if count)
        return replace(
            self,
            parts=(*self.parts, *parts),
            left_out=(*self.left_out, *left),
            origins=origins,
            photos=len(parts),
        )


def list_contents(run: Path, guard: Guard, heard: Heard) -> Contents:
    """List what goes along, photographs aside, and look at all of it; `heard` takes in what the journal says.

    Raises BadRun when a file holds a key, one is missing without which a run says nothing, or a folder is a link.
    """
    for folder in sorted(KNOWN):
        if (run / folder).is_symlink():
            raise BadRun(
                f"{run / folder} is a link, and where it leads is not the run's: put the folder itself there."
            )
    parts = tuple(_segments(run, guard, heard)) + tuple(_tables(run, guard))
    names = {part.name for part in parts}
    for name in ALWAYS:
        if name not in names:
            raise BadRun(
                f"{run / name} is missing or no plain file, and without it a run says nothing: put it back."
            )
    torn = sum(1 for part in parts if part.scanned.torn)
    left = (
        [LeftOut(what="torn lines", count=torn, why="a line without its end never happened")] if torn else []
    )
    if strange := sum(1 for _ in _strangers(run)):
        left.append(LeftOut(what="other files", count=strange, why="this program gives no file their names"))
    return Contents(parts=parts, left_out=tuple(left))


def _segments(run: Path, guard: Guard, heard: Heard) -> Iterator[Part]:
    """Give the journal in the order of writing, what was taken over from another run first."""
    for folder in SEGMENTED:
        paths = [path for path in _listed(run / folder) if SEGMENT.fullmatch(path.name) and _plain(path)]
        for path in sorted(paths, key=lambda path: (int(path.stem), path.name)):
            name = f"{folder}/{path.name}"
            yield Part(name=name, scanned=scan(path, name, guard, heard.hear), path=path)


def _tables(run: Path, guard: Guard) -> Iterator[Part]:
    for folder, names in NAMED.items():
        for path in (run / folder / name for name in names):
            if _plain(path):
                name = f"{folder}/{path.name}" if folder else path.name
                # Of a file of lines, too, the last may be in the writing.
                listen = (lambda line: None) if path.name == ADDED else None
                yield Part(name=name, scanned=scan(path, name, guard, listen), path=path)


def _strangers(run: Path) -> Iterator[Path]:
    """Give what lies in the run folder under a name that is not ours, photographs aside."""
    for folder in ("", *KNOWN - {"blobs"}):
        for path in _listed(run / folder):
            inside = f"{folder}/{path.name}" if folder else path.name
            named = path.name in NAMED.get(folder, ()) or (
                folder in SEGMENTED and SEGMENT.fullmatch(path.name)
            )
            if (
                inside not in KNOWN | OURS
                and not path.name.startswith(HIDDEN)
                and not (named and _plain(path))
            ):
                yield path
    for path in _listed(run / "blobs"):
        if not path.name.startswith(HIDDEN) and not (HASH.fullmatch(path.name) and _plain(path)):
            yield path


def _listed(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
