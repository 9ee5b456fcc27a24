"""The simulator standing by itself: served within this process until it is told to go.

Meant for somebody who tries a client of their own against it. Nothing here knows what is served.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

from engine.errors import BadOption
from engine.simulator.faults import BadPlan, load_plan
from engine.simulator.minds import think
from engine.simulator.server import serve

ENDINGS = (signal.SIGINT, signal.SIGTERM)


async def stand(port: int, seed: int, faults: Path | None, ready: Callable[[int], None]) -> None:
    """Serve until cancelled, interrupted or terminated; `ready` is told the port once it is listened on.

    Port 0 takes any free one. Raises BadOption for a fault plan that cannot be used and for a port in use.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    try:
        rules = load_plan(faults) if faults else ()
        async with serve(port, seed, think=think, faults=rules) as bound:
            for ending in ENDINGS:
                loop.add_signal_handler(ending, stop.set)
            try:
                ready(bound)
                await stop.wait()
            finally:
                for ending in ENDINGS:
                    loop.remove_signal_handler(ending)
    except BadPlan as error:
        raise BadOption(str(error)) from error
    except OSError as error:
        told = f"port {port} on this machine cannot be listened on: {error.strerror or error}."
        raise BadOption(f"{told} Choose another with --port, or 0 for any free one.") from error
