"""How long a run takes and how much memory its main process needs, as a user would run it.

    python tests/benchmarks/run_time.py [--times 3]

Whole processes, wall time by the clock, memory of the main process (not the simulator's) by the kernel's own
peak. The last column is the share of what the project allows itself; nothing here fails.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A command and what it may take."""

    name: str
    words: tuple[str, ...]
    seconds: float
    megabytes: float


TASKS = (
    Task(name="`--help`", words=("--help",), seconds=0.5, megabytes=700),
    Task(
        name="`--models all --scenarios 5`",
        words=("--models", "all", "--scenarios", "5"),
        seconds=20,
        megabytes=700,
    ),
    Task(
        name="`--models all` (1,240 conversations, 775 more with scripts)",
        words=("--models", "all"),
        seconds=180,
        megabytes=700,
    ),
)


def measure(task: Task) -> tuple[float, float]:
    """Run a task once; give wall seconds and the main process's peak memory in MB."""
    with tempfile.TemporaryDirectory() as place:
        folder = (
            () if "--help" in task.words else ("--run", str(Path(place) / "run"), "--backend", "simulated")
        )
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "run.py"), *task.words, *folder], cwd=ROOT, stdout=subprocess.DEVNULL
        )
        peak = 0
        while process.poll() is None:
            try:
                peak = max(peak, psutil.Process(process.pid).memory_info().rss)
            except psutil.NoSuchProcess:
                break
            time.sleep(0.01 if task.seconds < 1 else 0.1)
        if process.wait():
            raise SystemExit(f"{task.name} ended with status {process.returncode}")
        return time.perf_counter() - began, peak / 1e6


def main() -> None:
    """Measure every task and print the table of the README."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=3)
    times = parser.parse_args().times
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, median of {times}\n")
    print("| command | wall, s | allowed, s | peak memory, MB | allowed, MB | share of the time allowed |")
    print("|---|---:|---:|---:|---:|---:|")
    for task in TASKS:
        measured = [measure(task) for _ in range(times)]
        seconds, megabytes = (statistics.median(column) for column in zip(*measured, strict=True))
        print(
            f"| {task.name} | {seconds:.1f} | {task.seconds:g} | {megabytes:.0f} | {task.megabytes:g} | "
            f"{seconds / task.seconds:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
