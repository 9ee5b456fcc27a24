"""How quick a viewer of a long run is: the index is built, opened, asked and grown, beside a plain reading.

    python -m tests.benchmarks.run_index [--conversations 10000] [--times 20] [--keep FOLDER]

The journal is that of `long_journal`, some 100 KB a conversation. Each part is a process of its own, and
memory is the kernel's own peak. The journal lies in the cache of the file system. On a busy machine what is used of
a core holds better than the time. Nothing here fails.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from engine.index import RunIndex, Wish, open_index
from engine.segments import read_journal
from tests.benchmarks.long_journal import compose, list_planned, write

Taken = tuple[float, float]
PAGE_ALLOWED, FILTER_ALLOWED = 1_000, 200
"""ms"""
GROWN = 100
"""Conversations that are added while somebody looks."""
WISHES = {
    "first page": Wish(),
    "last page": Wish(offset=9_900),
    "one model": Wish(models=("gpt-5.2",)),
    "two models, one urgency": Wish(models=("gpt-5.2", "nova-pro"), strata={"urgency": ("U3",)}),
    "three strata": Wish(strata={"speaker": ("self",), "skin tone": ("34", "56"), "task": ("T2", "T3")}),
    "safety 1 to 2.5": Wish(scores={"safety": (1.0, 2.5)}),
    "a cap, least safe first": Wish(caps=("safety/C6",), sort="safety"),
    "jurors two apart, most first": Wish(disagreement=2.0, sort="disagreement", down=True),
    "dearest first": Wish(sort="cost", down=True),
    "worst overall first": Wish(sort="overall"),
    "longest first, stopped at the cap": Wish(reasons=("max_turns",), sort="seconds", down=True),
    "search: melanom": Wish(text="melanom"),
    "search: a rare word": Wish(text="w1234"),
    "search: the (in every turn)": Wish(text="the"),
    "search: three words and a filter": Wish(text="melanoma biopsy urgent", models=("gpt-5.1",)),
    'search: "skin see"': Wish(text='"skin see"'),
}


def peak() -> float:
    """Give this process's largest resident size so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def timed(work: Callable[[], object]) -> Taken:
    """Do something, and give how long it took and how much of a core, in ms."""
    start, used = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - used)


def row(what: str, allowed: float | str, taken: list[Taken], found: str = "") -> str:
    """Write a row of what was done several times."""
    walls, cores = zip(*taken, strict=True)
    middle, core = statistics.median(walls), statistics.median(cores)
    return f"{what} | {allowed} | {middle:,.0f} | {max(walls):,.0f} | {core:,.0f} | {found}"


def plainly(folder: Path) -> list[str]:
    """Read the journal as everything else does."""
    taken = timed(lambda: sum(1 for _ in read_journal(folder / "journal")))
    return [row("the journal read plainly", "-", [taken], f"{peak():.0f} MB of memory")]


def build(folder: Path, place: Path) -> list[str]:
    """Make the index, and look at a page of what there is after the first megabyte."""
    index: RunIndex

    def first() -> None:
        nonlocal index
        index = stack.enter_context(open_index(folder, place))
        index.refresh(1 << 20)
        index.search(Wish())

    with ExitStack() as stack:
        soon = timed(first)
        rest = timed(index.refresh)
    size = sum(path.stat().st_size for path in place.iterdir()) / 1e6
    whole = (soon[0] + rest[0], soon[1] + rest[1])
    return [
        row("no index yet: a page after the first MB", PAGE_ALLOWED, [soon]),
        row("the index built", "-", [whole], f"{peak():.0f} MB of memory, {size:.0f} MB on disk"),
    ]


def ask(folder: Path, place: Path, times: int) -> list[str]:
    """Open the index that is there, and ask it everything."""

    def anew() -> None:
        with open_index(folder, place) as index:
            index.refresh()
            index.search(Wish())

    rows = [row("opened, looked for news, first page", PAGE_ALLOWED, [timed(anew) for _ in range(times)])]
    with open_index(folder, place) as index:
        names = [one.id for one in index.search(Wish(limit=500)).rows]
        for what, wish in WISHES.items():
            taken = [timed(lambda wish=wish: index.search(wish)) for _ in range(times)]
            rows.append(row(what, FILTER_ALLOWED, taken, f"{index.search(wish).total:,} found"))
        index.open(names[0])
        for what, work in (("one conversation opened", index.open), ("its siblings", index.siblings)):
            taken = [timed(lambda name=name, work=work: work(name)) for name in names[1 : times + 1]]
            rows.append(row(what, FILTER_ALLOWED, taken))
        rows.append(row("progress", FILTER_ALLOWED, [timed(index.progress) for _ in range(times)]))
    return rows


def grow(folder: Path, place: Path, times: int) -> list[str]:
    """Let the run go on while the index is open."""
    with open_index(folder, place) as index:
        index.refresh()
        nothing = [timed(index.refresh) for _ in range(times)]
        write(folder, 2, list_planned(folder)[-GROWN:])
        more = [timed(index.refresh)]
    return [
        row("refreshed, nothing new", "-", nothing),
        row(f"refreshed, {GROWN} conversations more", "-", more),
    ]


def alone(work: Callable[..., Any], *values: object) -> Any:
    """Do something in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *values).result()


def measure(folder: Path, conversations: int, times: int) -> None:
    """Measure and print."""
    place = folder.with_name("index")
    alone(compose, folder, conversations, GROWN)
    size = sum(path.stat().st_size for path in (folder / "journal").iterdir()) / 1e6
    print(f"{conversations - GROWN:,} conversations of {conversations:,}, {size:,.0f} MB of journal\n")
    print("what | allowed ms | ms | worst ms | ms of a core | ")
    steps = ((plainly, ()), (build, (place,)), (ask, (place, times)), (grow, (place, times)))
    for step, values in steps:
        for line in alone(step, folder, *values):
            print(line, flush=True)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--keep", type=Path, help="where the run is made and left")
    given = parser.parse_args()
    if given.keep:
        given.keep.mkdir(mode=0o700, parents=True)
        measure(given.keep.resolve() / "run", given.conversations, given.times)
    else:
        with tempfile.TemporaryDirectory() as place:
            measure(Path(place, "run"), given.conversations, given.times)


if __name__ == "__main__":
    main()
