"""The simulator as a process: `python -m engine.simulator --port 0 --seed 7 [--faults JSON | --plan FILE]`.

It tells its port in one line of JSON and lives as long as somebody holds its standard input open, so that a
parent that was killed leaves no orphan. Ctrl-C is the parent's to handle.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from engine.simulator.faults import FaultRule, load_plan
from engine.simulator.minds import think
from engine.simulator.server import serve


def main() -> None:
    """Read the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m engine.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", type=orjson.loads, default={}, help='such as {"gpt-5.1": "503@0.2"}')
    parser.add_argument("--plan", type=Path, help="a file of [[fault]] tables, instead of --faults")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        faults = load_plan(options.plan) if options.plan else options.faults
        asyncio.run(_live(options.port, options.seed, faults))
    except (ValueError, OSError) as error:
        sys.exit(f"The simulator cannot start: {error}")


async def _live(port: int, seed: int, faults: Mapping[str, str] | Sequence[FaultRule]) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    try:
        loop.add_reader(sys.stdin.fileno(), _watch, stop)
    except PermissionError:  # a file, or /dev/null: nobody can hold that open
        return
    async with serve(port, seed, think=think, faults=faults) as bound:
        sys.stdout.write(f'{{"port": {bound}}}\n')
        sys.stdout.flush()
        await stop.wait()


def _watch(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stop.set()


if __name__ == "__main__":
    main()
