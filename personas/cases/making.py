"""Make a case of a row: each column's words into ours, by the map's vocabularies.

The one idea: what no column says in a word that is known is unknown, never guessed; nothing but the photograph and
the diagnosis has to be there. What a joined table says goes before the first table. This does not know where the
row came from.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from personas.cases.case import Known, PhotoCase
from personas.cases.labels import condition, label, number
from personas.cases.maps import ColumnMap, MapColumns
from personas.cases.tables import Row

OLDEST = 120
"""Years; what is above is a slip of the pen, as the 413-year-olds of ChestX-ray14 are."""
WIDEST_MM = 2_000
LONGEST_SITE = 60
"""Characters; what is longer is a report, and no place on the body."""
YEARS = re.compile(r"(\d{1,3})(?:\.\d+)?[Yy]?")
"""69, 69.0, and 069Y as DICOM writes it."""


def make_case(row: Row, name: str, file: Path, chart: ColumnMap) -> PhotoCase:
    """Make a case, not developed. Raises `Unusable` when the row has no label, several, or one nobody knows."""
    of = chart.columns
    joined = chart.join.columns if chart.join else MapColumns()
    diagnosis = condition(label(row, of.label or joined.label, chart), chart.modality)

    def texts(column: str) -> list[str]:
        return [
            text for name in (*getattr(joined, column), *getattr(of, column)) if (text := row.get(name, ""))
        ]

    def read(column: str) -> str:
        return next(iter(texts(column)), "")

    def known(column: str) -> Any:
        words = getattr(chart.words, column)
        return next((words[word] for each in texts(column) if (word := number(each).lower()) in words), None)

    answers = {slot: _answer(row, columns, chart) for slot, columns in chart.answers.items()}
    patient, lesion = read("patient"), read("lesion")
    return PhotoCase(
        id=name,
        condition=diagnosis,
        file=file,
        modality=chart.modality,
        malignant=known("malignant"),
        age=known("age") or _years(read("age")),
        sex=known("sex") or "unknown",
        tone=known("tone"),
        site=_site(row, read("site"), chart),
        answers=answers,
        onset=known("onset") or "",
        size_mm=_millimetres(read("size_mm")),
        shape="raised" if answers.get("raised") == "yes" else diagnosis.shape,
        patient=patient,
        lesion=lesion,
        cluster=f"{chart.name}:{patient or lesion or name}",
        source=chart.name,
        attribution=chart.attribution,
        restricted=chart.restricted,
    )


def _answer(row: Row, columns: tuple[str, ...], chart: ColumnMap) -> Known:
    """Say yes when one column does, no when all do; an empty box is a no when one beside it is ticked."""
    found = {chart.words.answer.get(_text(row, column, chart).lower(), "unknown") for column in columns}
    return "yes" if "yes" in found else "no" if found == {"no"} else "unknown"


def _text(row: Row, column: str, chart: ColumnMap) -> str:
    text = number(row.get(column, ""))
    group = next((prefix for prefix in chart.boxes if column.startswith(prefix)), "")
    if text or not group:
        return text
    return "no" if any(other for name, other in row.items() if name.startswith(group)) else ""


def _site(row: Row, text: str, chart: ColumnMap) -> str:
    """Give the place by its word or its ticked box; a column without a vocabulary is taken at its word."""
    if chart.sites:
        ticked = [
            place
            for column, place in chart.sites.items()
            if chart.words.answer.get(row.get(column, "").lower()) == "yes"
        ]
        # Of several ticked boxes nobody knows which one the photograph shows.
        return ticked[0] if len(ticked) == 1 else ""
    if chart.words.site:
        return chart.words.site.get(text.lower(), "")
    return "" if text.lower() == "unknown" or len(text) > LONGEST_SITE else text.lower().replace("_", " ")


def _years(text: str) -> int | None:
    found = YEARS.fullmatch(text)
    # Zero stands for an age nobody wrote down.
    return int(found[1]) if found and 0 < int(found[1]) < OLDEST else None


def _millimetres(text: str) -> int | None:
    try:
        found = float(text)
    except ValueError:
        return None
    # What is wider than a person is tall is a slip of the pen.
    return round(found) if 1 <= found <= WIDEST_MM else None
