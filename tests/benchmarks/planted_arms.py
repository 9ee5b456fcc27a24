"""Are the numbers across arms true? Known losses, second readings and biased jurors, and how often each is found.

    python tests/benchmarks/planted_arms.py [--draws 1000] [--scenarios 120]

The world of planted.py with arms: what the photograph and the record are worth to each model, frozen and free, with
jurors of unlike severity, votes that are abstentions and conversations that failed. Expected votes are a closed
formula, so the true effect is known. Nothing here fails; tests/test_numbers_planted.py is the small version that
can. Writes a table in Markdown; a share of 1,000 runs is known to 1.4 points.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from scipy.special import ndtr
from scipy.stats import norm

from rubrics.numbers.concord import agree
from rubrics.numbers.effects import EVERY, Effect, affect
from rubrics.numbers.favour import favour
from rubrics.numbers.retest import reread
from rubrics.numbers.table import Columns, Table, lay
from rubrics.scores import Floats
from tests.benchmarks.planted import Tally, World, plant
from tests.numbered import ballots

FLIPS = 1_000
ARMS = ("full", "frozen-no-image", "no-image", "no-record", "neither")
LOSS = np.array([[0.0, -0.5, -0.9, -0.3, -0.9], [0.0, -0.3, -0.3, 0.0, -0.3], [0.0] * 5, [0.0] * 5])
"""(M, A) points each arm costs each model; the last two models gain nothing from photograph or record."""
RELEVANT = np.array([-0.5, 0.0, 0.0, 0.0])
"""Points that a lost record costs beyond it where it decides something, in every other pair of cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmWorld(World):
    """What is planted beside the worth of models."""

    skill: tuple[float, ...] = (3.4, 3.1, 3.0, 2.8)
    family: tuple[str, ...] = ("A", "B", "D", "D")
    stratum: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    preference: tuple[float, ...] = (0.0, 0.0, 0.0)
    dialogue: float = 0.3
    """Standard deviation of a conversation of a model on a scenario: another one in every arm."""
    failed: float = 0.02
    """Share of conversations that nobody could judge."""

    @property
    def width(self) -> float:
        return float(np.sqrt(self.case**2 + self.pair**2 + self.dialogue**2 + self.noise**2))

    def expect(self, model: int, arm: str, relevant: int | None = None) -> float:
        """Give a model's true mean in an arm over the whole panel, where the record decides, where not, or both."""
        levels = (0, 1) if relevant is None else (relevant,)
        extra = RELEVANT[model] * (arm in ("no-record", "neither"))
        centres = [self.skill[model] + LOSS[model, ARMS.index(arm)] + extra * level for level in levels]
        centre = np.add.outer(centres, self.severity)[..., None]
        return 1.0 + float(ndtr((centre - np.arange(1.5, 5.0)) / self.width).sum(axis=-1).mean())


def furnish(world: ArmWorld, generator: np.random.Generator) -> Table:
    """Simulate the verdicts of a run with all its arms."""
    scenarios, models, jurors = world.scenarios, len(world.skill), len(world.jury)
    case = np.arange(scenarios) * 2 // 3
    relevant = case // 2 % 2  # two cases have three scenarios, so that half of these are relevant
    centre = generator.normal(0, world.case, case.max() + 1)[case][:, None, None] + LOSS
    centre = centre + np.array(world.skill)[:, None] + generator.normal(0, world.pair, (scenarios, models, 1))
    lost = np.array([arm in ("no-record", "neither") for arm in ARMS])
    centre += relevant[:, None, None] * RELEVANT[:, None] * lost
    centre += generator.normal(0, world.dialogue, centre.shape)
    latent = centre[..., None] + np.array(world.severity)
    cells = np.clip(np.rint(latent + generator.normal(0, world.noise, latent.shape)), 1, 5)
    cells[generator.random(cells.shape) < world.missing] = np.nan
    cells[generator.random(cells.shape[:3]) < world.failed] = np.nan
    scenario, model, arm = (axis.ravel() for axis in np.indices(cells.shape[:3]))
    own = np.array(world.family)[:, None] == np.array(world.jury)
    return lay(
        ballots(cells.reshape(-1, 1, jurors), own=own[model][:, None]),
        Columns(
            model=[f"model {m}" for m in model],
            case=[f"case {case[s]}" for s in scenario],
            scenario=[f"scenario {s}" for s in scenario],
            arm=[ARMS[a] for a in arm],
            strata={"record": [("not relevant", "relevant")[relevant[s]] for s in scenario]},
        ),
    )


def expected(world: ArmWorld, row: Effect, model: int) -> float:
    """Give the true value of an effect on one model."""

    def gain(arm: str, level: int | None) -> float:
        return world.expect(model, arm, level) - world.expect(model, "full", level)

    if row.against:
        return gain(row.arm, 1) - gain(row.arm, 0)
    level = None if row.level is None else int(row.level == "relevant")
    if row.kind == "interaction":
        return gain("no-image", level) + gain("no-record", level) - gain("neither", level)
    if row.kind == "carried":
        return gain(row.arm, level) - gain(f"frozen-{row.arm}", level)
    return gain(("frozen-" if row.kind == "frozen" else "") + row.arm, level)


def watch(seed: int, world: ArmWorld) -> Tally:
    """Simulate and analyse one run with arms."""
    generator = np.random.default_rng([23, seed])
    tally: Tally = defaultdict(list)
    found: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for row in affect(furnish(world, generator), generator, draws=FLIPS):
        if row.dimension != "overall":
            continue
        every = row.model == EVERY
        models = range(len(world.skill)) if every else [int(row.model.split()[1])]
        truth = float(np.mean([expected(world, row, model) for model in models]))
        kind = (
            "record relevant less not" if row.against else f"{row.kind} on a level" if row.level else row.kind
        )
        name = f"{kind}, all models" if every else kind
        tally[f"{name}: interval holds it"].append(row.difference.low <= truth <= row.difference.high)
        if not every and abs(truth) < 1e-9:
            tally[f"{kind} of none: p < 0.05"].append(row.p < 0.05)
            if row.level is None:
                found[row.arm, row.kind].append(row.holm < 0.05)
    tally["an arm of none: any model, Holm p < 0.05"] += [any(one) for one in found.values()]
    return tally


def resample(seed: int, scenarios: int) -> Tally:
    """Have a fifth of the conversations judged twice by one steady juror and one that drifts up by half a point."""
    generator = np.random.default_rng([24, seed])
    drift, noise, spread = np.array([0.0, 0.5]), 0.6, 0.7
    many = scenarios * 4
    worth = 3.0 + generator.normal(0, spread, many)
    latent = worth[:, None, None] + generator.normal(0, noise, (many, 2, 2))
    latent[:, 1] += drift
    cells = np.clip(np.rint(latent), 1, 5)
    cells[generator.random(cells.shape) < 0.03] = np.nan
    first, second = ballots(cells[:, :1]), ballots(cells[:, 1:])
    asked = second.conversation % 5 == 0
    names = ("conversation", "dimension", "juror", "score", "own", "status")
    both = {name: np.concatenate([getattr(first, name), getattr(second, name)[asked]]) for name in names}
    reading = np.repeat([1, 2], [len(first.score), int(asked.sum())])
    cases = [f"case {c}" for c in range(many)]
    votes = replace(first, **both, reading=reading)
    steady, drifting = (
        row
        for row in reread(lay(votes, Columns(model=["m"] * many, case=cases, scenario=cases)))
        if row.dimension == "overall"
    )
    same, error, kappa = _chances(spread, noise)
    return {
        "second reading, same number: interval holds it": [steady.exact.low <= same <= steady.exact.high],
        "second reading, kappa: interval holds it": [steady.kappa.low <= kappa <= steady.kappa.high],
        "second reading, shift of none: interval holds it": [steady.shift.low <= 0 <= steady.shift.high],
        "second reading, vote's own error less true": [steady.error - error],
        "drifting juror: found, interval of the shift above 0": [drifting.shift.low > 0],
    }


def _chances(spread: float, noise: float) -> tuple[float, float, float]:
    """Give how often two readings are the same, a vote's own error, and kappa, over all worths there may be."""
    grid = np.linspace(-6, 6, 2_001)
    weight = norm.pdf(grid) / norm.pdf(grid).sum()
    ends = np.array([-np.inf, 1.5, 2.5, 3.5, 4.5, np.inf])
    chance: Floats = np.diff(ndtr((ends - (3.0 + spread * grid)[:, None]) / noise), axis=1)
    marks = np.arange(1.0, 6.0)
    means = chance @ marks
    within = float(weight @ (chance @ marks**2 - means**2))
    between = float(weight @ means**2 - (weight @ means) ** 2)
    return float(weight @ (chance**2).sum(axis=1)), float(np.sqrt(within)), between / (between + within)


def discord(seed: int, scenarios: int) -> Tally:
    """Let a juror go wrong on dark photographs, or nobody, and look for a level on which the jury falls apart."""
    tally: Tally = {}
    for name, bias in (
        ("juror off on a fifth of cases: level found", 1.5),
        ("nobody off: any level flagged", 0.0),
    ):
        generator = np.random.default_rng([25, seed])
        many = scenarios * 4
        case = np.arange(many) // 4
        dark = case % 5 == 0
        latent = 3.0 + generator.normal(0, 0.9, many)[:, None] + generator.normal(0, 0.5, (many, 3))
        latent[dark, 0] += bias * generator.choice([-1.0, 1.0], int(dark.sum()))
        cells = np.clip(np.rint(latent), 1, 5)
        names = [f"s{c}" for c in range(many)]
        columns = Columns(
            model=["m"] * many,
            case=[f"c{c}" for c in case],
            scenario=names,
            strata={
                "photo": ["dark" if d else "light" for d in dark],
                "task": [f"task {c % 3}" for c in case],
            },
        )
        rows = agree(lay(ballots(cells[:, None]), columns), generator, draws=500)
        flagged = {row.level for row in rows if row.flagged}
        tally[name] = ["dark" in flagged] if bias else [bool(flagged)]
    return tally


def prefer(seed: int, scenarios: int) -> Tally:
    """Plant a juror that gives its own family a point more, beside a lenient one."""
    world = World(scenarios=scenarios, preference=(0.0, 1.0, 0.0))
    table = plant(world, np.random.default_rng([26, seed]))
    rows = {row.juror: row for row in favour(table) if row.dimension == "overall"}
    others = [row for juror, row in rows.items() if juror != "juror 1"]
    return {
        "own family +1: juror found, Holm p < 0.05": [rows["juror 1"].holm < 0.05],
        "own family +1: any other juror accused, Holm p < 0.05": [any(row.holm < 0.05 for row in others)],
        "lenient juror beside it: most lenient of all": [table.scores.effects[0].argmax() == 0],
    }


def one(seed: int, scenarios: int) -> Tally:
    """Look at everything once."""
    return (
        watch(seed, ArmWorld(scenarios=scenarios))
        | resample(seed, scenarios)
        | discord(seed, scenarios)
        | prefer(seed, scenarios)
    )


def show(tally: Tally) -> str:
    """Write the table in Markdown: shares in per cent, errors in points."""
    lines = ["| planted | found | n |", "|---|--:|--:|"]
    for question, answers in tally.items():
        mean = float(np.mean(answers))
        text = f"{mean:+.3f}" if " less true" in question else f"{100 * mean:.1f} %"
        lines.append(f"| {question} | {text} | {len(answers):,} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1_000, help="simulated runs")
    parser.add_argument("--scenarios", type=int, default=World().scenarios)
    wish = parser.parse_args()
    total: Tally = defaultdict(list)
    for seed in range(wish.draws):
        for question, answers in one(seed, wish.scenarios).items():
            total[question] += answers
    print(f"{wish.draws:,} simulated runs, {wish.scenarios} scenarios, {len(ARMS)} arms, 3 jurors\n")
    print(show(total))


if __name__ == "__main__":
    main()
