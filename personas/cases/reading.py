"""Read photographs with their diagnoses from a data set's folder, by a column map.

The one idea: a row becomes a case only with its photograph and one known diagnosis, and every row that does not is
kept with its reason. No photograph is opened here (`develop` does), so a table of ten thousand rows takes a
fraction of a second. This does not know what the cases are paired with.
"""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from personas.cases.case import PhotoCase
from personas.cases.labels import Unusable, excluded, value
from personas.cases.making import make_case
from personas.cases.maps import ColumnMap, JoinedTable, known_maps, read_map
from personas.cases.tables import FolderIndex, Row, header, rows, survey
from personas.errors import Unreadable
from personas.tidy import placeless, tidy

SHOWN = 3
"""Rows named in a sentence about more of them."""
REASONS = 6
"""Reasons named when no row can be used."""
Photographs = dict[Path, str]
"""Which row already has which photograph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReading:
    """What came of reading: cases, and rows that could not be used."""

    cases: tuple[PhotoCase, ...]
    """In the order of their ids, none developed."""
    skipped: tuple[tuple[str, str], ...]
    """Row id and reason."""
    differences: tuple[str, ...]
    """Where the data set and our list of conditions disagree about malignancy, in sentences; the data set wins."""
    notes: tuple[str, ...]
    """What a reader must know of this data set, in sentences."""
    source: str
    """Name of the data set."""
    attribution: str
    restricted: bool
    """True where the licence forbids passing the photographs on."""

    def reasons(self) -> dict[str, int]:
        """Count the skipped rows by reason, the commonest first."""
        return dict(Counter(reason for _, reason in self.skipped).most_common())


def read_cases(path: Path, map_file: Path | None = None) -> CaseReading:
    """Read every row whose photograph is there, by the map given or else by the one map that fits the folder.

    Raises `Unreadable` when the folder or its table is missing, no map fits or several do, a column is missing,
    or no row can be used.
    """
    index = survey(path)
    chart = read_map(map_file) if map_file else _recognised(index)
    tables = index.tables(chart.tables)
    if not tables:
        raise Unreadable(
            f"{path}: holds no table called {' or '.join(chart.tables)}, which {chart.name} has. Add it, or give "
            "another map."
        )
    if not index.images:
        raise Unreadable(
            f"{path}: holds {tables[0].name} but no images. Unpack the image archives beside it."
        )
    cases: dict[str, PhotoCase] = {}
    skipped: list[tuple[str, str]] = []
    taken: Photographs = {}
    for row, under in _rows(tables, chart, index):
        name = _name(row, chart, under)
        try:
            cases[name] = _case(row, name, chart, file=_file(row, chart, index, under), taken=taken)
        except Unusable as reason:
            skipped.append((name, str(reason)))
    if not cases:
        raise _useless(index, tables[0], skipped)
    return CaseReading(
        cases=tuple(cases[name] for name in sorted(cases)),
        skipped=tuple(skipped),
        differences=_differences(cases.values(), chart.name),
        notes=tuple(filter(None, (chart.note, _terms(chart)))),
        source=chart.name,
        attribution=chart.attribution,
        restricted=chart.restricted,
    )


def _recognised(index: FolderIndex) -> ColumnMap:
    """Find the one map whose table is there with every column it needs."""
    named = [(chart, tables[0]) for chart in known_maps() if (tables := index.tables(chart.tables))]
    lacking = [(chart, table, chart.missing(set(header(table)))) for chart, table in named]
    fitting = [chart for chart, _, column in lacking if not column]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(chart.name for chart in fitting)
        raise Unreadable(
            f"{index.root}: {names} fit equally well. Give the folder of one of them, or a map file."
        )
    if lacking:
        chart, table, column = lacking[0]
        raise _no_column(table, column, chart)
    known = ", ".join(f"{chart.name} ({chart.tables[0]})" for chart in known_maps())
    raise Unreadable(
        f"{index.root}: holds no table of a data set that is known: {known}. Give the folder of one of these, or a "
        "map of its own for any other CSV table with images."
    )


def _rows(tables: tuple[Path, ...], chart: ColumnMap, index: FolderIndex) -> Iterator[tuple[Row, str]]:
    """Give every row, its joined row laid beside it, and the folder its images lie under; empty for any."""
    beside = _joined(chart.join, chart, index) if chart.join else {}
    for table in tables:
        missing = chart.missing(set(header(table)))
        if missing:
            raise _no_column(table, missing, chart)
        patterns = [each for each in chart.under if fnmatchcase(table.name.lower(), each.lower())]
        under = chart.under[patterns[0]] if patterns else ""
        for row in rows(table):
            extra = beside.get(row.get(chart.join.on, ""), {}) if chart.join else {}
            yield {**extra, **row}, under


def _joined(join: JoinedTable, chart: ColumnMap, index: FolderIndex) -> dict[str, Row]:
    """Read the rows of the second table by what they are joined on."""
    tables = index.tables(join.tables)
    if not tables and join.needed:
        raise Unreadable(
            f"{index.root}: holds no table called {' or '.join(join.tables)}, without which the rows of "
            f"{chart.name} cannot be read. Add it beside the others."
        )
    for table in tables:
        columns = set(header(table))
        missing = next((each for each in (join.on, *join.columns.label) if each not in columns), "")
        if missing:
            raise _no_column(table, missing, chart)
    return {row[join.on]: row for table in tables for row in rows(table)}


def _name(row: Row, chart: ColumnMap, under: str) -> str:
    """Give the id of a row: what its first image column that is not empty says, behind its split if it has one."""
    name = placeless(value(row, chart.columns.image))  # it may stand in every scenario
    return f"{under}/{name}" if under else name


def _file(row: Row, chart: ColumnMap, index: FolderIndex, under: str) -> Path | None:
    """Find the row's photograph by each of the columns that may name it."""
    names = [chart.prefix + text for column in chart.columns.image if (text := row.get(column, ""))]
    try:
        return next((path for name in names if (path := index.image(name, under))), None)
    except ValueError:
        raise Unusable("different images go by its name: say `under` in a map of your own") from None


def _case(row: Row, name: str, chart: ColumnMap, *, file: Path | None, taken: Photographs) -> PhotoCase:
    if not value(row, chart.columns.image):
        raise Unusable("it names no image")
    if reason := excluded(row, chart.leave_out):
        raise Unusable(reason)
    if file is None:
        raise Unusable("its image is not below the folder")
    case = make_case(row, name, file, chart)
    if file in taken:
        raise Unusable("its image is another row's too, which is used")
    taken[file] = name
    return case


def _differences(cases: Iterable[PhotoCase], name: str) -> tuple[str, ...]:
    """Say for which conditions the data set's flag is not ours, and in which rows."""
    odd: dict[str, list[PhotoCase]] = {}
    flagged: Counter[str] = Counter()
    for case in cases:
        if case.malignant is not None:
            flagged[case.condition.key] += 1
            if case.malignant != case.condition.malignant:
                odd.setdefault(case.condition.key, []).append(case)
    return tuple(
        f"{name} calls {len(rest)} of {flagged[key]} photographs of {rest[0].condition.title.lower()} "
        f"{'malignant' if rest[0].malignant else 'benign'}, our list does not ({_some(rest)}): {name} is followed."
        for key, rest in sorted(odd.items())
    )


def _terms(chart: ColumnMap) -> str:
    said = f"The licence of {chart.name}: {chart.licence}." if chart.licence else ""
    forbids = f"The photographs of {chart.name} must not be passed on." if chart.restricted else ""
    return " ".join(filter(None, (said, forbids)))


def _some(cases: list[PhotoCase]) -> str:
    names = [case.id for case in cases[:SHOWN]]
    more = len(cases) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _useless(index: FolderIndex, table: Path, skipped: list[tuple[str, str]]) -> Unreadable:
    reasons = Counter(reason for _, reason in skipped)
    said = [f"{number} rows: {tidy(reason)}" for reason, number in reasons.most_common(REASONS)]
    if (more := sum(reasons.values()) - sum(number for _, number in reasons.most_common(REASONS))) > 0:
        said.append(f"{more} more")
    first, *_ = sorted({os.path.basename(path) for found in index.images.values() for path in found})
    return Unreadable(
        f"{index.root}: no row of {table.name} can be used ({'; '.join(said) or 'it has no rows'}). Give the folder "
        f"of the whole data set, with its images below it; or, if another table there names its images ({first} "
        "…), a map for that table."
    )


def _no_column(table: Path, column: str, chart: ColumnMap) -> Unreadable:
    near = difflib.get_close_matches(column, header(table), n=1, cutoff=0.6)
    instead = f" (the nearest it has: {near[0]!r})" if near else ""
    return Unreadable(
        f"{table}: has no column {column!r}, which the map of {chart.name} needs{instead}. Replace the table with "
        "the original, or give a map that fits it."
    )
