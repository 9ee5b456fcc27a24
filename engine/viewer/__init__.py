"""The viewer: a run to look through in a browser, also while it is played.

    views.py      which conversations are looked at, in which order: all of it stands in the address
    listing.py    the page of all of them
    passage.py    one conversation, and beside each turn what is known of it
    votes.py      what the jurors said, laid out
    facts.py      what the patient told, and when it was due
    requests.py   what a model was asked, word for word, and what it answered
    reader.py     a conversation opened: all of these together
    sides.py      two conversations on one scenario beside each other
    headway.py    how far the run is, in words and numbers for a page
    pulse.py      the index, kept up with a journal that grows
    desk.py       pages asked for over the wire
    wording.py    what things are called

The one idea: a page is made on the server from the index and the journal alone, at the moment it is asked for, so
that it can be sent on as a link, and a page that is open fetches itself anew when the run has grown. Nothing here
plays, scores or changes anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from anyio.to_thread import run_sync

from engine.errors import BadOption
from engine.folder import read_plan
from engine.index import RunIndex, open_index
from engine.setting import open_setting
from engine.site import Address, make_site, serve_site
from engine.site.guard import KEY
from engine.site.seats import make_seats
from engine.stage import open_stage
from engine.viewer.desk import ASSETS, Desk
from engine.viewer.listing import at_conversation
from engine.viewer.pulse import Pulse

HERE = Address(port=8420)
LEAST = 1
"""Bytes of the journal that are read to know which conversations there are."""
VISITOR = "visitor"
"""Whom the one link lets in that is given where others can reach the site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewWish:
    """What is to be shown, and where."""

    run: Path
    address: Address = HERE
    conversation: str | None = None
    """The one whose page the link leads to, by its whole name; the page of all when left out."""
    place: Path | None = None
    """Folder in which indices are kept; the user's own cache when left out."""


async def view(wish: ViewWish, announce: Callable[[str], None]) -> None:
    """Serve a run until interrupted; `announce` is told the link, and what is behind it, once it is listened on.

    Raises BadRun for a folder that is no run, BadOption for a conversation it does not have and for an address that
    cannot be listened on.
    """
    wish.address.check()
    setting = open_setting(wish.run, read_plan(wish.run))
    seats, tokens = (None, {}) if wish.address.local else make_seats([VISITOR])
    with open_index(wish.run, wish.place) as index:
        path = "/"
        if wish.conversation:
            path = at_conversation(await run_sync(_known, index, wish.conversation))
        pulse = Pulse(index, wish.run)
        desk = Desk(wish.run, setting, index, pulse)
        site = make_site(desk.routes(), address=wish.address, assets=ASSETS, seats=seats)

        def ready(port: int) -> None:
            link = wish.address.link(port, path)
            told = f"{link}?{KEY}={tokens[VISITOR]}" if tokens else link
            announce(_told(wish, desk, told, guarded=bool(tokens)))

        async with open_stage() as stage:
            stage.enter(pulse.catch_up, name="reading the journal")
            stage.enter(pulse.beat, name="listening to the journal")
            await serve_site(site, wish.address, ready)
            stage.clear()


def _known(index: RunIndex, name: str) -> str:
    """Give a conversation's name, once it is one."""
    index.refresh(LEAST)  # the plan is laid out before anything is read
    try:
        return index.summary(name.strip("/")).id
    except KeyError:
        raise BadOption(
            f"no conversation {name!r} in this run: give MODEL/SCENARIO/ARM/REPEAT, as in scores.csv, or leave "
            "--conversation out and search for it on the page."
        ) from None


def _told(wish: ViewWish, desk: Desk, link: str, *, guarded: bool) -> str:
    """Say where the pages are and what they are about, in lines for a person."""
    lines = [f"{link}\n"]
    simulated = "SIMULATED: invented minds, no number here is about a real model. " if desk.simulated else ""
    lines.append(f"{simulated}Shows {wish.run}; it reads, and changes nothing.\n")
    if guarded:
        lines.append(
            f"Whoever has this link may read everything, on every network that reaches {wish.address.host}: "
            "pass it on with care.\n"
        )
    return "".join([*lines, "Ctrl-C ends it.\n"])
