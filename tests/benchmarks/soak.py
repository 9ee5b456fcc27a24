"""A long run: does it stay small, quick to answer and as cheap at its end as at its beginning?

    python -m tests.benchmarks.soak [--conversations 100000] [--turns 2] [--dimensions 1] [--socket]
                                   [--keep FOLDER [--stop N]]

The real campaign of eight models, a patient and a jury of three, with interviews, second readings and canaries, a
quiet console, the tally, and the journal on the disk with its fdatasync. Only the network is left out: the simulator
answers within the process (engine/simulator/inside.py), at once and one at a time, so all CPU here is the engine's
and the minds' together. With --socket the simulator is a process of its own, as in a user's run, and what it holds is
told as well. With --stop the run is interrupted after so many, as by Ctrl-C, and the same command goes on with it.
Nothing here fails; the verdicts stand below the table.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from engine.campaign import Campaign, Watch, run_campaign
from engine.catalog import read_catalog
from engine.cells import ARMS
from engine.config import Access
from engine.console.plain import PlainConsole
from engine.folder import prepare_folder
from engine.plan import Extent, make_plan
from engine.segments import read_run
from engine.setting import Setting
from engine.simulator.inside import open_inside
from engine.simulator.launch import launch
from engine.simulator.minds import think
from engine.tally import Tally
from engine.troupe import Repertoire
from rubrics.rubric import load_rubric
from rubrics.values import Rubric
from tests.benchmarks.metering import LagMeter, census, read_process
from tests.benchmarks.soak_table import HEAD, Line, conclude, show
from tests.samples import embedded
from tests.staging import inside_accesses

SCENARIOS, MODELS = 125, 8
SEED = 7
EVERY = 5.0
"""Seconds between two lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is played and judged."""

    conversations: int
    turns: int
    """Of the patient, at most."""
    dimensions: int
    """Of the rubric, from its first."""

    @property
    def scenarios(self) -> int:
        """Give how many there are; the rest is repeats."""
        return min(SCENARIOS, max(1, self.conversations // MODELS))

    @property
    def cast(self) -> int:
        """Give the conversations of one repeat."""
        return self.scenarios * MODELS


def cut_rubric(dimensions: int) -> Rubric:
    """Give the built-in rubric with its first dimensions only."""
    mark, source = "\n[[dimension]]\n", load_rubric().source
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(mark.join(source.split(mark)[: dimensions + 1]))
        file.flush()
        return load_rubric(file.name)


def compose(folder: Path, size: Size, accesses: dict[str, Access] | None = None) -> Campaign:
    """Make the run folder and the campaign; without `accesses` the simulator answers within this process."""
    catalog, rubric = read_catalog(), cut_rubric(size.dimensions)
    catalog = catalog.within(catalog.simulated)
    models = catalog.choose("all")
    sample = embedded(size.scenarios, SEED)
    plan = make_plan(
        sample.scenarios,
        models,
        (ARMS["full"],),
        catalog=catalog,
        rubric=rubric,
        seed=SEED,
        simulated=True,
        faults={},
        extent=Extent(turns=size.turns, repeats=max(1, round(size.conversations / size.cast))),
        created="",
    )
    prepare_folder(folder, plan, sample, rubric)
    return Campaign(
        folder=folder,
        repertoire=Repertoire(plan=plan, catalog=catalog, rubric=rubric, album=sample.album),
        cells=tuple(Setting(plan=plan, scenarios=sample.scenarios, additions=()).cells({})),
        company=catalog.company(models),
        accesses=accesses or inside_accesses(catalog, open_inside(SEED, think)),
    )


@asynccontextmanager
async def reached(socket: bool) -> AsyncIterator[tuple[dict[str, Access] | None, int | None]]:
    """Give the way into a simulator that is a process of its own, and its id; nothing where it is within this one."""
    if not socket:
        yield None, None
        return
    async with launch(SEED) as endpoint:
        catalog = read_catalog()
        inside = inside_accesses(catalog, open_inside(SEED, think))
        accounts = {model.account: model.provider for model in catalog.models.values()}
        yield (
            {
                account: replace(inside[account], base_url=getattr(endpoint, provider), within=None)
                for account, provider in accounts.items()
            },
            endpoint.pid,
        )


class Observer:
    """Looks at a run every few seconds."""

    def __init__(self, folder: Path, tally: Tally, simulator: int | None) -> None:
        self._folder = folder
        self._tally = tally
        self._simulator = psutil.Process(simulator) if simulator else None
        self._lag = LagMeter()
        self._began = time.monotonic()
        self.lines: list[Line] = []

    async def watch(self, stop: int | None) -> None:
        """Look, until cancelled; interrupt the run once after so many conversations."""
        self.look()
        while True:
            await asyncio.sleep(EVERY)
            self.look()
            show(self.lines[-2:])
            if stop is not None and self._tally.judged >= stop:
                stop = None
                signal.raise_signal(signal.SIGINT)

    def look(self) -> None:
        """Take down how things stand."""
        size = sum(path.stat().st_size for path in (self._folder / "journal").glob("*.jsonl"))
        line = Line(
            at=time.monotonic() - self._began,
            done=self._tally.judged,
            reading=read_process(),
            delays=self._lag.take(),
            journal=size / 1e6,
            simulator=self._simulator.memory_info().rss / 1e6 if self._simulator else 0.0,
        )
        self.lines.append(line)

    async def alongside(self, run: Coroutine[object, object, bool], stop: int | None) -> list[Line]:
        """Look on while this runs, and give the lines."""
        async with asyncio.TaskGroup() as group:
            watchers = [group.create_task(self._lag.watch()), group.create_task(self.watch(stop))]
            await run
            self.look()
            for watcher in watchers:
                watcher.cancel()
        return self.lines


async def soak(folder: Path, size: Size, *, stop: int | None = None, socket: bool = False) -> list[Line]:
    """Run it and give the lines; `stop` breaks it off after so many conversations."""
    async with reached(socket) as (accesses, simulator):
        campaign = compose(folder, size, accesses)
        plan = campaign.plan
        tally = Tally(planned=len(campaign.cells), votes=len(plan.jury) * len(plan.dimensions))
        began = time.perf_counter()
        for event in read_run(folder):
            tally.hear(event)
        print(
            f"{tally.judged:,} of {tally.planned:,} judged before, told in {time.perf_counter() - began:.1f} s\n"
        )
        print(f"{HEAD}\n|{'---:|' * (HEAD.count('|') - 1)}", flush=True)
        observer = Observer(folder, tally, simulator)
        with PlainConsole(tally, title=str(folder), simulated=True, quiet=True) as console:
            return await observer.alongside(run_campaign(campaign, console, tally, Watch()), stop)


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--dimensions", type=int, default=1)
    parser.add_argument("--socket", action="store_true", help="with the simulator as a process of its own")
    parser.add_argument("--keep", type=Path, help="a folder for the run, which is deleted otherwise")
    parser.add_argument("--stop", type=int, help="interrupt it after so many conversations")
    parser.add_argument("--census", action="store_true", help="count the objects at the end")
    given = parser.parse_args()
    size = Size(conversations=given.conversations, turns=given.turns, dimensions=given.dimensions)
    print(f"Python {sys.version.split()[0]}, {size}")
    with tempfile.TemporaryDirectory() as place:
        folder = given.keep or Path(place) / "run"
        lines = asyncio.run(soak(folder, size, stop=given.stop, socket=given.socket))
    conclude(lines, size.cast)
    if given.census:
        print("\n".join(f"{count:>10,} {name}" for name, count in census()))


if __name__ == "__main__":
    main()
