"""The seat: the command by which a person plays a part."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Literal

from engine.commands import Flag, Whole
from engine.commands.playing import ALL, Company
from engine.commands.spending import UNLIMITED, Spending


def play(
    *,
    role: Literal["assistant", "patient"] | None = None,
    scenario: str = "",
    company: Company = ALL,
    spending: Spending = UNLIMITED,
    scenarios: Path | None = None,
    turns: Whole = 8,
    rubric: Path | None = None,
    run: Path | None = None,
    web: Flag = False,
    host: str = "127.0.0.1",
    port: Whole = 8093,
) -> int:
    """Take a seat yourself, as the assistant or as the patient; you are recorded and judged like any model.

    Parameters
    ----------
    role
        assistant: a patient of the models file writes to you. patient: you write to the one model of --models.
    scenario
        Which: an id as scenarios show has them, a number, or any for one that the seed draws; several with commas.
    scenarios
        A file made by scenarios build; the built-in sample of 155 when left out.
    turns
        Messages the patient may write in a conversation, the first included.
    rubric
        A rubric of your own, a TOML file like rubrics/imcbench.toml.
    run
        Run folder; a new one under runs/ when left out. Given again, the run goes on where you left it.
    web
        Sit at a page in the browser instead of the console.
    host
        Address of the page; beyond this machine its link holds a token.
    port
        Port of the page; 0 takes any that is free.
    """
    from engine.seat.opening import PlayWish

    wish = PlayWish(
        role=role or "",
        scenario=scenario,
        cast=replace(company.wish(), models=company.models or ""),
        scenarios=scenarios,
        turns=turns,
        rubric=rubric,
        run=run,
        means=spending.means(),
    )
    from engine.seat.playing import play_here, play_there
    from engine.site import Address

    if not web:
        return asyncio.run(play_here(wish))
    return asyncio.run(play_there(wish, Address(host=host, port=port)))
