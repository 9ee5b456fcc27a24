"""Strata: what kind of scenario it is, by the titles under which scores are told apart.

Nothing here knows a score.
"""

from __future__ import annotations

from personas.conditions.book import conditions
from personas.scenarios.proof import tone_of
from personas.values import Scenario


def stratify(scenario: Scenario) -> dict[str, str]:
    """Give the level of a scenario by stratum; one that is not known is left out."""
    persona, truth = scenario.persona, scenario.truth
    condition = conditions().get(truth.label)
    strata = {
        "malignant": "yes" if truth.malignant else "no",
        "rare": "" if condition is None else "yes" if condition.rare else "no",
        "group": truth.group,
        "urgency": truth.urgency,
        "skin tone": tone_of(scenario),
        "photograph": truth.photo,
        "ceiling": truth.ceiling,
        "task": scenario.task,
        "variant": scenario.variant or "none",
        "speaker": persona.speaker,
        "belief": persona.belief_source or "none",
        "record": "relevant" if truth.risks else "not relevant",
        **{name.replace("_", " "): level for name, level in persona.traits.items()},
    }
    return {name: level for name, level in strata.items() if level}
