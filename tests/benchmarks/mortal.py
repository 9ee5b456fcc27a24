"""Runs that die and go on, and what is held against the simulator's own bill at each death.

The one idea: the simulator lives in a process of its own that no kill reaches, so its bill says what was really
asked. A process is frozen before it is ended, and while nothing moves three numbers are taken: the calls that are
open at the simulator, the answers it has made since the sitting began, and those that are on the disk. Open calls
and answers made but not on the disk are what was in flight. What is asked again later is counted by the simulator,
by the bodies of the requests, without knowing any of this. Which moment is chosen is not known here.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from numpy.random import Generator

from engine.segments import read_run

ROOT = Path(__file__).parents[2]
ENDINGS = ("kill", "kill", "kill", "kill", "kill", "kill", "interrupt", "interrupt twice", "terminate")
SAME = ("scores.csv", "verdicts.csv")
STILL = 0.03
"""Seconds a frozen process is left alone until what it had sent has arrived."""
SLOWEST = 300.0
"""Seconds after which a run that neither ends nor comes to its moment is a failure."""


Ripe = Callable[[float, "Chain"], bool]
"""Tells from the seconds since the start, and what is on the disk, whether the moment has come."""


class Failure(AssertionError):
    """A promise was not kept; the message says which, and how to see it again."""


class Simulator:
    """A simulator in a process of its own, and its bill."""

    def __init__(self, port: int) -> None:
        self.port = port

    def bill(self) -> dict[str, int]:
        """Give the sums over all models: open, made, abandoned, repeated."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/bill") as reply:
            told = json.load(reply)
        models = told["models"].values()
        return {
            "open": told["open"],
            "made": sum(one["whole"]["count"] + one["cut"]["count"] for one in models),
            "abandoned": sum(one["abandoned"] for one in models),
            "repeated": sum(one["repeated"] for one in models),
        }

    def settled(self) -> dict[str, int]:
        """Give the bill once nothing is open."""
        while (told := self.bill())["open"]:
            time.sleep(0.01)
        return told

    def keys(self) -> dict[str, str]:
        """Give the environment of a client of it."""
        url = f"http://127.0.0.1:{self.port}"
        return {
            **{"ANTHROPIC_BASE_URL": url, "OPENAI_BASE_URL": f"{url}/v1"},
            **{"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url, "AWS_REGION": "us-east-1"},
            **{"ANTHROPIC_API_KEY": "simulated", "OPENAI_API_KEY": "simulated"},
            **{"AWS_ACCESS_KEY_ID": "simulated", "AWS_SECRET_ACCESS_KEY": "simulated"},
            "NO_PROXY": "127.0.0.1,localhost",
        }


@contextmanager
def simulator() -> Iterator[Simulator]:
    """Run a simulator while the block lasts."""
    command = [sys.executable, "-m", "engine.simulator", "--seed", "7"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Simulator(json.loads(process.stdout.readline())["port"])
        finally:
            process.stdin.close()
            process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that is done to a run folder, and what it comes to when nothing disturbs it."""

    name: str
    begin: tuple[str, ...]
    """What is given before the folder exists, and after it until there is a plan."""
    go_on: tuple[str, ...]
    base: Path | None = None
    """The folder it starts from; None for a new one."""
    out: str = "run"
    """The folder that is written, beside the others."""
    program: tuple[str, ...] = (str(ROOT / "run.py"),)


@dataclass(slots=True, kw_only=True)
class Chain:
    """One run, killed and gone on with until it is finished."""

    task: Task
    place: Path
    simulator: Simulator
    chance: Generator
    flights: list[int] = field(default_factory=list)
    """Calls in flight at each death."""
    deaths: Counter[str] = field(default_factory=Counter)
    moves: int = 0
    told: dict[str, int] = field(default_factory=dict)
    """The bill at the end."""

    @property
    def folder(self) -> Path:
        return self.place / self.task.out

    def start(self) -> subprocess.Popen[str]:
        """Begin the task, or go on with it."""
        words = self.task.go_on if (self.folder / "plan.json").exists() else self.task.begin
        words = tuple(word.replace("PLACE", str(self.place)) for word in words)
        command = [sys.executable, *self.task.program, *words]
        env = {**os.environ, **self.simulator.keys()}
        return subprocess.Popen(
            command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def sit(self, ripe: Ripe) -> bool:
        """Let it go on until the moment is ripe, and end it; False when it was finished before."""
        before, recorded = self.simulator.settled(), self.answers()
        process, began = self.start(), time.monotonic()
        while process.poll() is None and not ripe(passed := time.monotonic() - began, self):
            if passed > SLOWEST:
                process.kill()
                raise Failure(f"{self.folder} does not come to its end: {process.communicate()[0]}")
            time.sleep(0.002)
        if process.poll() is None:
            return self.end(process, before["made"], recorded)
        said = process.communicate()[0]
        if process.returncode:
            raise Failure(f"{self.folder} ended with {process.returncode}: {said}")
        self.check(self.simulator.settled())
        return False

    def end(self, process: subprocess.Popen[str], made: int, recorded: int) -> bool:
        """Freeze it, count what is in flight, and end it in one of the ways; False when it was at its end anyway."""
        process.send_signal(signal.SIGSTOP)
        time.sleep(STILL)
        now = self.simulator.bill()
        undisked = now["made"] - made - (self.answers() - recorded)
        if undisked < 0:
            raise Failure(f"{-undisked} answers more are on the disk than were made")
        flight = now["open"] + undisked
        way = str(self.chance.choice(ENDINGS))
        _end(process, way, self.chance.uniform(0, 0.1))
        said = process.communicate(timeout=SLOWEST)[0]
        if process.returncode not in (0, 130, -signal.SIGKILL, -signal.SIGINT, -signal.SIGTERM):
            raise Failure(f"after {way}, {self.folder} ended with {process.returncode}: {said}")
        after = self.simulator.settled()
        lost = after["made"] - made - (self.answers() - recorded)
        most = 0 if way in ("interrupt", "terminate") else flight
        if not 0 <= lost <= most:
            raise Failure(f"{way} lost {lost} answers with {flight} calls in flight")
        self.flights.append(flight if way in ("kill", "interrupt twice") else 0)
        self.deaths[way] += 1
        self.check(after)
        return process.returncode != 0

    def check(self, bill: dict[str, int]) -> None:
        """Hold the bill against what was in flight at all deaths so far."""
        flights, missing = sum(self.flights), bill["made"] - self.answers()
        if bill["repeated"] > flights or missing > flights:
            raise Failure(f"{bill['repeated']} bought twice and {missing} missing, of {flights} in flight")
        if bill["repeated"] > missing:
            raise Failure(f"{bill['repeated']} were bought twice where {missing} were lost")

    def move(self) -> None:
        """Carry the folder to another place, as to another machine."""
        place = self.place.with_name(f"{self.place.name}-{self.moves}")
        shutil.copytree(self.place, place, copy_function=shutil.copyfile)
        shutil.rmtree(self.place)
        self.place, self.moves = place, self.moves + 1

    def answers(self) -> int:
        """Count the answers of this task that are on the disk."""
        lines = (
            line for path in segments(self.folder) for line in path.read_bytes().splitlines(keepends=True)
        )
        return sum(b'"kind":"call_answered"' in line and line.endswith(b"\n") for line in lines) - self.had()

    def had(self) -> int:
        """Count those that are of another run, or of before."""
        base = self.task.base
        if base is None or self.task.out != "run":
            return 0
        return sum(path.read_bytes().count(b'"kind":"call_answered"') for path in segments(base))

    def size(self) -> int:
        """Give the bytes of the journal."""
        return sum(path.stat().st_size for path in segments(self.folder))


def segments(folder: Path) -> list[Path]:
    """List the files of a run's own journal."""
    return sorted((folder / "journal").glob("[0-9]*.jsonl"))


def _end(process: subprocess.Popen[str], way: str, pause: float) -> None:
    if way == "kill":
        return process.kill()
    process.send_signal(signal.SIGTERM if way == "terminate" else signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    if way == "interrupt twice":
        time.sleep(pause)
        process.send_signal(signal.SIGINT)
    return None


def verify(chain: Chain, whole: Path) -> None:
    """Hold a finished run against one that nothing disturbed."""
    for name in SAME:
        if (chain.folder / "report" / name).read_bytes() != (whole / "report" / name).read_bytes():
            raise Failure(f"{name} of {chain.folder} is not that of the undisturbed run")
    damage: list[object] = []
    digests: dict[tuple[str, str, int], list[str]] = {}
    for event in read_run(chain.folder, damage.append):
        if event.body.kind == "call_answered":
            key = (event.conversation, event.body.role, event.body.sequence)
            digests.setdefault(key, []).append(event.body.digest)
    if twice := [key for key, found in digests.items() if len(found) > 1]:
        raise Failure(f"{len(twice)} calls are recorded twice, the first {twice[0]}")
    if damage:
        raise Failure(f"the journal is damaged: {damage[0]}")
