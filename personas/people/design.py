"""Deal traits to patients so that each trait's own effect can be estimated, for any beginning of a sample.

The one idea: patients are dealt in blocks of 27, each block an orthogonal array of strength two (the 13 lines
through the origin of the space of three-digit numbers to the base 3 are its columns: Rao 1947, Bose and Bush
1952), with columns and levels shuffled anew from block to block. Within a block any trait has each level nine
times and any two traits have each pair of levels three times, whoever is given which row; so the order of rows is
free, and is used: the next patient takes the row whose levels their strata (diagnosis group, skin tone, …) have
had least. What is made small is the sum, over traits, strata and levels, of squared counts, the criterion J2 of Xu
(Technometrics 2002, 44: 356-368), one run at a time as in his algorithm. This does not know what a trait means.
"""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np

from personas.people.traits import levels
from personas.seeds import derive

RUNS, COLUMNS, LEVELS = 27, 13, 3
OVERALL = 0.5
"""Weight of the counts over all patients against those within one stratum; the blocks alone keep the former even."""

TIES = 4099
"""Numbers that break ties, used in turn."""


class TraitDesign:
    """Rows yet to be dealt, and how often each level was, overall and by stratum."""

    def __init__(self, *address: object) -> None:
        self._address = address
        self._block = 0
        self._hands: list[dict[str, str]] = []
        self._names = tuple(levels())
        self._at = np.zeros((RUNS, len(self._names)), np.int64)
        self._dealt = np.full(RUNS, np.inf)
        self._counts: dict[str, np.ndarray] = {}

    def deal(self, *strata: str) -> dict[str, str]:
        """Give the traits of the next patient, who is of these strata."""
        if np.isinf(self._dealt).all():
            self._begin()
        every = self._count("")
        counts = [self._count(name) for name in strata]
        cost = (OVERALL * every + sum(counts))[self._at].sum(axis=1) + self._dealt
        row = int(cost.argmin())
        for count in (every, *counts):
            count[self._at[row]] += 1
        self._dealt[row] = np.inf
        return self._hands[row]

    def _count(self, stratum: str) -> np.ndarray:
        """Give how often each level of each trait was dealt in a stratum."""
        if stratum not in self._counts:
            self._counts[stratum] = np.zeros(len(self._names) * LEVELS)
        return self._counts[stratum]

    def _begin(self) -> None:
        """Begin a block."""
        rows = self._shuffled()
        self._block += 1
        self._at = rows + np.arange(len(self._names)) * LEVELS
        self._dealt = np.zeros(RUNS)
        steps = tuple(levels().items())
        self._hands = [
            {name: named[level] for (name, named), level in zip(steps, row, strict=True)}
            for row in rows.tolist()
        ]

    def _shuffled(self) -> np.ndarray:
        """Give the array with rows, columns and the levels of each column in an order of this block's own."""
        rng = derive(*self._address, "traits", self._block)
        columns = rng.permutation(COLUMNS)[: len(self._names)]
        rows = _array()[rng.permutation(RUNS)][:, columns]
        turned = np.argsort(rng.random((len(self._names), LEVELS)), axis=1).astype(np.int8)
        return turned[np.arange(len(self._names)), rows]


class FairDeal:
    """Deal options one by one, each time the one that is owed most; which may be had differs from case to case."""

    def __init__(self, *address: object) -> None:
        self._address = address
        self._counts: dict[tuple[str, str], int] = {}
        self._dealt = 0
        # Drawn once: an address worked out for each option of each deal would cost more than all else here.
        self._ties = derive(*address).random(TIES).tolist()

    def pick(self, weights: dict[str, float], *strata: str) -> str:
        """Give one of the options, weighed by the share each is to have; ValueError when there is none."""
        if not weights:
            raise ValueError(f"nothing to deal at {self._address}")
        chosen = next(iter(weights)) if len(weights) == 1 else self.ranked(weights, *strata)[0]
        self.count(chosen, *strata)
        return chosen

    def ranked(self, weights: dict[str, float], *strata: str) -> list[str]:
        """Give the options in the order in which they are owed.

        An option's debt is how often it was dealt for its weight, overall and within each stratum; ties are
        broken by the address.
        """
        had, owed = self._counts, []
        for name, weight in weights.items():
            counts = OVERALL * had.get(("", name), 0)
            for stratum in strata:
                counts += had.get((stratum, name), 0)
            self._dealt += 1
            owed.append((counts / weight, self._ties[self._dealt % TIES], name))
        return [name for _, _, name in sorted(owed)]

    def count(self, chosen: str, *strata: str) -> None:
        """Take down that an option was dealt."""
        for stratum in ("", *strata):
            self._counts[stratum, chosen] = self._counts.get((stratum, chosen), 0) + 1


@cache
def _array() -> np.ndarray:
    """Build the orthogonal array, int8 (27, 13)."""
    runs = np.array(list(itertools.product(range(LEVELS), repeat=3)))
    # One column a line through the origin: the multiple whose first digit that is not zero is a one.
    lines = [line for line in runs if line.any() and line[np.flatnonzero(line)[0]] == 1]
    return (runs @ np.array(lines).T % LEVELS).astype(np.int8)
