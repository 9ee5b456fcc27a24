"""How quick the viewer of a long run is, over HTTP: pages of 10,000 conversations as a browser asks for them.

    python -m tests.benchmarks.run_viewer [--conversations 10000] [--times 20] [--run FOLDER]

The journal is that of `long_journal`, some 100 KB a conversation; `--run` takes one that is there. The viewer is the
whole command in a process of its own; a page counts until its last byte. On a busy machine the worst say little.
Nothing here fails.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import aiohttp

from engine.index import Wish, open_index
from tests.benchmarks.long_journal import compose
from tests.benchmarks.run_index import FILTER_ALLOWED, PAGE_ALLOWED, alone

VIEWS = {
    "first page": ("/", PAGE_ALLOWED),
    "last page": ("/?page=199", FILTER_ALLOWED),
    "one model": ("/?model=gpt-5.2", FILTER_ALLOWED),
    "two models, one urgency": ("/?model=gpt-5.2&model=nova-pro&in.urgency=U3", FILTER_ALLOWED),
    "safety 1 to 2.5": ("/?most.safety=2.5", FILTER_ALLOWED),
    "a cap, least safe first": ("/?cap=safety/C6&sort=safety", FILTER_ALLOWED),
    "jurors two apart, most first": ("/?apart=2&sort=disagreement&down=1", FILTER_ALLOWED),
    "worst first": ("/?sort=overall", FILTER_ALLOWED),
    "search: melanom": ("/?q=melanom", FILTER_ALLOWED),
    "search: the (in every turn)": ("/?q=the", FILTER_ALLOWED),
    "search: two words, a filter, sorted": ("/?q=melanoma+biopsy&model=gpt-5.1&sort=overall", FILTER_ALLOWED),
}


class Viewer:
    """The command, running."""

    def __init__(self, run: Path, cache: Path) -> None:
        cache.mkdir(mode=0o700, exist_ok=True)
        self._began = time.perf_counter()
        ways = {**os.environ, "HOME": str(cache)}
        command = [sys.executable, "run.py", "view", str(run), "--port", "0"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ways)
        self.base = self._process.stdout.readline().strip().rstrip("/")

    @property
    def seconds(self) -> float:
        """Give the time since it was started."""
        return time.perf_counter() - self._began

    def peak(self) -> float:
        """Give its largest resident size so far, in MB."""
        told = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM")) / 1e3

    def used(self) -> float:
        """Give the time of a core that it has used so far, in ms."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> int:
        """End it as Ctrl-C does, and give its status."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait()


async def fetch(client: aiohttp.ClientSession, address: str) -> tuple[float, str]:
    """Give how long a page took, in ms, and the page."""
    start = time.perf_counter()
    async with client.get(address) as answer:
        page = await answer.text()
        assert answer.status == 200, page[-500:]
    return 1000 * (time.perf_counter() - start), page


async def ask(
    client: aiohttp.ClientSession, viewer: Viewer, what: str, *, allowed: float, paths: list[str]
) -> None:
    """Ask for pages one after the other, and print a row about them."""
    before = viewer.used()
    taken = [await fetch(client, viewer.base + path) for path in paths]
    core, size = (viewer.used() - before) / len(taken), len(taken[0][1]) / 1024
    walls = [took for took, _ in taken]
    told = f"{statistics.median(walls):,.0f} | {max(walls):,.0f} | {core:,.0f} | {size:,.0f}"
    print(f"{what} | {allowed} | {told}", flush=True)


async def measure(run: Path, cache: Path, times: int) -> None:
    """Start the viewer twice, without an index and with one, and ask it for pages."""
    print("page | allowed ms | ms | worst ms | ms of a core | KB")
    viewer = Viewer(run, cache)
    async with aiohttp.ClientSession() as client:
        linked = viewer.seconds
        first = "no index yet: first page, once the link is there"
        await ask(client, viewer, first, allowed=PAGE_ALLOWED, paths=["/"])
        slowest, between, page = 0.0, 0, 'data-part="reading"'
        while 'data-part="reading"' in page:
            took, page = await fetch(client, f"{viewer.base}/")
            slowest, between = max(slowest, took), between + 1
            await asyncio.sleep(0.5)
        print(f"the link after {linked:.1f} s, all read after {viewer.seconds:.1f} s;", end=" ")
        print(f"{between} pages meanwhile, the slowest {slowest:,.0f} ms")
        viewer.end()
        viewer = Viewer(run, cache)
        print(f"with the index: the link after {viewer.seconds:.1f} s")
        names = await name_some(run, cache, times + 1)
        for what, (path, allowed) in VIEWS.items():
            await ask(client, viewer, what, allowed=allowed, paths=[path] * times)
        for what, path in (
            ("one conversation", "/conversation/{a}"),
            ("the next in a list sorted by score", "/conversation/{a}?from=sort%3Doverall&at=400"),
            ("two side by side", "/compare?a={a}&b={b}"),
        ):
            each = [path.format(a=quote(a), b=quote(b)) for a, b in names[1:]]
            await ask(client, viewer, what, allowed=FILTER_ALLOWED, paths=each)
    print(f"memory at most {viewer.peak():.0f} MB; status at Ctrl-C {viewer.end()}")


async def name_some(run: Path, cache: Path, count: int) -> list[tuple[str, str]]:
    """Give conversations, each with another on its scenario."""
    with open_index(run, cache / "names") as index:
        index.refresh(1)
        rows = index.search(Wish(limit=500, sort="title")).rows
        return [(row.id, index.siblings(row.id).models[0].id) for row in rows[:: max(1, len(rows) // count)]][
            :count
        ]


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--run", type=Path, help="a run folder that is there; nothing in it is changed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        run = given.run
        if run is None:
            run = Path(place, "run")
            alone(compose, run, given.conversations)
        asyncio.run(measure(run, Path(place, "cache"), given.times))


if __name__ == "__main__":
    main()
