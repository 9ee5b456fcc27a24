"""Does calibration tell the truth? Juries with planted faults, clinicians with planted noise, and how often it does.

    python tests/benchmarks/run_calibration.py [--draws 1000] [--scenarios 120]

Quality is a normal number for each conversation. A clinician rounds it, with noise of their own; a juror squeezes
and lifts it, adds an error that all jurors share and one of their own, and flatters the last model. What clinicians
would say of each model on average is then a closed formula. Cases have one or two scenarios, and labels are drawn
by chance. Nothing here fails; tests/test_calibration_planted.py is the small version that can. A share of 1,000
runs is known to 1.4 points. With 75 labels 23 of the runs had fewer than 60 and were refused.

    1,000 simulated runs each, 120 scenarios, 6 models, 3 jurors; the last model is flattered by 0.5, but for "good"
                                            180 labels  75 labels     noise      good      dark
    corrected mean: interval holds it           95.5 %     95.6 %    94.8 %    95.7 %    95.3 %
    labels alone: interval holds it             94.8 %     94.6 %    94.8 %    94.9 %    94.8 %
    width of corrected interval, labels' = 1     0.910      0.928     1.001     0.750     0.922
    last model: jury mean less true             +1.139     +1.139    +1.384    +0.003    +1.327
    last model: calibrated mean less true       +0.488     +0.492    +0.351    +0.056    +0.473
    last model: corrected mean less true        -0.000     +0.000    +0.004    -0.000    +0.000
    bias of the jury: interval holds it         93.9 %     94.8 %    93.6 %    95.5 %    96.0 %
    mean error before                            0.738      0.736     0.949     0.316     0.882
    mean error after, out of fold                0.555      0.566     0.680     0.328     0.568
    the same on labels nobody gave               0.558      0.569     0.683     0.329     0.571
    stratum bias: p < 0.05 (none but in dark)    4.8 %      4.2 %     3.8 %     5.7 %    61.8 %
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from scipy.special import ndtr

from rubrics.calibration.annotations import Annotations
from rubrics.calibration.calibrate import calibrate
from rubrics.numbers.table import Columns, Table, lay
from rubrics.numbers.values import Estimate
from rubrics.scores import Floats
from tests.numbered import ballots

BOOTSTRAP = 200
Tally = dict[str, list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is planted; all in points on the scale of 1 to 5."""

    scenarios: int = 120
    skill: tuple[float, ...] = (3.4, 3.2, 3.0, 2.8, 2.6, 2.6)
    """By model."""
    flattery: float = 0.5
    """What the jury gives the last model beyond what it deserves."""
    squeeze: float = 0.6
    """Points the jury's score rises by for each of quality."""
    lift: float = 1.7
    """Where quality 0 would lie for the jury."""
    dark: float = 0.0
    """What the jury gives beyond that where the photograph is dark, in half of the scenarios."""
    case: float = 0.5
    """Standard deviations from here on: of quality between cases."""
    pair: float = 0.5
    """Of quality between models on a scenario."""
    shared: float = 0.3
    """Of the error all jurors share."""
    juror: float = 0.5
    """Of a juror's own error."""
    clinician: float = 0.6
    """Of a clinician's own."""
    jurors: int = 3
    clinicians: int = 3
    share: float = 0.25
    """Of conversations that are labelled."""

    def worth(self) -> Floats:
        """Give what clinicians would say of each model on average, (M,)."""
        width = np.sqrt(self.case**2 + self.pair**2 + self.clinician**2)
        steps = (np.array(self.skill)[:, None] - np.arange(1.5, 5.0)) / width
        return 1 + ndtr(steps).sum(axis=1)

    def lean(self) -> float:
        """Give the jury's true bias over all models."""
        width = np.sqrt(self.squeeze**2 * (self.case**2 + self.pair**2) + self.shared**2 + self.juror**2)
        extra = np.zeros((2, len(self.skill)))
        extra[:, -1] += self.flattery
        extra[1] += self.dark
        centre = self.lift + self.squeeze * np.array(self.skill) + extra
        jury = 1 + ndtr((centre[..., None] - np.arange(1.5, 5.0)) / width).sum(axis=2)
        return float(jury.mean() - self.worth().mean())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Planted:
    """One simulated run."""

    table: Table
    annotations: Annotations
    hidden: Floats
    """(C,) what the clinicians' mean would be, labelled or not."""


def plant(world: World, generator: np.random.Generator) -> Planted:
    """Simulate the votes and the labels of a run."""
    models = len(world.skill)
    scenario, model = (axis.ravel() for axis in np.indices((world.scenarios, models)))
    case = (scenario * 2) // 3
    many = len(case)
    dark = case // 2 % 2  # a case of two scenarios and one of one in turn, so that half of them are dark
    quality = np.array(world.skill)[model] + generator.normal(0, world.case, case.max() + 1)[case]
    quality += generator.normal(0, world.pair, many)
    centre = world.lift + world.squeeze * quality + world.flattery * (model == models - 1) + world.dark * dark
    centre += generator.normal(0, world.shared, many)
    votes = _round(centre[:, None] + generator.normal(0, world.juror, (many, world.jurors)))
    labels = _round(quality[:, None] + generator.normal(0, world.clinician, (many, world.clinicians)))
    seen = np.where((generator.random(many) < world.share)[:, None], labels, np.nan)
    table = lay(
        ballots(votes[:, None]),
        Columns(
            model=[f"m{m}" for m in model],
            case=[f"c{c}" for c in case],
            scenario=[f"s{s}" for s in scenario],
            strata={"light": ["dark" if d else "bright" for d in dark]},
        ),
    )
    return Planted(table=table, annotations=annotate(seen[:, None]), hidden=labels.mean(axis=1))


def annotate(values: Floats) -> Annotations:
    """Give annotations of (C, D, A) values, as if they had been read."""
    many = int((~np.isnan(values)).sum())
    return Annotations(
        annotators=tuple(f"a{a}" for a in range(values.shape[2])),
        values=values,
        layout="planted",
        guessed=False,
        cells=many,
        used=many,
        left_out=(),
        notes=(),
    )


def _round(values: Floats) -> Floats:
    return np.clip(np.rint(values), 1, 5)


def observe(seed: int, world: World) -> Tally:
    """Simulate a run, calibrate it, and say what was right and wrong."""
    planted = plant(world, np.random.default_rng([seed, 6]))
    report = calibrate(planted.table, planted.annotations, np.random.SeedSequence(seed), draws=BOOTSTRAP)[0]
    tally: Tally = defaultdict(list)
    if report.found is None:
        tally["refused"].append(1.0)
        return tally
    found, worth = report.found, world.worth()
    for m, one in enumerate(found.correction.means):
        tally["corrected mean: interval holds it"].append(_holds(one.corrected, worth[m]))
        tally["labels alone: interval holds it"].append(_holds(one.clinicians, worth[m]))
        if one.corrected.low is not None and one.clinicians.low is not None:
            tally["width of corrected interval, labels' = 1"].append(
                _width(one.corrected) / _width(one.clinicians)
            )
    last, flattered = found.correction.means[-1], worth[-1]
    for name in ("jury", "calibrated", "corrected"):
        tally[f"flattered model: {name} mean less true"].append(
            (getattr(last, name).value or np.nan) - flattered
        )
    tally["bias of the jury: interval holds it"].append(_holds(found.correction.raw.bias, world.lean()))
    unseen = np.isnan(planted.annotations.means[:, 0])
    fresh = np.abs(found.scores - planted.hidden)[unseen].mean()
    told = found.correction.calibrated.mae
    tally["mean error after, out of fold"].append(told.value or np.nan)
    tally["the same on labels nobody gave"].append(float(fresh))
    tally["mean error before"].append(found.correction.raw.mae.value or np.nan)
    dark = next(one for one in found.biases if one.level == "dark")
    tally["stratum bias: p < 0.05"].append(float(dark.p is not None and dark.p < 0.05))
    return tally


def _holds(one: Estimate, truth: float) -> float:
    return float(one.low is not None and one.high is not None and one.low <= truth <= one.high)


def _width(one: Estimate) -> float:
    return float((one.high or 0) - (one.low or 0))


WORLDS = {
    "180 labels": {},
    "75 labels": {"share": 0.105},
    "a jury of noise, 180 labels": {"squeeze": 0.0, "lift": 3.5},
    "a jury nearly as good as clinicians, 180 labels": {
        "squeeze": 1.0,
        "lift": 0.0,
        "shared": 0.1,
        "flattery": 0.0,
        "clinician": 0.3,
    },
    "dark photographs flattered by 0.4, 180 labels": {"dark": 0.4},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1_000, help="simulated runs of each world")
    parser.add_argument("--scenarios", type=int, default=120)
    wish = parser.parse_args()
    with ProcessPoolExecutor(2) as workers:
        for name, planted in WORLDS.items():
            world = World(scenarios=wish.scenarios, **planted)
            total: Tally = defaultdict(list)
            for tally in workers.map(partial(observe, world=world), range(wish.draws), chunksize=10):
                for question, answers in tally.items():
                    total[question] += answers
            print(f"\n{name}: {wish.draws:,} simulated runs, {wish.scenarios} scenarios, 6 models, 3 jurors")
            for question, answers in total.items():
                share = ": interval holds it" in question or "p <" in question
                mean = float(np.nanmean(answers))
                says = (
                    f"{100 * mean:.1f} %"
                    if share
                    else f"{mean:+.3f}"
                    if "less" in question
                    else f"{mean:.3f}"
                )
                print(f"{question:54}{says:>10}{len(answers):>9,}", flush=True)


if __name__ == "__main__":
    main()
