"""How an answer goes out: whole or in pieces, and every way in which it can break on its way.

Nothing here knows a protocol, or why an answer is to break.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import web

DROP_SIZE = 5
"""Bytes that a drip lets go at a time."""
GARBLED = b"\x00\xff\x00"
"""Neither JSON nor UTF-8, wherever it stands."""


async def send_whole(
    http: web.Request, body: bytes, headers: dict[str, str], *, fault: str, seconds: float
) -> web.StreamResponse:
    """Send a reply to its end; `seconds` are a drip's, between its drops."""
    headers["Content-Type"] = "application/json"
    if fault == "crc":
        body = _garble(body)
    if fault not in ("drop", "truncate", "drip"):
        plain = web.Response(body=body, headers=headers)
        await plain.prepare(http)
        await plain.write_eof()
        return plain
    if fault == "drop":
        return _hang_up(http, reset=True)
    headers["Content-Length"] = str(len(body))
    response = web.StreamResponse(headers=headers)
    await response.prepare(http)
    if fault == "drip":
        await _drip(response, body, seconds)
        await response.write_eof()
        return response
    await response.write(body[: len(body) // 2])
    return _hang_up(http, reset=False)


async def send_stream(
    http: web.Request,
    pieces: Sequence[bytes],
    headers: dict[str, str],
    *,
    fault: str,
    seconds: float,
    ending: bytes,
    binary: bool,
) -> web.StreamResponse:
    """Send a reply in pieces; `seconds` lie between them, or between a drip's drops.

    `ending` is the error that breaks in, where that is the fault; `binary` says that frames have checksums.
    """
    if fault in ("drop", "truncate", "midstream"):
        pieces = pieces[: max(1, len(pieces) // 2)]
    elif fault == "crc":
        pieces = _spoil(pieces, binary=binary)
    response = web.StreamResponse(headers=headers)
    await response.prepare(http)
    for piece in pieces:
        if fault == "drip":
            await _drip(response, piece, seconds)
        elif piece:
            await response.write(piece)
            await asyncio.sleep(seconds)
    if fault == "drop":
        return _hang_up(http, reset=True)
    if fault == "midstream":
        await response.write(ending)
    await response.write_eof()
    return response


async def _drip(response: web.StreamResponse, data: bytes, seconds: float) -> None:
    for start in range(0, len(data), DROP_SIZE):
        await response.write(data[start : start + DROP_SIZE])
        await asyncio.sleep(seconds)


def _garble(body: bytes) -> bytes:
    """Make a body of the same length that cannot be read."""
    middle = max(0, len(body) // 2 - len(GARBLED))
    return body[:middle] + GARBLED + body[middle + len(GARBLED) :]


def _spoil(pieces: Sequence[bytes], *, binary: bool) -> list[bytes]:
    """Spoil the last piece but one: the final byte of a frame is its checksum's; an event's JSON is garbled."""
    spoilt, at = list(pieces), max(0, len(pieces) - 2)
    piece = spoilt[at]
    if not binary:
        begins = piece.rfind(b"data: ") + len(b"data: ")
        spoilt[at] = piece[:begins] + GARBLED + piece[begins:]
    elif piece:
        spoilt[at] = piece[:-1] + bytes((piece[-1] ^ 1,))
    return spoilt


def _hang_up(http: web.Request, *, reset: bool) -> web.StreamResponse:
    """Close the connection under the client, at once or when what was written has gone out."""
    if http.transport is not None:
        if reset:
            http.transport.abort()
        else:
            http.transport.close()
    return web.Response()
