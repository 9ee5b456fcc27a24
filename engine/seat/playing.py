"""Playing: a whole sitting of a person, from the run that is opened to the exit status.

Nothing here knows how a flag is spelled, or what is asked of whom.
"""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import anyio
from anyio.lowlevel import checkpoint

from engine.console.clean import flatten
from engine.console.outlet import emit
from engine.errors import BadOption
from engine.folder import blobs_of
from engine.journal import claim
from engine.person import HUMAN
from engine.seat.booth import Booth
from engine.seat.lines import InputLines, Lines, nobody_there
from engine.seat.opening import Opened, PlayWish, open_play
from engine.seat.page import Page, assets
from engine.seat.sitting import Sitting
from engine.seat.terminal import NOBODY, TerminalSeat
from engine.segments import read_run
from engine.session import perform
from engine.site import Address, make_site, serve_site
from engine.site.guard import KEY
from engine.site.photos import photo_route
from engine.site.seats import make_seats
from engine.stage import open_stage

GUTTER = 13
GRACE = 3.0
"""Seconds that a page with no window waits for one, when all is done."""
WARNING = "SIMULATED: invented minds answer you and judge you, and no number here is about a real model."


async def play_here(wish: PlayWish, lines: Lines | None = None) -> int:
    """Play in the console and give the exit status: 0 done, 1 something failed or ran out, 130 left before the end.

    `lines` stand for stdin's. Raises what cannot be in one sentence.
    """
    if lines is None and wish.run is None and nobody_there():
        raise BadOption(NOBODY)
    async with open_play(wish) as opened:
        sitting = seat(opened)
        terminal = TerminalSeat(sitting, lines or InputLines(), opened.campaign.folder / "blobs")
        with claim(opened.campaign.folder):
            async with open_stage() as stage:
                stage.enter(terminal.sit, name="seat")
                show = curtain(sitting, terminal.conclude, simulated=opened.campaign.plan.simulated)
                status = await perform(replace(opened.campaign, guest=sitting), opened.notes, seat=show)
                stage.clear()
    return status


async def play_there(wish: PlayWish, address: Address) -> int:
    """Play on a page, and give the exit status; it stays until the window is closed.

    Raises what cannot be in one sentence.
    """
    address.check()
    async with open_play(wish) as opened:
        sitting, folder = seat(opened), opened.campaign.folder
        seats, tokens = make_seats([HUMAN]) if not address.local else (None, {})
        booth = Booth(sitting, Page(sitting, opened.campaign).render)
        photos = [cell.shown().photo for cell in opened.campaign.cells]
        routes = [*booth.routes(), photo_route(blobs_of(folder), photos)]
        site = make_site(routes, address=address, assets=assets(), seats=seats)
        listening = anyio.Event()

        def announce(port: int) -> None:
            key = f"?{KEY}={tokens[HUMAN]}" if tokens else ""
            emit(f"{'page':<{GUTTER}}{address.link(port)}{key}  (open it in your browser; Ctrl-C ends)\n")
            listening.set()

        with claim(folder):
            async with open_stage() as stage:
                stage.enter(partial(serve_site, site, address, announce, endings=()), name="page")
                await listening.wait()
                show = curtain(sitting, lambda: None, simulated=opened.campaign.plan.simulated)
                status = await perform(replace(opened.campaign, guest=sitting), opened.notes, seat=show)
                if sitting.finished:
                    await _linger(booth, sitting)
                else:  # the window hears of it before the page is gone
                    sitting.leave()
                    await checkpoint()
                stage.clear()
    return status


async def _linger(booth: Booth, sitting: Sitting) -> None:
    """Wait until the window is closed or done with, or a signal comes."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with open_stage() as stage:
            stage.enter(_close_by, signals, booth, sitting, name="signals")
            while not booth.closed.is_set():
                if booth.occupied:
                    await sitting.changed()
                    continue
                with anyio.move_on_after(GRACE) as waited:  # a page that is loaded anew is back at once
                    await sitting.changed()
                if waited.cancelled_caught:
                    break
            stage.clear()


async def _close_by(signals: AsyncIterator[signal.Signals], booth: Booth, sitting: Sitting) -> None:
    await anext(signals)
    booth.closed.set()
    sitting.ring()


def seat(opened: Opened) -> Sitting:
    """Give what a person has before them in a run that is opened: what was said in it before is there."""
    what = opened.campaign.repertoire
    sitting = Sitting(what.plan, opened.campaign.cells, what.rubric.levels, _note)
    for event in read_run(opened.campaign.folder):
        sitting.hear(event)
    return sitting


@contextmanager
def curtain(sitting: Sitting, conclude: Callable[[], None], *, simulated: bool) -> Iterator[Sitting]:
    """Give the sitting as a run's console, and show what came last when the run is over."""
    if simulated:
        emit(f"{'':{GUTTER}}{WARNING}\n")
    yield sitting
    conclude()


def _note(text: str) -> None:
    emit(f"{'note':<{GUTTER}}{flatten(text)}\n")
