"""How evenly a sample is dealt: each trait by itself, against each other, and against what the cases bring along.

The one idea: a trait's own effect can be told from another's only where the two are not tied, so what is shown is
how strongly each pair is tied (Cramér's V: 0 not at all, 1 one follows from the other) beside what chance alone
would give. This reads scenarios and does not know how they were dealt.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from textwrap import wrap

from personas.people.traits import levels
from personas.records.risks import risks
from personas.scenarios.proof import entries, tone_of
from personas.values import Scenario

BROUGHT = ("diagnosis group", "skin tone", "photograph")
"""What a case brings along, against which traits are to be even."""
DEALT = ("task", "speaker", "belief", "risk", "variant")
EXPLAINED = (
    "How strongly each trait is tied to the cases' group, tone and photograph: 0 not at all, 1 wholly."
)
WIDTH, TRAIT, STEPS, COLUMN = 99, 20, 52, 9
"""Columns of the page, and of the parts of its table."""


class SampleBalance:
    """The columns of a sample, gathered scenario by scenario."""

    def __init__(self) -> None:
        self._columns: dict[str, list[str]] = {name: [] for name in (*levels(), *BROUGHT, *DEALT)}

    def add(self, scenario: Scenario) -> None:
        """Count one scenario."""
        persona = scenario.persona
        values = {
            "diagnosis group": scenario.truth.group,
            "skin tone": tone_of(scenario) or "not recorded",
            "photograph": scenario.truth.photo,
            "task": scenario.task,
            "speaker": persona.speaker,
            "belief": persona.belief_source or "none",
            "risk": _risk(scenario),
            "variant": scenario.variant or "none",
        }
        for name in levels():
            self._columns[name].append(persona.traits.get(name, "not dealt"))
        for name, value in values.items():
            self._columns[name].append(value)

    def unevenness(self) -> tuple[int, str]:
        """Give the largest difference between how often two levels of a trait were dealt, and the trait."""
        spread = {name: _spread(self._columns[name], steps) for name, steps in levels().items()}
        worst = max(spread, key=lambda name: spread[name])
        return spread[worst], worst

    def strongest(self) -> tuple[float, str, str]:
        """Give the strongest tie between two traits, and which they are."""
        pairs = itertools.combinations(levels(), 2)
        return max((self.tie(one, other), one, other) for one, other in pairs)

    def tie(self, one: str, other: str) -> float:
        """Give Cramér's V of two columns; 0 where one of them has but one value."""
        return cramer(self._columns[one], self._columns[other])

    def table(self) -> str:
        """Show it all as text."""
        count = len(self._columns["task"])
        if not count:
            return "No scenario to be counted."
        heads = "".join(f"{name:>{COLUMN}}" for name in ("group", "tone", "photo"))
        rows = [EXPLAINED, "", f"{'trait':{TRAIT}}{'how often each level was dealt':{STEPS}}{heads}"]
        for name, steps in levels().items():
            had = Counter(self._columns[name])
            said = ", ".join(f"{step} {had[step]}" for step in steps)
            ties = "".join(f"{self.tie(name, by):{COLUMN}.2f}" for by in BROUGHT)
            rows.append(f"{name:{TRAIT}}{said:{STEPS}}{ties}")
        chance = (
            math.sqrt(max(2, len(set(self._columns[by])) - 1) / count)
            if len(set(self._columns[by])) > 1
            else 0.0
            for by in BROUGHT
        )
        by_chance = "".join(f"{value:{COLUMN}.2f}" for value in chance)
        rows.append(f"{'':{TRAIT}}{'(dealt by chance, it would be about)':{STEPS}}{by_chance}")
        spread, trait = self.unevenness()
        tie, one, other = self.strongest()
        rows += [
            "",
            f"Largest difference between the levels of a trait: {spread} of {count} ({trait}).",
            f"Strongest tie between two traits: {tie:.2f} ({one}, {other});",
            f"by chance, any one of them would be about {math.sqrt(2 / count):.2f}.",
            "",
            "How many scenarios have what:",
        ]
        for name in (*BROUGHT, *DEALT):
            had = sorted(Counter(self._columns[name]).items())
            rows += listed([f"{value} {number}" for value, number in had], f"{name:{TRAIT}}")
        return "\n".join(rows)


def listed(items: list[str], lead: str) -> list[str]:
    """Lay items out after a lead, in lines that end between two of them."""
    whole = ", ".join(item.replace(" ", "\xa0") for item in items)
    lines = wrap(whole, WIDTH - len(lead), break_on_hyphens=False, break_long_words=False)
    leads = (lead, *[" " * len(lead)] * len(lines))
    return [before + line.replace("\xa0", " ") for before, line in zip(leads, lines, strict=False)]


def cramer(one: list[str], other: list[str]) -> float:
    """Measure how strongly two columns are tied."""
    count, first, second = len(one), Counter(one), Counter(other)
    least = min(len(first), len(second)) - 1
    if not count or least < 1:
        return 0.0
    both = Counter(zip(one, other, strict=True))
    total = 0.0
    for a, b in itertools.product(first, second):
        expected = first[a] * second[b] / count
        total += (both[a, b] - expected) ** 2 / expected
    return math.sqrt(total / count / least)


def _spread(column: list[str], steps: tuple[str, ...]) -> int:
    had = Counter(column)
    counts = [had[step] for step in steps]
    return max(counts) - min(counts)


def _risk(scenario: Scenario) -> str:
    """Give the slot of the risk that was placed; else whether the record has one of its own."""
    record = scenario.record
    placed = {entry.text for entry in entries(record) if entry.placed}
    slots = [risk.slot for risk in risks(record) if risk.text in placed] if placed else []
    return slots[0] if slots else "recorded" if scenario.truth.risks else "none"
