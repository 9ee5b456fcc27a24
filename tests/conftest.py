"""What every test may use: the simulator within the test's own loop, and a network that ends at loopback."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

from engine.simulator.request import Request
from engine.simulator.served import ServedModel, load_served
from engine.simulator.server import serve
from tests.acted import acted, planted  # noqa: F401 - fixtures: one run for all that look at pages
from tests.browser import _browser, browser, page  # noqa: F401 - fixtures, for whichever test wants a browser

os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
os.environ["NO_PROXY"] = "127.0.0.1,localhost"

settings.register_profile(
    "steady", derandomize=True, database=None, deadline=None, max_examples=40, print_blob=True
)
settings.register_profile(
    "thorough", deadline=None, max_examples=1_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")  # `--hypothesis-profile thorough` asks for the other

Simulate = Callable[..., AbstractAsyncContextManager[str]]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address!r}: only loopback is allowed.")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
async def clock_that_never_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every look at the virtual clock take a nanosecond, as a real one does.

    aiolimiter sets its timer for the very moment there is room, and looks again when rounding made it a hair too
    early; on a clock that stands still between two looks it would look for ever.
    """
    loop, looks = asyncio.get_running_loop(), itertools.count()
    real = loop.time
    monkeypatch.setattr(loop, "time", lambda: real() + next(looks) * 1e-9)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test in virtual time the clock that goes on."""
    for item in items:
        if item.get_closest_marker("looptime") and isinstance(item, pytest.Function):
            item.fixturenames.append("clock_that_never_stands_still")


def echo(request: Request, seed: int) -> str:
    """Think of what was heard: JSON where a structure was asked for, a sentence otherwise."""
    if request.schema_name == "patient_turn":
        return orjson.dumps({"says": f"seed {seed}", "done": False}).decode()
    if request.schema_name:
        return orjson.dumps({"evidence": [], "reasoning": request.schema_name, "score": 4}).decode()
    images = sum(len(heard.images) for heard in request.messages)
    return f"seed {seed}, messages {len(request.messages)}, images {images}, last {request.messages[-1].text}"


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a played run of two models and a script on two scenarios; copy it before you change it."""
    from tests.indexed import play

    return asyncio.run(play(tmp_path_factory.mktemp("small") / "run"))


def instant(**changes: object) -> dict[str, ServedModel]:
    """Give the served models without their latency, changed as asked."""
    fast = {"latency": 0.0, "piece_seconds": 0.0} | changes
    return {id: replace(served, **fast) for id, served in load_served().items()}


@pytest.fixture
def simulate() -> Simulate:
    """Give a context that serves on loopback: `async with simulate(faults={…}, requests=60) as url`."""

    @asynccontextmanager
    async def start(faults: dict[str, str] | None = None, **changes: object) -> AsyncIterator[str]:
        async with serve(0, 7, think=echo, faults=faults, models=instant(**changes)) as port:
            yield f"http://127.0.0.1:{port}"

    return start


@pytest.fixture
async def simulator(simulate: Simulate) -> AsyncIterator[str]:
    """Give the URL of a simulator in which nothing breaks."""
    async with simulate() as url:
        yield url


@pytest.fixture
def png() -> bytes:
    """Give a photograph of 60 by 40 pixels."""
    file = BytesIO()
    Image.new("RGB", (60, 40), (180, 90, 70)).save(file, "PNG")
    return file.getvalue()
