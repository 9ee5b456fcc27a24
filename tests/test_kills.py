"""A run that is killed at random moments buys nothing twice but what was in flight, and comes to the same votes.

A hundred deaths of whole processes, their reports, runs that are judged again and arms that are added to one:
`python -m tests.benchmarks.kills --times 100`.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

import tests.benchmarks.mortal
from personas.seeds import derive
from tests.benchmarks.cuts import Standing, result, served, standing
from tests.benchmarks.mortal import Chain, Simulator, Task, segments


async def test_a_run_that_is_killed_again_and_again_comes_to_the_same_votes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tests.benchmarks.mortal, "ENDINGS", ("kill",))
    seed = int.from_bytes(os.urandom(3))
    print(f"seed {seed}")  # told when it fails
    chance = derive(seed, "kills")
    async with standing(tmp_path) as undisturbed, served(latency=0.03) as url:
        words = ("--folder", "PLACE/run", "--url", url)
        task = Task(name="go on", begin=words, go_on=words, program=("-m", "tests.benchmarks.cuts"))
        own = Simulator(int(url.rpartition(":")[2]))
        chain = Chain(task=task, place=tmp_path / "harried", simulator=own, chance=chance)
        chain.place.mkdir()
        full = sum(path.stat().st_size for path in segments(undisturbed.folder))
        for point in sorted(chance.uniform(0, 0.8 * full, 2)):
            await asyncio.to_thread(chain.sit, lambda passed, one, point=point: one.size() >= point)
        await Standing(chain.folder, url).go_on(chain.folder)
        told = await asyncio.to_thread(own.settled)
        chain.check(told)
        assert chain.deaths["kill"] == 2
        assert told["made"] - told["repeated"] == await undisturbed.made()
        assert result(chain.folder) == result(undisturbed.folder)
