"""The server of the page: who asks is known by their link, and what they send is on the disk before they hear so.

    GET  /          the page of whoever asks
    POST /marks     one slip
    GET  /photographs/<sha256>

The one idea: an annotator's file belongs to one process while it serves; the rest is asked anew with every page.
Nothing here knows what is scored.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from aiohttp import web
from anyio.to_thread import run_sync

from engine.annotation.marks import END, Notebook
from engine.annotation.paper import SCRIPT, STYLE, asset, lay_paper, render_paper
from engine.annotation.population import AnnotatedRun
from engine.annotation.sheet import FOLDER, Sheet
from engine.annotation.slips import BadSlip, Desk, read_slip
from engine.disk import open_own
from engine.errors import BadRun
from engine.folder import blobs_of
from engine.journal import claim
from engine.pages import house_style
from engine.site import Address, make_site, serve_site
from engine.site.guard import WHO
from engine.site.photos import photo_path, photo_route
from engine.site.seats import Seats


@contextmanager
def open_desks(
    run: AnnotatedRun, sheet: Sheet, names: Sequence[str], *, final: bool = False
) -> Iterator[dict[str, Desk]]:
    """Hold annotators' files while the block lasts; BadRun where another process does, or they cannot be written."""
    with ExitStack() as stack:
        desks = {}
        for name in names:
            path = run.folder / FOLDER / f"{name}{END}"
            try:
                os.close(open_own(path))
            except OSError as error:
                raise BadRun(
                    f"{path} cannot be written ({error.strerror}): make it writable first."
                ) from error
            stack.enter_context(claim(path))
            notebook = Notebook(path)
            stack.callback(notebook.close)
            desks[name] = Desk(run=run, sheet=sheet, annotator=name, notebook=notebook, final=final)
        yield desks


def make_pages(desks: Mapping[str, Desk], address: Address, seats: Seats) -> web.Application:
    """Give the site of some annotators' pages; each seat's name is a key of `desks`."""
    some = next(iter(desks.values()))
    shown = {cell.id: cell.shown().photo for cell in some.run.results.cells}
    photos = {item.conversation: shown[item.conversation] for item in some.sheet.items}

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=await run_sync(_write, desks[request[WHO]]), content_type="text/html")

    async def marks(request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType(text="Send JSON.\n")
        try:
            await run_sync(desks[request[WHO]].accept, read_slip(await request.read()))
        except BadSlip as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        except BadRun as error:
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from error
        return web.json_response({"saved": True})

    return make_site(
        [
            web.get("/", page),
            web.post("/marks", marks),
            photo_route(blobs_of(some.run.folder), photos.values()),
        ],
        address=address,
        assets={SCRIPT: asset(SCRIPT), STYLE: asset(STYLE), "house.css": house_style(blind=True)},
        seats=seats,
    )


def _write(desk: Desk) -> str:
    paper = lay_paper(desk)
    return render_paper(paper, {one.photo.sha256: photo_path(one.photo.sha256) for one in paper.exhibits})


async def serve_pages(
    desks: Mapping[str, Desk], address: Address, seats: Seats, announce: Callable[[int], None]
) -> None:
    """Serve the pages until interrupted; BadOption for an address that cannot be listened on."""
    await serve_site(make_pages(desks, address, seats), address, announce)
