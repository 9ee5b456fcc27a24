"""Pace: how long models took to answer, how calls were spread over the run, and the fullest minute of each model.

The one idea: counts in bins, so that a run of a million calls takes no more room than one of a thousand: times in
bins that grow by a tenth, the run in at most MOST_SPANS spans that double in length as it grows. A minute is the
clock's, and what comes late counts in the minute that is open. Nothing here knows a limit.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import floor, log

from engine.events import CallAnswered, CallFailed, Event

GROWTH = 1.1
"""Each bin of times ends at so many times its beginning."""
LEAST = 0.001
"""Seconds; what is quicker counts as this."""
MOST_SPANS = 64
MINUTE = 60


@dataclass(slots=True)
class MinuteUse:
    """What one model was asked in the minute that is open, and the most in any minute so far."""

    minute: int = 0
    now: Counter[str] = field(default_factory=Counter)
    most: dict[str, int] = field(default_factory=dict)
    """By requests, input_tokens, output_tokens and tokens, as limits are called."""

    def add(self, at: float, **counts: int) -> None:
        """Count a call, answered at a Unix time."""
        minute = int(at // MINUTE)
        if minute > self.minute:
            self.minute, self.now = minute, Counter()
        self.now.update(counts)
        for kind, count in self.now.items():
            self.most[kind] = max(self.most.get(kind, 0), count)


class Pace:
    """The fold."""

    def __init__(self) -> None:
        self.uses: dict[str, MinuteUse] = {}
        """By model."""
        self.span = 1
        """Seconds of each span of the run."""
        self.spans: dict[tuple[int, str], int] = {}
        """Answered calls by span (Unix seconds over `span`) and role; all jurors share one."""
        self._times: dict[tuple[str, str], Counter[int]] = {}

    def hear(self, event: Event) -> None:
        """Take a call in; anything else changes nothing."""
        body = event.body
        if not isinstance(body, CallAnswered | CallFailed):
            return
        usage = body.completion.usage if isinstance(body, CallAnswered) else None
        spent = {"input_tokens": usage.input, "output_tokens": usage.output} if usage else {}
        use = self.uses.setdefault(body.model, MinuteUse())
        use.add(event.at, requests=len(body.attempts), tokens=sum(spent.values()), **spent)
        if isinstance(body, CallAnswered):
            role = body.role.partition("/")[0]
            times = self._times.setdefault((role, body.model), Counter())
            times[floor(log(max(body.latency, LEAST)) / log(GROWTH))] += 1
            self._spread(event.at, role)

    def quantile(self, role: str, model: str, share: float) -> float | None:
        """Give the seconds within which this share (0 to 1) of a model's answers in a role came, to a twentieth."""
        times = self._times.get((role, model), Counter())
        left = share * times.total()
        for place in sorted(times):
            left -= times[place]
            if left <= 0:
                return GROWTH ** (place + 0.5)
        return None

    def answers(self) -> dict[tuple[str, str], int]:
        """Give how many answers were timed, by role and model."""
        return {key: times.total() for key, times in self._times.items()}

    def _spread(self, at: float, role: str) -> None:
        place = int(at // self.span), role
        self.spans[place] = self.spans.get(place, 0) + 1
        while len({span for span, _ in self.spans}) > MOST_SPANS:
            self.span *= 2
            halved: dict[tuple[int, str], int] = {}
            for (span, who), count in self.spans.items():
                halved[span // 2, who] = halved.get((span // 2, who), 0) + count
            self.spans = halved
