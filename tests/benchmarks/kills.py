"""Kills runs at random moments, lets them go on, and prints what they recorded beside the simulator's own bill.

`python -m tests.benchmarks.kills --times 100` kills that often: new runs, runs judged again, and arms added to one,
frozen and free, each at its start, anywhere on its way, and while its report is made; some are interrupted or
terminated instead, and some are carried to another folder between two sittings. It ends with a Failure at the first
promise that is not kept; the same --seed chooses the same moments. How a death is measured stands in `mortal`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from numpy.random import Generator

from personas.seeds import derive
from tests.benchmarks.mortal import Chain, Failure, Ripe, Simulator, Task, segments, simulator, verify

MODELS = "claude-haiku-4.5,gpt-5.1,nova-2-lite"
PLAYED = ("--models", MODELS, "--backend", "live", "--scenarios", "2", "--no-baselines", "--quiet")
AT_START = 0.15
"""Share of the deaths that come at a time after the start, in the midst of nothing."""
LONGEST_START, LONGEST_END = 4.0, 3.0
"""Seconds within which a start, and the making of the report, are hit."""


def tasks(base: Path) -> list[Task]:
    """Give all there are; `base` is a finished run for those that start from one."""
    again = ("rejudge", "PLACE/run", "--out", "PLACE/again", "--jury", "gpt-5.1,nova-pro", "--quiet")
    frozen = ("ablate", "PLACE/run", "--arms", "no-image", "--quiet")
    return [
        Task(name="run", begin=(*PLAYED, "--run", "PLACE/run"), go_on=("resume", "PLACE/run", "--quiet")),
        Task(name="rejudge", begin=again, go_on=("resume", "PLACE/again", "--quiet"), base=base, out="again"),
        Task(name="ablate", begin=frozen, go_on=frozen, base=base),
        Task(name="ablate --free", begin=(*frozen, "--free"), go_on=(*frozen, "--free"), base=base),
    ]


def undisturbed(task: Task, place: Path) -> Path:
    """Do a task without any disturbance, with a simulator of its own, and give the folder; it buys nothing twice."""
    with simulator() as own:
        chain = seat(task, place, own, derive(0))
        chain.sit(never)
        if own.bill()["repeated"] or own.bill()["made"] != chain.answers():
            raise Failure(f"undisturbed, {task.name} buys something twice, or does not record it")
    return chain.folder


def seat(task: Task, place: Path, own: Simulator, chance: Generator) -> Chain:
    """Lay out the folder a task starts from."""
    place.mkdir(parents=True)
    if task.base:
        shutil.copytree(task.base, place / "run")
    return Chain(task=task, place=place, simulator=own, chance=chance)


def harry(task: Task, whole: Path, place: Path, *, deaths: int, chance: Generator) -> Chain:
    """Do a task that dies so many times, at its start, anywhere and at its end, and verify what comes of it."""
    with simulator() as own:
        chain = seat(task, place, own, chance)
        first = chain.size()
        full = sum(path.stat().st_size for path in segments(whole))
        for number, point in enumerate(sorted(chance.uniform(first, full, deaths)), start=1):
            ripe = reached(point) if chance.random() > AT_START else after(chance.uniform(0, LONGEST_START))
            if number == deaths:
                ripe = finished(chance.uniform(0, LONGEST_END))
            if not chain.sit(ripe):
                break
            if chance.random() < 0.25:
                chain.move()
        else:
            chain.sit(never)
        chain.told = own.settled()
        verify(chain, whole)
    return chain


def never(passed: float, chain: Chain) -> bool:
    """Let it come to its end."""
    return False


def after(seconds: float) -> Ripe:
    """Wait for a time since the start."""
    return lambda passed, chain: passed >= seconds


def reached(size: float) -> Ripe:
    """Wait for so many bytes of journal."""
    return lambda passed, chain: chain.size() >= size


def finished(seconds: float) -> Ripe:
    """Wait for a time since everything was played and judged, while the report is made."""
    seen: list[float] = []

    def ripe(passed: float, chain: Chain) -> bool:
        if (
            not seen
            and (found := segments(chain.folder))
            and b'"kind":"run_finished"' in found[-1].read_bytes()[-300:]
        ):
            seen.append(passed)
        return bool(seen) and passed >= seen[0] + seconds

    return ripe


def main() -> None:
    """Kill as often as was asked for, and print what it came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3)))
    parser.add_argument("--deaths", type=int, default=8, help="of one run, before it may finish")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    died = number = 0
    with tempfile.TemporaryDirectory() as top:
        place = Path(top)
        base = undisturbed(tasks(place)[0], place / "whole-run")
        every = tasks(base)
        wholes = {task.name: undisturbed(task, place / f"whole-{task.name}") for task in every[1:]}
        wholes["run"] = base
        while died < options.times:
            task = every[0] if number % 2 == 0 else every[1 + number // 2 % 3]
            number += 1
            chain = harry(
                task,
                wholes[task.name],
                place / f"{number}",
                deaths=min(options.deaths, options.times - died),
                chance=derive(options.seed, "kills", number),
            )
            died += chain.deaths.total()
            print(line(chain, died), flush=True)
            shutil.rmtree(chain.place)


def line(chain: Chain, died: int) -> str:
    """Tell of one chain."""
    bill = chain.told
    ways = ", ".join(f"{count} {way}" for way, count in chain.deaths.items())
    flights, most = sum(chain.flights), max(chain.flights, default=0)
    lost = bill["made"] - chain.answers()
    return (
        f"{died:4} {chain.task.name:14} {ways}; moved {chain.moves} times; in flight at death {flights}, at most "
        f"{most} at once; {bill['made']} answers made, {lost} lost, {bill['repeated']} bought twice, "
        f"{bill['abandoned']} calls abandoned"
    )


if __name__ == "__main__":
    main()
