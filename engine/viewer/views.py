"""A view: which conversations are looked at, in which order, from which on. All of it stands in the address.

The one idea: an address and a wish are two spellings of one thing, so a view can be bookmarked, sent on and gone back
to, and what is left out of an address is what is usual. Nothing here knows what a run holds: the index refuses what
it has not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from multidict import MultiMapping

from engine.errors import BadOption
from engine.index import Wish
from engine.viewer.wording import word

ROWS = 50
"""On a page."""
LISTS = {"model": "models", "arm": "arms", "state": "states", "reason": "reasons", "cap": "caps"}
"""What a facet is called in an address, and in a wish."""
WORDED = ("state", "reason")
"""Facets whose values have words for people."""
STRATUM, LEAST, MOST = "in.", "least.", "most."
"""How names begin that are followed by a stratum's or a dimension's."""
WORST, BEST = 1.0, 5.0
LAST_PAGE = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One condition of a view, and the way to take it off."""

    says: str
    without: str
    """The address of the view without it."""


def read_view(query: MultiMapping[str]) -> Wish:
    """Read a view from an address; BadOption for a number that is none. What is not known is passed over."""
    strata: dict[str, tuple[str, ...]] = {}
    bounds: dict[str, tuple[float, float]] = {}
    for name, value in query.items():
        if name.startswith(STRATUM):
            title = name.removeprefix(STRATUM)
            strata[title] = (*strata.get(title, ()), value)
        elif name.startswith((LEAST, MOST)) and value:
            kind, _, dimension = name.partition(".")
            low, high = bounds.get(dimension, (WORST, BEST))
            at = _number(value, name)
            bounds[dimension] = (at, high) if f"{kind}." == LEAST else (low, at)
    page = _number(query.get("page") or "1", "page")
    return Wish(
        text=query.get("q", "").strip(),
        **{field: tuple(dict.fromkeys(query.getall(name, ()))) for name, field in LISTS.items()},
        strata=strata,
        scores={name: both for name, both in bounds.items() if both != (WORST, BEST)},
        disagreement=_number(query.get("apart") or "0", "apart"),
        sort=query.get("sort") or "place",
        down=query.get("down", "") not in ("", "0"),
        offset=ROWS * (int(min(max(page, 1), LAST_PAGE)) - 1),
        limit=ROWS,
    )


def write_view(wish: Wish, *, at: bool = True) -> str:
    """Give the address's query; "" for the usual view. Without `at` it begins with the first page."""
    pairs = list(_pairs(wish))
    page = wish.offset // ROWS + 1
    if at and page > 1:
        pairs.append(("page", str(page)))
    return urlencode(pairs)


def at_view(wish: Wish, **changes: object) -> str:
    """Give the address of the page of all conversations under a view with changes, from its first page."""
    query = write_view(replace(wish, offset=changes.pop("offset", 0), **changes))
    return f"/?{query}" if query else "/"


def chips(wish: Wish, titles: Mapping[str, str]) -> tuple[Chip, ...]:
    """Give what is filtered by; `titles` are the models' own names for themselves."""
    return tuple(_chips(wish, titles))


def filtered(wish: Wish) -> bool:
    """Tell whether a view leaves anything out."""
    usual = Wish(sort=wish.sort, down=wish.down, offset=wish.offset, limit=wish.limit)
    return wish != usual


def _chips(wish: Wish, titles: Mapping[str, str]) -> Iterator[Chip]:
    if wish.text:
        yield Chip(says=f"“{wish.text}”", without=at_view(wish, text=""))
    for name, field in LISTS.items():
        chosen = getattr(wish, field)
        for value in chosen:
            says = titles.get(value, value) if name == "model" else value
            says = word(name, value) if name in WORDED else says
            yield Chip(
                says=f"{word('facet', name)}: {says}", without=at_view(wish, **{field: _less(chosen, value)})
            )
    for title, levels in wish.strata.items():
        for level in levels:
            rest = {**wish.strata, title: _less(levels, level)}
            kept = {name: values for name, values in rest.items() if values}
            yield Chip(says=f"{title}: {level}", without=at_view(wish, strata=kept))
    for dimension, (low, high) in wish.scores.items():
        kept_scores = {name: both for name, both in wish.scores.items() if name != dimension}
        yield Chip(says=f"{dimension} {low:g} to {high:g}", without=at_view(wish, scores=kept_scores))
    if wish.disagreement:
        says = f"jurors {wish.disagreement:g} or more apart"
        yield Chip(says=says, without=at_view(wish, disagreement=0.0))


def _less(values: Iterable[str], value: str) -> tuple[str, ...]:
    return tuple(one for one in values if one != value)


def _pairs(wish: Wish) -> Iterator[tuple[str, str]]:
    if wish.text:
        yield "q", wish.text
    for name, field in LISTS.items():
        yield from ((name, value) for value in getattr(wish, field))
    for title, levels in wish.strata.items():
        yield from ((f"{STRATUM}{title}", level) for level in levels)
    for dimension, (low, high) in wish.scores.items():
        if low != WORST:
            yield f"{LEAST}{dimension}", f"{low:g}"
        if high != BEST:
            yield f"{MOST}{dimension}", f"{high:g}"
    if wish.disagreement:
        yield "apart", f"{wish.disagreement:g}"
    if wish.sort != "place":
        yield "sort", wish.sort
    if wish.down:
        yield "down", "1"


def _number(text: str, name: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadOption(f"{name}={text!r} in the address is not a number: take it out, or give one.")
    return number
