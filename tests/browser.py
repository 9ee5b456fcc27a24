"""The browser of the tests: Debian's Chromium, headless, that reaches nothing beyond this machine.

The one idea: every page is watched from before its first byte, so that a test can say `quiet(page)`: no error on the
console, nothing refused by the content security policy, and not one request but those it allows. One browser serves
a whole session; every test has a context of its own, with nothing remembered. Where there is no Chromium, or it
cannot start, the tests that want one are skipped with the reason. Nothing here knows a page of ours.
"""

from __future__ import annotations

import asyncio
import importlib.resources
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page, Request, Route

IN_BROWSER = pytest.mark.asyncio(loop_scope="session")
"""What a module with tests in the browser says: `pytestmark = IN_BROWSER`. One browser means one loop."""
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    *("--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run", "--disable-features=Translate,OptimizationHints,MediaRouter"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
HERE = {"127.0.0.1", "localhost", "::1"}
INSIDE = {"file", "data", "blob", "about"}
"""Schemes that reach no network."""
SLOWEST = 10_000
"""Milliseconds that anything may take to appear on this machine, however busy."""
PHONE, TABLET, DESK = 360, 820, 1440
"""Widths, px."""
TOLD = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI || "something inline"}`);
});
"""

AXE = """async () => {
  const away = [...document.querySelectorAll("svg[role=img]")].map((svg) => [svg, [...svg.childNodes]]);
  const kept = (one) => /^(title|desc)$/.test(one.nodeName);
  for (const [svg, inner] of away) svg.replaceChildren(...inner.filter(kept));
  const kinds = new Map();
  for (const one of document.body.querySelectorAll("*")) {
    const says = [...one.childNodes].some((text) => text.nodeType === 3 && text.data.trim());
    if (!says || !one.checkVisibility()) continue;
    const style = getComputedStyle(one), up = one.parentElement;
    const kind = [one.tagName, one.className, up.tagName, up.className, style.color, style.backgroundColor].join("|");
    if (!kinds.has(kind)) kinds.set(kind, one);
  }
  const settings = {resultTypes: ["violations"]};
  const whole = await axe.run(document, {...settings, rules: {"color-contrast": {enabled: false}}});
  const colours = {...settings, runOnly: ["color-contrast"]};
  const seen = kinds.size ? (await axe.run({include: [...kinds.values()]}, colours)).violations : [];
  for (const [svg, inner] of away) svg.replaceChildren(...inner);
  return [...whole.violations, ...seen];
}"""


@dataclass(slots=True)
class Watch:
    """What happened in a context."""

    errors: list[str] = field(default_factory=list)
    """Of consoles, scripts and policies, in order."""
    asked: list[str] = field(default_factory=list)
    """Requests that went to this machine, by their addresses."""
    refused: list[str] = field(default_factory=list)
    """Requests that wanted to leave it."""
    dialogs: list[str] = field(default_factory=list)
    """What a page put before its reader to click away: no page of ours does."""


WATCHED: WeakKeyDictionary[BrowserContext, Watch] = WeakKeyDictionary()


def find_chromium() -> str | None:
    """Give the path of a Chromium; None where there is none."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start a browser; LookupError where there is none, playwright's Error where it does not start."""
    from playwright.async_api import async_playwright

    path = find_chromium()
    if path is None:
        raise LookupError(f"no Chromium is here ({', '.join(NAMES)}): apt-get install chromium")
    # Chromium refuses its sandbox to root, and nobody else should go without.
    rooted = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *rooted])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def watched(browser: Browser, **options: Any) -> AsyncIterator[BrowserContext]:
    """Open a context that is watched, with nothing remembered and no way out."""
    context = await browser.new_context(service_workers="block", **options)
    context.set_default_timeout(SLOWEST)
    watch = WATCHED[context] = Watch()

    async def decide(route: Route, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in INSIDE:
            await route.continue_()
        elif parts.hostname in HERE:
            watch.asked.append(request.url)
            await route.continue_()
        else:
            watch.refused.append(request.url)
            await route.abort("blockedbyclient")

    def listen(page: Page) -> None:
        page.on("console", lambda said: said.type == "error" and watch.errors.append(said.text))
        page.on("pageerror", lambda error: watch.errors.append(str(error)))
        page.on("crash", lambda _: watch.errors.append("the page crashed"))

    async def dismiss(dialog: Any) -> None:
        if dialog.type == "beforeunload":  # the browser's own question, in its own words
            await dialog.accept()
            return
        watch.dialogs.append(dialog.message)
        await dialog.dismiss()

    await context.route("**/*", decide)
    await context.add_init_script(TOLD)
    context.on("page", listen)
    context.on("dialog", dismiss)
    try:
        yield context
    finally:
        await context.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _browser() -> AsyncIterator[Browser | str]:
    """Start the session's browser, or give the reason why there is none."""
    from playwright.async_api import Error

    try:
        manager = chromium()
        started = await manager.__aenter__()
    except (LookupError, Error) as error:
        yield f"no browser: {str(error).splitlines()[0]}"
        return
    yield started
    await manager.__aexit__(None, None, None)


@pytest.fixture
def browser(_browser: Browser | str) -> Browser:
    """Give the session's browser; a test that wants it is skipped where there is none."""
    if isinstance(_browser, str):
        pytest.skip(_browser)
    return _browser


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """Give a page of a context of its own, as wide as a desk's screen."""
    async with watched(browser, viewport={"width": DESK, "height": 900}) as context:
        yield await context.new_page()


def watch_of(page: Page) -> Watch:
    """Give what was seen and heard of a page, and of all others of its context."""
    return WATCHED[page.context]


def quiet(page: Page, *allowed: str) -> None:
    """Hold that nothing went wrong that a reader does not see, and nothing was asked for but what is allowed.

    `allowed` are beginnings of addresses on this machine; the page's own server, mostly.
    """
    watch = watch_of(page)
    assert watch.errors == []
    assert watch.refused == []
    assert watch.dialogs == []
    assert [url for url in watch.asked if not url.startswith(allowed or ("no address",))] == []


async def until(page: Page, expression: str, seconds: float = 30.0) -> None:
    """Wait until an expression holds on a page, also one that is loaded anew meanwhile.

    Playwright's own waiting needs the `eval` that our policy forbids.
    """
    end = time.monotonic() + seconds
    while not await _holds(page, expression):
        assert time.monotonic() < end, f"never came true: {expression}"
        await asyncio.sleep(0.05)


async def _holds(page: Page, expression: str) -> bool:
    from playwright.async_api import Error

    try:
        return bool(await page.evaluate(expression))
    except Error as error:
        if "context was destroyed" not in str(error):
            raise
        return False  # one page went, and the next is not there yet


async def harmless(page: Page) -> None:
    """Hold that nothing of `tests.acted.WORDS` came to life on a page."""
    found = await page.evaluate(
        """() => ({
          ran: window.planted ?? null,
          made: document.querySelectorAll("#planted, iframe, base, img[src=x], [onerror], [onload]").length,
          links: [...document.links].map((one) => one.href).filter((to) => /^javascript:|evil/i.test(to)),
        })"""
    )
    assert found == {"ran": None, "made": 0, "links": []}
    assert await page.locator("main").first.is_visible()


async def overhang(page: Page) -> int:
    """Give how many pixels the page can be scrolled sideways."""
    return await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


async def drawn(page: Page) -> list[dict[str, Any]]:
    """Tell of each figure how many marks of it have a size on the screen, its axes and titles not counted."""
    return await page.evaluate(
        """() => [...document.querySelectorAll("figure")].map((figure) => {
          const svg = figure.querySelector("svg");
          const frame = svg ? svg.getBoundingClientRect() : {width: 0, height: 0};
          const inner = svg ? [...svg.querySelectorAll("path, line, rect, circle, ellipse, polygon, text, use")] : [];
          const aside = "[class*=role-axis], [class*=role-legend], [class*=role-title], .background, defs, clipPath";
          const marks = inner.filter((mark) => {
            const box = mark.getBBox();
            return !mark.closest(aside) && Math.max(box.width, box.height) > 0;
          });
          return {
            name: figure.id || (figure.querySelector("figcaption")?.textContent ?? "").trim().slice(0, 60),
            width: frame.width, height: frame.height, marks: marks.length,
          };
        })"""
    )


async def violations(page: Page) -> list[str]:
    """Give what axe-core finds wrong with a page for those who do not see or use it as others do.

    What is drawn within a picture is the picture's and not looked at. Contrast is measured on one element of each
    kind, by tag, classes and colour: on all ten thousand of a long page it would take a minute.
    """
    package = importlib.resources.files("axe_playwright_python")
    await page.evaluate(package.joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = await page.evaluate(AXE)
    return [
        f"{one['id']}: {one['help']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:200]}"
        f" {(one['nodes'][0].get('failureSummary') or '').splitlines()[-1:]}"
        for one in found
    ]


async def unfold(page: Page) -> None:
    """Open all that is folded."""
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


async def tabbed(page: Page, most: int = 400) -> list[str]:
    """Press Tab through the whole page and name all that was reached, in order: `tag#id` or `tag words`."""
    reached: list[str] = []
    await page.evaluate("document.activeElement?.blur(); window.scrollTo(0, 0)")
    for _ in range(most):
        await page.keyboard.press("Tab")
        name = await page.evaluate(
            """() => {
              const at = document.activeElement;
              if (!at || at === document.body) return "";
              at.dataset.reached = "";
              const words = (at.getAttribute("aria-label") || at.textContent || "").trim().replace(/\\s+/g, " ");
              return at.tagName.toLowerCase() + (at.id ? "#" + at.id : " " + words.slice(0, 40));
            }"""
        )
        if not name:
            break
        reached.append(name)
    return reached
