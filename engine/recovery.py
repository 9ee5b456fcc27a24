"""Recovery: which share of the known limits we hold ourselves to, and when nothing may be sent at all.

A refusal makes one cut and one cool-down per episode: calls that were sent before the cut belong to it and cut
no further. Then the share grows again by addition, fast to just below where it was refused, slowly beyond. Two
refusals tell more than one: the provider's bucket was empty at both, so what it took in between is its rate.
Nothing here knows what is counted; times are the loop's clock, in seconds.
"""

from __future__ import annotations

CUT = 0.7
"""Of the share, at a refusal."""
JUST_BELOW = 0.95
"""Of the share that was refused: as far as it grows fast."""
MEASURED = 0.98
"""Of the rate the provider was seen to take, likewise; by so little a drained bucket fills again."""
FLOOR = 0.02
"""The share never falls below."""
FAST = 0.1
"""Growth of the share per second."""
SLOW = 0.004
"""The same, as a part of itself, from where it was refused; it gathers speed, twice as fast after one minute, so
that a limit that was halved for a while is back after some, and one that is simply lower refuses seldom."""
SATURATED = 0.6
"""Of what the share allows must have been used for the rate that was measured to be the provider's, not ours."""
AFTERSHOCK = 1.0
"""Seconds after a cut within which another refusal says that the provider's bucket is still empty, and nothing of
its rate."""
FIRST = 1.0
"""Seconds of the first cool-down where the provider names none; doubled until a call is answered."""
LONGEST = 30.0
"""Seconds of a cool-down where the provider names none."""
PATIENCE = 300.0
"""Seconds; a longer one is not obeyed, since whoever is refused so has given up by then."""


class Recovery:
    """The share, the episodes and the cool-down of one limiter."""

    __slots__ = ("_climbs_at", "_cut_at", "_knee", "_low", "_strikes", "episodes", "refusals", "resume_at")

    def __init__(self) -> None:
        self.episodes = 0
        self.refusals = 0
        self.resume_at = 0.0
        """When the cool-down ends; in the past when there is none."""
        self._low = 1.0
        self._knee = 1.0
        self._climbs_at = 0.0
        self._cut_at = float("-inf")
        self._strikes = 0

    def share(self, now: float) -> float:
        """Give the share of the limits that may be used now, above 0, at most 1."""
        if self._low >= 1:
            return 1.0
        climb = max(0.0, now - self._climbs_at)
        steep = (self._knee - self._low) / FAST
        if climb < steep:
            return self._low + FAST * climb
        beyond = climb - steep
        share = self._knee * (1 + SLOW * beyond * (1 + beyond / 60))
        if share >= 1:
            self._low = share = 1.0
        return share

    def refuse(
        self, sent: float, wait: float | None, now: float, *, taken: float | None, lowered: bool = False
    ) -> bool:
        """Hear that a call sent at `sent` was refused; say whether an episode began.

        `wait` is the pause the provider named; `taken` how many seconds' worth of the limits it took since the
        last cut, None when there was none; `lowered` says that the refusal itself told the true limit, below which
        ours is right again.
        """
        self.refusals += 1
        if begins := sent > self._cut_at:
            self.episodes += 1
            if lowered:
                self.restart(now)
            else:
                self._cut(now, taken)
            if wait is None:
                wait = min(LONGEST, FIRST * 2.0**self._strikes)
            self._strikes += 1
        if wait is not None:
            self.pause(wait, now)
        return begins

    def flood(self, sent: float, now: float) -> bool:
        """Hear that the provider is overloaded for everyone; say whether that cut, which it does without a pause."""
        if begins := sent > self._cut_at:
            self._cut(now, None)
        return begins

    def restart(self, now: float) -> None:
        """Start anew below a limit that was just told, since what we sent above it has to be made up for."""
        self._low, self._knee = CUT, 1.0
        self._cut_at = self._climbs_at = now

    def answer(self, sent: float) -> None:
        """Hear that a call sent at `sent` was answered."""
        if self._strikes and sent > self._cut_at:
            self._strikes = 0

    def pause(self, seconds: float, now: float) -> None:
        """Let nothing be sent for so long, as far as patience goes."""
        self.resume_at = max(self.resume_at, now + min(seconds, PATIENCE))
        self._climbs_at = max(self._climbs_at, self.resume_at)

    def _cut(self, now: float, taken: float | None) -> None:
        share = self.share(now)
        low, knee = CUT * share, JUST_BELOW * share
        if now - self._cut_at < AFTERSHOCK:
            knee = max(knee, JUST_BELOW * self._knee)
        elif taken is not None:
            resting = max(0.0, min(now, self.resume_at) - self._cut_at)
            active = now - self._cut_at - resting
            if taken >= SATURATED * share * active:
                # In a longer rest its bucket may have been full, and what it did not hold was lost.
                rate = MEASURED * taken / (active + min(FIRST, resting))
                low, knee = min(low, CUT * rate), min(knee, rate)
        self._low = max(FLOOR, low)
        self._knee = max(self._low, knee)
        self._cut_at = self._climbs_at = now
