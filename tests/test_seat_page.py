"""The seat on a page: one window at a time, an answer counts once, and what others send is refused."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp
import orjson
import pytest

from engine.events import CallAnswered, TurnSpoken
from engine.folder import read_plan
from engine.results import tabulate_run
from engine.seat.page import way_to
from engine.seat.playing import play_there
from engine.segments import read_run
from engine.shelf import build
from engine.site import Address
from engine.stage import open_stage
from personas.scenarios.build import ScenarioWish
from tests.seated import FIRST, SECOND, wished

PATIENCE = aiohttp.ClientTimeout(total=60)
WINDOW, OTHER = "a" * 32, "b" * 32
HOSTILE = "<img src=x onerror=alert(1)> \x1b[2J\u202e"


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("made") / "one.jsonl"
    build(ScenarioWish(count=1, seed=7), file)
    return file


@dataclass(slots=True, kw_only=True)
class Visitor:
    """A browser, as far as the wire knows it."""

    client: aiohttp.ClientSession
    base: str
    window: str = WINDOW

    async def send(self, path: str, **what: object) -> tuple[int, str]:
        """Send as a page of ours does; give the status and what was told."""
        return await self.raw(path, orjson.dumps({"window": self.window, **what}))

    async def raw(self, path: str, data: bytes, **headers: str) -> tuple[int, str]:
        headers = {"Origin": self.base, "Content-Type": "application/json"} | headers
        async with self.client.post(self.base + path, data=data, headers=headers) as answer:
            return answer.status, await answer.text()

    async def page(self) -> str:
        async with self.client.get(f"{self.base}/") as answer:
            return await answer.text()

    @asynccontextmanager
    async def feed(self, talk: str = "1") -> AsyncIterator[AsyncIterator[tuple[str, dict]]]:
        """Listen; gives events as they come."""
        async with self.client.get(f"{self.base}/feed?window={self.window}&talk={talk}") as answer:
            yield _events(answer)


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, dict]]:
    kind = ""
    async for line in answer.content:
        if line.startswith(b"event: "):
            kind = line[7:].decode().strip()
        elif line.startswith(b"data: "):
            yield kind, orjson.loads(line[6:])


def asks(place: str, state: dict) -> bool:
    return bool(state["asked"]) and state["asked"]["place"] == place


async def until(events: AsyncIterator[tuple[str, dict]], wanted) -> dict:
    async for kind, value in events:
        if kind == "state" and wanted(value):
            return value
    raise AssertionError("the feed ended")


@asynccontextmanager
async def served(role: str, scenarios: Path, run: Path, capfd, *, statuses: list[int]):
    """Play on a page while the block lasts; gives a visitor who has the seat."""
    address = Address(port=0)

    async def play() -> None:
        statuses.append(await play_there(wished(role, scenarios, run), address))

    async with open_stage() as stage, aiohttp.ClientSession(timeout=PATIENCE) as client:
        stage.enter(play, name="play")
        base, told = "", ""
        while not base:
            await asyncio.sleep(0.02)
            told += capfd.readouterr().out
            if found := re.search(r"(http://127.0.0.1:\d+)/", told):
                base = found[1]
        visitor = Visitor(client=client, base=base)
        assert (await visitor.send("/sit"))[0] == 200
        begun = ""
        while 'data-talk="1"' not in begun:
            begun = await visitor.page()
            await asyncio.sleep(0.02)
        yield visitor
        await visitor.send("/leave")


async def test_a_conversation_is_played_over_the_wire_to_its_verdict(scenarios, tmp_path, capfd):
    statuses: list[int] = []
    async with served("assistant", scenarios, tmp_path / "run", capfd, statuses=statuses) as me:
        page = await me.page()
        assert "Simulated." in page
        assert "but what a person said as the assistant," in page
        assert "python run.py view RUN" in page
        assert str(tmp_path) not in page
        assert "Health record" in page
        assert "style=" not in page
        async with me.feed() as events:
            state = await until(events, lambda one: one["asked"])
            place = state["asked"]["place"]
            assert (await me.send("/say", place=place, text=" \n"))[0] == 422
            assert "4,001" in (await me.send("/say", place=place, text="x" * 4001))[1]
            assert (await me.send("/say", place=place, text=FIRST))[0] == 200
            assert (await me.send("/say", place=place, text="once more"))[
                0
            ] == 200  # it counts once all the same
            assert (await me.send("/say", place="elsewhere", text="lost"))[0] == 409
            for number, text in enumerate((HOSTILE, SECOND), start=1):
                place = place[:-1] + str(number)
                await until(events, partial(asks, place))
                assert (await me.send("/say", place=place, text=text))[0] == 200
            state = await until(events, lambda one: one["asked"] and one["asked"]["role"] == "interview")
            place = state["asked"]["place"]
            odd = await me.send("/say", place=place, differential=[["mole", "many"]], urgency="U1")
            assert odd[0] == 422
            assert (await me.send("/say", place=place, skip=True))[0] == 200
            state = await until(events, lambda one: one["finished"])
            assert {vote["juror"] for vote in state["judged"][0]["votes"]} == {
                "Nova Pro",
                "Claude Sonnet 4.6",
            }
            assert [one["dimension"] for one in state["judged"]] == list(
                read_plan(tmp_path / "run").dimensions
            )
        assert "onerror" not in await me.page()
    assert statuses == [1 if not tabulate_run(tmp_path / "run", read_plan(tmp_path / "run")).whole else 0]
    own = [
        e.body
        for e in read_run(tmp_path / "run")
        if isinstance(e.body, CallAnswered) and e.body.model == "human"
    ]
    assert len({(call.role, call.sequence) for call in own}) == len(own)
    said = [e.body.turn.text for e in read_run(tmp_path / "run") if isinstance(e.body, TurnSpoken)]
    assert said.count(FIRST) == 1
    assert "<img src=x onerror=alert(1)> ␛[2J⟨202E⟩" in said


async def test_a_second_window_is_told_and_others_are_refused(scenarios, tmp_path, capfd):
    statuses: list[int] = []
    async with served("patient", scenarios, tmp_path / "run", capfd, statuses=statuses) as me:
        other = Visitor(client=me.client, base=me.base, window=OTHER)
        page = await me.page()
        assert "Your role card" in page
        assert "Health record" not in page
        async with me.feed() as events:
            state = await until(events, lambda one: one["asked"])
            place = state["asked"]["place"]
            assert "another window" in (await other.send("/sit"))[1]
            assert (await other.send("/say", place=place, text="mine"))[0] == 409
            async with other.feed() as theirs:
                assert await anext(theirs) == ("stand", {})
            assert (await me.send("/say", place=place, text="bye", last=True))[0] == 422  # too early
            body = orjson.dumps({"window": WINDOW, "place": place, "text": "x"})
            assert (await me.raw("/say", body, Origin="https://evil.example"))[0] == 403
            assert (await me.raw("/say", body, **{"Content-Type": "text/plain"}))[0] == 415
            assert (await me.raw("/say", b"[" * 70_000))[0] == 413
            assert (await me.raw("/say", b"[1]"))[0] == 400
            assert (await me.raw("/sit", b'{"window": "../../etc"}'))[0] == 422
            assert (await other.send("/sit", take=True))[0] == 200
            moved = [kind async for kind, _ in events if kind == "moved"]
            assert moved == ["moved"]
        assert (await me.send("/leave"))[0] == 409
        assert (await me.send("/sit"))[0] == 200  # their window is not open
    assert statuses == [130]
    said = [e.body.turn.index for e in read_run(tmp_path / "run") if isinstance(e.body, TurnSpoken)]
    assert max(said) == 2


def test_a_command_has_the_way_to_the_run_only_where_it_tells_nothing_of_the_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert way_to(Path("runs/a run")) == "'runs/a run'"
    assert way_to(tmp_path / "runs" / "one") == "runs/one"
    assert way_to(tmp_path.parent / "elsewhere") == ""
