"""The simulator's HTTP side: from a socket to a dialect, through limits and faults to a mind, and back.

A reply's text depends on the request and the seed alone; the clock shows only in usage, limits and latency.
Nothing here knows what a model thinks, or which conversation a call belongs to.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import count

import orjson
from aiohttp import web

from engine.simulator import completions, converse, messages, responses
from engine.simulator.answering import answer_to
from engine.simulator.bill import Bill, OpenCall
from engine.simulator.delivery import send_stream, send_whole
from engine.simulator.faults import CUTS, REFUSALS, FaultPlan, FaultRule, check_models, read_rules
from engine.simulator.limits import Exceeded, ModelLimits
from engine.simulator.pace import delay
from engine.simulator.refusals import broken, refusal
from engine.simulator.request import SIGNATURE, Request
from engine.simulator.served import ServedModel, load_served
from engine.simulator.tokens import CacheLook, PrefixCache
from engine.simulator.wire import GivenAnswer, Refused, WireCall, WireDialect, WirePost

Think = Callable[[Request, int], str]
Route = Callable[[web.Request], Awaitable[web.StreamResponse]]
LARGEST_BODY = 64_000_000
"""Bytes; more is refused before it is read."""
BACKLOG = 4096
"""Connections not yet accepted; aiohttp's own 128 loses calls when hundreds connect at once."""
FOREVER = 86_400.0
CREATED = "2026-01-01T00:00:00Z"
TOO_LARGE = "Request exceeds the maximum size"
GOOD = FaultRule(kind="")
"""Of a call in which nothing breaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmittedCall:
    """A call that is going to be answered."""

    call: WireCall
    look: CacheLook
    digest: str
    """Of the body, hexadecimal."""
    fault: FaultRule
    request_id: str


class ModelServer:
    """All served models behind one port."""

    def __init__(
        self, seed: int, think: Think, *, faults: Sequence[FaultRule], models: Mapping[str, ServedModel]
    ) -> None:
        now = asyncio.get_running_loop().time()
        self._seed = seed
        self._think = think
        self.models = models
        self._faults = FaultPlan(faults, seed)
        self._limits = {id: ModelLimits(served, now) for id, served in models.items()}
        self._cache = PrefixCache()
        self._numbers = count(1)
        self._bill = Bill()

    def application(self) -> web.Application:
        """Give the routes."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_post("/v1/messages", self._speaks(messages.DIALECT))
        app.router.add_post("/v1/messages/count_tokens", self._counts(messages.DIALECT))
        app.router.add_post("/v1/chat/completions", self._speaks(completions.DIALECT))
        app.router.add_post("/v1/responses", self._speaks(responses.DIALECT))
        app.router.add_post("/model/{model}/converse", self._speaks(converse.DIALECT))
        app.router.add_post("/model/{model}/converse-stream", self._speaks(converse.DIALECT))
        app.router.add_post("/model/{model}/count-tokens", self._counts(converse.DIALECT))
        app.router.add_get("/v1/models", self._list)
        app.router.add_get("/v1/models/{model}", self._show)
        app.router.add_get("/health", self._health)
        app.router.add_get("/bill", self._tell)
        return app

    def _speaks(self, dialect: WireDialect) -> Route:
        async def answer(http: web.Request) -> web.StreamResponse:
            with self._bill.call() as one:
                return await self._answer(http, dialect, one)

        return answer

    def _counts(self, dialect: WireDialect) -> Route:
        async def answer(http: web.Request) -> web.StreamResponse:
            request_id = self.number()
            try:
                body = dialect.count(await self._read(http, dialect)) if dialect.count else b"{}"
            except Refused as refused:
                return _refuse(dialect, refused, request_id, {})
            told = dialect.headers(request_id, {}, 0.0)
            return web.Response(body=body, headers=told, content_type="application/json")

        return answer

    async def _answer(self, http: web.Request, dialect: WireDialect, one: OpenCall) -> web.StreamResponse:
        request_id = self.number()
        call = None
        try:
            post = await self._read(http, dialect)
            call = dialect.parse(post)
            one.model = call.served.id
            admitted = self.admit(call, dialect, post.body, request_id)
            if admitted.fault.kind == "hang":
                await asyncio.sleep(FOREVER)
            answer = await self.think_over(dialect, admitted)
            one.make(admitted.digest, answer.usage)
            response = await self._deliver(http, dialect, admitted, answer)
            one.whole = admitted.fault.kind not in CUTS
            return response
        except ConnectionError:
            return web.Response()  # nobody is left to hear it
        except Refused as refused:
            one.refused = refused.status
            return _refuse(
                dialect, refused, request_id, self.headers(dialect, call, request_id) if call else {}
            )

    async def _read(self, http: web.Request, dialect: WireDialect) -> WirePost:
        try:
            body = await http.read()
        except web.HTTPRequestEntityTooLarge:
            raise Refused(413, TOO_LARGE) from None
        if len(body) > dialect.body_limit:
            raise Refused(413, TOO_LARGE)
        return WirePost(
            headers=http.headers,
            body=body,
            models=self.models,
            model=http.match_info.get("model", ""),
            stream=http.path.endswith("/converse-stream"),
        )

    def admit(self, call: WireCall, dialect: WireDialect, body: bytes, request_id: str) -> AdmittedCall:
        """Check the call against faults and limits; Refused when either says so."""
        digest, now, model = sha256(body).hexdigest(), self._now(), call.served.id
        fault = self._faults.draw(model, digest, stream=call.stream) or GOOD
        if fault.kind in REFUSALS:
            raise refusal(fault, call.served.protocol)
        automatic = call.served.protocol == "openai"
        look = self._cache.look(call.trail, call.served.cache_from, now, automatic=automatic)
        try:
            self._limits[model].admit(look.usage, call.request.max_tokens, now)
        except Exceeded as exceeded:
            refused = Refused(429, dialect.throttled(call.served, exceeded))
            refused.retry_after, refused.limit = exceeded.seconds, exceeded.kind
            raise refused from None
        return AdmittedCall(call=call, look=look, digest=digest, fault=fault, request_id=request_id)

    async def think_over(self, dialect: WireDialect, admitted: AdmittedCall) -> GivenAnswer:
        """Wait as long as the model takes, and make its answer; the limits are settled."""
        call, served = admitted.call, admitted.call.served
        seconds = delay(served, self._seed, admitted.digest)
        await asyncio.sleep(seconds)
        if admitted.fault.kind == "filter" and dialect.filtered:
            raise Refused(400, dialect.filtered)
        answer = answer_to(
            call,
            admitted.fault.kind,
            lambda request: self._think(request, self._seed),
            id=admitted.digest[:24],
            sent=admitted.look.usage,
            seconds=seconds,
        )
        now = self._now()
        self._cache.keep(admitted.look, now)
        self._limits[served.id].settle(answer.usage.output, call.request.max_tokens, now)
        return answer

    async def _deliver(
        self, http: web.Request, dialect: WireDialect, admitted: AdmittedCall, answer: GivenAnswer
    ) -> web.StreamResponse:
        """Send the answer to its last byte, whole or in pieces, and break on the way if that is the fault."""
        call, fault = admitted.call, admitted.fault
        headers = self.headers(dialect, call, admitted.request_id, answer.seconds)
        if not call.stream:
            if fault.kind == "midstream":
                raise broken()
            body = dialect.whole(call, answer)
            return await send_whole(http, body, headers, fault=fault.kind, seconds=fault.seconds)
        headers["Content-Type"] = dialect.stream_type
        return await send_stream(
            http,
            dialect.pieces(call, answer),
            headers,
            fault=fault.kind,
            seconds=fault.seconds if fault.kind == "drip" else call.served.piece_seconds,
            ending=dialect.fault,
            binary=dialect.name == "bedrock",
        )

    def headers(
        self, dialect: WireDialect, call: WireCall, request_id: str, seconds: float = 0.0
    ) -> dict[str, str]:
        return dialect.headers(request_id, self._limits[call.served.id].levels(self._now()), seconds)

    def number(self) -> str:
        return f"{SIGNATURE}{next(self._numbers):012d}"

    async def _list(self, http: web.Request) -> web.Response:
        protocol = "anthropic" if "anthropic-version" in http.headers else "openai"
        rows = [_row(id, protocol) for id, served in self.models.items() if served.protocol == protocol]
        if protocol == "openai":
            return _json({"object": "list", "data": rows})
        ends = {"first_id": rows[0]["id"], "last_id": rows[-1]["id"]} if rows else {}
        return _json({"data": rows, "has_more": False} | ends)

    async def _show(self, http: web.Request) -> web.Response:
        id = http.match_info["model"]
        protocol = "anthropic" if "anthropic-version" in http.headers else "openai"
        served = self.models.get(id)
        if served is None or served.protocol != protocol:
            dialect = messages.DIALECT if protocol == "anthropic" else completions.DIALECT
            return _refuse(dialect, Refused(404, f"model: {id}"), self.number(), {})
        return _json(_row(id, protocol))

    async def _health(self, http: web.Request) -> web.Response:
        return _json({"status": "ok", "models": sorted(self.models)})

    async def _tell(self, http: web.Request) -> web.Response:
        return _json(self._bill.statement())

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _refuse(
    dialect: WireDialect, refused: Refused, request_id: str, headers: Mapping[str, str]
) -> web.Response:
    status, body, own = dialect.refuse(refused, request_id)
    return web.Response(
        status=status, body=body, headers=dict(headers) | own, content_type="application/json"
    )


def _row(id: str, protocol: str) -> dict[str, object]:
    if protocol == "anthropic":
        return {"type": "model", "id": id, "display_name": id, "created_at": CREATED}
    return {"id": id, "object": "model", "created": 0, "owned_by": "simulated"}


def _json(data: dict[str, object]) -> web.Response:
    return web.Response(body=orjson.dumps(data), content_type="application/json")


@asynccontextmanager
async def serve(
    port: int,
    seed: int,
    *,
    think: Think,
    faults: Mapping[str, str] | Sequence[FaultRule] | None = None,
    models: Mapping[str, ServedModel] | None = None,
) -> AsyncIterator[int]:
    """Listen on loopback while the block lasts, and give the port; 0 asks for any free one.

    Raises BadPlan for an unknown fault or a model that is not served, OSError for a port in use.
    """
    models = load_served() if models is None else models
    rules = read_rules(faults) if isinstance(faults, Mapping) else tuple(faults or ())
    check_models(rules, models)
    server = ModelServer(seed, think, faults=rules, models=models)
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
