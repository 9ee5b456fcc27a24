"""How close to a provider's limits the gate comes, and what it does when the limits in the file are wrong.

    python tests/benchmarks/run_limits.py [--short]

Our gate and the real SDKs against a server in its own process that enforces exact limits with one second of
burst, in real time; the rows run side by side, each with a model, a client and a limiter of its own. `rate` is
what was admitted over what is allowed, after a warm-up and before the last calls; `bound` is max(requests /
rate, tokens / rate, depth x latency). Nothing here fails.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import orjson
import structlog

from agents.speech import Message, Prompt, Usage
from engine.charges import RULES, bill
from engine.config import Access
from engine.errors import CallError, Throttled
from engine.gate import Gate, Line
from engine.journal import open_journal
from engine.limiter import Limiter
from engine.models import Limits, Model
from engine.providers import Listen, Provider, Reply, open_provider
from engine.tape import Tape
from personas.photos.album import Album

SERVER = Path(__file__).with_name("limit_server.py")
WARM_UP = 10.0
"""Seconds not counted at the start, and after the limit was halved."""
WINDOW = 5.0
"""Seconds over which a rate counts as reached again."""
LATENCY = (1.0, 2.0)
OUTPUT = (45, 255)
"""Tokens of an answer, uniform."""
LONGEST = 500
SECRETS = {
    "anthropic": {"ANTHROPIC_API_KEY": "none"},
    "openai": {"OPENAI_API_KEY": "none"},
    "bedrock": {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One row of the table."""

    name: str
    protocol: str
    true: dict[str, int]
    """Limits per minute that the server enforces."""
    wrong: float = 1.0
    """How many times that the models file says."""
    in_flight: int = 400
    halved_at: float | None = None
    """Seconds after which the server halves its limits."""


REQUESTS = {"requests": 1200, "tokens": 60_000_000}
AMPLE = {"requests": 60_000, "tokens": 60_000_000}
APART = {"requests": 1200, "input_tokens": 60_000_000, "output_tokens": 60_000_000}
TRIALS = (
    Trial(name="request-bound, OpenAI", protocol="openai", true=REQUESTS),
    Trial(name="request-bound, Bedrock", protocol="bedrock", true=REQUESTS),
    Trial(
        name="input-bound, Anthropic",
        protocol="anthropic",
        true={"requests": 6000, "input_tokens": 240_000, "output_tokens": 6_000_000},
    ),
    Trial(
        name="output-bound, Anthropic",
        protocol="anthropic",
        true={"requests": 6000, "input_tokens": 60_000_000, "output_tokens": 180_000},
    ),
    Trial(name="token-bound, OpenAI", protocol="openai", true={"requests": 6000, "tokens": 1_000_000}),
    Trial(name="token-bound, Bedrock", protocol="bedrock", true={"requests": 6000, "tokens": 1_000_000}),
    Trial(name="30 calls in flight, OpenAI", protocol="openai", true=AMPLE, in_flight=30),
    Trial(name="file says 2x, OpenAI", protocol="openai", true=REQUESTS, wrong=2),
    Trial(name="file says 2x, Anthropic", protocol="anthropic", true=APART, wrong=2),
    Trial(name="file says 2x, Bedrock (tells nothing)", protocol="bedrock", true=REQUESTS, wrong=2),
    Trial(name="halved mid-run, OpenAI", protocol="openai", true=REQUESTS, halved_at=20),
    Trial(name="halved mid-run, Bedrock (tells nothing)", protocol="bedrock", true=REQUESTS, halved_at=20),
)


@dataclass(slots=True)
class Watched:
    """A provider that remembers when it was asked, and what came of it."""

    inner: Provider
    sent: list[tuple[float, Usage]] = field(default_factory=list)
    """Of the calls that were admitted."""
    refused: list[float] = field(default_factory=list)

    async def ask(self, prompt: Prompt, model: Model, listen: Listen | None = None) -> Reply:
        """Ask, and write it down."""
        at = time.monotonic()
        try:
            reply = await self.inner.ask(prompt, model, listen)
        except Throttled:
            self.refused.append(at)
            raise
        self.sent.append((at, reply.completion.usage))
        return reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a trial came to."""

    sent: int
    refused: int
    lost: int
    reached: float
    """Share of the rate that is allowed."""
    stretch: float
    """Makespan over the bound."""
    recovery: float | None
    """Seconds until the rate was right; None where nothing was wrong."""


async def play(
    trial: Trial, number: int, port: int, size: tuple[int, int], *, ready: asyncio.Barrier
) -> Outcome:
    """Hold all conversations of a trial, once every other is ready: importing an SDK stops the world."""
    model = Model(
        name=f"row-{number}",
        title=trial.name,
        family="none",
        provider=trial.protocol,
        id=f"row-{number}",
        limits=Limits(
            in_flight=trial.in_flight, **{k: round(v * trial.wrong) for k, v in trial.true.items()}
        ),
    )
    base = f"http://127.0.0.1:{port}" + ("/v1" if trial.protocol == "openai" else "")
    access = Access(base_url=base, secrets=SECRETS[trial.protocol])
    lost = 0
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = await stack.enter_async_context(
            open_provider(trial.protocol, access, Album(), trial.in_flight)
        )
        watched = Watched(provider)
        gate = Gate(
            model=model,
            provider=watched,
            limiter=Limiter(model.limits, RULES[trial.protocol]),
            journal=await stack.enter_async_context(open_journal(folder)),
            tape=Tape(),
        )

        async def converse(conversation: int) -> None:
            nonlocal lost
            ask = gate.ask(Line(conversation=str(conversation), role="assistant", priority=0))
            said: list[Message] = []
            for turn in range(size[1]):
                said.append(Message(author="user", text=f"{conversation}.{turn}: " + "how are you? " * 20))
                try:
                    await ask(Prompt(system="Be kind. " * 200, messages=tuple(said), max_tokens=LONGEST))
                except CallError:
                    lost += 1
                said.append(Message(author="assistant", text="I am well, " * 40))

        await ready.wait()
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for conversation in range(size[0]):
                group.create_task(converse(conversation))
        return judge(trial, watched, began, time.monotonic() - began, lost, size[1])


def judge(trial: Trial, watched: Watched, began: float, makespan: float, lost: int, depth: int) -> Outcome:
    """Compare what was done with what could be."""
    rule, latency = RULES[trial.protocol], sum(LATENCY) / 2
    costs = [(at - began, bill(rule, usage)) for at, usage in sorted(watched.sent, key=lambda call: call[0])]
    totals = {kind: sum(cost[kind] for _, cost in costs) for kind in trial.true}
    seconds = {kind: 60 * total / trial.true[kind] for kind, total in totals.items()}
    tightest = max(seconds, key=seconds.__getitem__)
    bound = max(seconds[tightest], depth * latency, len(costs) * latency / trial.in_flight)
    if bound > seconds[tightest]:  # neither requests nor tokens bind, but the calls in flight
        tightest = "requests"
    changed = trial.halved_at or 0.0
    allowed = totals[tightest] / bound / (2 if trial.halved_at else 1)
    if trial.halved_at:  # at the full rate until then, at half of it after
        bound = changed + 2 * (bound - changed)
    end = costs[int(len(costs) * 0.9)][0]

    def rate(start: float, stop: float) -> float:
        return sum(cost[tightest] for at, cost in costs if start <= at < stop) / (stop - start) / allowed

    start, recovery = min(changed + WARM_UP, (changed + end) / 2), None
    if trial.wrong != 1 or trial.halved_at:
        refused = [at - began for at in watched.refused]
        moments = [changed + tenth / 10 for tenth in range(int(10 * (end - WINDOW - changed)))]
        recovery = next(
            (
                at - changed
                for at in moments
                if 0.9 <= rate(at, at + WINDOW) <= 1.1 and not any(at <= r < at + WINDOW for r in refused)
            ),
            float("inf"),
        )
    sent = len(watched.sent) + len(watched.refused)
    return Outcome(
        sent=sent,
        refused=len(watched.refused),
        lost=lost,
        reached=rate(start, end),
        stretch=makespan / bound,
        recovery=recovery,
    )


async def lag(worst: list[float], ready: asyncio.Barrier, seconds: float = 0.02) -> None:
    """Note by how much the loop was late, as long as it runs."""
    await ready.wait()
    while True:
        began = time.monotonic()
        await asyncio.sleep(seconds)
        worst.append(time.monotonic() - began - seconds)


async def measure(trials: tuple[Trial, ...], size: tuple[int, int]) -> tuple[list[Outcome], list[float]]:
    """Run the trials side by side against one server; give what they came to, and how late the loop was."""
    rows: dict[str, Any] = {
        f"row-{number}": {
            "protocol": trial.protocol,
            "limits": trial.true,
            "burst": 1.0,
            "latency": LATENCY,
            "output": OUTPUT,
            "halved_at": trial.halved_at,
        }
        for number, trial in enumerate(trials)
    }
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SERVER),
        orjson.dumps(rows).decode(),
        cwd=SERVER.parents[2],
        env=os.environ | {"PYTHONPATH": str(SERVER.parents[2])},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert server.stdin is not None  # pipes were asked for
    assert server.stdout is not None
    try:
        port, ready = int(await server.stdout.readline()), asyncio.Barrier(len(trials) + 1)
        late: list[float] = []
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(lag(late, ready))
            tasks = [group.create_task(play(t, i, port, size, ready=ready)) for i, t in enumerate(trials)]
            await asyncio.wait(tasks)
            watch.cancel()
        return [task.result() for task in tasks], sorted(late)
    finally:
        server.stdin.close()
        await server.wait()


def main() -> None:
    """Measure every row and print the table of the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="60 conversations a row instead of 120")
    parser.add_argument("--only", default="", help="rows whose name holds these words")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    size = (60 if options.short else 120, 10)
    trials = tuple(trial for trial in TRIALS if options.only in trial.name)
    began, spent = time.monotonic(), time.process_time()
    outcomes, late = asyncio.run(measure(trials, size))
    cpu = (time.process_time() - spent) / (time.monotonic() - began)
    print(
        f"{size[0]} conversations of {size[1]} calls a row, latency {LATENCY[0]:g} to {LATENCY[1]:g} s, ",
        end="",
    )
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {cpu:.0%} of one core,")
    print(
        f"loop late by {late[int(len(late) * 0.99)]:.3f} s in the 99th percentile, {late[-1]:.3f} s at worst\n"
    )
    print("| limits | sent | refused | lost | rate / allowed | makespan / bound | recovery, s |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for trial, got in zip(trials, outcomes, strict=True):
        refused = f"{got.refused} ({got.refused / got.sent:.1%})"
        healed = "" if got.recovery is None else f"{got.recovery:.1f}"
        print(
            f"| {trial.name} | {got.sent} | {refused} | {got.lost} | {got.reached:.3f} | "
            f"{got.stretch:.3f} | {healed} |"
        )


if __name__ == "__main__":
    main()
