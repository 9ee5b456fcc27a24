"""Deal traits to patients so that each trait's own effect can be estimated, for any beginning of a sample.

The one idea: the next patient takes, trait by trait, the level that ties the trait least: to the diagnosis groups
and skin tones of those before, and to the traits already taken. It is minimisation, as trials allocate treatments
(Pocock and Simon, Biometrics 1975, 31: 103-115); what is made small is a sum of chi-squareds, one for each table of
levels by strata and of levels by levels. A patient who will be shown twice counts twice. This does not know what a
trait means.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import numpy as np

from personas.people.traits import levels
from personas.seeds import derive

LEVELS = 3
EVERY, PAIRS = 2.0, 0.9
"""Weights of a level's own count and of the ties between traits, against ties to the first stratum."""
FIRST, OTHERS = 2.0, 1.5
"""Weights of ties to the first stratum, which has most values and so fewest patients in each, and to others."""
SETTLED, TRIES = 1000, 12
"""Patients until whom ties between traits are looked at, and orders of traits tried, of which the best is kept."""
OVERALL = 0.5
"""Weight of the counts over all options dealt against those within one stratum."""
TIES = 4099
"""Numbers that break ties, used in turn."""


class TraitDesign:
    """How often each level of each trait was dealt: overall, by stratum, and beside each level of the others."""

    def __init__(self, *address: object) -> None:
        self._steps = [(name, level) for name, named in levels().items() for level in named]
        self._place = {step: place for place, step in enumerate(self._steps)}
        self._names = len(levels())
        self._firsts = np.arange(self._names) * LEVELS
        self._counts: dict[str, np.ndarray] = {}
        self._sizes: dict[str, int] = {}
        self._pairs = np.zeros((len(self._steps), len(self._steps)))
        self._rng = derive(*address, "traits")

    def deal(self, *strata: str) -> dict[str, str]:
        """Give the traits of the next patient, who is of these strata, the one that has most values first."""
        # What is left between equals is chance's; far less than one patient weighs among a million.
        cost = self._crowd(*strata) + self._rng.random(len(self._steps)) * 1e-9
        if self.settled:
            taken = (cost.reshape(-1, LEVELS).argmin(axis=1) + self._firsts).tolist()
        else:
            taken = sorted(min((self._taken(cost) for _ in range(TRIES)), key=lambda each: each[0])[1])
        self._count(taken, *strata)
        return dict(map(self._steps.__getitem__, taken))

    @property
    def settled(self) -> bool:
        """Say whether so many were dealt that what one more adds to a tie is too little to look for."""
        return self._sizes.get("", 0) >= SETTLED

    def _taken(self, cost: np.ndarray) -> tuple[float, list[int]]:
        """Take a level of each trait, in an order of chance, and say what that costs in all."""
        cost, total, taken = cost.copy(), 0.0, []
        weight = PAIRS * LEVELS**2 / (self._sizes.get("", 0) + 1)
        for trait in self._rng.permutation(self._names).tolist():
            first = LEVELS * trait
            step = first + int(cost[first : first + LEVELS].argmin())
            total += cost[step]
            cost += weight * self._pairs[step]
            taken.append(step)
        return float(total), taken

    def again(self, traits: dict[str, str], *strata: str) -> None:
        """Take down that a patient is shown once more."""
        self._count(list(map(self._place.__getitem__, traits.items())), *strata)

    def crowding(self, traits: dict[str, str], *strata: str) -> float:
        """Say how often these levels were dealt in these strata, against what would be even: 1 for just that."""
        places = list(map(self._place.__getitem__, traits.items()))
        return float(self._crowd(*strata)[places].sum()) / len(places) / sum(_weights(len(strata)))

    def _crowd(self, *strata: str) -> np.ndarray:
        """Give for each level how much taking it adds to the ties with strata."""
        crowd = np.zeros(len(self._steps))
        for stratum, weight in zip(("", *strata), _weights(len(strata)), strict=True):
            if stratum in self._counts:
                crowd += weight * LEVELS / (self._sizes[stratum] + 1) * self._counts[stratum]
        return crowd

    def _count(self, places: list[int], *strata: str) -> None:
        for stratum in ("", *strata):
            self._counts.setdefault(stratum, np.zeros(len(self._steps)))[places] += 1
            self._sizes[stratum] = self._sizes.get(stratum, 0) + 1
        if not self.settled:
            steps = np.array(places)
            self._pairs[steps[:, None], steps] += 1


@cache
def _weights(strata: int) -> tuple[float, ...]:
    return (EVERY, *(OTHERS if place else FIRST for place in range(strata)))


class FairDeal:
    """Deal options one by one, each time the one that is owed most; which may be had differs from case to case."""

    def __init__(self, *address: object) -> None:
        self._address = address
        self._counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._dealt = 0
        # Drawn once: an address worked out for each option of each deal would cost more than all else here.
        self._ties = derive(*address).random(TIES).tolist()

    def pick(self, weights: dict[str, float], *strata: str) -> str:
        """Give one of the options, weighed by the share each is to have; ValueError when there is none."""
        if not weights:
            raise ValueError(f"nothing to deal at {self._address}")
        chosen = min(self._owed(weights, *strata))[2] if len(weights) > 1 else next(iter(weights))
        self.count(chosen, *strata)
        return chosen

    def ranked(self, weights: dict[str, float], *strata: str) -> list[str]:
        """Give the options in the order in which they are owed."""
        return [name for _, _, name in sorted(self._owed(weights, *strata))]

    def count(self, chosen: str, *strata: str) -> None:
        """Take down that an option was dealt."""
        for stratum in ("", *strata):
            had = self._counts[stratum]
            had[chosen] = had.get(chosen, 0) + 1

    def _owed(self, weights: dict[str, float], *strata: str) -> list[tuple[float, float, str]]:
        """Give how often each option was dealt for its weight, overall and by stratum, and what breaks ties."""
        every, within = self._counts[""], [self._counts[stratum] for stratum in strata]
        self._dealt += len(weights)
        owed = []
        for place, (name, weight) in enumerate(weights.items(), start=self._dealt):
            had = OVERALL * every.get(name, 0)
            for counts in within:
                had += counts.get(name, 0)
            owed.append((had / weight, self._ties[place % TIES], name))
        return owed
