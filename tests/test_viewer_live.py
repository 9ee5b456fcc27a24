"""A run that is played while somebody looks at it grows on the page, and nothing is read while nobody looks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest

from engine.viewer import pulse
from tests.indexed import STORY, lines, made
from tests.viewed import viewed

WHOLE = lines(STORY)


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setattr(pulse, "BEAT", 0.02)


def grow(run: Path, start: int, end: int | None = None, torn: bytes = b"") -> None:
    with (run / "journal" / "0001.jsonl").open("ab") as file:
        file.writelines(WHOLE[start:end])
        file.write(torn)


class Feed:
    """What a page hears."""

    def __init__(self, stream) -> None:
        self._stream = stream

    async def grown(self) -> str:
        """Give what the page is told next, what says nothing left out."""
        async with asyncio.timeout(10):
            while True:
                kind = (await self._stream.readline()).decode()
                if kind.startswith("event: grown"):
                    return orjson.loads((await self._stream.readline()).removeprefix(b"data: "))


async def test_a_list_hears_of_what_is_new_and_shows_it(tmp_path):
    run = made(tmp_path / "run", b"")
    async with viewed(run) as visitor:
        page = await visitor.page("/")
        assert "Nothing is recorded yet" in page.text
        async with visitor.client.get(f"{visitor.base}/feed") as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            feed = Feed(answer.content)
            assert await feed.grown() == page.one("div", id="live").attrs["data-seen"]
            for start, end in ((0, 7), (7, 20), (20, None)):
                grow(run, start, end)
                told = await feed.grown()
                page = await visitor.page("/")
                assert page.one("div", id="live").attrs["data-seen"] == told
        assert {row.attrs["class"].split("is-")[1] for row in page.all("tr", "row")} >= {"judged", "running"}


async def test_a_conversation_grows_turn_by_turn(tmp_path):
    run = made(tmp_path / "run", b"".join(WHOLE[:6]))
    name = STORY[3][0]
    async with viewed(run) as visitor:
        page = await visitor.page(f"/conversation/{name}")
        assert len(page.all("li", "turn")) == 1
        async with visitor.client.get(f"{visitor.base}/feed?of={name}") as answer:
            feed = Feed(answer.content)
            assert await feed.grown() == page.one("div", id="live").attrs["data-seen"]
            grow(run, 6, 8)
            await feed.grown()
            page = await visitor.page(f"/conversation/{name}")
            assert len(page.all("li", "turn")) == 2
            grow(run, 8, 10)  # of another conversation, of which this page hears nothing
            grow(run, 10, 11)
            assert (await feed.grown()).startswith("ended.")


async def test_half_a_line_never_happened(tmp_path):
    run = made(tmp_path / "run", b"".join(WHOLE[:6]))
    name = STORY[3][0]
    async with viewed(run) as visitor:
        grow(run, 6, 7, torn=WHOLE[7][:40])
        assert len((await visitor.page(f"/conversation/{name}")).all("li", "turn")) == 1
        grow(run, 0, 0, torn=WHOLE[7][40:])
        assert len((await visitor.page(f"/conversation/{name}")).all("li", "turn")) == 2


async def test_a_page_that_is_asked_for_anew_shows_what_is_new_without_a_feed(tmp_path):
    run = made(tmp_path / "run", b"")
    async with viewed(run) as visitor:
        grow(run, 0)
        page = await visitor.page("/")
        assert "judged" in {row.attrs["class"].split("is-")[1] for row in page.all("tr", "row")}


async def test_the_end_of_a_run_is_said(tmp_path):
    end = next(place for place, (_, body) in enumerate(STORY) if body.kind == "run_finished")
    run = made(tmp_path / "run", b"".join(WHOLE[:end]))
    async with viewed(run) as visitor:
        page = await visitor.page("/")
        assert "The run is over" not in page.text
        assert "resume" in page.one("section", "progress").text  # its events are of long ago
        grow(run, end, end + 1)
        assert "The run is over" in (await visitor.page("/")).text


async def test_nobody_listens_any_more_and_nothing_is_looked_at(tmp_path, monkeypatch):
    run = made(tmp_path / "run")
    looks = 0
    look = pulse.Pulse.look

    async def counted(self) -> None:
        nonlocal looks
        looks += 1
        await look(self)

    async with viewed(run) as visitor:
        await asyncio.sleep(0.1)  # the last listener's look may be under way
        monkeypatch.setattr(pulse.Pulse, "look", counted)
        await asyncio.sleep(0.1)
        assert looks == 0
        async with visitor.client.get(f"{visitor.base}/feed") as answer:
            await Feed(answer.content).grown()
            await asyncio.sleep(0.1)
            assert looks > 1
        await asyncio.sleep(0.1)
        after = looks
        await asyncio.sleep(0.1)
        assert looks == after


async def test_a_run_that_is_taken_away_is_told_and_comes_back(tmp_path):
    run = made(tmp_path / "run")
    async with viewed(run) as visitor:
        (run / "journal").rename(tmp_path / "elsewhere")
        page = await visitor.page("/")
        assert page.all("h1")
        (tmp_path / "elsewhere").rename(run / "journal")
        page = await visitor.page("/")
        assert "judged" in {row.attrs["class"].split("is-")[1] for row in page.all("tr", "row")}


async def test_much_that_is_new_is_read_piece_by_piece_and_said(tmp_path, monkeypatch):
    run = made(tmp_path / "run", b"".join(WHOLE[:6]))
    async with viewed(run) as visitor:
        monkeypatch.setattr(pulse, "PIECE", 300)
        grow(run, 6)
        assert "being read" in (await visitor.page("/about")).text
        await visitor.settle()
        assert len((await visitor.page("/?state=judged")).all("tr", "row")) == 3
