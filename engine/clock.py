"""The clock of a run: how long it took, in how many sittings, and how often it ran into a rate limit.

Time is the events' own. A run that was stopped and taken up again did not work in between, so the time between two
sittings is left out. Nothing here knows what a limit is.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.events import CallAnswered, CallFailed, Event, RunStarted


@dataclass(slots=True)
class Clock:
    """The time of a run, from its events one by one."""

    sittings: int = 0
    seconds: float = 0.0
    """From the first to the last event of each sitting, added up."""
    throttled: int = 0
    """Attempts that a provider refused for the sake of a rate limit."""
    _last: float = 0.0

    def hear(self, event: Event) -> None:
        """Take an event in; one that was written out of order moves nothing back."""
        body = event.body
        if isinstance(body, RunStarted):
            self.sittings += 1
        elif self._last:
            self.seconds += max(0.0, event.at - self._last)
        self._last = max(self._last, event.at)
        if isinstance(body, CallAnswered | CallFailed):
            self.throttled += sum(attempt.cause == "throttled" for attempt in body.attempts)
