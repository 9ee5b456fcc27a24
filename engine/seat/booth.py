"""The booth: the seat on a page, for one window at a time.

The one idea: the page is told the whole state whenever it changes, so one that is loaded anew has lost nothing; and
an answer counts once, by the place it is for, and is told to have arrived only when it is on the disk. Nothing here
knows what is done with an answer.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import orjson
from aiohttp import web

from agents.speech import Completion
from engine.errors import BadAnswer
from engine.seat.room import state
from engine.seat.sitting import Sitting, Talk
from engine.seat.words import assess, read_possibility, skip, speak, write_back
from engine.site.feed import send_feed

MOST = 1 << 16
"""Bytes of what a page may send."""
WINDOW = re.compile(r"[0-9a-f-]{8,64}")
ELSEWHERE = "Somebody sits here in another window."
STALE = "This is not what is asked for now; the page shows what is."
LEFT = "The seat is closed. What you sent before is kept."


class Booth:
    """Who sits at the page, and what they send."""

    def __init__(self, sitting: Sitting, page: Callable[[Talk | None], str]) -> None:
        """`page` makes the page of a conversation, or of none before the first has begun."""
        self.closed = anyio.Event()
        """Set when whoever sits there is done with the page."""
        self._sitting = sitting
        self._page = page
        self._holder = ""
        """Window that has the seat; empty while nobody does."""
        self._feed = 0
        """Serial number of the holder's feed: a newer one takes its place."""
        self._open = 0
        """Feeds of the holder that are open."""

    @property
    def occupied(self) -> bool:
        """Tell whether the window that has the seat is open."""
        return self._open > 0

    def routes(self) -> list[web.RouteDef]:
        """Give what is served."""
        return [
            web.get("/", self._show),
            web.get("/talk/{number}", self._show),
            web.get("/feed", self._send),
            web.post("/sit", self._sit),
            web.post("/say", self._say),
            web.post("/leave", self._leave),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        talk = self._find(request.match_info.get("number", "")) or self._sitting.talks.get(
            self._sitting.present
        )
        return web.Response(text=self._page(talk), content_type="text/html")

    def _find(self, number: str) -> Talk | None:
        """Give a conversation that has begun, by its number."""
        begun = (talk for talk in self._sitting.talks.values() if talk.turns)
        return next((talk for talk in begun if str(talk.number) == number), None)

    async def _send(self, request: web.Request) -> web.StreamResponse:
        window, number = (request.query.get(name, "") for name in ("window", "talk"))
        return await send_feed(request, self._watch(window, self._find(number)))

    async def _watch(self, window: str, talk: Talk | None) -> AsyncIterator[tuple[str, object]]:
        """Give the state of a conversation whenever it is another one, as long as this window has the seat."""
        if not window or window != self._holder:
            yield "stand", {}
            return
        self._feed += 1
        self._open += 1
        mine, told = self._feed, None
        self._sitting.ring()  # an older feed of this window ends
        try:
            while self._feed == mine and self._holder == window:
                present = self._sitting.talks.get(self._sitting.present)
                now = state(self._sitting, talk) if talk else {"begun": bool(present)}
                if now != told:
                    told = now
                    yield "state", now
                await self._sitting.changed()
            yield "moved", {}
        finally:
            self._open -= self._holder == window
            self._sitting.ring()

    async def _sit(self, request: web.Request) -> web.Response:
        """Give the seat to a window, where it is free or the window takes it."""
        found = await _read(request)
        window = found.get("window")
        if not isinstance(window, str) or not WINDOW.fullmatch(window):
            return _told(422, "This window has no name of its own: load the page anew.")
        if window != self._holder and self.occupied and found.get("take") is not True:
            return _told(409, ELSEWHERE)
        if window != self._holder:
            self._holder, self._open = window, 0
            self._sitting.ring()
        return _told(200, "You have the seat.")

    async def _say(self, request: web.Request) -> web.Response:
        """Take what was written; answer once it is on the disk."""
        found = await _read(request)
        if not self._holder or found.get("window") != self._holder:
            return _told(409, ELSEWHERE)
        place = found.get("place")
        if not isinstance(place, str):
            return _told(422, STALE)
        try:
            taken = place in self._sitting.recorded or self._sitting.take(place, self._answer(found))
        except BadAnswer as error:
            return _told(422, str(error))
        if not taken:
            return _told(409, STALE)
        while place not in self._sitting.recorded:
            if self._sitting.left:
                return _told(409, LEFT)
            await self._sitting.changed()
        return _told(200, "Sent.")

    def _answer(self, found: dict[str, Any]) -> Completion:
        """Read an answer; BadAnswer for what is none."""
        question = self._sitting.question
        if question is None or question.place != found["place"]:
            return skip()  # for a place that is not asked for, where it is not taken
        if question.role == "interview":
            if found.get("skip") is True:
                return skip()
            listed = [read_possibility(*one) for one in _pairs(found.get("differential")) if any(one)]
            return assess(listed, str(found.get("urgency") or ""))
        text = found.get("text")
        if not isinstance(text, str):
            raise BadAnswer("There is nothing to send yet: write something first.")
        if question.role == "assistant":
            return speak(text)
        last = found.get("last") is True
        if last and not question.may_leave:
            raise BadAnswer("You can leave once you have heard two answers: write on until then.")
        return write_back(text, last=last)

    async def _leave(self, request: web.Request) -> web.Response:
        """Give the seat up: before the end the run stops and can go on, after it the page is done with."""
        found = await _read(request)
        if not self._holder or found.get("window") != self._holder:
            return _told(409, ELSEWHERE)
        if not self.closed.is_set():
            self._sitting.leave()
            self.closed.set()
        return _told(200, LEFT)


def _pairs(value: object) -> list[tuple[str, str]]:
    """Read the rows of the form: two texts each."""
    rows = value if isinstance(value, list) else []
    pairs = [row for row in rows if isinstance(row, list) and len(row) == 2]
    return [(str(one).strip(), str(two).strip()) for one, two in pairs]


async def _read(request: web.Request) -> dict[str, Any]:
    """Read the JSON object that a page of ours sends; refuse whatever is none."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="Send JSON.\n")
    if (request.content_length or 0) > MOST or len(data := await request.read()) > MOST:
        raise web.HTTPRequestEntityTooLarge(max_size=MOST, actual_size=request.content_length or MOST + 1)
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise web.HTTPBadRequest(text="This is no JSON object.\n")
    return found


def _told(status: int, sentence: str) -> web.Response:
    return web.json_response({"told": sentence}, status=status)
