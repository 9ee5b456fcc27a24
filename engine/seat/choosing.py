"""Choosing scenarios by name, by number, or by the seed.

Nothing here knows what is done with them.
"""

from __future__ import annotations

from engine.errors import BadOption
from personas.scenarios.sample import Sample
from personas.seeds import derive
from personas.values import Scenario
from rubrics.nearest import nearest, short

ANY = "any"
MOST = 100
"""Scenarios that a person plays one after the other."""


def choose_scenarios(sample: Sample, words: str, seed: int) -> tuple[Scenario, ...]:
    """Give the scenarios of a comma-separated list, each once: ids, numbers from 1, or `any`, which the seed draws.

    Raises BadOption for a word that means none.
    """
    known = {scenario.id: scenario for scenario in sample.scenarios}
    chosen: dict[str, Scenario] = {}
    for at, word in enumerate(filter(None, map(str.strip, words.split(",")))):
        if word == ANY:
            left = [scenario for scenario in sample.scenarios if scenario.id not in chosen]
            if not left:
                raise BadOption(f"--scenario {short(words)}: there are no more than {len(known)} scenarios.")
            one = left[int(derive(seed, "seat", at).integers(len(left)))]
        elif word.isascii() and word.isdigit():
            number = int(word[:9])
            if not 1 <= number <= len(known):
                raise BadOption(
                    f"--scenario {short(word)}: there are {len(known):,}; give 1 to {len(known)}."
                )
            one = sample.scenarios[number - 1]
        elif word in known:
            one = known[word]
        else:
            some = f"give one such as {next(iter(known))}, a number from 1 to {len(known)}, or any."
            raise BadOption(f"unknown scenario {short(word)!r} in --scenario: {nearest(word, known, some)}")
        chosen[one.id] = one
    if not chosen:
        raise BadOption("--scenario names none: give an id, a number, or any.")
    if len(chosen) > MOST:
        raise BadOption(f"--scenario names {len(chosen)} scenarios, and a person plays {MOST} at most.")
    return tuple(chosen.values())
