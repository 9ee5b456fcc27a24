"""Column maps: where a data set keeps what, as files.

The one idea: what is particular to a data set is a map in `maps/`, which anybody can write for a folder of their
own, and no line of code knows a data set by name. `maps/pad_ufes_20.toml` explains every key. This reads maps, not
tables.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from personas.errors import Unreadable
from personas.slots import slots
from personas.tidy import tidy
from personas.values import Modality, Sex, Tone

FOLDER = Path(__file__).with_name("maps")
WORDS = Path(__file__).with_name("words.toml")
STRICT = ConfigDict(extra="forbid")
Names = Annotated[
    tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)
]
"""One column, or several of which the first that is not empty counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapColumns:
    """Columns by what they hold."""

    image: Names = ()
    patient: Names = ()
    lesion: Names = ()
    label: Names = ()
    malignant: Names = ()
    age: Names = ()
    sex: Names = ()
    tone: Names = ()
    site: Names = ()
    onset: Names = ()
    size_mm: Names = ()
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelForm:
    """How the label column says what a picture shows."""

    form: Literal["word", "joined", "one_hot", "weighted"] = "word"
    separator: str = "|"
    """Between the labels of the form `joined`."""
    otherwise: str = ""
    """The label of a row whose `one_hot` columns are all 0; without it such a row has no label."""
    least: float = 0.0
    """0-1: weight below which the heaviest label of the form `weighted` is held to be uncertain."""
    words: dict[str, str] = field(default_factory=dict)
    """The data set's own words and ours for them."""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class MapWords:
    """The values of a column, in lower case, and what they mean."""

    sex: dict[str, Sex] = field(default_factory=dict)
    tone: dict[str, Tone] = field(default_factory=dict)
    malignant: dict[str, bool] = field(default_factory=dict)
    answer: dict[str, Literal["yes", "no", "unknown"]] = field(default_factory=dict)
    site: dict[str, str] = field(default_factory=dict)
    age: dict[str, Annotated[int, Field(ge=0, lt=120)]] = field(default_factory=dict)
    onset: dict[str, str] = field(default_factory=dict)
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedTable:
    """A second table whose rows belong to the first's."""

    tables: Names
    on: str
    """Column of both by which rows belong together."""
    needed: bool = True
    """False when the data set can be read without it."""
    columns: MapColumns = MapColumns()
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class RowExclusion:
    """Rows that are left out because their maker says so."""

    columns: Names
    values: tuple[str, ...]
    """Patterns (`NO_*`); a row goes when every value in these columns that is not empty fits one."""
    reason: str
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """One data set: how it is recognised, read and credited."""

    name: str
    tables: Names
    """Names or patterns of its table; all files that the first one found matches are read."""
    attribution: str = ""
    """The credit its licence asks for."""
    licence: str = ""
    restricted: bool = False
    """True when its photographs may not be passed on."""
    modality: Modality = "photograph"
    note: str = ""
    """A sentence that a reader of the results must know."""
    prefix: str = ""
    """What stands before the image id in the name of its file."""
    under: dict[str, str] = field(default_factory=dict)
    """Pattern of a table's name, and words in the path of the images its rows mean."""
    columns: MapColumns
    join: JoinedTable | None = None
    label: LabelForm = LabelForm()
    words: MapWords = MapWords()
    answers: dict[str, Names] = field(default_factory=dict)
    """History slots, and the columns that answer them."""
    boxes: tuple[str, ...] = ()
    """Beginnings of check box columns, of which an empty one is a no when another is ticked."""
    sites: dict[str, str] = field(default_factory=dict)
    """Check box columns, and the places they stand for."""
    leave_out: tuple[RowExclusion, ...] = ()
    __pydantic_config__ = STRICT

    def missing(self, columns: set[str]) -> str:
        """Name the first column that the map needs and the table lacks; empty when it has them all."""
        wanted = [getattr(self.columns, each.name) for each in fields(MapColumns)]
        wanted += [*self.answers.values(), *((name,) for name in self.sites)]
        if self.join is None:
            wanted += [exclusion.columns for exclusion in self.leave_out]
        if self.label.form == "one_hot":
            wanted += [(name,) for name in self.columns.label]
        return next((names[0] for names in wanted if names and columns.isdisjoint(names)), "")


@cache
def known_maps() -> tuple[ColumnMap, ...]:
    """Give the maps that come with the program, by file name."""
    return tuple(read_map(path) for path in sorted(FOLDER.glob("*.toml")))


def read_map(path: Path) -> ColumnMap:
    """Read a map and add the words that need not be said in it.

    Raises `Unreadable` when the file is missing, no TOML, lacks a key, has one that is not known, or names no
    image or label column.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read ({error.strerror}). Check the name and rights.") from None
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, a number too long, tables too deep
        raise Unreadable(
            f"{path}: is not TOML ({error}). Mend it, or start from a map in {FOLDER}."
        ) from None
    try:
        found = _ADAPTER.validate_python(_with_words(table))
    except ValidationError as error:
        raise Unreadable(f"{path}: {_complaint(error, table)}") from None
    if not found.tables or any(not text or tidy(text) != text for text in (found.name, *found.tables)):
        raise Unreadable(
            f"{path}: `name` and `tables` must each hold a line of text. Say what they are called."
        )
    joined = found.join.columns if found.join else MapColumns()
    if not found.columns.image or not (found.columns.label or joined.label):
        raise Unreadable(f"{path}: [columns] names no `image` or no `label`. Say which columns hold them.")
    for slot in found.answers:
        if slot not in slots():
            raise Unreadable(f"{path}: answers.{slot} is no history slot. {_nearest(slot, slots())}")
    return found


def _with_words(table: dict[str, Any]) -> dict[str, Any]:
    """Lay a map's vocabularies over those that hold for every data set; vocabularies are in lower case."""
    given = table.get("words", {})
    if not isinstance(given, dict) or not all(isinstance(words, dict) for words in given.values()):
        return table
    words = {
        kind: {**_default_words().get(kind, {}), **{str(word).lower(): value for word, value in own.items()}}
        for kind, own in ({kind: {} for kind in _default_words()} | given).items()
    }
    return {**table, "words": words}


@cache
def _default_words() -> dict[str, dict[str, Any]]:
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def _complaint(error: ValidationError, table: dict[str, Any]) -> str:
    """Say the first thing that is wrong with a map: where, what, and the nearest key that is known."""
    # What is missing is often there under a name that is not known.
    first = min(error.errors(), key=lambda each: each["type"] != "unexpected_keyword_argument")
    place = tidy(".".join(map(str, first["loc"])))
    if first["type"] == "unexpected_keyword_argument":
        key = str(first["loc"][-1])
        return f"{place} is no key of a map. {_nearest(key, _keys(first['loc'][:-1]))}"
    if first["type"] == "missing" or first["type"] == "missing_argument":
        return f"{place} is missing. Every map needs it; the maps in {FOLDER.name}/ show how."
    return f"{place} is not as it should be ({first['msg'].lower()}). The maps in {FOLDER.name}/ show how."


def _keys(place: tuple[int | str, ...]) -> tuple[str, ...]:
    """Give the keys that are known at a place of a map."""
    inner = {
        "columns": MapColumns,
        "join": JoinedTable,
        "label": LabelForm,
        "words": MapWords,
        "leave_out": RowExclusion,
    }
    named = [part for part in place if isinstance(part, str)]
    kind = inner.get(named[-1], ColumnMap) if named else ColumnMap
    return tuple(each.name for each in fields(kind))


def _nearest(key: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(known)}."


_ADAPTER = TypeAdapter(ColumnMap)
