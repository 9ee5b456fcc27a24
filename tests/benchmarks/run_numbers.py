"""How long all tables take, and how much memory.

    python tests/benchmarks/run_numbers.py [--draws 10000]

A run of the usual size and one of a million verdicts, each in a process of its own, every table timed apart. What
needs several arms is timed on as many verdicts and more: repeats taken for arms, a fifth of the votes given twice.
Nothing here fails.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from rubrics.leaderboard import tabulate
from rubrics.numbers.components import decompose
from rubrics.numbers.concord import agree
from rubrics.numbers.effects import affect
from rubrics.numbers.everything import number, span
from rubrics.numbers.favour import favour
from rubrics.numbers.gaps import complete
from rubrics.numbers.pairs import compare
from rubrics.numbers.panels import shrink, standing
from rubrics.numbers.repeats import repeat
from rubrics.numbers.retest import reread
from rubrics.numbers.strata import stratify
from rubrics.numbers.style import confound
from rubrics.numbers.table import Columns, Table, lay
from rubrics.numbers.triage import triage
from rubrics.scores import STATUSES, Votes

MODELS, JURORS, DIMENSIONS = 8, 3, 3
SIZES = {"usual": (155, 1), "million": (6_945, 2)}
"""Scenarios and repeats; eight models, three jurors and three dimensions: 11,160 and 1,000,080 verdicts."""
FAMILIES = ("A", "B", "C", "D")
ARMS = ("full", "no-image", "no-record", "neither")


def invent(scenarios: int, repeats: int) -> tuple[Votes, Columns]:
    """Invent the verdicts of a run; 2 % of them are abstentions."""
    generator = np.random.default_rng(4)
    many = scenarios * MODELS * repeats
    scenario, model, _ = (axis.ravel() for axis in np.indices((scenarios, MODELS, repeats)))
    conversation, dimension, juror = (axis.ravel() for axis in np.indices((many, DIMENSIONS, JURORS)))
    hard = generator.normal(3, 0.5, scenarios)[scenario] + generator.normal(0, 0.5, many)
    score = np.clip(np.rint(hard[conversation] + generator.normal(0, 0.6, len(conversation))), 1, 5)
    score[generator.random(len(score)) < 0.02] = np.nan
    names = [f"model {m}" for m in range(MODELS)]
    jury = tuple(f"juror {j}" for j in range(JURORS))
    family = {name: FAMILIES[m % len(FAMILIES)] for m, name in enumerate(names)}
    family |= dict(zip(jury, FAMILIES, strict=False))
    levels = {"malignant": 2, "rare": 2, "skin tone": 3, "quality": 3, "task": 12, "speaker": 4}
    votes = Votes(
        conversations=tuple(map(str, range(many))),
        dimensions=tuple(f"dimension {d}" for d in range(DIMENSIONS)),
        jurors=jury,
        conversation=conversation,
        dimension=dimension,
        juror=juror,
        score=score,
        own=(model % len(FAMILIES))[conversation] == juror,
        status=np.where(np.isnan(score), STATUSES.index("failed"), STATUSES.index("scored")),
    )
    return votes, Columns(
        model=[names[m] for m in model],
        case=[f"case {s}" for s in scenario],
        scenario=[f"scenario {s}" for s in scenario],
        family=family,
        strata={
            name: [str(x) for x in generator.integers(many_levels, size=scenarios)[scenario]]
            for name, many_levels in levels.items()
        },
        covariates={
            "tokens": generator.lognormal(6, 0.4, many),
            "hedges": generator.poisson(2, many).astype(float),
        },
        truth=generator.integers(6, size=scenarios)[scenario].astype(float).tolist(),
        given=generator.integers(6, size=many).astype(float).tolist(),
    )


def several(scenarios: int, arms: int) -> tuple[Votes, Columns]:
    """Invent a run of several arms in which a fifth of the votes are given a second time."""
    votes, columns = invent(scenarios, arms)
    again = np.arange(0, len(votes.score), 5)
    names = ("conversation", "dimension", "juror", "score", "own", "status")
    both = {name: np.concatenate([getattr(votes, name), getattr(votes, name)[again]]) for name in names}
    reading = np.repeat([1, 2], [len(votes.score), len(again)])
    arm = [ARMS[place % arms] for place in range(len(votes.conversations))]
    return replace(votes, **both, reading=reading), replace(columns, arm=arm)


def measure(size: str, draws: int) -> None:
    """Time every table of one size, then all of them again as a report asks for them."""
    scenarios, repeats = SIZES[size]
    votes, columns = invent(scenarios, repeats)
    print(
        f"{size}: {len(votes.score):,} verdicts, {len(votes.conversations):,} conversations, {draws:,} draws"
    )
    table = clock("scores", lambda: lay(votes, columns))
    generator = np.random.default_rng(1)
    names = [table.models[m] for m in table.model.index]
    cases = [table.case.names[c] for c in table.case.index]
    clock(
        "means, by bootstrap",
        lambda: tabulate(table.scores, models=names, clusters=cases, generator=generator, draws=draws),
    )
    for name, work in works(table, generator, draws).items():
        clock(name, work)
    clock("all of them", lambda: number(table, np.random.SeedSequence(1), draws=draws))
    across = clock("scores of several arms", lambda: lay(*several(scenarios, max(repeats, 4 // repeats**2))))
    clock("effects of arms", lambda: affect(across, generator, draws=draws))
    clock("second readings", lambda: reread(across))
    clock("both", lambda: span(across, np.random.SeedSequence(1), draws=draws))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"  {'peak memory':24}{peak:8.2f} GiB\n")


def works(table: Table, generator: np.random.Generator, draws: int) -> dict[str, Callable[[], object]]:
    """Give the tables by name."""
    return {
        "pairs, by sign flips": lambda: compare(table, generator, draws=draws),
        "ranks": lambda: standing(table, generator, draws=draws),
        "smaller panels": lambda: shrink(table, generator, draws=draws),
        "strata": lambda: stratify(table),
        "repeats": lambda: repeat(table, 2),
        "self-preference": lambda: favour(table),
        "length and hedging": lambda: confound(table),
        "completeness": lambda: complete(table),
        "variance components": lambda: decompose(table),
        "triage": lambda: triage(table),
        "jurors among themselves": lambda: agree(table, generator, draws=draws),
    }


def clock(name: str, work: Callable[[], object]) -> object:
    """Print how long it took, seconds."""
    start = time.perf_counter()
    answer = work()
    print(f"  {name:24}{time.perf_counter() - start:8.2f} s", flush=True)
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=10_000, help="bootstrap draws and sign flips")
    parser.add_argument("--size", choices=SIZES, help="measure one size, in this process")
    wish = parser.parse_args()
    if wish.size:
        measure(wish.size, wish.draws)
        return
    for size in SIZES:
        command = [sys.executable, __file__, "--size", size, "--draws", str(wish.draws)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
