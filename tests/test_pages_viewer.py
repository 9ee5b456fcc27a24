"""The viewer in a real browser: it filters, opens, compares, grows with a run, and shows lies as text."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest_asyncio

from engine.folder import read_plan
from tests.acted import WORDS, program
from tests.browser import (
    DESK,
    IN_BROWSER,
    PHONE,
    TABLET,
    harmless,
    overhang,
    quiet,
    tabbed,
    unfold,
    until,
    violations,
)

pytestmark = IN_BROWSER
ROWS = ".rows tbody tr"
ALL = 2 * 2 * 3 + 5 * 3
"""Conversations of the run: two models in two arms, five scripts in one, three scenarios."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def viewer(acted):
    """Serve the run and give the address."""
    async with program("view", acted, "--port", "0") as (link, _):
        yield link


@pytest_asyncio.fixture(loop_scope="session")
async def listing(page, viewer):
    """Open the list."""
    await page.goto(viewer)
    await page.locator(ROWS).first.wait_for()
    return page


async def count(page) -> int:
    return await page.locator(ROWS).count()


async def test_all_conversations_are_listed_and_a_filter_leaves_those_it_names(listing, viewer):
    assert await count(listing) == ALL
    await listing.locator("input[name=model][value='nova-pro']").check()
    await until(listing, f"document.querySelectorAll('{ROWS}').length === 6")
    assert "model=nova-pro" in listing.url
    await listing.reload()
    assert await count(listing) == 6
    await listing.go_back()
    await until(listing, f"document.querySelectorAll('{ROWS}').length === {ALL}")
    quiet(listing, viewer)


async def test_a_search_finds_what_was_said_and_says_when_nobody_said_it(listing, viewer):
    await listing.locator("#q").fill("zzyzx quux")
    await listing.get_by_text("No conversation").first.wait_for()
    await listing.locator("#q").fill("")
    await until(listing, f"document.querySelectorAll('{ROWS}').length === {ALL}")
    quiet(listing, viewer)


async def test_a_conversation_opens_with_photograph_turns_and_votes(listing, viewer):
    await listing.locator(f"{ROWS} a.go").first.click()
    await listing.locator(".turn").first.wait_for()
    assert await listing.locator(".turn").count() >= 2
    photo = listing.locator("main img").first
    await photo.wait_for()
    assert await photo.evaluate("(one) => one.decode().then(() => one.naturalWidth)") > 50
    words = await listing.inner_text("main")
    assert all(name.lower() in words.lower() for name in ("safety", "accuracy", "uncertainty"))
    quiet(listing, viewer)


async def test_nobody_is_kept_out_of_the_list_or_a_conversation(listing, viewer):
    for _ in range(2):
        await unfold(listing)
        assert await violations(listing) == []
        await listing.emulate_media(color_scheme="dark")
        assert await violations(listing) == []
        await listing.emulate_media(color_scheme="light")
        for width in (PHONE, TABLET, DESK):
            await listing.set_viewport_size({"width": width, "height": 800})
            assert await overhang(listing) == 0
        if await listing.locator(f"{ROWS} a.go").count():
            await listing.goto(await listing.locator(f"{ROWS} a.go").first.evaluate("(one) => one.href"))
    quiet(listing, viewer)


async def test_the_keyboard_reaches_the_search_the_filters_and_every_row(listing):
    reached = await tabbed(listing)
    assert reached[0].startswith("a Skip")
    assert "input#q" in reached
    assert sum(1 for name in reached if name.startswith("a ")) >= ALL


async def test_what_a_model_says_stays_text_in_the_list_a_conversation_and_a_call(page, planted):
    async with program("view", planted, "--port", "0") as (link, _):
        await page.set_viewport_size({"width": PHONE, "height": 800})
        await page.goto(link)
        await page.locator(ROWS).first.wait_for()
        await harmless(page)
        await page.goto(await page.locator(f"{ROWS} a.go").first.evaluate("(one) => one.href"))
        await unfold(page)
        await harmless(page)
        said = await page.evaluate("document.querySelector('.turn').textContent")
        assert WORDS[:40] in said
        assert not {"\u202e", "\x1b"} & {*said}
        assert await overhang(page) == 0
        calls = await page.evaluate(
            "[...document.links].map((one) => one.href).filter((to) => to.includes('/call'))"
        )
        assert calls
        await page.goto(calls[0])
        await harmless(page)
        quiet(page, link)


async def test_a_run_grows_on_the_screen_while_it_is_played(page, acted, tmp_path):
    run = Path(shutil.copytree(acted, tmp_path / "run"))
    (journal,) = (run / "journal").glob("*.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[: len(lines) // 3]))
    assert read_plan(run).simulated
    judged = "document.querySelectorAll('.rows tbody tr.is-judged').length"
    async with program("view", run, "--port", "0") as (link, _):
        await page.goto(link)
        await until(page, "document.querySelector('#live')")
        before = await page.evaluate(judged)
        assert before < ALL
        with journal.open("ab") as file:
            file.writelines(lines[len(lines) // 3 :])
        await until(page, f"{judged} === {ALL}")
        quiet(page, link)
