"""How long agreement takes, beside a plain loop and, where it is installed, the krippendorff package.

    python -m tests.benchmarks.run_agreement [--times 3]

All in one process, the ways of doing the same in turn, least of the rounds: on a busy machine the ratios hold
better than the seconds. The loop is alpha as the textbook writes it, a coincidence matrix unit by unit; what it
would take for all draws is reckoned from a few. Nothing here fails.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from engine.agreement import AgreementWish, agreement
from personas.seeds import derive
from rubrics.agreement.alpha import LEVELS, alpha
from rubrics.agreement.bootstrap import DRAWS
from rubrics.agreement.ratings import RatingTable
from rubrics.agreement.survey import survey

LABELS = ("1", "2", "3", "4", "5")
FEW = 20
"""Draws from which the time of all is reckoned where all would take too long."""


def plant(units: int) -> np.ndarray:
    """Give three raters' scores from 1 to 5, a tenth missing, (units, 3)."""
    random = derive("benchmark", "agreement", units)
    rows = 3 + random.normal(0, 0.85, (units, 1)) + random.normal(0, 0.7, (units, 3))
    rows = np.clip(np.round(rows), 1, 5)
    rows[random.random(rows.shape) < 0.1] = np.nan
    return rows


def loop(rows: list[list[float]]) -> float:
    """Compute ordinal alpha as the textbook does."""
    met: dict[tuple[float, float], float] = defaultdict(float)
    for row in rows:
        given = [value for value in row if value == value]
        for a, first in enumerate(given):
            for b, second in enumerate(given):
                if a != b:
                    met[first, second] += 1 / (len(given) - 1)
    totals: dict[float, float] = defaultdict(float)
    for (first, _), times in met.items():
        totals[first] += times
    scale = sorted(totals)
    many, seen, dealt = sum(totals.values()), 0.0, 0.0
    for a in scale:
        for b in scale:
            between = sum(totals[c] for c in scale if min(a, b) <= c <= max(a, b))
            far = (between - (totals[a] + totals[b]) / 2) ** 2 if a != b else 0.0
            seen += met.get((a, b), 0.0) * far
            dealt += totals[a] * totals[b] * far
    return 1 - (many - 1) * seen / dealt


def package(rows: np.ndarray) -> float:
    """Compute ordinal alpha with the krippendorff package (GPL: an oracle, never a dependency)."""
    import krippendorff

    return float(krippendorff.alpha(reliability_data=rows.T, level_of_measurement="ordinal"))


def least(work: Callable[[], object], times: int) -> float:
    """Give the least seconds of some rounds."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def compare(units: int, times: int) -> None:
    """Print one draw and all draws of ordinal alpha, each way of computing it."""
    rows = plant(units)
    plain = rows.tolist()
    ours = least(lambda: alpha(RatingTable.of(rows), "ordinal", derive("draws"), draws=DRAWS), times)
    ways = {"a plain loop": lambda: loop(plain)}
    if find_spec("krippendorff"):
        ways["the krippendorff package"] = lambda: package(rows)
    for name, way in ways.items():
        draws = FEW if units < 100_000 else 1
        each = least(lambda way=way, draws=draws: [way() for _ in range(draws)], times) / draws
        print(f"| {units:,} x 3 | {name} | {each * DRAWS:,.0f} (reckoned) | {each * DRAWS / ours:,.0f} |")
    print(f"| {units:,} x 3 | this | {ours:.3f} | 1 |", flush=True)


def show(name: str, seconds: float, allowed: float) -> None:
    """Print a line of the second table."""
    print(f"| {name} | {seconds:.2f} | {allowed:g} | {seconds / allowed:.2f} |", flush=True)


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=3)
    times = parser.parse_args().times
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, least of {times}\n")
    print(f"| ratings | ordinal alpha with {DRAWS:,} draws, by | s | times this |\n|---|---|---:|---:|")
    for units in (1_240, 333_334):
        compare(units, times)
    print("\n| what | s | allowed, s | share |\n|---|---:|---:|---:|")
    small, large = (RatingTable.of(plant(units), scale=range(1, 6)) for units in (1_240, 333_334))
    show("alpha, 10,000 draws, 1,240 x 3", least(lambda: alpha(small, "ordinal", derive("d")), times), 2)
    show(
        "every coefficient, 1,240 x 3", least(lambda: survey(small, "ordinal", LABELS, derive("d")), times), 5
    )
    show(
        "every coefficient, 333,334 x 3",
        least(lambda: survey(large, "ordinal", LABELS, derive("d")), times),
        20,
    )
    measures = RatingTable.of(plant(333_334) + derive("noise").normal(0, 0.3, (333_334, 3)))
    for level in LEVELS[1:3]:
        seconds = least(lambda level=level: alpha(measures, level, derive("d")), 1)
        show(f"{level} alpha, a million different values", seconds, 30)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "ratings.csv"
        rows = plant(333_334)
        with file.open("w") as text:
            text.write("conversation,juror,score\n")
            text.writelines(
                f"c-{unit},juror-{rater},{value:g}\n" for (unit, rater), value in np.ndenumerate(rows)
            )
        show(
            "the whole report on a CSV of a million rows",
            least(lambda: agreement(file, AgreementWish()), times),
            30,
        )


if __name__ == "__main__":
    main()
