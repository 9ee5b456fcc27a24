"""The report in a real browser: it opens from the disk, draws every figure, asks for nothing, and obeys nobody."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import pytest_asyncio

from engine.folder import read_plan
from engine.report import write_report
from engine.results import tabulate_run
from tests.acted import WORDS
from tests.browser import (
    DESK,
    IN_BROWSER,
    PHONE,
    TABLET,
    drawn,
    harmless,
    overhang,
    quiet,
    tabbed,
    unfold,
    violations,
    watched,
)

pytestmark = IN_BROWSER


def page_of(run: Path) -> str:
    return (run / "report" / "index.html").as_uri()


@pytest_asyncio.fixture(loop_scope="session")
async def report(page, acted):
    """Open the report of the run from the disk."""
    await page.goto(page_of(acted))
    return page


@pytest.fixture(scope="module")
def lies(planted, tmp_path_factory) -> Path:
    """Give the hostile run with its report."""
    run = Path(shutil.copytree(planted, tmp_path_factory.mktemp("lies") / "run"))
    write_report(tabulate_run(run, read_plan(run)), run)
    return run


async def test_it_opens_from_the_disk_without_an_error_or_a_request(report):
    assert (await report.title()).startswith("Simulated")
    quiet(report)


async def test_it_stands_alone_wherever_it_is_copied(page, acted, tmp_path):
    shutil.copy(acted / "report" / "index.html", tmp_path / "elsewhere.html")
    await page.goto((tmp_path / "elsewhere.html").as_uri())
    quiet(page)
    assert all(figure["marks"] for figure in await drawn(page))


async def test_every_figure_is_drawn_and_not_just_framed(report):
    figures = await drawn(report)
    assert len(figures) >= 10
    assert [figure["name"] for figure in figures if not figure["marks"]] == []
    assert [figure["name"] for figure in figures if min(figure["width"], figure["height"]) < 100] == []


async def test_every_figure_has_a_name_and_words_that_say_what_it_shows(report):
    told = await report.evaluate(
        """[...document.querySelectorAll("figure")].map((figure) => {
          const svg = figure.querySelector("svg");
          const named = ["aria-label", "aria-labelledby"].some((name) => svg?.getAttribute(name));
          return {
            name: figure.id, role: svg?.getAttribute("role"), named: named || !!svg?.querySelector("title"),
            words: (figure.querySelector("figcaption")?.textContent ?? "").trim().length,
          };
        })"""
    )
    assert [one for one in told if one["words"] < 40 or one["role"] != "img" or not one["named"]] == []


async def test_nobody_is_kept_out(report):
    await unfold(report)
    assert await violations(report) == []
    await report.emulate_media(color_scheme="dark")
    assert await violations(report) == []


@pytest.mark.parametrize("width", [PHONE, TABLET, DESK])
async def test_it_never_scrolls_sideways(report, width):
    await report.set_viewport_size({"width": width, "height": 800})
    await unfold(report)
    assert await overhang(report) == 0


async def test_a_phone_asks_for_the_rest_of_a_section_and_a_wider_page_shows_it(report):
    figure, fold = report.locator("#triage .drawn").first, report.locator("#triage .more > summary")
    assert (await figure.is_visible(), await fold.is_visible()) == (True, False)
    await report.set_viewport_size({"width": PHONE, "height": 900})
    shown = "document.querySelector('#triage .drawn').checkVisibility({contentVisibilityAuto: true})"
    assert (await report.evaluate(shown), await fold.is_visible()) == (False, True)
    await fold.click()
    assert await report.evaluate(shown)


async def test_the_keyboard_reaches_the_content_at_once_and_every_fold(report):
    reached = await tabbed(report)
    assert reached[0].startswith("a Skip")
    unreached = """[...document.querySelectorAll("details")].filter(
      (one) => one.querySelector(":scope > summary").checkVisibility()
      && !one.querySelector(":scope > summary").hasAttribute("data-reached")).length"""
    assert await report.evaluate(unreached) == 0
    await report.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    await report.keyboard.press("Tab")
    await report.keyboard.press("Enter")
    assert await report.evaluate(
        "location.hash && document.querySelector(location.hash).matches('main, main *')"
    )


async def test_what_has_the_focus_is_seen_to_have_it(report):
    await report.keyboard.press("Tab")
    shown = await report.evaluate(
        """(() => { const style = getComputedStyle(document.activeElement);
          return [style.outlineStyle, parseFloat(style.outlineWidth)]; })()"""
    )
    assert shown[0] != "none"
    assert shown[1] >= 2


async def test_it_prints(report):
    pdf = await report.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 3


async def test_without_scripts_everything_is_there(browser, acted):
    async with watched(
        browser, java_script_enabled=False, viewport={"width": DESK, "height": 900}
    ) as context:
        page = await context.new_page()
        await page.goto(page_of(acted))
        assert await page.locator("figure svg").count() >= 10
        assert await page.locator("main").is_visible()


async def test_what_a_model_says_stays_text(page, lies):
    await page.goto(page_of(lies))
    quiet(page)
    await harmless(page)
    words = await page.evaluate("document.body.textContent")
    assert WORDS[:40] in words, "the report quotes nobody: this test shows nothing"
    assert not {"\u202e", "\u200b", "\x1b"} & {*words}


@pytest.mark.parametrize("width", [PHONE, DESK])
async def test_words_without_end_break_no_layout(page, lies, width):
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(page_of(lies))
    await unfold(page)
    assert await overhang(page) == 0


async def test_a_run_that_has_nothing_yet_has_a_page_too(page, acted, tmp_path):
    run = Path(shutil.copytree(acted, tmp_path / "run"))
    for path in sorted((run / "journal").glob("*.jsonl")):
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:1]))
    write_report(tabulate_run(run, read_plan(run)), run)
    await page.goto(page_of(run))
    quiet(page)
    assert await violations(page) == []
