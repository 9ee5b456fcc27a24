"""A viewer as tests want it: a run served on loopback, its pages fetched and read as a browser would read them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from engine.site import Address
from engine.stage import open_stage
from engine.viewer import ViewWish, view

VOID = {"meta", "link", "img", "input", "br", "hr"}


@dataclass(slots=True)
class Node:
    """An element of a page."""

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    inside: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Give its words on one line."""
        return " ".join(self.words.split())

    @property
    def words(self) -> str:
        """Give its words as they stand."""
        return "".join(part if isinstance(part, str) else part.words for part in self.inside)

    @property
    def classes(self) -> set[str]:
        return set(self.attrs.get("class", "").split())

    def walk(self) -> Iterator[Node]:
        for part in self.inside:
            if isinstance(part, Node):
                yield part
                yield from part.walk()

    def all(self, tag: str = "", cls: str = "", **attrs: str) -> list[Node]:
        """Give all elements within of a tag, a class, and with these attributes."""
        return [
            node
            for node in self.walk()
            if (not tag or node.tag == tag)
            and (not cls or cls in node.classes)
            and all(node.attrs.get(name.replace("_", "-")) == value for name, value in attrs.items())
        ]

    def one(self, tag: str = "", cls: str = "", **attrs: str) -> Node:
        """Give the only such element."""
        (node,) = self.all(tag, cls, **attrs)
        return node


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("page")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop().tag == tag, f"{tag} ends what is not open: {self.open[-1]!r:.200}"

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def parsed(html: str) -> Node:
    """Read a page; every element must end where it may."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert len(builder.open) == 1, [node.tag for node in builder.open]
    return builder.open[0]


@dataclass(slots=True)
class Visitor:
    """Somebody who looks at pages."""

    client: aiohttp.ClientSession
    base: str
    told: str
    """What was announced."""

    async def page(self, path: str, status: int = 200, **request: Any) -> Node:
        """Fetch a page and read it."""
        html = await self.text(path, status, **request)
        return parsed(html)

    async def text(self, path: str, status: int = 200, **request: Any) -> str:
        async with self.client.get(f"{self.base}{path}", **request) as answer:
            assert answer.status == status, await answer.text()
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            return await answer.text()

    async def settle(self) -> None:
        """Wait until the journal is read to its end, as a page that is open does."""
        async with asyncio.timeout(30), self.client.get(f"{self.base}/feed") as feed:
            async for line in feed.content:
                if line.startswith(b"event: ") and read(await self.page("/about")):
                    break


def read(page: Node) -> bool:
    """Tell whether the journal was read to its end."""
    return not page.all(data_part="reading")


@asynccontextmanager
async def viewed(folder: Path, **wish: Any) -> AsyncIterator[Visitor]:
    """Serve a run while the block lasts, its journal read."""
    with tempfile.TemporaryDirectory() as place:
        told: asyncio.Queue[str] = asyncio.Queue()
        wished = ViewWish(**{"run": folder, "address": Address(), "place": Path(place)} | wish)
        async with open_stage() as stage, aiohttp.ClientSession() as client:
            stage.enter(view, wished, told.put_nowait, name="viewer")
            said = await told.get()
            visitor = Visitor(client, f"http://127.0.0.1:{urlsplit(said.split()[0]).port}", said)
            if wished.address.local:
                await visitor.settle()
            yield visitor
            stage.clear()
