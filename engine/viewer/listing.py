"""The page of all conversations: rows, what can be chosen next with its counts, and the ways through.

Nothing here knows how a page looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from engine.index import FACETS, OVERALL, Found, Summary, Wish
from engine.plan import Plan
from engine.viewer.views import LISTS, ROWS, STRATUM, Chip, at_view, chips, write_view
from engine.viewer.wording import word, words
from rubrics.values import Rubric

FALLING = frozenset({"disagreement", "turns", "calls", "input", "output", "cost", "seconds", "began", "over"})
"""What is looked at from its largest value on; a score is looked at from its worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A value that can be filtered by."""

    value: str
    says: str
    count: int
    """Conversations with it, under the other conditions."""
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What can be chosen of one facet."""

    name: str
    """In the address."""
    title: str
    choices: tuple[Choice, ...]

    @property
    def active(self) -> bool:
        """Tell whether something of it is chosen."""
        return any(choice.chosen for choice in self.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A heading by which rows are sorted when it is followed."""

    key: str
    says: str
    link: str
    order: str
    """"ascending" or "descending" where the rows are sorted by it, else "none"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A conversation, and the way to its page."""

    summary: Summary
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of conversations."""

    wish: Wish
    found: Found
    rows: tuple[Row, ...]
    facets: tuple[Choices, ...]
    chips: tuple[Chip, ...]
    columns: Mapping[str, Column]
    sorts: tuple[tuple[str, str], ...]
    """What can be sorted by, with its words."""
    page: int
    pages: int
    previous: str
    """Address of the page before; empty for none."""
    next: str

    @property
    def first(self) -> int:
        """Give the number of the first row, from 1."""
        return self.wish.offset + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Give the number of the last row."""
        return self.wish.offset + len(self.rows)


def list_page(wish: Wish, found: Found, plan: Plan, rubric: Rubric, titles: Mapping[str, str]) -> Listing:
    """Lay out a page of conversations that were found."""
    caps = {f"{one.name}/{cap.key}": cap.text for one in rubric.dimensions for cap in one.caps}
    pages = max(1, -(-found.total // ROWS))
    page = wish.offset // ROWS + 1
    sorts = (*words("sort"), *plan.dimensions)
    return Listing(
        wish=wish,
        found=found,
        rows=tuple(
            Row(summary=one, link=at_conversation(one.id, wish, wish.offset + place))
            for place, one in enumerate(found.rows)
        ),
        facets=tuple(_facets(wish, found, titles, caps)),
        chips=chips(wish, titles),
        columns={key: _column(wish, key) for key in sorts},
        sorts=tuple((key, word("sort", key)) for key in (OVERALL, *plan.dimensions, *words("sort")) if key),
        page=page,
        pages=pages,
        previous=at_view(wish, offset=wish.offset - ROWS) if 1 < page <= pages + 1 else "",
        next=at_view(wish, offset=wish.offset + ROWS) if page < pages else "",
    )


def at_conversation(name: str, wish: Wish | None = None, place: int | None = None) -> str:
    """Give the address of a conversation's page; with the view that it was found in, and its place there."""
    path = f"/conversation/{quote(name, safe='/')}"
    if wish is None or place is None:
        return path
    view = write_view(wish, at=False)
    return f"{path}?{urlencode([*([('from', view)] if view else []), ('at', place)])}"


def _column(wish: Wish, key: str) -> Column:
    now = wish.sort == key
    down = not wish.down if now else key in FALLING
    order = ("descending" if wish.down else "ascending") if now else "none"
    says = word("sort", key)
    return Column(key=key, says=says, link=at_view(wish, sort=key, down=down), order=order)


def _facets(
    wish: Wish, found: Found, titles: Mapping[str, str], caps: Mapping[str, str]
) -> Iterator[Choices]:
    for title, counts in found.facets.items():
        own = title in FACETS
        chosen = getattr(wish, LISTS[title]) if own else wish.strata.get(title, ())
        choices = tuple(
            Choice(
                value=value,
                says=_called(title, value, titles, caps) if own else value,
                count=count,
                chosen=value in chosen,
            )
            for value, count in counts.items()
        )
        if len(choices) > 1 or chosen:
            name = title if own else f"{STRATUM}{title}"
            yield Choices(name=name, title=word("facet", title), choices=choices)


def _called(facet: str, value: str, titles: Mapping[str, str], caps: Mapping[str, str]) -> str:
    if facet == "model":
        return titles.get(value, value)
    if facet == "cap":
        return f"{value}: {caps[value]}" if value in caps else value
    return word(facet, value) if facet in ("state", "reason") else value
