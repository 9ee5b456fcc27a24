"""How long a simulated model takes: a lognormal distribution with a heavy tail, decided by the seed.

The same call takes the same time in every run. Nothing here waits.
"""

from __future__ import annotations

from math import exp
from statistics import NormalDist

from engine.simulator.served import ServedModel
from personas.seeds import uniform

NORMAL = NormalDist()
FURTHEST = 1e-9
"""The rarest quantile drawn, on either side: the normal distribution has no end."""


def delay(served: ServedModel, seed: int, digest: str) -> float:
    """Give the seconds until the answer to this call; `digest` tells calls apart."""
    seconds = served.latency
    if seconds and served.spread:
        drawn = min(max(uniform("latency", seed, served.id, digest), FURTHEST), 1 - FURTHEST)
        seconds *= exp(served.spread * NORMAL.inv_cdf(drawn))
    if served.tail and uniform("tail", seed, served.id, digest) < served.tail:
        seconds *= served.tail_times
    return seconds
