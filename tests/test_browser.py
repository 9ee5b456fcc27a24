"""The browser of the tests sees what goes wrong on a page, and lets nothing out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.browser import IN_BROWSER, PHONE, drawn, overhang, quiet, tabbed, violations, watch_of

pytestmark = IN_BROWSER
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title>
<body><main><h1>A page</h1>{}</main>"""


@pytest.fixture
def written(tmp_path: Path):
    """Give the address of a page with this in it."""

    def write(body: str) -> str:
        path = tmp_path / "page with a space.html"
        path.write_text(PAGE.format(body), encoding="utf-8")
        return path.as_uri()

    return write


async def test_a_page_of_words_is_quiet(page, written):
    await page.goto(written("<p>Words.</p>"))
    quiet(page)
    assert await overhang(page) == 0
    assert await violations(page) == []


@pytest.mark.parametrize(
    "body",
    [
        "<script>throw new Error('planted')</script>",
        "<script>console.error('planted')</script>",
        "<script>alert('planted')</script>",
        "<img src='no-such-picture.png' alt=''>",
        "<meta http-equiv='Content-Security-Policy' content=\"style-src 'none'\"><p style='color: red'>Words.",
    ],
)
async def test_what_goes_wrong_unseen_is_heard(page, written, body):
    await page.goto(written(body))
    await page.wait_for_timeout(50)
    with pytest.raises(AssertionError):
        quiet(page)


async def test_nothing_leaves_this_machine_and_what_wanted_to_is_told(page, written):
    await page.goto(
        written("<img src='https://example.org/a.png' alt=''><script>fetch('http://10.0.0.1/b')</script>")
    )
    await page.wait_for_timeout(50)
    assert sorted(watch_of(page).refused) == ["http://10.0.0.1/b", "https://example.org/a.png"]


async def test_a_request_to_this_machine_is_allowed_by_name_only(page, written):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        await page.goto(host)
        quiet(page, host)
        with pytest.raises(AssertionError):
            quiet(page)


async def test_an_empty_figure_is_not_drawn_however_many_axes_it_has(page, written):
    frame = "<figure id='{}'><svg width='90' height='90' role='img' aria-label='x'>{}</svg></figure>"
    axis = "<g class='mark-group role-axis'><path d='M0,0H80'/></g>"
    mark = "<g class='mark-symbol role-mark'><path d='M5,5h4v4z'/></g>"
    nothing = "<g class='mark-rect role-mark'><path d='M5,5'/></g>"
    await page.goto(written(frame.format("full", axis + mark) + frame.format("empty", axis + nothing)))
    assert {one["name"]: one["marks"] for one in await drawn(page)} == {"full": 1, "empty": 0}


async def test_a_page_that_is_too_wide_and_what_only_a_mouse_can_reach_are_found(page, written):
    await page.set_viewport_size({"width": PHONE, "height": 700})
    wide = "<p style='width: 900px'><img src='data:,'>"
    await page.goto(written(f"<a href='#a'>One</a><button>Two</button><div onclick='0'>Three</div>{wide}"))
    assert await overhang(page) > 0
    assert await tabbed(page) == ["a One", "button Two"]
    assert "image-alt" in " ".join(await violations(page))
