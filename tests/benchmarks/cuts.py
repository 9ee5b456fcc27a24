"""A journal cut at every byte, and runs gone on with from what is left of one.

The one idea: what a reader gives depends on whole lines alone, so a cut inside a line is tried behind the line before
it, and every line's end with all that precedes. `python -m tests.benchmarks.cuts` plays a small run in this process,
cuts its journal at every byte, and goes on from a sample of the cuts.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import aiohttp

from engine.campaign import Campaign, Watch, run_campaign
from engine.catalog import read_catalog
from engine.cells import ARMS
from engine.config import Access
from engine.console.plain import PlainConsole
from engine.findings import read_findings
from engine.folder import prepare_folder
from engine.plan import make_plan
from engine.segments import Damage, read_journal
from engine.simulator.minds import think
from engine.simulator.served import load_served
from engine.simulator.server import serve
from engine.tally import Tally
from personas.seeds import derive
from rubrics.rubric import load_rubric
from tests.samples import embedded
from tests.staging import staged


class Standing:
    """A small run that can be gone on with, at a simulator within this process."""

    def __init__(self, folder: Path, url: str) -> None:
        catalog = read_catalog().model_copy(update={"patient": "gpt-5.1", "jury": ("gpt-5.2",)})
        self._catalog = catalog.within(catalog.simulated)
        self._sample, self.url, self.folder = embedded(1, 7), url, folder
        self._plan = make_plan(
            self._sample.scenarios,
            self._catalog.choose("gpt-5.1"),
            (ARMS["full"],),
            catalog=self._catalog,
            rubric=load_rubric(),
            seed=7,
            simulated=True,
            faults={},
            created="2026-11-20T12:00:00+00:00",
        )
        prepare_folder(folder, self._plan, self._sample, load_rubric())

    async def go_on(self, folder: Path) -> int:
        """Go on in a folder and give the number of answers that were bought for it."""
        access = Access(base_url=f"{self.url}/v1", secrets={"OPENAI_API_KEY": "simulated"})
        campaign: Campaign = staged(folder, self._plan, self._sample, self._catalog, {"openai": access})
        tally = Tally(planned=1, votes=len(self._plan.dimensions))
        before = await self.made()
        with PlainConsole(tally, title="r", simulated=True, stream=StringIO(), quiet=True) as console:
            assert await run_campaign(campaign, console, tally, Watch())
        return await self.made() - before

    async def made(self) -> int:
        """Give the number of answers on the simulator's bill."""
        async with aiohttp.ClientSession() as web, web.get(f"{self.url}/bill") as reply:
            return sum(one["whole"]["count"] for one in (await reply.json())["models"].values())


@asynccontextmanager
async def served(latency: float = 0.0) -> AsyncIterator[str]:
    """Give the URL of a simulator within this process; seconds of latency are the same for all its models."""
    models = {id: replace(one, latency=latency, piece_seconds=0.0) for id, one in load_served().items()}
    async with serve(0, 7, think=think, models=models) as port:
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def standing(place: Path) -> AsyncIterator[Standing]:
    """Play a small run to its end, and keep its simulator while the block lasts."""
    async with served() as url:
        run = Standing(place / "whole", url)
        await run.go_on(run.folder)
        yield run


def result(folder: Path) -> dict[str, Any]:
    """Give what a run came to: turns, ends, votes, interviews, canaries."""
    found = read_findings(folder)
    turns = {name: found.turns(name) for name in found.ended}
    return {
        **{"turns": turns, "ended": found.ended, "verdicts": found.verdicts},
        **{"interviews": found.interviews, "canaries": found.canaries, "damage": found.damage},
    }


def answers(folder: Path) -> int:
    """Count the answers that a run's journal holds."""
    return sum(event.body.kind == "call_answered" for event in read_journal(folder / "journal"))


def cut_everywhere(whole: bytes, place: Path, chosen: Callable[[bytes], bool] = bool) -> int:
    """Cut a journal at every byte of the chosen lines, and at the end of every line; give the number of cuts.

    Raises AssertionError where what is left does not read as the whole lines before the cut, without a complaint.
    """
    place.mkdir()
    segment, cuts = place / "0001.jsonl", 0
    lines = whole.splitlines(keepends=True)
    segment.write_bytes(whole)
    every = list(read_journal(place))
    assert len(every) == len(lines)
    for number, line in enumerate(lines):
        before = lines[number - 1] if number else b""
        expected = every[number - 1 : number] if number else []
        for cut in range(len(line) if chosen(line) else 0):
            check(segment, before + line[:cut], expected)
            cuts += 1
    length = 0
    for number, line in enumerate(lines[::7]):
        length = sum(map(len, lines[: 7 * number]))
        check(segment, whole[:length] + line[:-1], every[: 7 * number])
        cuts += 1
    return cuts


def check(segment: Path, left: bytes, expected: list[Any]) -> None:
    """Hold what is read of these bytes against what is expected."""
    segment.write_bytes(left)
    damage: list[Damage] = []
    assert list(read_journal(segment.parent, damage.append)) == expected, left
    assert not damage, (left, damage)


async def go_on_from(run: Standing, cuts: Iterable[int], place: Path) -> int:
    """Cut the run at these bytes and go on; give the answers bought again, all of which the cut had taken away.

    Raises AssertionError where one too many is bought, or the run comes to something else.
    """
    journal = (run.folder / "journal" / "0001.jsonl").read_bytes()
    wanted, all_there, bought = result(run.folder), answers(run.folder), 0
    for cut in cuts:
        folder = place / f"cut-{cut}"
        shutil.copytree(run.folder, folder)
        (folder / "journal" / "0001.jsonl").write_bytes(journal[:cut])
        missing = all_there - answers(folder)
        again = await run.go_on(folder)
        assert again == missing, f"cut at byte {cut}: {again} bought where {missing} were missing"
        assert result(folder) == wanted, f"cut at byte {cut}: the run comes to something else"
        bought += again
        shutil.rmtree(folder)
    return bought


async def main() -> None:
    """Cut everywhere, go on from a sample, and print what it came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=100, help="cuts to go on from")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="play in this folder instead, for whoever kills it")
    parser.add_argument("--url", help="of the simulator, then")
    options = parser.parse_args()
    if options.folder:
        await Standing(options.folder, options.url).go_on(options.folder)
        return
    with tempfile.TemporaryDirectory() as top:
        place = Path(top)
        async with standing(place) as run:
            whole = (run.folder / "journal" / "0001.jsonl").read_bytes()
            began = time.perf_counter()
            cuts = cut_everywhere(whole, place / "cuts")
            print(f"{cuts:,} cuts of {len(whole):,} bytes read clean in {time.perf_counter() - began:.0f} s")
            sample = sorted(derive(options.seed, "cuts").choice(len(whole), options.sample, replace=False))
            bought = await go_on_from(run, map(int, sample), place)
            print(
                f"{options.sample} cuts gone on from: {bought:,} answers had been lost, and were bought again"
            )


if __name__ == "__main__":
    asyncio.run(main())
