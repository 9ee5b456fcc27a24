"""Retries: ours alone, since the SDKs' own are off.

A provider's Retry-After is honoured to the second and holds back the whole queue, not only the call that was
refused; where it names none, the pause grows and is jittered. Final errors stop at once. Nothing here knows
which provider answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio
import stamina
import structlog

from agents.speech import Ask, Completion, Prompt
from engine.errors import CallError, Throttled, Transient
from engine.events import Attempt
from engine.limiter import Limiter

ATTEMPTS = 6
"""Of one call, those that a rate limit refused not counted."""
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
    since: float | None = None
    """Time of the call's first failure, by the loop's clock; None before one."""


def retried(ask: Ask, tries: Tries, limiter: Limiter, *, model: str) -> Ask:
    """Ask again after transient errors, pausing as the provider wants; `model` is for whoever reads the log."""

    def pause(error: Exception) -> bool | float:
        if not isinstance(error, Transient):
            return False
        now, wait = anyio.current_time(), error.retry_after
        tries.since = now if tries.since is None else tries.since
        if isinstance(error, Throttled):
            # Not the call's fault but the rate's: everyone waits, and the call keeps its attempts.
            throttles = sum(attempt.cause == Throttled.cause for attempt in tries.made)
            wait = min(LONGEST, 2.0 ** (throttles - 1)) if wait is None else wait
            limiter.pause(min(wait, PATIENCE))
        elif sum(attempt.cause != Throttled.cause for attempt in tries.made) >= ATTEMPTS:
            return False
        if now + (wait or 0) > tries.since + PATIENCE:
            return False
        told = {} if wait is None else {"pause": f"{wait:g} s"}
        log.warning("asking again", model=model, cause=error.cause, **told)
        return True if wait is None else wait  # True leaves the pause to stamina's jittered back-off

    async def asking(prompt: Prompt) -> Completion:
        tries.made, tries.since = [], None
        async for attempt in stamina.retry_context(
            on=pause, attempts=None, timeout=None, wait_initial=0.5, wait_max=LONGEST, wait_jitter=1.0
        ):
            with attempt:
                try:
                    said = await ask(prompt)
                except CallError as error:
                    tries.made.append(Attempt(cause=error.cause, seconds=tries.seconds, message=str(error)))
                    raise
                tries.made.append(Attempt(cause="ok", seconds=tries.seconds))
                return said
        raise AssertionError("unreachable: the last attempt returns or raises")

    return asking
