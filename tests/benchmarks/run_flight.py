"""What many calls in flight cost: memory with a photograph in each conversation, and whether thousands come home.

    python -m tests.benchmarks.run_flight [--conversations 2000] [--calls 5000] [--protocols openai,anthropic,bedrock]

Each row is a process of its own, pinned to one core, the canned server on another; memory is the kernel's own peak.
The first table plays whole conversations with the whole engine, the second makes bare calls, round after
round. Nothing here fails.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from engine.collector import seldom_collected
from engine.errors import CallError
from engine.providers import open_provider
from tests.benchmarks.campaigns import (
    CALLS,
    PROTOCOLS,
    access,
    cells,
    company,
    long_prompt,
    noisy_sample,
    opened,
    sent,
)
from tests.benchmarks.fast_server import serving, widen

PHOTOGRAPHS = 155
ALLOWED_MEGABYTES = 500
LATENCY = 2.0
"""Seconds every answer takes."""
ROUNDS = 10
"""Calls each of them makes, one after the other; the first also makes its connection."""
ALLOWED_TIMES = 2
"""Of the ideal wall time."""


def peak() -> float:
    """Give this process's largest resident size so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


async def converse(protocol: str, count: int) -> str:
    """Have so many conversations at once, a photograph in each; give the row."""
    sample = noisy_sample(PHOTOGRAPHS)
    before = peak()
    with serving(LATENCY) as url, tempfile.TemporaryDirectory() as place:
        async with opened(protocol, url, sample, folder=Path(place), in_flight=count) as (troupe, gates):
            began = time.perf_counter()
            await troupe().perform(cells(sample, count, "full"))
            took, made = time.perf_counter() - began, sent(gates)
    return f"{count:,} | {made - count * CALLS:+d} | {before:.0f} | {peak():.0f} | {ALLOWED_MEGABYTES} | {took:.0f}"


async def fly(protocol: str, count: int) -> str:
    """Keep so many calls in flight, round after round; give the row."""
    sample, failed = noisy_sample(1), []
    model, prompt = company(protocol, count).models["assistant"], long_prompt(sample, 0, photo=False)

    async def caller() -> None:
        for _ in range(ROUNDS):
            try:
                await provider.ask(prompt, model)
            except CallError as error:
                failed.append(str(error))

    with serving(LATENCY) as url, ExitStack() as collecting:
        async with open_provider(protocol, access(protocol, url), sample.album, count) as provider:
            collecting.enter_context(seldom_collected())
            wall, cpu = time.perf_counter(), time.process_time()
            async with asyncio.TaskGroup() as group:
                for _ in range(count):
                    group.create_task(caller())
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if failed:
        print(failed[0], file=sys.stderr)
    times = wall / (ROUNDS * LATENCY)
    each = 1000 * cpu / count / ROUNDS
    return (
        f"{count:,} | {len(failed)} | {wall:.1f} | {times:.2f} | {ALLOWED_TIMES} | {each:.2f} | {peak():.0f}"
    )


def main() -> None:
    """Print both tables; or, as a row's own process, the row."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--protocols", default=",".join(PROTOCOLS))
    parser.add_argument("--row", nargs=3, metavar=("WHAT", "PROTOCOL", "COUNT"))
    given = parser.parse_args()
    widen()
    if given.row:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        what, protocol, count = given.row
        print(asyncio.run((converse if what == "converse" else fly)(protocol, int(count))))
        return
    tables = (
        (
            "converse",
            given.conversations,
            "in flight | calls beyond 19 each | MB before | peak MB | allowed, MB | wall, s",
        ),
        (
            "fly",
            given.calls,
            "in flight | failed | wall, s | times the ideal | allowed | CPU per call, ms | peak MB",
        ),
    )
    for what, count, head in tables:
        print(f"| protocol | {head} |\n|---|{'---:|' * (head.count('|') + 1)}", flush=True)
        for protocol in given.protocols.split(","):
            words = [sys.executable, "-m", "tests.benchmarks.run_flight", "--row", what, protocol, str(count)]
            row = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
            print(f"| {protocol} | {row} |", flush=True)
        print()


if __name__ == "__main__":
    main()
