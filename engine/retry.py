"""Retries: ours alone, since the SDKs' own are off.

A rate limit is the business of the limiter, which holds back everyone for as long as the provider said; the
refused call only queues up again. What else passes by itself is tried again after a jittered pause that grows,
or the one the provider named. Final errors stop at once. Nothing here knows which provider answers.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import stamina
import structlog

from agents.speech import Ask, Completion, Prompt
from engine.errors import CallError, Throttled, Transient
from engine.events import Attempt
from engine.limiter import Limiter
from engine.purse import NOTHING, Cost
from personas.seeds import uniform

ATTEMPTS = 6
"""Of one call, those that a rate limit refused not counted."""
FIRST = 0.5
"""Seconds of the first pause that no provider asked for, before jitter; doubled each time."""
LONGEST = 30.0
"""Seconds of a pause that no provider asked for."""
PATIENCE = 300.0
"""Seconds from a call's first failure after which no further attempt is begun. The wait in our own queue before
that does not count: a long one is no trouble of the provider's."""

log = structlog.get_logger()

# Every attempt is in the journal with its cause; stamina's own log lines would only repeat it on the console.
stamina.instrumentation.set_on_retry_hooks([])


@dataclass(slots=True)
class Tries:
    """The attempts of the call being made, in order; shared by the retrier, which fills it, and the recorder."""

    made: list[Attempt] = field(default_factory=list)
    seconds: float = 0.0
    """What the provider took over the last one; set by whoever calls it, since waiting for limits is no latency."""
    most: Cost = NOTHING
    """What the last one may have cost unheard; set by whoever calls it."""
    since: float | None = None
    """Time of the call's first failure, by the loop's clock; None before one."""

    def count(self, cause: str) -> int:
        """Give how many attempts came to this end."""
        return sum(attempt.cause == cause for attempt in self.made)

    def close(self, cause: str, message: str = "") -> None:
        """Write down how the last attempt ended."""
        dollars, tokens = round(self.most.dollars, 12), int(self.most.tokens)
        self.made.append(
            Attempt(cause=cause, seconds=self.seconds, message=message, most=dollars, most_tokens=tokens)
        )
        self.most = NOTHING


def retried(ask: Ask, tries: Tries, limiter: Limiter, *, model: str) -> Ask:
    """Ask again after transient errors, pausing as the provider wants; `model` is for whoever reads the log."""

    async def trying(prompt: Prompt) -> Completion:
        try:
            said = await ask(prompt)
        except CallError as error:
            tries.close(error.cause, str(error))
            raise
        tries.close("ok")
        return said

    async def asking(prompt: Prompt) -> Completion:
        tries.made, tries.since = [], None
        try:
            return await trying(prompt)  # nearly every call ends here, and stamina has its price
        except Transient as error:
            failed: Transient | None = error

        def pause(error: Exception) -> bool | float:
            seconds = _pause(error, tries, limiter, prompt)
            if seconds is None:
                return False
            tries.made[-1] = replace(tries.made[-1], pause=round(seconds, 3))
            log.warning("asking again", model=model, cause=tries.made[-1].cause, pause=f"{seconds:.3g} s")
            # The limiter does the waiting for its cool-down, in which the call keeps its place by priority.
            return 0.0 if isinstance(error, Throttled) else seconds

        async for attempt in stamina.retry_context(on=pause, attempts=None, timeout=None):
            with attempt:
                if failed is not None:
                    failed, first = None, failed
                    raise first
                return await trying(prompt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    return asking


def _pause(error: Exception, tries: Tries, limiter: Limiter, prompt: Prompt) -> float | None:
    """Give the seconds until the next attempt; None when there is to be none."""
    if not isinstance(error, Transient):
        return None
    now = asyncio.get_running_loop().time()
    tries.since = now if tries.since is None else tries.since
    failures = len(tries.made) - tries.count(Throttled.cause)
    if isinstance(error, Throttled):  # not the call's fault but the rate's: it keeps its attempts
        seconds = max(limiter.paused, error.retry_after or 0.0)
    elif failures >= ATTEMPTS:
        return None
    elif error.retry_after is not None:
        seconds = error.retry_after
    else:
        jitter = uniform("pause", prompt.digest, failures)  # calls that failed together come back apart
        seconds = min(LONGEST, FIRST * 2 ** (failures - 1)) * (0.5 + jitter)
    return seconds if now + seconds <= tries.since + PATIENCE else None
