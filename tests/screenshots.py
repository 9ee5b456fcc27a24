"""Pictures of every page, in three widths, light and dark: made to be looked at.

    python -m tests.screenshots [--out DIR] [--run RUN] [--only NAME] …

The one idea: a page is a line of `PAGES`: what the program is asked to show, and what is done before the picture. A
small simulated run is played where none is given; one that is given is copied and not changed. Nothing here judges a
picture: people do.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.acted import ROOT, program
from tests.browser import DESK, PHONE, TABLET, chromium, unfold, watched

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

WIDTHS = (PHONE, TABLET, DESK)
SCHEMES = ("light", "dark")
HIGHEST = 4_000
"""px; of what is longer, the beginning is shown."""
SETTLING = 400
"""Milliseconds until what fades in has."""
RUN, OTHER, SIDE = "{run}", "{other}", "{side}"
"""Places that are filled in: the run, another one, a folder for what is written beside them."""
Act = Callable[["Page"], Awaitable[object]]


async def stay(page: Page) -> None:
    """Do nothing."""


async def first_conversation(page: Page) -> None:
    await page.goto(await page.locator(".rows .go").first.evaluate("(one) => one.href"))


async def first_call(page: Page) -> None:
    await first_conversation(page)
    await follow(page, "/call/")


async def side_by_side(page: Page) -> None:
    await first_conversation(page)
    await follow(page, "/compare")


async def some(page: Page) -> None:
    await page.goto(f"{page.url}?sort=overall&model=nova-pro&model=gpt-5.1")


async def about(page: Page) -> None:
    await page.goto(f"{page.url}about")


async def begun(page: Page) -> None:
    """Close the greeting."""
    button = page.locator("dialog[open] button").first
    if await button.count():
        await button.click()


async def follow(page: Page, part: str) -> None:
    """Go to the first link that has this in its address."""
    links = await page.evaluate("[...document.links].map((one) => one.href)")
    await page.goto(next((link for link in links if part in link), page.url))


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A page that is looked at."""

    name: str
    asked: tuple[str, ...]
    """What the program is asked; where it serves, it says its address."""
    file: str = ""
    """The page it writes; empty where it serves one."""
    act: Act = stay
    """What is done before the picture."""


VIEW = ("view", RUN, "--port", "0")
ANNOTATE = ("annotate", RUN, "--sample", "6", "--port", "0", "--annotator")
PAGES = (
    PageView(name="report", asked=("report", RUN), file=f"{RUN}/report/index.html"),
    PageView(name="report-open", asked=("report", RUN), file=f"{RUN}/report/index.html", act=unfold),
    PageView(
        name="runs", asked=("report", RUN, OTHER, "--out", f"{SIDE}/runs"), file=f"{SIDE}/runs/index.html"
    ),
    PageView(name="list", asked=VIEW),
    PageView(name="filtered", asked=VIEW, act=some),
    PageView(name="conversation", asked=VIEW, act=first_conversation),
    PageView(name="call", asked=VIEW, act=first_call),
    PageView(name="compare", asked=VIEW, act=side_by_side),
    PageView(name="about", asked=VIEW, act=about),
    PageView(name="annotation-greeting", asked=(*ANNOTATE, "anna")),
    PageView(name="annotation", asked=(*ANNOTATE, "anna"), act=begun),
    PageView(name="adjudication", asked=(*ANNOTATE, "chair", "--adjudicate")),
    PageView(
        name="play",
        asked=(
            "play",
            "--role",
            "assistant",
            "--scenario",
            "1",
            "--web",
            "--port",
            "0",
            "--run",
            f"{SIDE}/play",
        ),
    ),
)


async def shoot(browser: Browser, view: PageView, address: str, out: Path) -> list[str]:
    """Take all pictures of one page; what went wrong on it is told, a line each."""
    told = []
    for width in WIDTHS:
        for scheme in SCHEMES:
            options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
            async with watched(browser, **options) as context:
                page = await context.new_page()
                await page.goto(address)
                await page.wait_for_timeout(SETTLING)
                await view.act(page)
                await page.wait_for_timeout(SETTLING)
                await page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
                path = out / f"{view.name}-{width}-{scheme}.png"
                long = await page.evaluate("document.documentElement.scrollHeight")
                clip = {"x": 0, "y": 0, "width": width, "height": max(900, min(long, HIGHEST))}
                await page.screenshot(path=path, full_page=True, clip=clip)
                cut = f", {long} px long" if long > HIGHEST else ""
                told.append(f"{path.name:40} {path.stat().st_size / 1e3:7.0f} kB{cut}")
    return told


async def look(browser: Browser, view: PageView, places: dict[str, str], out: Path) -> list[str]:
    """Have the program write or serve a page, and take its pictures."""
    asked = [re.sub(r"\{\w+\}", lambda found: places[found.group()], word) for word in view.asked]
    async with AsyncExitStack() as stack:
        if not view.file:
            address, _ = await stack.enter_async_context(program(*asked))
            return await shoot(browser, view, address, out)
        await command(*asked)
        path = re.sub(r"\{\w+\}", lambda found: places[found.group()], view.file)
        return await shoot(browser, view, Path(path).resolve().as_uri(), out)


async def command(*words: str) -> None:
    """Give a command, and wait for its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "run.py", *words, cwd=ROOT, stdin=DEVNULL, stdout=DEVNULL
    )
    if await process.wait():
        raise SystemExit(f"run.py {' '.join(words)} failed.")


async def main(wish: argparse.Namespace) -> None:
    """Make a run where none is given, and take the pictures."""
    wish.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="imcbench-pages-") as place:
        run, other = Path(place, "first"), Path(place, "second")
        if wish.run:
            shutil.copytree(wish.run, run)
        else:
            await command("--models", "all", "--scenarios", "3", "--run", str(run), "--quiet")
        views = [view for view in PAGES if not wish.only or view.name in wish.only]
        if any(OTHER in view.asked for view in views):
            await command("--models", "gpt-5.1,nova-pro", "--scenarios", "2", "--run", str(other), "--quiet")
        places = {RUN: str(run), OTHER: str(other), SIDE: place}
        async with chromium() as browser:
            for view in views:
                try:
                    print("\n".join(await look(browser, view, places, wish.out)), flush=True)
                except (AssertionError, SystemExit, TimeoutError) as error:
                    print(f"{view.name}: no picture: {error}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("build/pages"), help="folder of the pictures")
    parser.add_argument("--run", type=Path, help="a run to show; a small simulated one when left out")
    parser.add_argument(
        "--only", action="append", choices=[view.name for view in PAGES], help="one page; again for another"
    )
    asyncio.run(main(parser.parse_args()))
