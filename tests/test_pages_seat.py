"""The page of a seat in a real browser: a person plays to the end, and nothing they wrote is lost or obeyed."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from tests.acted import WORDS, program
from tests.browser import IN_BROWSER, PHONE, harmless, overhang, quiet, until, violations, watched

pytestmark = IN_BROWSER
TURNS = "document.querySelectorAll('#turns > li').length"
WRITING = "document.getElementById('say')?.hidden === false"


@asynccontextmanager
async def seated(run):
    wish = ("play", "--role", "assistant", "--scenario", "1", "--turns", "2", "--web", "--port", "0")
    async with program(*wish, "--backend", "simulated", "--jury", "nova-pro", "--run", run) as (
        link,
        process,
    ):
        yield link.rstrip("/") + "/", process


async def say(page, text: str) -> None:
    await until(page, WRITING)
    before = await page.evaluate(TURNS)
    await page.fill("#text", text)
    await page.keyboard.press("Control+Enter")
    await until(page, f"{TURNS} > {before}")


async def test_a_person_plays_to_the_end_and_is_told_what_the_jury_says(page, tmp_path):
    async with seated(tmp_path / "run") as (home, _):
        await page.goto(home)
        await until(page, WRITING)
        assert await page.locator("#turns > li.patient").count() == 1
        assert await violations(page) == []

        await page.fill("#text", "half a thought")
        await page.reload()
        await until(page, WRITING)
        assert await page.input_value("#text") == "half a thought"

        await say(page, f"{WORDS} Since when?")
        await harmless(page)
        await until(page, f"{TURNS} === 3")
        async with watched(page.context.browser) as elsewhere:
            other = await elsewhere.new_page()
            await other.goto(home)
            await until(other, "!document.getElementById('elsewhere').hidden")

        await say(page, "See a doctor within two weeks. Goodbye.")
        await until(page, "!document.getElementById('asked').hidden")
        assert await violations(page) == []
        await page.fill("#may-1", "melanoma <b>")
        await page.fill("#odds-1", "60")
        await page.check("input[name=urgency][value=U3]")
        await page.locator("#asked button[type=submit]").click()
        await until(page, "document.getElementById('scores').children.length === 3")
        await harmless(page)
        assert await violations(page) == []
        await page.set_viewport_size({"width": PHONE, "height": 700})
        assert await overhang(page) == 0
        quiet(page, home)


@pytest.mark.parametrize("text", ["", "x" * 5_000])
async def test_what_cannot_be_sent_is_told_and_stays_in_the_box(page, tmp_path, text):
    async with seated(tmp_path / "run") as (home, _):
        await page.goto(home)
        await until(page, WRITING)
        await page.fill("#text", text)
        await page.locator("#send").click()
        await until(page, "document.getElementById('said').textContent.length > 10")
        assert await page.input_value("#text") == text
        assert await page.evaluate(TURNS) == 1
