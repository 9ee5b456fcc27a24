"""Retries: ours alone, since the SDKs' own are off.

A provider's Retry-After is honoured to the second and holds back the whole queue, not only the call that was
refused; where it names none, the pause grows and is jittered. Final errors stop at once. Nothing here knows
which provider answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import stamina
import structlog

from agents.speech import Ask, Completion, Prompt
from engine.errors import CallError, Throttled, Transient
from engine.events import Attempt
from engine.limiter import Limiter

ATTEMPTS = 6
PATIENCE = 300.0
"""Seconds after which no further attempt is begun."""

log = structlog.get_logger()

# Every attempt is in the journal with its cause; stamina's own log lines would only repeat it on the console.
stamina.instrumentation.set_on_retry_hooks([])


@dataclass(slots=True)
class Tries:
    """The attempts of the call being made, in order; shared by the retrier, which fills it, and the recorder."""

    made: list[Attempt] = field(default_factory=list)
    seconds: float = 0.0
    """What the provider took over the last one; set by whoever calls it, since waiting for limits is no latency."""


def retried(ask: Ask, tries: Tries, limiter: Limiter, *, model: str) -> Ask:
    """Ask again after transient errors, pausing as the provider wants; `model` is for whoever reads the log."""

    def pause(error: Exception) -> bool | float:
        if not isinstance(error, Transient):
            return False
        if isinstance(error, Throttled) and error.retry_after is not None:
            limiter.pause(error.retry_after)
        told = {} if error.retry_after is None else {"pause": f"{error.retry_after:g} s"}
        log.warning("asking again", model=model, cause=error.cause, **told)
        # None named: True leaves the pause to stamina's jittered back-off.
        return True if error.retry_after is None else error.retry_after

    async def asking(prompt: Prompt) -> Completion:
        tries.made = []
        async for attempt in stamina.retry_context(
            on=pause, attempts=ATTEMPTS, timeout=PATIENCE, wait_initial=0.5, wait_max=30.0, wait_jitter=1.0
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
