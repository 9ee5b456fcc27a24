"""What a long run came to: its lines, their tenths, and whether it stayed small.

It knows no run; what it is given are looks at a process, one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from tests.benchmarks.metering import Delays, Reading, quantile

WARM = 60.0
"""Seconds after which memory is to be flat, once every photograph has been seen."""
ALLOWED_LAG = 0.050
"""Seconds, of the 99th percentile."""
ALLOWED_DRIFT = 0.10
"""By which a conversation may be dearer at the end."""
ALLOWED_RISE = 0.05
"""By which memory may rise after the first minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is printed at one moment."""

    at: float
    """Seconds since the beginning."""
    done: int
    """Conversations judged so far."""
    reading: Reading
    delays: Delays
    """Since the line before."""
    journal: float
    """MB."""
    simulator: float = 0.0
    """MB that its process holds; 0 where it has none."""


HEAD = (
    "| s | done | per s | CPU, ms each | yardstick, ms | MB | lag p50, ms | p99 | max | own p99 | own max "
    "| files | sockets | tasks | journal, MB |"
)


def show(lines: list[Line]) -> None:
    """Print what became of things from the first of these lines to the last."""
    first, last = lines[0], lines[-1]
    done, held = last.done - first.done, last.reading
    each = 1000 * (held.cpu - first.reading.cpu) / done if done else 0.0
    lags = gathered(lines[1:])
    late = [f"{quantile(lags.late, share) / 10:.1f}" for share in (0.5, 0.99, 1.0)]
    own = [f"{quantile(lags.own, share) / 10:.1f}" for share in (0.99, 1.0)]
    row = (
        *(f"{last.at:.0f}", f"{last.done:,}", f"{done / (last.at - first.at):.1f}", f"{each:.2f}"),
        *(f"{_middle(lines):.2f}", f"{held.resident:.0f}", *late, *own),
        *(str(held.files), str(held.sockets), str(held.tasks), f"{last.journal:,.0f}"),
    )
    print(f"| {' | '.join(row)} |", flush=True)


def conclude(lines: list[Line], cast: int) -> None:
    """Print the tenths of the run, and the verdicts; `cast` conversations show every scenario to every model once."""
    print(f"\nby tenths:\n\n{HEAD}\n|{'---:|' * (HEAD.count('|') - 1)}")
    marks = [part * lines[-1].done / 10 for part in range(11)]
    ends = [next(at for at, line in enumerate(lines) if line.done >= mark) for mark in marks]
    tenths = [lines[begin : end + 1] for begin, end in pairwise(ends) if end > begin]
    for tenth in tenths:
        show(tenth)
    warm = lines[0].done + cast
    first = next((line for line in lines if line.at >= WARM and line.done >= warm), lines[-1])
    highest = max(line.reading.resident for line in lines if line.at >= first.at)
    if first.simulator:
        print(
            f"\nthe simulator: {first.simulator:.0f} MB after {first.at:.0f} s, {lines[-1].simulator:.0f} at the end"
        )
    rise, lags = highest / first.reading.resident - 1, gathered(lines)
    begins = next((tenth for tenth in tenths if tenth[0].at >= first.at), tenths[-1])
    drift = _cost(tenths[-1]) / _cost(begins) - 1
    late, own = (quantile(tenths, 0.99) / 10_000 for tenths in (lags.late, lags.own))
    verdicts = (
        (
            f"memory {rise:+.1%} at most after {first.at:.0f} s, {ALLOWED_RISE:+.0%} allowed",
            rise <= ALLOWED_RISE,
        ),
        (f"lag p99 {1000 * late:.1f} ms, {1000 * ALLOWED_LAG:.0f} allowed", late <= ALLOWED_LAG),
        (f"lag p99 by our own work {1000 * own:.1f} ms, as many allowed", own <= ALLOWED_LAG),
        (
            f"CPU of a conversation {drift:+.1%} from the first tenth after the first minute to the last, in "
            f"yardsticks, {ALLOWED_DRIFT:+.0%} allowed",
            drift <= ALLOWED_DRIFT,
        ),
    )
    print()
    for words, holds in verdicts:
        print(f"{'holds' if holds else 'DOES NOT HOLD'}: {words}")
    most = {
        name: max(getattr(line.reading, name) for line in lines) for name in ("files", "sockets", "tasks")
    }
    print(f"at most: {most}")


def gathered(lines: list[Line]) -> Delays:
    """Give the delays of all these lines as one."""
    whole = Delays()
    for line in lines:
        whole.late.extend(line.delays.late)
        whole.own.extend(line.delays.own)
    return whole


def _middle(lines: list[Line]) -> float:
    return quantile((line.reading.yardstick for line in lines), 0.5)


def _cost(lines: list[Line]) -> float:
    """Give the CPU of a conversation, in yardsticks."""
    done = max(1, lines[-1].done - lines[0].done)
    return 1000 * (lines[-1].reading.cpu - lines[0].reading.cpu) / done / _middle(lines)
