"""A relay on loopback between a client and the simulator: keeps every request, and cuts answers into small pieces.

The one idea: what travels is looked at as bytes, where neither an SDK nor the simulator can tell a nicer story. It
may answer in the server's stead. It knows HTTP's outline and no protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardRequest:
    """One request, as it came."""

    line: str
    headers: dict[str, str]
    """Names in small letters."""
    body: bytes
    raw: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """What was asked for, percent signs untouched."""
        return self.line.split(" ")[1]

    def json(self) -> Any:
        """Read the body."""
        return orjson.loads(self.body)


Answer = Callable[[HeardRequest], Awaitable[bytes | None]]
"""Gives a whole answer, head and body, or None to let the server answer."""


@dataclass
class Relay:
    """A relay that is listening."""

    upstream: str = ""
    """Base URL of the server; empty when `answer` answers everything."""
    piece: int = 0
    """Bytes of an answer that are sent at a time; 0 sends what is there."""
    answer: Answer | None = None
    url: str = ""
    requests: list[HeardRequest] = field(default_factory=list)
    _talks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def last(self) -> HeardRequest:
        """The newest request."""
        return self.requests[-1]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side, or the relay, ends it."""
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            await self._relay(reader, writer)
        except* OSError:
            pass  # so ends an answer that is a cut
        except* asyncio.CancelledError:
            pass  # asyncio would complain of a task that says it was cancelled
        finally:
            writer.close()
            self._talks.discard(task)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server: asyncio.StreamWriter | None = None
        try:
            async with asyncio.TaskGroup() as group:
                while heard := await read_request(reader):
                    self.requests.append(heard)
                    said = await self.answer(heard) if self.answer else None
                    if said is not None:
                        await self._write(writer, said)
                        continue
                    if server is None:
                        parts = urlsplit(self.upstream)
                        answers, server = await asyncio.open_connection(parts.hostname, parts.port)
                        group.create_task(self._pump(answers, writer))
                    server.write(heard.raw)
                    await server.drain()
                if server is not None:
                    server.close()
        finally:
            if server is not None:
                server.transport.abort()

    async def _pump(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await answers.read(65_536):
                await self._write(writer, data)
            writer.close()
        except OSError:
            writer.transport.abort()

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        size = self.piece or len(data)
        for start in range(0, len(data), size):
            writer.write(data[start : start + size])
            for _ in range(2):  # the reader, in this same loop, takes each piece before the next is sent
                await asyncio.sleep(0)

    async def hang_up(self) -> None:
        """End all connections."""
        talks = list(self._talks)
        for talk in talks:
            talk.cancel()
        if talks:
            await asyncio.wait(talks)


async def read_request(reader: asyncio.StreamReader) -> HeardRequest | None:
    """Read one request whose body has a length; None when the connection has ended."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        line, *rest = head.decode("latin-1").strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (pair.partition(":") for pair in rest)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except (asyncio.IncompleteReadError, OSError):
        return None
    return HeardRequest(line=line, headers=headers, body=body, raw=head + body)


@asynccontextmanager
async def relayed(
    upstream: str = "", *, piece: int = 0, answer: Answer | None = None
) -> AsyncIterator[Relay]:
    """Listen while the block lasts."""
    relay = Relay(upstream=upstream, piece=piece, answer=answer)
    server = await asyncio.start_server(relay.talk, "127.0.0.1", 0, limit=2**20, backlog=1024)
    relay.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield relay
    finally:
        server.close()
        await relay.hang_up()


def reply(body: object, status: int = 200, **headers: str) -> bytes:
    """Write a whole answer; `_` in a header's name stands for `-`."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    told = {"content-type": "application/json", "content-length": str(len(data))}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + data


def always(body: object, status: int = 200, **headers: str) -> Answer:
    """Give an answer to everything that is the same each time."""
    said = reply(body, status, **headers)

    async def answer(heard: HeardRequest) -> bytes:
        return said

    return answer
