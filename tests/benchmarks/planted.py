"""Are the numbers true? A world with known answers, and how often intervals and tests are right about it.

    python tests/benchmarks/planted.py [--draws 1000] [--scenarios 120]

Known skills, stratum effects, juror severities and self-preference go into simulated verdicts, whole numbers
from 1 to 5, with cases of one or two scenarios, abstentions, and jurors barred from their own family. What a
model's mean should be is then a closed formula, and an interval either holds it or does not. Nothing here
fails; tests/test_numbers_planted.py is the small version that can. A share of 1,000 runs is known to 1.4 points.

    1,000 simulated runs, 120 scenarios, 6 models, 3 jurors
                                                                  found        n
    lenient juror: most lenient of all                          100.0 %    1,000
    mean: interval holds it                                      95.0 %    6,000
    model 0: adjusted mean less true                             -0.000    1,000
    model 0: raw mean less true                                  -0.220    1,000
    model 3: adjusted mean less true                             -0.000    1,000
    model 3: raw mean less true                                  -0.000    1,000
    model 1: adjusted mean less true                             -0.001    1,000
    model 1: raw mean less true                                  +0.048    1,000
    model 4: adjusted mean less true                             -0.002    1,000
    model 4: raw mean less true                                  +0.169    1,000
    model 2: adjusted mean less true                             -0.002    1,000
    model 2: raw mean less true                                  -0.222    1,000
    model 5: adjusted mean less true                             -0.001    1,000
    model 5: raw mean less true                                  -0.001    1,000
    ranks: all intervals hold at once                            98.5 %    1,000
    difference: interval holds it                                94.7 %   15,000
    equal models: sign-flip p < 0.05                              5.8 %    3,000
    equal models: Wilcoxon p < 0.05                               5.5 %    3,000
    equal models: any Holm p < 0.05                               1.8 %    1,000
    stratum contrast: interval holds it                          95.0 %    6,000
    stratum contrast of none: p < 0.05                            5.2 %    5,000
    stratum contrast of -0.6: found, BH p < 0.05                 93.2 %    1,000
    stratum interaction: interval holds it                       94.9 %    6,000
    stratum interaction of -0.6: found, BH p < 0.05              99.3 %    1,000
    juror without preference: p < 0.05                            4.9 %    2,000
    self-preference: interval holds it                           94.9 %    3,000
    self-preferring juror: found, Holm p < 0.05                  98.3 %    1,000
    self-preferring juror: estimate less planted 0.40            -0.006    1,000
    all models alike: any of 15 pairs, Holm p < 0.05              3.8 %    1,000
    all models alike: any stratum contrast, BH p < 0.05           5.6 %    1,000
    all models alike: any interaction, BH p < 0.05                5.2 %    1,000
    all models alike: every rank's interval is 1 to 6            94.1 %    1,000
    power: a difference said to be seen 80 times in 100, seen    78.6 %    1,000
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from scipy.special import ndtr

from rubrics.leaderboard import tabulate
from rubrics.numbers.favour import favour
from rubrics.numbers.pairs import compare
from rubrics.numbers.panels import standing
from rubrics.numbers.power import Goal, Plan, see
from rubrics.numbers.spread import Spread
from rubrics.numbers.strata import stratify
from rubrics.numbers.table import Columns, Table, lay
from tests.numbered import ballots


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is planted; all in points on the scale of 1 to 5."""

    scenarios: int = 120
    skill: tuple[float, ...] = (3.3, 3.0, 3.0, 3.0, 2.9, 2.6)
    """By model; the second, third and fourth are equal, and judged by different jurors."""
    family: tuple[str, ...] = ("A", "B", "A", "D", "C", "D")
    """By model."""
    stratum: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0, -0.6)
    """What a dark photograph costs each model; half the cases have one."""
    jury: tuple[str, ...] = ("A", "B", "C")
    """Family of each juror."""
    severity: tuple[float, ...] = (0.45, -0.1, -0.35)
    """The first juror is lenient."""
    preference: tuple[float, ...] = (0.0, 0.4, 0.0)
    """The second juror favours its family."""
    case: float = 0.4
    """Standard deviations from here on."""
    pair: float = 0.4
    """Of a model on a scenario."""
    noise: float = 0.6
    """Of a vote."""
    missing: float = 0.03
    """Share of votes that are abstentions."""

    @property
    def width(self) -> float:
        """Give the standard deviation of a latent vote about its model's mean on a level."""
        return float(np.sqrt(self.case**2 + self.pair**2 + self.noise**2))

    def mean(self, model: int, level: int, juror: int) -> float:
        """Give the expected vote: a normal number, rounded and kept within 1 to 5."""
        centre = self.skill[model] + level * self.stratum[model] + self.severity[juror]
        return 1.0 + float(ndtr((centre - np.arange(1.5, 5.0)) / self.width).sum())

    def worth(self, model: int, level: int | None = None) -> float:
        """Give a model's true mean over the whole panel, on one level of the stratum or both."""
        levels = (0, 1) if level is None else (level,)
        return float(np.mean([self.mean(model, x, j) for x in levels for j in range(len(self.jury))]))


def plant(world: World, generator: np.random.Generator) -> Table:
    """Simulate the verdicts of one run and lay them out."""
    scenarios, models, jurors = world.scenarios, len(world.skill), len(world.jury)
    case = np.arange(scenarios) * 2 // 3
    level = generator.integers(2, size=case.max() + 1)[case]
    hard = generator.normal(0, world.case, case.max() + 1)[case]
    centre = np.array(world.skill) + level[:, None] * np.array(world.stratum) + hard[:, None]
    centre = centre + generator.normal(0, world.pair, (scenarios, models))
    own = np.array(world.family)[:, None] == np.array(world.jury)
    latent = centre[..., None] + np.array(world.severity) + own * np.array(world.preference)
    latent += generator.normal(0, world.noise, latent.shape)
    cells = np.clip(np.rint(latent), 1, 5)
    cells[generator.random(cells.shape) < world.missing] = np.nan
    names = [f"model {m}" for m in range(models)]
    jury = tuple(f"juror {j}" for j in range(jurors))
    columns = Columns(
        model=names * scenarios,
        case=[f"case {c}" for c in case for _ in names],
        scenario=[f"scenario {s}" for s in range(scenarios) for _ in names],
        family=dict(zip(names, world.family, strict=True)) | dict(zip(jury, world.jury, strict=True)),
        strata={"photo": [("light", "dark")[x] for x in level for _ in names]},
    )
    return lay(
        ballots(cells.reshape(-1, 1, jurors), jurors=jury, own=np.tile(own, (scenarios, 1))[:, None]), columns
    )


Tally = dict[str, list[float]]


def observe(seed: int, world: World) -> Tally:
    """Simulate and analyse one run; by question, 1 where the answer was right and 0 where not, or an error."""
    generator = np.random.default_rng([20, seed])
    table = plant(world, generator)
    tally: Tally = defaultdict(list)
    _watch_means(tally, table, world, generator)
    _watch_pairs(tally, table, world, generator)
    _watch_strata(tally, table, world)
    for row in favour(table):
        if row.dimension == "overall":
            place = int(row.juror.split()[1])
            if not world.preference[place]:
                tally["juror without preference: p < 0.05"].append(row.p < 0.05)
            else:
                tally["self-preferring juror: found, Holm p < 0.05"].append(row.holm < 0.05)
                tally["self-preferring juror: estimate less planted 0.40"].append(
                    row.preference.value - world.preference[place]
                )
            held = row.preference.low <= world.preference[place] <= row.preference.high
            tally["self-preference: interval holds it"].append(held)
    return tally


def _watch_means(tally: Tally, table: Table, world: World, generator: np.random.Generator) -> None:
    effects = table.scores.effects[0]
    tally["lenient juror: most lenient of all"].append(effects.argmax() == np.argmax(world.severity))
    names = [table.models[m] for m in table.model.index]
    cases = [table.case.names[c] for c in table.case.index]
    for row in tabulate(table.scores, models=names, clusters=cases, generator=generator, draws=400):
        if row.dimension == "overall":
            model = int(row.model.split()[1])
            worth = world.worth(model)
            tally["mean: interval holds it"].append(row.low <= worth <= row.high)
            tally[f"model {model}: adjusted mean less true"].append(row.mean - worth)
            tally[f"model {model}: raw mean less true"].append(row.raw - worth)
    ranks = [row for row in standing(table, generator, draws=2_000) if row.dimension == "overall"]
    worth = {row.model: world.worth(int(row.model.split()[1])) for row in ranks}
    fits = []
    for row in ranks:
        above = sum(other > worth[row.model] + 1e-9 for other in worth.values())
        below = sum(other < worth[row.model] - 1e-9 for other in worth.values())
        # A model tied with others may stand on any of their ranks; the interval need hold one, and holds all.
        fits.append(row.low <= 1 + above and len(ranks) - below <= row.high)
    tally["ranks: all intervals hold at once"].append(all(fits))


def _watch_pairs(tally: Tally, table: Table, world: World, generator: np.random.Generator) -> None:
    equal = []
    for row in compare(table, generator, draws=2_000):
        if row.dimension != "overall":
            continue
        first, second = (int(name.split()[1]) for name in (row.model, row.against))
        truth = world.worth(first) - world.worth(second)
        held = row.difference.low <= truth <= row.difference.high
        tally["difference: interval holds it"].append(held)
        if abs(truth) < 1e-9:
            tally["equal models: sign-flip p < 0.05"].append(row.p < 0.05)
            tally["equal models: Wilcoxon p < 0.05"].append(row.ranks < 0.05)
            equal.append(row.holm < 0.05)
    tally["equal models: any Holm p < 0.05"].append(any(equal))


def _watch_strata(tally: Tally, table: Table, world: World) -> None:
    gaps = [world.worth(m, 1) - world.worth(m, 0) for m in range(len(world.skill))]
    for row in stratify(table).contrasts:
        if row.dimension != "overall" or row.model == "all":
            continue
        model = int(row.model.split()[1])
        others = np.mean([gap for m, gap in enumerate(gaps) if m != model])
        truth = gaps[model] - (others if row.interaction else 0.0)
        kind = "stratum interaction" if row.interaction else "stratum contrast"
        held = row.difference.low <= truth <= row.difference.high
        tally[f"{kind}: interval holds it"].append(held)
        if not row.interaction and not world.stratum[model]:
            tally["stratum contrast of none: p < 0.05"].append(row.p < 0.05)
        elif world.stratum[model]:
            tally[f"{kind} of -0.6: found, BH p < 0.05"].append(row.adjusted < 0.05)


def repose(seed: int, scenarios: int) -> Tally:
    """Look for differences in a world where all models are alike, and ask how often any is found."""
    world = World(scenarios=scenarios, skill=(3.0,) * 6, stratum=(0.0,) * 6, preference=(0.0,) * 3)
    generator = np.random.default_rng([22, seed])
    table = plant(world, generator)
    pairs = [row.holm for row in compare(table, generator, draws=2_000) if row.dimension == "overall"]
    contrasts = [row for row in stratify(table).contrasts if row.dimension == "overall"]
    plain = [row.adjusted for row in contrasts if not row.interaction]
    crossed = [row.adjusted for row in contrasts if row.interaction]
    ranks = [row for row in standing(table, generator, draws=2_000) if row.dimension == "overall"]
    return {
        "all models alike: any of 15 pairs, Holm p < 0.05": [min(pairs) < 0.05],
        "all models alike: any stratum contrast, BH p < 0.05": [min(plain) < 0.05],
        "all models alike: any interaction, BH p < 0.05": [min(crossed) < 0.05],
        "all models alike: every rank's interval is 1 to 6": [all((r.low, r.high) == (1, 6) for r in ranks)],
    }


def foresee(seed: int) -> Tally:
    """Plant exactly the difference that a plan is said to see with 80 % power, and look."""
    plain = World(
        scenarios=100, family=("X", "Y"), stratum=(0.0, 0.0), preference=(0.0,) * 3, case=0.3, missing=0.0
    )
    # Rounding to whole points adds 1/12 to the variance of a vote.
    spread = Spread(scenario_model=plain.pair**2, residual=plain.noise**2 + 1 / 12)
    gap = see(spread, Plan(scenarios=plain.scenarios), Goal()).detects
    generator = np.random.default_rng([21, seed])
    table = plant(replace(plain, skill=(3.0 + gap / 2, 3.0 - gap / 2)), generator)
    row = compare(table, generator, draws=2_000)[0]
    return {"power: a difference said to be seen 80 times in 100, seen": [row.p < 0.05]}


def _one(asked: tuple[int, int]) -> Tally:
    seed, scenarios = asked
    return observe(seed, World(scenarios=scenarios)) | repose(seed, scenarios) | foresee(seed)


def show(tally: Tally) -> str:
    """Write the table: shares in per cent, errors in points."""
    lines = [f"{'':58}{'found':>9}{'n':>9}"]
    for question, answers in tally.items():
        mean = float(np.mean(answers))
        text = f"{mean:+.3f}" if " less " in question else f"{100 * mean:.1f} %"
        lines.append(f"{question:58}{text:>9}{len(answers):>9,}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1_000, help="simulated runs")
    parser.add_argument("--scenarios", type=int, default=World().scenarios)
    parser.add_argument("--processes", type=int, default=2)
    wish = parser.parse_args()
    total: Tally = defaultdict(list)
    with ProcessPoolExecutor(wish.processes) as pool:
        for tally in pool.map(_one, [(seed, wish.scenarios) for seed in range(wish.draws)], chunksize=10):
            for question, answers in tally.items():
                total[question] += answers
    print(f"{wish.draws:,} simulated runs, {wish.scenarios} scenarios, {len(World().skill)} models, 3 jurors")
    print(show(total))


if __name__ == "__main__":
    main()
