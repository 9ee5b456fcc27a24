"""Labels: from what a row says a picture shows to the condition it is, or the reason why it cannot be told.

The one idea: a picture has one label or it is left out; nothing is guessed, and a label that no condition goes by
is named with the nearest that one does. This does not know what a condition means.
"""

from __future__ import annotations

import ast
import difflib
from fnmatch import fnmatchcase
from functools import lru_cache

from personas.cases.maps import ColumnMap, RowExclusion
from personas.cases.tables import Row
from personas.conditions.book import Condition, conditions, find
from personas.values import Modality

SHOWS = {"photograph": "skin", "dermoscopy": "skin", "radiograph": "chest", "fundus": "eye"}
"""What each kind of picture can show a condition of: a "nodule" in a photograph is not one of the lung."""
SAME = 1e-6
"""Weights closer than this are equal."""


class Unusable(Exception):
    """A row cannot be a case; the message is the reason, as it is counted."""


def label(row: Row, columns: tuple[str, ...], chart: ColumnMap) -> str:
    """Give the one label of a row in our words. Raises `Unusable` without one, or with more."""
    form = chart.label.form
    if form == "one_hot":
        word = _one_hot(row, columns, chart.label.otherwise)
    else:
        text = value(row, columns)
        if form == "weighted":
            word = _weighted(text, chart.label.least)
        else:
            words = [text] if form == "word" else text.split(chart.label.separator)
            word = _single([each.strip() for each in words if each.strip()])
    return _ours(chart).get(number(word).lower(), word)


def condition(word: str, modality: Modality = "photograph") -> Condition:
    """Give the condition of a label. Raises `Unusable` when such a picture shows none by this name."""
    found = _found(word)
    if found is None:
        raise Unusable(f"unknown label {word!r}{_nearest(word)}")
    if found.speciality != SHOWS[modality]:
        raise Unusable(f"label {word!r} means {found.title!r}, which no {modality} shows")
    return found


def excluded(row: Row, exclusions: tuple[RowExclusion, ...]) -> str:
    """Give the reason why the data set's makers would leave a row out; empty when they would not."""
    for exclusion in exclusions:
        given = [text for name in exclusion.columns if (text := row.get(name, ""))]
        if given and all(any(fnmatchcase(text, each) for each in exclusion.values) for text in given):
            return exclusion.reason
    return ""


def value(row: Row, columns: tuple[str, ...]) -> str:
    """Give the first of the columns that is not empty; empty when all are."""
    return next((text for name in columns if (text := row.get(name, ""))), "")


def number(text: str) -> str:
    """Write a number as short as it goes ("3.0" is "3"), and leave any other text as it is."""
    try:
        return f"{float(text):g}"
    except ValueError:
        return text


def _one_hot(row: Row, columns: tuple[str, ...], otherwise: str) -> str:
    marks = {name: number(row.get(name, "")) for name in columns}
    if "-1" in marks.values():
        raise Unusable("its label is marked uncertain")
    chosen = [name for name, mark in marks.items() if mark.lower() in ("1", "true", "yes")]
    return _single(chosen or [otherwise] * bool(otherwise))


def _weighted(text: str, least: float) -> str:
    """Take the heaviest of `{'Eczema': 0.7, 'Tinea': 0.3}`, as Python writes it."""
    try:
        weights = ast.literal_eval(text or "{}")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise Unusable("its weighted label cannot be read") from None
    if not isinstance(weights, dict) or not all(map(_finite, weights.values())):
        raise Unusable("its weighted label cannot be read")
    if not weights:
        raise Unusable("it has no label")
    most = max(weights.values())
    first, *others = (name for name, weight in weights.items() if weight > most - SAME)
    if others or most < least:
        raise Unusable("its label is uncertain: no diagnosis outweighs the others")
    return str(first)


def _finite(weight: object) -> bool:
    return isinstance(weight, int | float) and abs(weight) < float("inf")


def _single(words: list[str]) -> str:
    if not words:
        raise Unusable("it has no label")
    if len(words) > 1:
        raise Unusable("it has several labels")
    return words[0]


@lru_cache(maxsize=4096)
def _found(word: str) -> Condition | None:
    return find(word)


@lru_cache(maxsize=4096)
def _nearest(word: str) -> str:
    names = sorted({name.lower() for each in conditions().values() for name in (each.title, *each.accepted)})
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.8)
    return f" (the nearest that is known: {near[0]!r})" if near else ""


def _ours(chart: ColumnMap) -> dict[str, str]:
    return {word.lower(): ours for word, ours in chart.label.words.items()}
