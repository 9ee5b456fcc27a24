"""Which columns of a table say what was rated, by whom, and how.

Long tables have a rating a row, wide ones a rater a column. The user says which, or it is guessed from the names
of columns (`columns.toml`) and always told, because a wrong guess gives numbers that look right. Nothing here
knows whether a cell is a number.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rubrics.agreement.sheet import NUMBER, TextSheet
from rubrics.errors import Unusable
from rubrics.nearest import nearest, short

WORDS: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("columns.toml").read_text())
BLANKS = frozenset(WORDS["blank"])
FEW_WORDS = 20
"""A column of words has at most so many different ones to be taken for ratings."""
SHOWN = 8
"""Names in a sentence."""
LONGEST_RUN = 5
"""Rows up to which 1, 2, 3 … may as well be ratings."""
LONGEST_COUNT = 18
"""Digits of a number that counts rows."""
NUMBERED = re.compile(r"^(?P<stem>.*?)[\s_.-]*(\d+|[a-z])$", re.IGNORECASE)
SURPLUS = re.compile(r"[\s_-]+(id|name|no|nr|key)$")
STRANGERS = (
    "Each of these columns is taken for a rater of the same thing. If they measure different things, the numbers "
    "below mean nothing: name what is what with --unit, --rater and --value."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnWish:
    """What the user says of the columns; None leaves it to be guessed."""

    unit: str | None = None
    """Column that says what was rated; several, parted by commas, tell it together."""
    rater: str | None = None
    """Column that says who rated; several are a rater each, and then there is no value column."""
    value: str | None = None
    where: str | None = None
    """COLUMN=TEXT, several parted by commas: rows that do not say all of it are not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRatings:
    """Ratings as text, one an entry."""

    unit: Sequence[str]
    rater: Sequence[str]
    """Empty when the table does not say who rated."""
    cell: Sequence[str]
    line: Sequence[int]
    layout: str
    """How the table was read, in words."""
    guessed: bool
    notes: tuple[str, ...]
    spare: dict[str, Sequence[str]]
    """Columns of a long table that were not used: one of them may tell repeated ratings apart."""


def lay_out(sheet: TextSheet, wish: ColumnWish) -> RawRatings:
    """Find the ratings; raise Unusable when a column is not there or nothing looks like ratings."""
    for condition in _conditions(sheet, wish.where):
        sheet = _filter(sheet, condition)
    raters = _split(sheet, wish.rater, "--rater")
    if wish.value is None and len(raters) != 1:
        if len(raters) > 1:
            return _wide(sheet, _split(sheet, wish.unit, "--unit"), raters, guessed=False)
        found = {kind: _named(sheet, kind) for kind in ("unit", "rater", "value")}
        unit = _split(sheet, wish.unit, "--unit") or found["unit"][:1]
        if not (found["value"] and (found["rater"] or _repeats(sheet, unit))):
            # With a rater a column, what stands in several rows is not what was rated: a patient of many lesions.
            return _wide(sheet, unit if wish.unit or not _repeats(sheet, unit) else (), (), guessed=True)
    return _long(sheet, wish, raters)


def _long(sheet: TextSheet, wish: ColumnWish, raters: Sequence[str]) -> RawRatings:
    if len(raters) > 1:
        raise Unusable(f"{sheet.name}: --rater names {len(raters)} columns, so leave out --value.")
    units = _split(sheet, wish.unit, "--unit")
    value = _split(sheet, wish.value, "--value")
    if len(value) > 1:
        raise Unusable(f"{sheet.name}: --value names {len(value)} columns; name one of them.")
    guessed = not (units and value and (raters or wish.rater))
    value = value or _spare(sheet, "value", (*units, *raters))
    raters = raters or _spare(sheet, "rater", (*units, *value))
    units = units or _spare(sheet, "unit", (*raters, *value))
    if not value:
        raise Unusable(
            f"{sheet.name}: no column looks like the ratings; name it: --value COLUMN. {_list(sheet)}"
        )
    if not units and raters:
        raise Unusable(
            f"{sheet.name}: no column looks like what was rated; name it: --unit COLUMN. {_list(sheet)}"
        )
    unit = _join(sheet, units) if units else list(map(str, sheet.lines))
    used = {*units, *raters, *value}
    told = ", ".join(units) if units else "the row"
    who = raters[0] if raters else "not known"
    return RawRatings(
        unit=unit,
        rater=sheet.columns[raters[0]] if raters else (),
        cell=sheet.columns[value[0]],
        line=sheet.lines,
        layout=f"a rating a row: unit is {told}, rater is {who}, value is {value[0]}",
        guessed=guessed,
        notes=(),
        spare={name: cells for name, cells in sheet.columns.items() if name not in used},
    )


def _wide(sheet: TextSheet, units: Sequence[str], raters: Sequence[str], *, guessed: bool) -> RawRatings:
    notes: tuple[str, ...] = ()
    if not units:
        units = [name for name in list(sheet.columns)[:1] if not raters and _counts_rows(sheet.columns[name])]
    if not raters:
        raters = _candidates(sheet, units)
        notes = () if _series(raters) else (STRANGERS,)
    if len(raters) < 2:
        what = f"only {raters[0]!r} looks" if raters else "no column looks"
        raise Unusable(
            f"{sheet.name}: {what} like ratings, and agreement needs two raters. Name the columns: --unit, "
            f"--rater and --value for a rating a row, --rater A,B,C for a rater a column. {_list(sheet)}"
        )
    unit = _join(sheet, units) if units else list(map(str, sheet.lines))
    told = ", ".join(units) if units else "the row"
    return RawRatings(
        unit=unit * len(raters),
        rater=[name for name in raters for _ in unit],
        cell=[cell for name in raters for cell in sheet.columns[name]],
        line=list(sheet.lines) * len(raters),
        layout=f"a rater a column: unit is {told}, raters are {few(raters)}",
        guessed=guessed,
        notes=notes,
        spare={},
    )


def _conditions(sheet: TextSheet, where: str | None) -> list[str]:
    """Part conditions at the commas after which a column and "=" follow; a text may hold other commas."""
    parts: list[str] = []
    for part in [] if where is None else where.split(","):
        if parts and part.partition("=")[0].strip() not in sheet.columns:
            parts[-1] += f",{part}"
        else:
            parts.append(part)
    return parts


def _filter(sheet: TextSheet, where: str) -> TextSheet:
    title, equals, text = where.partition("=")
    if not equals:
        raise Unusable(f"--where {where!r} is not COLUMN=TEXT, for example dimension=safety.")
    (name,) = _split(sheet, title.replace(",", " "), "--where")
    kept = [place for place, cell in enumerate(sheet.columns[name]) if cell == text.strip()]
    if not kept:
        seen = sorted({cell for cell in sheet.columns[name] if cell})
        raise Unusable(f"{sheet.name}: no row has {text!r} as its {name}; there are {few(seen)}.")
    return TextSheet(
        name=sheet.name,
        columns={title: [cells[place] for place in kept] for title, cells in sheet.columns.items()},
        lines=[sheet.lines[place] for place in kept],
        place=sheet.place,
        commas=sheet.commas,
        notes=(*sheet.notes, f"Only the {len(kept):,} rows whose {name} is {text.strip()}."),
        broken=sheet.broken,
    )


def _split(sheet: TextSheet, wish: str | None, option: str) -> list[str]:
    """Give the columns an option names; one whose name holds a comma can be named alone."""
    if wish is None:
        return []
    if wish.strip() in sheet.columns:
        return [wish.strip()]
    names = [" ".join(part.split()) for part in wish.split(",")]
    for name in names:
        if name not in sheet.columns:
            hint = nearest(name, sheet.columns, f"columns are {few(list(sheet.columns))}.")
            raise Unusable(f"{option}: {sheet.name} has no column {name!r}; {hint}")
    return names


def _named(sheet: TextSheet, kind: str) -> list[str]:
    """Give the columns whose name says that they are of a kind, the best first."""
    plain = {
        name: SURPLUS.sub("", name.casefold()).replace("_", " ").replace("-", " ") for name in sheet.columns
    }
    return [name for word in WORDS[kind] for name, said in plain.items() if said == word]


def _spare(sheet: TextSheet, kind: str, taken: Sequence[str]) -> list[str]:
    return [name for name in _named(sheet, kind) if name not in taken][:1]


def _series(names: Sequence[str]) -> list[str]:
    """Give the columns that are numbered or lettered alike (rater 1, rater 2), if there are any."""
    stems: dict[str, list[str]] = {}
    for name in names:
        match = NUMBERED.match(name)
        if match:
            stems.setdefault(match["stem"].casefold(), []).append(name)
    return max((found for found in stems.values() if len(found) > 1), key=len, default=[])


def _candidates(sheet: TextSheet, taken: Sequence[str]) -> list[str]:
    """Give the columns that may hold ratings: numbers, or few words most of which another column has too."""
    seen = {
        name: {cell.casefold() for cell in cells} - BLANKS
        for name, cells in sheet.columns.items()
        if name not in taken
    }
    numbers = [name for name, cells in seen.items() if 2 * sum(map(_numeric, cells)) > len(cells)]
    words = []
    for name, cells in seen.items():
        others = set().union(*(seen[other] for other in seen if other not in (name, *numbers)))
        if name not in numbers and 0 < len(cells) <= FEW_WORDS and 2 * len(cells & others) >= len(cells):
            words.append(name)
    series = _series([name for name in seen if name in (*numbers, *words)])
    return series or (numbers if len(numbers) > 1 else words or numbers)


def _numeric(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell.replace(",", ".", 1)))


def _counts_rows(cells: Sequence[str]) -> bool:
    """Tell whether a first column only says which row it is: words that are all different, or 1, 2, 3 …"""
    if len(set(cells)) < len(cells) or "" in cells:
        return False
    if not all(cell.isdecimal() for cell in cells):
        return not any(map(_numeric, cells))
    if len(cells) <= LONGEST_RUN or max(map(len, cells)) > LONGEST_COUNT:
        return False
    numbers = list(map(int, cells))
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _repeats(sheet: TextSheet, unit: Sequence[str]) -> bool:
    return bool(unit) and len(set(_join(sheet, unit))) < len(sheet.lines)


def _join(sheet: TextSheet, names: Sequence[str]) -> list[str]:
    if len(names) == 1:
        return list(sheet.columns[names[0]])
    rows = zip(*(sheet.columns[name] for name in names), strict=True)
    return [" · ".join(row) if all(row) else "" for row in rows]


def _list(sheet: TextSheet) -> str:
    return f"Columns are {few(list(sheet.columns))}."


def few(names: Sequence[str]) -> str:
    """List names, the first of them when they are many."""
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN + 1 else ""
    return ", ".join(map(short, names[:SHOWN] if more else names)) + more
