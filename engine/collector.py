"""The collector: Python's search for cyclic garbage, made seldom while calls are in flight.

A run holds tens of thousands of live objects and makes next to no cycles; searching them all over and over took up
to a third of a call's CPU with 5,000 in flight (tests/benchmarks/run_flight.py). Nothing here knows what is held.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (50_000, 20, 100)
"""New objects before a search of the young, and searches before one of the older and of all."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Search seldom while the block lasts, and never what is there at its beginning."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
