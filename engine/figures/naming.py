"""What a figure calls things: names of strangers, short enough for a label and all of them different.

Nothing here knows what a name stands for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from math import ceil
from typing import Any

from engine.cells import PARTED
from engine.console.clean import flatten
from engine.figures.values import Matter
from engine.prose import short
from engine.results import Results

LONGEST = 19
"""Letters of a label."""
BROAD = frozenset("mwMW@%…")
UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold."""


def plain(text: Any) -> str:
    """Give a stranger's words on one line, as they can be shown."""
    return UNWRITABLE.sub("�", flatten(str(text)))


def breadth(text: str) -> int:
    """Give how many letters' room a text takes: ideographs and their like take two, marks on letters none."""
    return ceil(sum(map(_breadth, text)))


def _breadth(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1.4 if letter in BROAD else 1


def fitted(text: Any, longest: int = LONGEST) -> str:
    """Give a stranger's words on one line, cut in their middle to the room of so many letters."""
    whole = plain(text)
    most = longest
    while breadth(cut := short(whole, most)) > longest:
        most -= 1
    return cut


def labels(names: Iterable[str], longest: int = LONGEST) -> dict[str, str]:
    """Give a label for each name; names that look alike are numbered."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys(names):
        label, number = fitted(name, longest) or "–", 1
        while label in taken:
            number += 1
            label = f"{fitted(name, longest - len(str(number)) - 1)} {number}"
        taken.add(label)
        found[name] = label
    return found


def title_of(results: Results, model: str) -> str:
    """Give the title of a model, without its arm."""
    found = results.titles.get(model)
    if found is None:
        one = results.plan.models.get(model) or results.plan.cast.get(model) or {}
        found = str(one.get("title", model))
    return found


def family_of(results: Results, model: str) -> str:
    """Give the family of a model under test, a juror or a script; "" where nobody told."""
    name = model.partition(PARTED)[0]
    one = results.plan.models.get(name) or results.plan.cast.get(name) or {}
    return str(one.get("family", ""))


def model_labels(matter: Matter, models: Iterable[str]) -> dict[str, str]:
    """Give a label for each model, from its title."""
    models = list(dict.fromkeys(models))
    titles = [title_of(matter.results, model) for model in models]
    if len(set(titles)) == len(titles):
        by = labels(titles)
        return {model: by[title] for model, title in zip(models, titles, strict=True)}
    return labels(models)
