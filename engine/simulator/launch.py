"""The parent's side of the simulator: start the process, learn its port, end it.

The process watches its standard input, which is a pipe that this one holds: when this one dies, however it
dies, so does the simulator. Nothing here knows what is served.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import orjson

from engine.errors import BadRun

ROOT = Path(__file__).parents[2]
START_SECONDS = 20.0
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a running simulator is reached."""

    port: int
    pid: int
    errors: IO[bytes] = field(repr=False)
    """What the process writes to standard error; a file, since nobody drains a pipe."""

    @property
    def anthropic(self) -> str:
        """Base URL for Anthropic's SDK."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def openai(self) -> str:
        """Base URL for OpenAI's SDK."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def bedrock(self) -> str:
        """Endpoint URL for Bedrock's SDK."""
        return f"http://127.0.0.1:{self.port}"

    def complaints(self) -> str:
        """Give what the process has complained of; empty when all is well."""
        return _complaints(self.errors)


@asynccontextmanager
async def launch(seed: int, faults: Mapping[str, str] | Path | None = None) -> AsyncIterator[Endpoint]:
    """Run a simulator while the block lasts; BadRun, with its own words, when it is not up in 20 seconds.

    `faults` is a mapping from model ids to faults such as "503@0.2", or the path of a plan file.
    """
    with tempfile.TemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *_arguments(seed, faults), cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=errors
        )
        try:
            yield Endpoint(port=await _port(process, errors), pid=process.pid, errors=errors)
        finally:
            await _end(process)


def _arguments(seed: int, faults: Mapping[str, str] | Path | None) -> list[str]:
    words = ["-m", "engine.simulator", "--port", "0", "--seed", str(seed)]
    if isinstance(faults, Path):  # the process has another working directory
        return [*words, "--plan", str(faults.resolve())]
    return [*words, "--faults", orjson.dumps(dict(faults)).decode()] if faults else words


async def _port(process: Process, errors: IO[bytes]) -> int:
    assert process.stdout is not None  # a pipe was asked for
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
        return int(orjson.loads(line)["port"])
    except (TimeoutError, orjson.JSONDecodeError) as error:
        said = _complaints(errors).strip()[-2000:] or "it said nothing"
        raise BadRun(
            f"The embedded simulator ({sys.executable} -m engine.simulator) did not start: {said}"
        ) from error


async def _end(process: Process) -> None:
    """Close its standard input, which it takes as the sign to go; kill it when it does not."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _complaints(errors: IO[bytes]) -> str:
    errors.flush()
    errors.seek(0)
    return errors.read().decode(errors="replace")
