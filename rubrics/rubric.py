"""Reads a rubric from its TOML file, or says in one sentence why it cannot be used.

Everything turns on refusing early: a rubric that is wrong in any way is refused when it is loaded, before a
juror has cost anything. What the words of a rubric mean, and whether they are clinically right, is not known
here.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

from rubrics.errors import Unusable
from rubrics.nearest import nearest
from rubrics.values import Cap, Dimension, Rubric

BUILT_IN = Path(__file__).with_name("imcbench.toml")
LEVELS = ("U0", "U1", "U2", "U3", "U4", "U5")
ANCHORS = 5
RUBRIC_KEYS = ("name", "version", "status", "levels", "dimension")
DIMENSION_KEYS = ("name", "question", "anchors", "cap")
CAP_KEYS = ("key", "most", "text")
SHORT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,15}")
"""A cap's key: jurors name a cap by it, and providers hold them to the list."""
NAMED = re.compile(r"\w[\w .,'-]{0,39}")
"""A dimension's name: part of a vote's address, whose parts are parted by slashes, and a cell of every table."""
RESERVED = "overall"
"""The leaderboard's own name for the mean over dimensions."""


def load_rubric(path: Path | str | None = None) -> Rubric:
    """Load a rubric file, or the built-in one.

    Texts come back with their line breaks and indentation folded into single spaces.
    Raises Unusable, naming file, place and next step, when the file is missing, is not TOML, has an unknown
    key, lacks a level or a dimension, names a dimension or a cap of it twice, has not exactly five distinct,
    non-empty anchors, or has a cap without a bound from 1 to 4.
    """
    file = BUILT_IN if path is None else Path(path)
    raw, content = _parse(file)
    _known(content, RUBRIC_KEYS, str(file))
    return Rubric(
        name=_text(content, "name", str(file)),
        version=_text(content, "version", str(file)),
        status=_text(content, "status", str(file)),
        levels=_levels(content, file),
        dimensions=_dimensions(content, file),
        digest=hashlib.sha256(raw).hexdigest(),
        source=raw.decode(),
    )


def _parse(file: Path) -> tuple[bytes, dict[str, Any]]:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise Unusable(
            f"{file}: cannot be read ({error.strerror}); give the path of a rubric in TOML"
        ) from error
    try:
        return raw, tomllib.loads(raw.decode())
    except UnicodeDecodeError as error:
        raise Unusable(f"{file}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except (ValueError, RecursionError) as error:  # TOML too long or deep has no error of its own
        raise Unusable(f"{file}: not TOML: {error}; correct the file there") from error


def _levels(content: dict[str, Any], file: Path) -> dict[str, str]:
    place = f"{file}: [levels]"
    levels = content.get("levels")
    if not isinstance(levels, dict):
        raise Unusable(f"{place} is missing; add it with the keys {', '.join(LEVELS)}")
    _known(levels, LEVELS, place)
    return {level: _text(levels, level, place) for level in LEVELS}


def _dimensions(content: dict[str, Any], file: Path) -> tuple[Dimension, ...]:
    tables = content.get("dimension")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise Unusable(f"{file}: has no dimensions; add at least one [[dimension]] table")
    dimensions: dict[str, Dimension] = {}
    for number, table in enumerate(tables, start=1):
        dimension = _dimension(table, f"{file}: [[dimension]] {number}")
        if dimension.name in dimensions or dimension.name == RESERVED:
            why = "kept for the mean over dimensions" if dimension.name == RESERVED else "already taken"
            raise Unusable(f"{file}: [[dimension]] {number}: the name {dimension.name!r} is {why}; rename it")
        dimensions[dimension.name] = dimension
    return tuple(dimensions.values())


def _dimension(table: dict[str, Any], place: str) -> Dimension:
    _known(table, DIMENSION_KEYS, place)
    name = _text(table, "name", place)
    if not NAMED.fullmatch(name):
        raise Unusable(f"{place}: the name {name!r} is none; take up to 40 letters, digits, blanks or dashes")
    place = f"{place} ({name!r})"
    anchors = _texts(table, "anchors", place)
    if len(anchors) != ANCHORS:
        raise Unusable(f"{place}: {len(anchors)} anchors; write exactly {ANCHORS}, worst to best")
    if len(set(anchors)) != ANCHORS:
        raise Unusable(f"{place}: two anchors are the same; say what tells them apart")
    question = _text(table, "question", place)
    return Dimension(name=name, question=question, anchors=anchors, caps=_caps(table, place))


def _caps(table: dict[str, Any], place: str) -> tuple[Cap, ...]:
    tables = table.get("cap", [])
    if not isinstance(tables, list) or not all(isinstance(entry, dict) for entry in tables):
        raise Unusable(f"{place}: 'cap' is not a list of tables; write [[dimension.cap]] above each")
    caps: dict[str, Cap] = {}
    for number, entry in enumerate(tables, start=1):
        cap = _cap(entry, f"{place}: [[dimension.cap]] {number}")
        if cap.key in caps:
            where = f"{place}: [[dimension.cap]] {number}"
            raise Unusable(f"{where}: the key {cap.key!r} is already taken in this dimension; rename it")
        caps[cap.key] = cap
    return tuple(caps.values())


def _cap(table: dict[str, Any], place: str) -> Cap:
    _known(table, CAP_KEYS, place)
    key = _text(table, "key", place)
    if not SHORT.fullmatch(key):
        raise Unusable(f"{place}: the key {key!r} is no short word; take up to 16 letters and digits")
    place = f"{place} ({key!r})"
    text = _text(table, "text", place)
    if "most" not in table:
        raise Unusable(f"{place}: 'most' is missing; add the highest score it allows, 1 to {ANCHORS - 1}")
    most = table["most"]
    if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most < ANCHORS:
        raise Unusable(f"{place}: 'most' is {most!r}; write a whole number from 1 to {ANCHORS - 1}")
    return Cap(key=key, text=text, most=most)


def _known(table: dict[str, Any], known: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in known:
            step = nearest(key, known, f"the keys here are {', '.join(known)}")
            raise Unusable(f"{place}: unknown key {key!r}; {step}")


def _text(table: dict[str, Any], key: str, place: str) -> str:
    if key not in table:
        raise Unusable(f"{place}: {key!r} is missing; add it")
    return _plain(table[key], f"{place}: {key!r}")


def _texts(table: dict[str, Any], key: str, place: str) -> tuple[str, ...]:
    entries = table.get(key)
    if not isinstance(entries, list):
        raise Unusable(f"{place}: {key!r} is missing or not a list; write a list of texts")
    return tuple(
        _plain(entry, f"{place}: {key!r} number {number}") for number, entry in enumerate(entries, start=1)
    )


def _plain(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise Unusable(f"{place} is not text; put it in quotation marks")
    if not value.strip():
        raise Unusable(f"{place} is empty; write it or take it out")
    return " ".join(value.split())
