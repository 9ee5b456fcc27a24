"""Pages as tests read them: headings, links, names and tables of a file of HTML, by the parser of the library."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr"}


@dataclass
class Element:
    """One element, with what is in it."""

    tag: str
    attributes: dict[str, str | None]
    inside: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Give all words in it, blanks tidied."""
        return re.sub(r"\s+", " ", self.words()).strip()

    def words(self) -> str:
        """Give them as they stand."""
        return "".join(one if isinstance(one, str) else one.words() for one in self.inside)

    def all(self, *tags: str) -> list[Element]:
        """Give the elements of these tags within it, in the order of the page."""
        found = []
        for one in self.inside:
            if isinstance(one, Element):
                found += [one] if one.tag in tags or not tags else []
                found += one.all(*tags)
        return found

    def named(self, name: str) -> Element:
        """Give the element with an id; StopIteration where there is none."""
        return next(one for one in self.all() if one.attributes.get("id") == name)

    def of(self, kind: str) -> list[Element]:
        """Give the elements of a class."""
        return [one for one in self.all() if kind in (one.attributes.get("class") or "").split()]


class Reader(HTMLParser):
    """Builds the tree; an element that is closed and was not open is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element(tag="", attributes={})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        one = Element(tag=tag, attributes=dict(attrs))
        self._open[-1].inside.append(one)
        if tag not in VOID:
            self._open.append(one)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].inside.append(Element(tag=tag, attributes=dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self._open[-1].tag != tag:
            left = self._open.pop()
            assert left.tag in ("li", "p"), f"<{left.tag}> is not closed before </{tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)


def read_page(text: str) -> Element:
    """Read a page."""
    reader = Reader()
    reader.feed(text)
    return reader.root
