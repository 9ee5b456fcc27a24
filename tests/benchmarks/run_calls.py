"""What a call costs the client, in CPU, with the whole engine around it.

    python -m tests.benchmarks.run_calls [--times 3] [--conversations 100]

The client is pinned to one core and a canned server to another; CPU time is the process's own, its journal's thread
included. Each row also gives the ratio to bare aiohttp and orjson with a body of the same size, measured in the
same round, since a shared machine slows both alike. The least of all
rounds counts: whatever is more is other people's. Nothing here fails.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import orjson

from engine.providers import open_provider
from personas.scenarios.build import Sample
from tests.benchmarks.campaigns import (
    ALLOWED,
    CALLS,
    LONGER,
    PROTOCOLS,
    access,
    cells,
    company,
    long_prompt,
    noisy_sample,
    opened,
    sent,
)
from tests.benchmarks.fast_server import serving

AT_ONCE = 64
ROWS = (
    "engine",
    "engine, 200 KB photograph",
    "provider alone",
    "provider alone, 200 KB photograph in every call",
    "bare aiohttp",
    "bare aiohttp, 200 KB",
)


async def crowd(call: Callable[[int], Awaitable[object]], count: int) -> None:
    """Make so many calls, a fixed number at once."""
    numbers = iter(range(count))

    async def one() -> None:
        for number in numbers:
            await call(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one())


async def spent(call: Callable[[int], Awaitable[object]], count: int) -> float:
    """Give the CPU of a call in ms, connections made beforehand."""
    await crowd(call, AT_ONCE)
    began = time.process_time()
    await crowd(call, count)
    return 1000 * (time.process_time() - began) / count


async def measure_engine(protocol: str, url: str, sample: Sample, *, count: int, arm: str) -> float:
    """Give the CPU of a call in ms, everything in it."""
    with tempfile.TemporaryDirectory() as place:
        async with opened(protocol, url, sample, folder=Path(place), in_flight=AT_ONCE) as (troupe, gates):
            await troupe().perform(cells(sample, AT_ONCE, arm))  # makes the connections
            before, began = sent(gates), time.process_time()
            await troupe().perform(cells(sample, count, arm, first=AT_ONCE))
            taken, calls = time.process_time() - began, sent(gates) - before
    if not 1 <= calls / (count * CALLS) <= LONGER:
        raise SystemExit(f"{calls} calls for {count} conversations: the canned server was misunderstood.")
    return 1000 * taken / calls


async def measure(protocol: str, url: str, sample: Sample, count: int) -> list[float]:
    """Give one round, in the order of the rows."""
    catalog, calls = company(protocol, AT_ONCE), count * CALLS // 2
    engine = [
        await measure_engine(protocol, url, sample, count=count, arm="no-image"),
        await measure_engine(protocol, url, sample, count=count, arm="full"),
    ]
    async with AsyncExitStack() as stack:
        opening = open_provider(protocol, access(protocol, url), sample.album, AT_ONCE)
        provider = await stack.enter_async_context(opening)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        )

        def asking(photo: bool) -> Callable[[int], Awaitable[object]]:
            prompts = [long_prompt(sample, number, photo=photo) for number in range(len(sample.scenarios))]
            model = catalog.models["assistant"]
            return lambda number: provider.ask(prompts[number % len(prompts)], model)

        path = {"anthropic": "/v1/messages", "openai": "/v1/chat/completions", "bedrock": "/model/x/converse"}

        def bare(size: int) -> Callable[[int], Awaitable[object]]:
            body = {"model": "canned", "messages": [{"role": "user", "content": "x" * size}]}

            async def call(number: int) -> object:
                headers = {"content-type": "application/json"}
                target, data = url + path[protocol], orjson.dumps(body)
                async with session.post(target, data=data, headers=headers) as reply:
                    return orjson.loads(await reply.read())

            return call

        alone = [await spent(asking(False), calls), await spent(asking(True), calls)]
        return [*engine, *alone, await spent(bare(6_000), calls), await spent(bare(206_000), calls)]


def main() -> None:
    """Measure every protocol and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--conversations", type=int, default=100)
    parser.add_argument("--protocols", default=",".join(PROTOCOLS))
    given = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    sample = noisy_sample(32)
    print(f"Python {sys.version.split()[0]}, least of {given.times} rounds, {AT_ONCE} calls at once\n")
    print("| protocol | what | CPU per call, ms | allowed, ms | times bare aiohttp |")
    print("|---|---|---:|---:|---:|", flush=True)
    for protocol in given.protocols.split(","):
        with serving() as url:
            rounds = [
                asyncio.run(measure(protocol, url, sample, given.conversations)) for _ in range(given.times)
            ]
        small, large = (min(column) for column in list(zip(*rounds, strict=True))[-2:])
        for name, column in zip(ROWS, zip(*rounds, strict=True), strict=True):
            photo, middle = "200 KB" in name, min(column)
            allowed = f"{ALLOWED[protocol] * (1 + photo):g}" if name.startswith("engine") else ""
            ratio = middle / (large if photo and not name.startswith("engine") else small)
            print(f"| {protocol} | {name} | {middle:.3f} | {allowed} | {ratio:.1f} |", flush=True)


if __name__ == "__main__":
    main()
