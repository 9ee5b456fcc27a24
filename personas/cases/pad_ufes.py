"""Read PAD-UFES-20: a table and photographs anywhere below the same folder, found by file name.

The one idea: a row becomes a case only with its photograph, and every row that does not is counted under its
reason; a photograph that is there but broken stops the run, since only its owner can put it right. This does
not know what the cases are paired with.
"""

from __future__ import annotations

import csv
import io
import math
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from personas.cases.case import Known, PhotoCase
from personas.conditions.book import by_pad
from personas.errors import Unreadable
from personas.photos.album import Album, open_image
from personas.values import Photo

FILE = Path(__file__).with_name("pad_ufes.toml")
TABLE = "metadata.csv"
IMAGES = {".png", ".jpg", ".jpeg", ".webp"}
NEXT = "Give the unpacked folder of PAD-UFES-20: metadata.csv with the images anywhere below it."


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReading:
    """What came of reading: cases, and rows that could not be used."""

    cases: tuple[PhotoCase, ...]
    skipped: tuple[tuple[str, str], ...]
    """Image id and reason."""

    def reasons(self) -> dict[str, int]:
        """Count the skipped rows by reason, the commonest first."""
        return dict(Counter(reason for _, reason in self.skipped).most_common())


def read_cases(folder: Path, album: Album) -> CaseReading:
    """Read every row whose photograph is there, in the order of the image ids, and keep the photographs.

    Raises `Unreadable` when the folder or its table is missing, a needed column is, no row has its
    photograph, or a photograph is cut off, mislabelled or no image.
    """
    files = _images(folder)
    cases: list[PhotoCase] = []
    skipped: list[tuple[str, str]] = []
    seen: dict[str, str] = {}
    for row in sorted(_rows(folder / TABLE), key=lambda row: row["img_id"]):
        name = row["img_id"]
        reason = _reason(row, files)
        if reason:
            skipped.append((name, reason))
            continue
        photo = album.put(open_image(files[name]), drawn=False)
        if photo.sha256 in seen:
            skipped.append((name, "the same picture as another row's"))
            continue
        seen[photo.sha256] = name
        cases.append(_case(row, photo))
    if not cases:
        raise Unreadable(f"{folder}: no row of {TABLE} can be used ({skipped[0][1]}). {NEXT}")
    return CaseReading(cases=tuple(cases), skipped=tuple(skipped))


def _images(folder: Path) -> dict[str, Path]:
    """Find the images by file name; the first in path order wins where a mirror has one twice."""
    if not folder.is_dir():
        raise Unreadable(f"{folder}: is not a folder. {NEXT}")
    if not (folder / TABLE).is_file():
        raise Unreadable(f"{folder}: holds no {TABLE}. {NEXT}")
    files: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        # Archives packed on a Mac carry a hidden twin of every file, which is no image.
        if path.suffix.lower() in IMAGES and not path.name.startswith("."):
            files.setdefault(path.name, path)
    if not files:
        raise Unreadable(f"{folder}: holds {TABLE} but no images. Unpack the image archives beside it.")
    return files


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(f"{path}: is not UTF-8 text. Replace it with the original table.") from None
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
    except csv.Error as error:
        raise Unreadable(f"{path}: is not a CSV table ({error}). Replace it with the original.") from None
    missing = [name for name in _words()["needed"] if not rows or name not in rows[0]]
    if missing:
        raise Unreadable(f"{path}: has no column {missing[0]!r}, or no rows. Replace it with the original.")
    return [{name: (value or "").strip() for name, value in row.items() if name} for row in rows]


def _reason(row: dict[str, str], files: dict[str, Path]) -> str:
    """Say why a row cannot be used; empty when it can."""
    if not row["img_id"]:
        return "no image id"
    if row["img_id"] not in files:
        return "its image is not below the folder"
    if row["diagnostic"] not in by_pad():
        return f"unknown diagnosis {row['diagnostic']!r}"
    return ""


def _case(row: dict[str, str], photo: Photo) -> PhotoCase:
    words = _words()
    raised = _known(row, words["slots"]["raised"])
    age = _number(row["age"])
    tone = _number(row["fitspatrick"])
    diameter = _number(row.get("diameter_1", ""))
    return PhotoCase(
        id=row["img_id"],
        condition=by_pad()[row["diagnostic"]],
        photo=photo,
        # Zero stands for an age nobody wrote down.
        age=int(age) if age and 0 < age < 120 else None,
        sex=words["sexes"].get(row["gender"].upper(), "unknown"),
        tone=words["tones"].get(str(int(tone))) if tone else None,
        site=words["regions"].get(row["region"].upper(), ""),
        answers={slot: _known(row, columns) for slot, columns in words["slots"].items()},
        size_mm=round(diameter) if diameter and diameter >= 1 else None,
        shape="raised" if raised == "yes" else "plain",
        cluster=f"{words['name']}:{row['patient_id']}",
        source=words["name"],
        attribution=words["attribution"],
    )


def _known(row: dict[str, str], columns: list[str]) -> Known:
    values = [row.get(column, "").lower() for column in columns]
    if "true" in values:
        return "yes"
    return "no" if all(value == "false" for value in values) else "unknown"


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


@cache
def _words() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
