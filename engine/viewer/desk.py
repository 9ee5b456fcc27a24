"""The desk: pages of one run, asked for over the wire.

Every page is a GET and changes nothing; names in an address are looked up in the index and never opened as paths.
A page is made in a thread of its own, so that a long one holds up nobody. Nothing here knows how a thing is found
or laid out.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web
from anyio.to_thread import run_sync
from multidict import MultiDict
from yarl import URL

from engine.console.spotlight import span
from engine.errors import BadOption, BadRun
from engine.folder import blobs_of
from engine.index import Headway, RunIndex, Summary, Wish
from engine.pages import environment
from engine.setting import Setting
from engine.site.feed import send_feed
from engine.site.photos import photo_path, photo_route
from engine.viewer import facts, votes
from engine.viewer.headway import Progress, progress
from engine.viewer.listing import at_conversation, list_page
from engine.viewer.pulse import Pulse
from engine.viewer.reader import Reader, Reading, signed
from engine.viewer.requests import find_exchange
from engine.viewer.sides import gaps, pair_up
from engine.viewer.views import at_view, read_view
from engine.viewer.wording import word

HERE = Path(__file__).parent / "pages"
ASSETS = {path.name: path.read_text() for path in sorted(HERE.iterdir()) if path.suffix in (".css", ".js")}
NEAR = 25
"""Rows looked through for a conversation that is no longer where it was in its list."""
WORDS = {
    "word": word,
    "span": span,
    "quoted": shlex.quote,
    "at_conversation": at_conversation,
    "at_view": at_view,
    "photo_path": photo_path,
    "vote_status": votes.status,
    "asks": facts.asks,
    "gate_of": facts.gate_of,
    "task_name": facts.task_name,
}
"""What templates say things with."""
LOST = "Nothing is there. All conversations of this run are on its first page."

Page = Callable[[web.Request], dict[str, Any]]


class Desk:
    """Makes the pages of one run."""

    def __init__(self, folder: Path, setting: Setting, index: RunIndex, pulse: Pulse) -> None:
        self._folder = folder
        self._setting = setting
        self._plan = setting.plan
        self._index = index
        self._pulse = pulse
        described = {**self._plan.cast, **self._plan.models}
        self.titles = {name: str(one.get("title", name)) for name, one in described.items()}
        self._families = {name: str(one.get("family", "other")) for name, one in described.items()}
        self._reader = Reader(folder, self._plan, index, self.titles)
        self._photos = {photo.sha256 for photo in setting.photos}
        self._headway: tuple[int, Headway] | None = None
        """As it was under a version of the pulse."""
        self.simulated = self._plan.simulated
        self._pages = environment(HERE)
        self._pages.globals |= {
            "plan": self._plan,
            "plan_digest": self._plan.digest,
            "status": self._plan.rubric["status"],
            "titles": self.titles,
            "families": self._families,
            "run_name": folder.resolve().name,
            "person": self._plan.person,
            "run_path": shlex.quote(str(folder)),
            "moment": moment,
            **WORDS,
        }

    def routes(self) -> list[web.RouteDef]:
        """Give where what is found."""
        return [
            web.get("/", partial(self._serve, "list.html", self._list)),
            web.get("/about", partial(self._serve, "about.html", self._about)),
            web.get("/compare", partial(self._serve, "compare.html", self._compare)),
            web.get("/conversation/{name:.+}", partial(self._serve, "conversation.html", self._conversation)),
            web.get("/call/{name:.+}", partial(self._serve, "call.html", self._call)),
            web.get("/feed", self._feed),
            photo_route(blobs_of(self._folder), self._setting.photos),
            web.get("/{path:(?!assets/).*}", partial(self._serve, "list.html", _nowhere)),
        ]

    async def _serve(self, template: str, page: Page, request: web.Request) -> web.Response:
        await self._pulse.look()
        return await run_sync(self._make, template, page, request)

    def _make(self, template: str, page: Page, request: web.Request) -> web.Response:
        """Make a page; what cannot be shown is a page too, with a sentence and a way on."""
        status = 200
        try:
            shown = page(request)
        except KeyError as error:
            status, template = 404, "oops.html"
            shown = {"head": "Not in this run", "says": str(error.args[0]) if error.args else LOST}
        except (BadOption, BadRun) as error:
            status, template = 400 if isinstance(error, BadOption) else 500, "oops.html"
            shown = {"head": "This cannot be shown", "says": str(error)}
        text = self._pages.get_template(template).render(
            simulated=self.simulated,
            trouble=self._pulse.trouble,
            reading=None if self._pulse.ready else self._pulse.share,
            **shown,
        )
        return web.Response(text=text, content_type="text/html", status=status)

    def _list(self, request: web.Request) -> dict[str, Any]:
        wish = read_view(request.query)
        if not all(request.query.values()):  # as a form sends what was left empty
            raise web.HTTPFound(at_view(wish, offset=wish.offset))
        found = self._index.search(wish)
        self._look_for_a_signature(found.rows)
        how, rubric = self._progress(), self._reader.rubric
        return {
            "list": list_page(wish, found, self._plan, rubric, self.titles),
            "how": how,
            "seen": self._mark(_seen(how)),
            "damaged": how.headway.damaged,
            "cap_texts": {f"{of.name}/{cap.key}": cap.text for of in rubric.dimensions for cap in of.caps},
        }

    def _conversation(self, request: web.Request) -> dict[str, Any]:
        reading = self._open(request.match_info["name"])
        wish = read_view(MultiDict(URL(f"?{request.query.get('from', '')}").query))
        before, after, place = self._neighbours(reading.summary, wish, request.query.get("at", ""))
        return {
            "it": reading,
            "before": before,
            "after": after,
            "place": place,
            "back": at_view(wish, offset=(place or 0) // wish.limit * wish.limit),
            "suffix": f"?{request.query_string}" if request.query_string else "",
            "seen": self._mark(_seen_one(reading.summary)),
            "picture": photo_path(reading.photo.sha256) if reading.photo_there else "",
            "rubric": self._reader.rubric,
        }

    def _call(self, request: web.Request) -> dict[str, Any]:
        opened = self._index.open(self._known(request.match_info["name"]))
        role, number = request.query.get("role", ""), request.query.get("sequence", "")
        if not number.isascii() or not number.isdigit() or len(number) > 6:
            raise KeyError("Which call is meant is not said: take a link from the conversation's page.")
        try:
            exchange = find_exchange(
                self._folder,
                self._plan,
                self._reader.rubric,
                self._index,
                opened,
                role=role,
                sequence=int(number),
            )
        except KeyError:
            raise KeyError("This conversation has no such call: its page lists those it has.") from None
        return {"it": opened, "exchange": exchange, "photos": self._photos}

    def _compare(self, request: web.Request) -> dict[str, Any]:
        left = self._open(request.query.get("a", ""))
        others = (*left.siblings.models, *left.siblings.arms, *left.siblings.repeats)
        if not (name := request.query.get("b", "")):
            return {"a": left, "b": None, "others": others, "rubric": self._reader.rubric}
        right = self._open(name)
        if right.cell.scenario.id != left.cell.scenario.id:
            raise BadOption(
                "these two conversations are about different scenarios, which cannot be held against each other: "
                "choose two of one scenario from a conversation's page."
            )
        return {
            **{"a": left, "b": right, "others": others, "rubric": self._reader.rubric},
            "pairs": pair_up(left.passage.beats, right.passage.beats),
            "gaps": gaps(left.bench, right.bench),
        }

    def _about(self, request: web.Request) -> dict[str, Any]:
        return {"how": self._progress(), "damage": self._index.damage(), "rubric": self._reader.rubric}

    def _progress(self) -> Progress:
        version = self._pulse.version
        if self._headway is None or self._headway[0] != version:
            self._headway = (version, self._index.progress())
        return progress(self._pulse, self._headway[1], self._plan, self.titles)

    def _known(self, name: str) -> str:
        try:
            return self._index.summary(name).id
        except KeyError:
            raise KeyError(
                f"No conversation {name!r} is in this run. Its name is MODEL/SCENARIO/ARM/REPEAT, as in scores.csv."
            ) from None

    def _open(self, name: str) -> Reading:
        reading = self._reader.open(self._known(name))
        self.simulated = self.simulated or signed(reading.opened)
        return reading

    def _look_for_a_signature(self, rows: tuple[Summary, ...]) -> None:
        """Have one answer looked at, should a live run have been pointed at a simulator."""
        called = next((row for row in rows if row.calls), None)
        if called and not self.simulated:
            self.simulated = signed(self._index.open(called.id))

    def _neighbours(
        self, summary: Summary, wish: Wish, at: str
    ) -> tuple[tuple[str, Summary] | None, tuple[str, Summary] | None, int | None]:
        """Give what stands before and after a conversation in the list it was found in, and its place there.

        Both are None where it is no longer in it. Without a list it is the plan's.
        """
        place = int(at) if at.isascii() and at.isdigit() and len(at) < 9 else None
        if place is None:
            wish, place = Wish(), summary.place
        for reach in (1, NEAR):
            start = max(0, place - reach)
            rows = self._index.search(replace(wish, offset=start, limit=2 * reach + 1)).rows
            names = [row.id for row in rows]
            here = names.index(summary.id) if summary.id in names else -1
            whole = (here > 0 or not start) and (here + 1 < len(rows) or len(rows) <= 2 * reach)
            if here >= 0 and (whole or reach == NEAR):
                linked = [(at_conversation(row.id, wish, start + n), row) for n, row in enumerate(rows)]
                before = linked[here - 1] if here else None
                after = linked[here + 1] if here + 1 < len(linked) else None
                return before, after, start + here
        return None, None, None

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        """Tell a page that is open when it is no longer what it was."""
        name = request.query.get("of", "")
        seen = partial(run_sync, self._seen, name)
        async with aclosing(self._pulse.news(seen)) as news:
            return await send_feed(request, news)

    def _seen(self, name: str) -> str:
        """Give what of a page is told apart: of one conversation, or of the run."""
        try:
            return self._mark(_seen_one(self._index.summary(name)) if name else _seen(self._progress()))
        except KeyError:
            return ""

    def _mark(self, seen: str) -> str:
        """Add whether the journal was read to its end."""
        return f"{seen}.{'whole' if self._pulse.ready else 'part'}"


def _seen(how: Progress) -> str:
    now = how.headway
    parts = (how.going, now.planned, now.started, how.settled, now.votes, now.total.calls, now.damaged)
    return ".".join(map(str, parts))


def _seen_one(summary: Summary) -> str:
    return f"{summary.state}.{summary.turns}.{summary.calls}.{summary.votes}"


def _nowhere(request: web.Request) -> dict[str, Any]:
    raise KeyError(LOST)


def moment(at: float | None) -> str:
    """Write a Unix time out, UTC; "–" for none, and for one that no calendar has."""
    try:
        return "–" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return "–"
