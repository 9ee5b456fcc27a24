"""A thin server that enforces exact limits in the three protocols, for tests/benchmarks/run_limits.py.

    python tests/benchmarks/limit_server.py '{"row-0": {"protocol": "openai", "limits": {"requests": 1200}, …}}'

The buckets are the simulator's own, and so are each provider's rules of charging; the answers are the same word
again and again. It prints its port and lives as long as its standard input is held open.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import orjson
from aiohttp import web

from engine.simulator.limits import Exceeded, ModelLimits
from engine.simulator.served import ServedModel, load_served
from engine.simulator.tokens import TokenUsage
from personas.seeds import uniform

LETTERS = 4.3
"""Characters of the body per input token: near what clients guess, and not the same."""
LIKE = {"anthropic": "claude-haiku-4-5-20251001", "openai": "gpt-5.1", "bedrock": "us.amazon.nova-pro-v1:0"}
NONE = dict.fromkeys(("requests", "input_tokens", "output_tokens", "tokens"))


@dataclass(slots=True)
class Row:
    """One served model: its limits, and what its answers are like."""

    protocol: str
    served: ServedModel
    latency: tuple[float, float]
    output: tuple[int, int]
    halved_at: float | None
    """Seconds after the first call at which every limit falls to one half; None for never."""
    limits: ModelLimits | None = None
    since: float = 0.0

    def current(self, now: float) -> ModelLimits:
        """Give the limits that hold now."""
        if self.limits is None:
            self.limits, self.since = ModelLimits(self.served, now), now
        if self.halved_at is not None and now >= self.since + self.halved_at:
            half = {kind: limit // 2 for kind in NONE if (limit := getattr(self.served, kind))}
            self.served, self.halved_at = replace(self.served, **half), None
            self.limits = ModelLimits(self.served, now)
        return self.limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One call, as far as this server understands it."""

    usage: TokenUsage
    longest: int
    latency: float
    output: int


def hear(row: Row, body: bytes, said: dict[str, Any]) -> Heard:
    """Read a call; what the one before it sent was read from the cache, where the provider has one for free."""
    total, read = ceil(len(body) / LETTERS), 0
    if row.protocol == "anthropic" and len(said["messages"]) > 2:
        read = total - ceil(len(orjson.dumps(said["messages"][-2:])) / LETTERS)
    longest = said.get("max_tokens") or said.get("max_completion_tokens")
    low, high = row.latency
    least, most = row.output
    return Heard(
        usage=TokenUsage(fresh=total - read, read=read, written=0),
        longest=longest or said["inferenceConfig"]["maxTokens"],
        latency=low + (high - low) * uniform("latency", body),
        output=round(least + (most - least) * uniform("output", body)),
    )


async def answer(http: web.Request, rows: dict[str, Row]) -> web.Response:
    """Admit a call or refuse it, wait, bill it, and answer."""
    body = await http.read()
    said = orjson.loads(body)
    row, loop = rows[http.match_info.get("model") or said["model"]], asyncio.get_running_loop()
    heard, limits = hear(row, body, said), row.current(loop.time())
    try:
        limits.admit(heard.usage, heard.longest, loop.time())
    except Exceeded as exceeded:
        return refuse(row, exceeded, headers(row, loop.time()))
    await asyncio.sleep(heard.latency)
    limits.settle(heard.output, heard.longest, loop.time())
    reply = REPLIES[row.protocol](heard)
    return web.Response(
        body=orjson.dumps(reply), headers=headers(row, loop.time()), content_type="application/json"
    )


def refuse(row: Row, exceeded: Exceeded, told: dict[str, str]) -> web.Response:
    """Answer 429, as the provider would."""
    words = f"Rate limit reached: {exceeded}."
    if row.protocol == "anthropic":
        told |= {"retry-after": str(max(1, ceil(exceeded.seconds)))}
        error: object = {"type": "error", "error": {"type": "rate_limit_error", "message": words}}
    elif row.protocol == "openai":
        told |= {"retry-after": str(max(1, ceil(exceeded.seconds)))}
        told |= {"retry-after-ms": str(max(1, ceil(exceeded.seconds * 1000)))}
        error = {"error": {"message": words, "type": "requests", "code": "rate_limit_exceeded"}}
    else:
        told |= {"x-amzn-ErrorType": "ThrottlingException:http://internal.amazon.com/coral/"}
        error = {"message": words}
    return web.Response(status=429, body=orjson.dumps(error), headers=told, content_type="application/json")


def headers(row: Row, now: float) -> dict[str, str]:
    """Tell the limits, as the provider would; Bedrock tells none."""
    told = {}
    for kind, level in row.current(now).levels(now).items():
        if row.protocol == "anthropic":
            name, left = f"anthropic-ratelimit-{kind.replace('_', '-')}", level.remaining
            told[f"{name}-limit"] = str(level.limit)
            told[f"{name}-remaining"] = str(left if kind == "requests" else left // 1000 * 1000)
            told[f"{name}-reset"] = (
                f"{datetime.now(UTC) + timedelta(seconds=level.full_in):%Y-%m-%dT%H:%M:%SZ}"
            )
        elif row.protocol == "openai":
            told[f"x-ratelimit-limit-{kind}"] = str(level.limit)
            told[f"x-ratelimit-remaining-{kind}"] = str(level.remaining)
            told[f"x-ratelimit-reset-{kind}"] = f"{ceil(level.full_in * 1000)}ms"
    return told


def _messages(heard: Heard) -> dict[str, Any]:
    counted = {"input_tokens": heard.usage.fresh, "cache_creation_input_tokens": 0}
    counted |= {"cache_read_input_tokens": heard.usage.read, "output_tokens": heard.output}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None}
    content = [{"type": "text", "text": "word"}]
    return message | {"stop_reason": "end_turn", "content": content, "usage": counted}


def _completions(heard: Heard) -> dict[str, Any]:
    counted = {"prompt_tokens": heard.usage.input, "completion_tokens": heard.output}
    counted["total_tokens"] = heard.usage.input + heard.output
    choice = {"index": 0, "message": {"role": "assistant", "content": "word"}, "finish_reason": "stop"}
    whole = {"id": "chat_1", "object": "chat.completion", "created": 1, "model": "m"}
    return whole | {"choices": [choice], "usage": counted}


def _converse(heard: Heard) -> dict[str, Any]:
    counted = {"inputTokens": heard.usage.input, "outputTokens": heard.output}
    counted["totalTokens"] = heard.usage.input + heard.output
    message = {"role": "assistant", "content": [{"text": "word"}]}
    return {
        "output": {"message": message}, "stopReason": "end_turn", "usage": counted, "metrics": {"latencyMs": 1}
    }  # fmt: skip


REPLIES = {"anthropic": _messages, "openai": _completions, "bedrock": _converse}


async def main(told: dict[str, dict[str, Any]]) -> None:
    """Serve until nobody holds the standard input open any more."""
    models, rows = load_served(), {}
    for name, row in told.items():
        limits = NONE | row["limits"]
        served = replace(models[LIKE[row["protocol"]]], id=name, burst=row["burst"], **limits)
        rows[name] = Row(
            row["protocol"], served, tuple(row["latency"]), tuple(row["output"]), row["halved_at"]
        )
    app = web.Application(client_max_size=10**8)
    for path in ("/v1/messages", "/v1/chat/completions", "/model/{model}/converse"):
        app.router.add_post(path, lambda http: answer(http, rows))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    print(runner.addresses[0][1], flush=True)
    gone = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), gone.set)
    await gone.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(orjson.loads(sys.argv[1])))
