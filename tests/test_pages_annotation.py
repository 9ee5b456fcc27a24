"""The annotation page in a real browser: what a clinician said is there after a reload, a kill and a new start."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest

from tests.acted import ROOT, WORDS, program
from tests.browser import (
    DESK,
    IN_BROWSER,
    PHONE,
    harmless,
    overhang,
    quiet,
    unfold,
    until,
    violations,
    watch_of,
)

pytestmark = IN_BROWSER


@pytest.fixture
def run(acted, tmp_path) -> Path:
    """Give a copy of the run: annotating writes into it."""
    return Path(shutil.copytree(acted, tmp_path / "run"))


@asynccontextmanager
async def annotating(run: Path, port: int = 0, who: str = "anna") -> AsyncIterator[tuple[str, object]]:
    async with program("annotate", run, "--annotator", who, "--sample", "3", "--port", str(port)) as (
        link,
        process,
    ):
        yield link, process


def home(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc}/"


async def begin(page, link: str) -> None:
    """Open the page, which takes the key out of its address, and close what greets whoever comes the first time."""
    await page.goto(link)
    await page.wait_for_url(lambda url: "key=" not in url)
    await page.locator("#help").wait_for()
    greeting = page.locator("dialog[open] button").first
    if await greeting.count():
        await greeting.click()


async def score(page, key: str) -> None:
    """Give a score by the keyboard, and wait until the page says that it is kept."""
    await page.evaluate("document.getElementById('saved').textContent = ''")
    await page.keyboard.press(key)
    await until(page, "/^Saved \\d/.test(document.getElementById('saved').textContent)")


async def given(page) -> list[str]:
    """Give what the page says was scored, question by question of the conversation on the screen."""
    return await page.evaluate(
        "[...document.querySelectorAll('.given')].map((one) => one.textContent.trim())"
    )


def kept(run: Path) -> set[int | None]:
    """Give the scores that are in the run's file of marks."""
    lines = [
        orjson.loads(line)
        for path in (run / "annotations").rglob("*.jsonl")
        for line in path.read_bytes().splitlines()
    ]
    return {line["opinion"]["score"] for line in lines if "opinion" in line}


async def test_what_was_scored_outlives_a_reload_a_kill_and_a_new_start(page, run):
    async with annotating(run) as (link, process):
        await begin(page, link)
        await score(page, "4")
        await page.reload()
        await begin(page, page.url)
        assert await given(page) == ["4", "–", "–"]
        await page.locator(".tab").nth(1).click()
        await score(page, "2")
        quiet(page, home(link))
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with annotating(run) as (again, _):
        await begin(page, again)
        assert await given(page) == ["4", "2", "–"]
        quiet_but_for_the_kill(page)
    assert kept(run) == {2, 4}


def quiet_but_for_the_kill(page) -> None:
    """Hold that nothing but the lost connection was heard of."""
    strange = [said for said in watch_of(page).errors if "ERR_CONNECTION_REFUSED" not in said]
    assert strange == []


async def test_a_server_that_is_gone_is_told_and_what_was_said_meanwhile_is_kept_when_it_is_back(page, run):
    async with annotating(run) as (link, process):
        port = urlsplit(link).port
        await begin(page, link)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await page.keyboard.press("5")
        await until(page, "/^Not saved yet/.test(document.getElementById('saved').textContent)")
        assert kept(run) == set()
    async with annotating(run, port) as (_, _again):
        await until(page, "/^Saved \\d/.test(document.getElementById('saved').textContent)")
        assert kept(run) == {5}


async def test_nobody_is_kept_out_and_no_width_scrolls_sideways(page, run):
    async with annotating(run) as (link, _):
        await begin(page, link)
        await unfold(page)
        assert await violations(page) == []
        await page.emulate_media(color_scheme="dark")
        assert await violations(page) == []
        for width in (PHONE, DESK):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await overhang(page) == 0
        quiet(page, home(link))


async def test_no_model_is_named_on_a_blinded_page(page, run):
    async with annotating(run) as (link, _):
        await begin(page, link)
        for name in ("gpt-5.1", "nova-pro", "GPT-5.1", "Nova Pro"):
            assert name not in await page.content()


async def test_what_a_model_says_stays_text(page, planted, tmp_path):
    run = Path(shutil.copytree(planted, tmp_path / "run"))
    async with annotating(run) as (link, _):
        await begin(page, link)
        await page.set_viewport_size({"width": PHONE, "height": 800})
        quiet(page, home(link))
        await harmless(page)
        said = await page.evaluate("document.querySelector('.turns').textContent")
        assert WORDS[:40] in said
        assert not {"\u202e", "\x1b"} & {*said}
        assert await overhang(page) == 0


async def test_a_pack_works_from_the_disk_and_keeps_what_was_said_over_a_reload(page, run, tmp_path):
    words = ("annotate", run, "--annotator", "anna", "--sample", "3", "--pack", tmp_path / "pack")
    process = await asyncio.create_subprocess_exec(sys.executable, "run.py", *map(str, words), cwd=ROOT)
    assert await process.wait() == 0
    (path,) = (tmp_path / "pack").rglob("*.html")
    await begin(page, path.as_uri())
    await page.keyboard.press("3")
    await page.wait_for_timeout(300)
    await page.reload()
    assert await given(page) == ["3", "–", "–"]
