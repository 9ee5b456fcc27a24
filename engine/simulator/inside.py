"""The simulator without a socket: a request in, an answer out, within the caller's own process and loop.

The one idea: only the network is left out. What comes is a body in its provider's dialect, read, refused, weighed
and answered as the HTTP side does it, so the words and the bill are the same. One answer is thought of at a time,
and the loop turns between two: minds are arithmetic, and a hundred of them at once would hold up everybody else.
Nothing here knows who calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from engine.simulator import completions, converse, messages, responses
from engine.simulator.faults import BREAKS, FaultRule
from engine.simulator.served import load_served
from engine.simulator.server import ModelServer, Think
from engine.simulator.wire import Refused, WireCall, WireDialect, WirePost

DIALECTS: dict[str, WireDialect] = {
    "/v1/messages": messages.DIALECT,
    "/v1/chat/completions": completions.DIALECT,
    "/v1/responses": responses.DIALECT,
}
NAMED = {"converse": False, "converse-stream": True}
"""How the paths end that hold the model's name, and whether they ask for a stream."""
JSON = "application/json"


class InsideServer:
    """All served models, asked by a function call."""

    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._turn = asyncio.Lock()

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Answer a request: status, headers and body, a stream's pieces all at once.

        Faults that break a connection need one, and are no part of this: LookupError for one, and for a path that
        is not served.
        """
        dialect, model, streamed = _route(urlsplit(url).path)
        server, call = self._server, None
        request_id = server.number()
        post = WirePost(headers=headers, body=body, models=server.models, model=model, stream=streamed)
        try:
            async with self._turn:
                call = dialect.parse(post)
                return await self._answer(dialect, call, body, request_id)
        except Refused as refused:
            told = server.headers(dialect, call, request_id) if call else {}
            status, content, own = dialect.refuse(refused, request_id)
            return status, {**told, **own, "Content-Type": JSON}, content

    async def _answer(
        self, dialect: WireDialect, call: WireCall, body: bytes, request_id: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        admitted = self._server.admit(call, dialect, body, request_id)
        if admitted.fault.kind in BREAKS:
            raise LookupError(f"the fault {admitted.fault.kind!r} breaks a connection, and here is none.")
        answer = await self._server.think_over(dialect, admitted)
        headers = self._server.headers(dialect, call, request_id, answer.seconds)
        if call.stream:
            return (
                200,
                headers | {"Content-Type": dialect.stream_type},
                b"".join(dialect.pieces(call, answer)),
            )
        return 200, headers | {"Content-Type": JSON}, dialect.whole(call, answer)


def _route(path: str) -> tuple[WireDialect, str, bool]:
    """Give the dialect of a path, the model it names, and whether it asks for a stream."""
    if dialect := DIALECTS.get(path):
        return dialect, "", False
    _, _, named = path.partition("/model/")
    model, _, ending = named.rpartition("/")
    if ending not in NAMED:
        raise LookupError(f"nothing is served at {path}.")
    return converse.DIALECT, unquote(model), NAMED[ending]


def open_inside(seed: int, think: Think, faults: Sequence[FaultRule] = ()) -> InsideServer:
    """Give a server that answers as fast as it can think; the loop that asks it must be running."""
    served = {
        id: replace(model, latency=0.0, tail=0.0, piece_seconds=0.0) for id, model in load_served().items()
    }
    return InsideServer(ModelServer(seed, think, faults=faults, models=served))
