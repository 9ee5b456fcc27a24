"""The simulator's HTTP side: from a socket to a dialect, through limits and faults to a mind, and back.

A reply's text depends on the request and the seed alone; the clock shows only in usage, limits and latency.
Nothing here knows what a model thinks, or which conversation a call belongs to.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import count
from math import exp

import orjson
from aiohttp import web

from engine.simulator import completions, converse, messages
from engine.simulator.faults import STATUSES, FaultPlan
from engine.simulator.limits import Exceeded, ModelLimits
from engine.simulator.request import Request
from engine.simulator.served import ServedModel, load_served
from engine.simulator.tokens import LETTERS, CacheLook, PrefixCache, count_tokens
from engine.simulator.wire import GivenAnswer, Refused, Stop, WireCall, WireDialect, WirePost
from personas.seeds import uniform

Think = Callable[[Request, int], str]
LARGEST_BODY = 64_000_000
"""Bytes; more is refused before it is read."""
BACKLOG = 4096
"""Connections not yet accepted; aiohttp's own 128 loses calls when hundreds connect at once."""
FOREVER = 86_400.0
SAYINGS = {
    400: "The request is refused: a fault was asked for.",
    401: "Invalid authentication credentials: a fault was asked for.",
    404: "The model does not exist: a fault was asked for.",
    429: "Too many requests: a fault was asked for.",
    500: "Internal error: a fault was asked for.",
    503: "Service unavailable: a fault was asked for.",
    529: "Overloaded: a fault was asked for.",
}
STOPS: dict[str, Stop] = {"refusal": "refusal", "filter": "filter", "malformed": "malformed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmittedCall:
    """A call that is going to be answered."""

    call: WireCall
    look: CacheLook
    digest: str
    """Of the body, hexadecimal."""
    fault: str
    request_id: str


class ModelServer:
    """All served models behind one port."""

    def __init__(
        self, seed: int, think: Think, *, faults: Mapping[str, str], models: Mapping[str, ServedModel]
    ) -> None:
        now = asyncio.get_running_loop().time()
        self._seed = seed
        self._think = think
        self._models = models
        self._faults = FaultPlan(faults, seed)
        self._limits = {id: ModelLimits(served, now) for id, served in models.items()}
        self._cache = PrefixCache()
        self._numbers = count(1)

    def application(self) -> web.Application:
        """Give the routes."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_post("/v1/messages/count_tokens", self._count)
        app.router.add_post("/v1/chat/completions", self._completions)
        app.router.add_post("/model/{model}/converse", self._converse)
        app.router.add_post("/model/{model}/converse-stream", self._converse)
        app.router.add_get("/v1/models", self._list)
        app.router.add_get("/health", self._health)
        return app

    async def _messages(self, http: web.Request) -> web.StreamResponse:
        return await self._answer(http, messages.DIALECT)

    async def _completions(self, http: web.Request) -> web.StreamResponse:
        return await self._answer(http, completions.DIALECT)

    async def _converse(self, http: web.Request) -> web.StreamResponse:
        return await self._answer(http, converse.DIALECT)

    async def _answer(self, http: web.Request, dialect: WireDialect) -> web.StreamResponse:
        request_id = f"req_simulated_{next(self._numbers):012d}"
        call = None
        try:
            post = await self._read(http, dialect)
            call = dialect.parse(post)
            admitted = self._admit(call, post, request_id)
            if admitted.fault == "hang":
                await asyncio.sleep(FOREVER)
            if call.stream:
                return await self._stream(http, dialect, admitted)
            return await self._whole(http, dialect, admitted)
        except Refused as refusal:
            status, body, headers = dialect.refuse(refusal, request_id)
            if call is not None:
                headers = self._headers(dialect, call, request_id) | headers
            return web.Response(status=status, body=body, headers=headers, content_type="application/json")

    async def _read(self, http: web.Request, dialect: WireDialect) -> WirePost:
        try:
            body = await http.read()
        except web.HTTPRequestEntityTooLarge:
            raise Refused(413, "Request exceeds the maximum size") from None
        if len(body) > dialect.body_limit:
            raise Refused(413, "Request exceeds the maximum size")
        return WirePost(
            headers=http.headers,
            body=body,
            models=self._models,
            model=http.match_info.get("model", ""),
            stream=http.path.endswith("/converse-stream"),
        )

    def _admit(self, call: WireCall, post: WirePost, request_id: str) -> AdmittedCall:
        """Check the call against faults and limits; Refused when either says so."""
        digest, now, model = sha256(post.body).hexdigest(), self._now(), call.served.id
        fault = self._faults.draw(model, digest)
        if fault in STATUSES:
            refusal = Refused(int(fault), SAYINGS[int(fault)])
            refusal.retry_after = 1.0 if fault == "429" else None
            raise refusal
        automatic = call.served.protocol == "openai"
        look = self._cache.look(call.trail, call.served.cache_from, now, automatic=automatic)
        try:
            self._limits[model].admit(look.usage, call.request.max_tokens, now)
        except Exceeded as exceeded:
            told = f"Rate limit reached for {model}: {exceeded}. Try again in {exceeded.seconds:.3f}s."
            refusal = Refused(429, told)
            refusal.retry_after, refusal.limit = exceeded.seconds, exceeded.kind
            raise refusal from None
        return AdmittedCall(call=call, look=look, digest=digest, fault=fault, request_id=request_id)

    async def _think_over(self, dialect: WireDialect, admitted: AdmittedCall) -> GivenAnswer:
        """Wait as long as the model takes, and make its answer; the limits are settled."""
        call, served = admitted.call, admitted.call.served
        swing = 2 * uniform("latency", self._seed, served.id, admitted.digest) - 1
        seconds = served.latency * exp(served.spread * swing)
        await asyncio.sleep(seconds)
        if admitted.fault == "filter" and dialect.filtered:
            raise Refused(400, dialect.filtered)
        text, stop = self._speak(call.request, admitted.fault)
        output = count_tokens(text)
        now = self._now()
        self._cache.keep(admitted.look, now)
        self._limits[served.id].settle(output, call.request.max_tokens, now)
        usage = replace(admitted.look.usage, output=output)
        return GivenAnswer(id=admitted.digest[:24], text=text, stop=stop, usage=usage, seconds=seconds)

    def _speak(self, request: Request, fault: str) -> tuple[str, Stop]:
        if fault in ("refusal", "filter", "empty"):
            return "", STOPS.get(fault, "end")
        text = self._think(request, self._seed)
        if fault == "malformed" and request.schema is not None:
            return text[: max(1, len(text) // 2)], "malformed"
        if len(text) > (room := request.max_tokens * LETTERS):
            return text[:room], "length"
        return text, "end"

    async def _whole(
        self, http: web.Request, dialect: WireDialect, admitted: AdmittedCall
    ) -> web.StreamResponse:
        answer = await self._think_over(dialect, admitted)
        body = dialect.whole(admitted.call, answer)
        headers = self._headers(dialect, admitted.call, admitted.request_id)
        headers["Content-Type"] = "application/json"
        if admitted.fault not in ("drop", "truncate", "midstream"):
            return web.Response(body=body, headers=headers)
        if admitted.fault == "midstream":
            raise Refused(500, SAYINGS[500])
        if admitted.fault == "truncate":
            headers["Content-Length"] = str(len(body))
            short = web.StreamResponse(headers=headers)
            await short.prepare(http)
            await short.write(body[: len(body) // 2])
        return _hang_up(http, reset=admitted.fault == "drop")

    async def _stream(
        self, http: web.Request, dialect: WireDialect, admitted: AdmittedCall
    ) -> web.StreamResponse:
        answer = await self._think_over(dialect, admitted)
        pieces = dialect.pieces(admitted.call, answer)
        if admitted.fault in ("drop", "truncate", "midstream"):
            pieces = pieces[: max(1, len(pieces) // 2)]
        headers = self._headers(dialect, admitted.call, admitted.request_id)
        response = web.StreamResponse(headers=headers | {"Content-Type": dialect.stream_type})
        await response.prepare(http)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(admitted.call.served.piece_seconds)
        if admitted.fault == "drop":
            return _hang_up(http, reset=True)
        if admitted.fault == "midstream":
            await response.write(dialect.fault)
        await response.write_eof()
        return response

    def _headers(self, dialect: WireDialect, call: WireCall, request_id: str) -> dict[str, str]:
        return dialect.headers(request_id, self._limits[call.served.id].levels(self._now()))

    async def _count(self, http: web.Request) -> web.Response:
        request_id = f"req_simulated_{next(self._numbers):012d}"
        try:
            counted = messages.count(await self._read(http, messages.DIALECT))
        except Refused as refusal:
            status, body, headers = messages.DIALECT.refuse(refusal, request_id)
            return web.Response(status=status, body=body, headers=headers, content_type="application/json")
        return _json({"input_tokens": counted})

    async def _list(self, http: web.Request) -> web.Response:
        if "anthropic-version" in http.headers:
            ids = [id for id, served in self._models.items() if served.protocol == "anthropic"]
            rows = [{"type": "model", "id": id, "display_name": id, "created_at": CREATED} for id in ids]
            return _json({"data": rows, "has_more": False, "first_id": ids[0], "last_id": ids[-1]})
        ids = [id for id, served in self._models.items() if served.protocol == "openai"]
        return _json(
            {
                "object": "list",
                "data": [{"id": id, "object": "model", "created": 0, "owned_by": "simulated"} for id in ids],
            }
        )

    async def _health(self, http: web.Request) -> web.Response:
        return _json({"status": "ok", "models": sorted(self._models)})

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


CREATED = "2026-01-01T00:00:00Z"


def _json(data: dict[str, object]) -> web.Response:
    return web.Response(body=orjson.dumps(data), content_type="application/json")


def _hang_up(http: web.Request, *, reset: bool) -> web.StreamResponse:
    """Close the connection under the client, at once or when what was written has gone out."""
    if http.transport is not None:
        if reset:
            http.transport.abort()
        else:
            http.transport.close()
    return web.Response()


@asynccontextmanager
async def serve(
    port: int,
    seed: int,
    *,
    think: Think,
    faults: Mapping[str, str] | None = None,
    models: Mapping[str, ServedModel] | None = None,
) -> AsyncIterator[int]:
    """Listen on loopback while the block lasts, and give the port; 0 asks for any free one.

    Raises ValueError for an unknown fault or a model that is not served, OSError for a port in use.
    """
    models = load_served() if models is None else models
    faults = faults or {}
    if strangers := faults.keys() - models.keys():
        raise ValueError(f"no model is served as {sorted(strangers)[0]!r}; there are {', '.join(models)}.")
    server = ModelServer(seed, think, faults=faults, models=models)
    runner = web.AppRunner(
        server.application(), access_log=None, handler_cancellation=True, shutdown_timeout=0.5
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, backlog=BACKLOG)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
