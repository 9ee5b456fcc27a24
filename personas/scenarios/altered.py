"""Something else in place of a photograph: a poorer copy, another patient's picture, a description in words.

The one idea: what is given in its place follows from the seed, the photograph and the sample alone, so the same
arm shows the same thing to every model; and the truth card says what was given. This does not know what an arm is,
nor who looks.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from string import Template

from personas.conditions.book import conditions
from personas.errors import Unreadable
from personas.people.tasks import DEGRADED
from personas.photos.album import Album
from personas.photos.degrade import KINDS, LADDER, STEPS
from personas.scenarios.adversarial import FOREIGN
from personas.scenarios.fit import gives_away
from personas.scenarios.proof import SWAPPED
from personas.scenarios.twins import READABLE, dimmed, reprint
from personas.seeds import uniform
from personas.values import Given, Photo, Scenario, Truth

FILE = Path(__file__).with_name("altered.toml")
WORD = re.compile(r"[a-z]+")
SIDES = frozenset(("left", "right", "upper", "lower", "back", "side", "the", "of", "a", "an", "on", "behind"))
"""Words of a place on the body by which two places are not the same region."""


def degrade(scenario: Scenario, album: Album, *, seed: int) -> Photo:
    """Keep a poorer copy of the scenario's photograph in the album and give it; kind and dose are drawn by the seed.

    One that is degraded already comes back as it is: the clear picture that it was made from is not at hand, and
    two doses on top of each other are on no ladder (aimed past twice, the middle may come back into the frame).
    Decodes and encodes a picture, which takes milliseconds to a second: for a thread.
    """
    photo = scenario.photo
    if photo.degraded:
        return photo
    drawn = int(uniform(seed, "degraded arm", photo.sha256) * len(KINDS) * len(STEPS))
    kind, step = divmod(drawn, len(STEPS))
    return reprint(album, photo, KINDS[kind], STEPS[step], seed=seed)


def swap(scenarios: Iterable[Scenario], *, seed: int) -> dict[str, Scenario]:
    """Give, by id, the other scenario whose photograph is shown in place of each one's own.

    It is of another case and another diagnosis group, of the same modality, a drawing for a drawing; of the same
    skin tone, body region and source where there is one, so that its content alone gives it away. Twins are shown
    what their siblings are. Raises Unreadable naming the first scenario for which the sample holds none.
    """
    sample = tuple(scenarios)
    pool: dict[str, Scenario] = {}
    for scenario in sample:
        if not (scenario.variant or scenario.photo.degraded or scenario.photo.overlay):
            pool.setdefault(scenario.photo.sha256, scenario)
    chosen = {}
    for scenario in sample:
        others = [other for other in pool.values() if _differs(scenario, other)]
        if not others:
            raise Unreadable(
                f"{scenario.id}: the sample holds no photograph of another diagnosis group to show in place of its "
                "own. Take more scenarios, or leave the arm with swapped photographs out."
            )
        chosen[scenario.id] = min(others, key=lambda other, own=scenario: _unlike(own, other, seed))
    return chosen


def caption(scenario: Scenario) -> str:
    """Give the visible findings in plain words, to stand in for the photograph; "" where the card describes none.

    What would give the diagnosis away is left out, and the photograph of a scenario that shows another person's
    skin has no findings of its own.
    """
    truth = scenario.truth
    seen = () if scenario.variant == SWAPPED else truth.findings
    told = [finding for finding in seen if not _tells(scenario, finding)]
    if not told:
        return ""
    placed = bool(truth.site) and not _tells(scenario, truth.site)
    words = Template(_table()["caption"]["placed" if placed else "placeless"])
    return words.safe_substitute(site=truth.site, findings=", ".join(told))


def card(
    scenario: Scenario, given: Given, *, photo: Photo | None = None, other: Scenario | None = None
) -> Scenario:
    """Give the scenario as it was shown and as a jury reads it, with a card that says what was given. The id stays.

    `photo` is what `degrade` gave: findings that its dose leaves no one to see go from the card, as for a degraded
    twin, and stay without it. `other` is what `swap` gave, needed for "swapped": the findings become the other's,
    marked as another person's. For "clear" it is the scenario itself.
    """
    truth = scenario.truth
    if given == "clear":
        return scenario
    if given == "swapped":
        if other is None:
            raise ValueError("the card of a swapped photograph needs the other scenario: give other=.")
        truth = _lauded(replace(truth, findings=(FOREIGN, *other.truth.findings)), given)
        return replace(scenario, photo=other.photo, truth=truth)
    if given == "degraded" and photo is not None and photo != scenario.photo:
        step = _step(photo)
        truth = dimmed(truth, step, scenario.task if step == READABLE else DEGRADED)
        return replace(scenario, photo=photo, truth=truth)
    return replace(scenario, truth=_lauded(truth, given))


def _lauded(truth: Truth, given: Given) -> Truth:
    """Put on the card what was given, and what a good conversation makes of it."""
    more = _table()["good"].get(given, "")
    return replace(truth, photo=given, good=f"{truth.good} {more}".strip())


def _step(photo: Photo) -> str:
    kind, _, dose = photo.degraded.partition(" ")
    return STEPS[LADDER[kind].index(float(dose))]


def _differs(own: Scenario, other: Scenario) -> bool:
    """Say whether another scenario's photograph can stand in for one's own and is wrong there."""
    return (
        other.cluster != own.cluster
        and other.photo.sha256 != own.photo.sha256
        and (other.truth.group or other.truth.label) != (own.truth.group or own.truth.label)
        and other.photo.modality == own.photo.modality
        and other.photo.drawn == own.photo.drawn
    )


def _unlike(own: Scenario, other: Scenario, seed: int) -> tuple[bool, bool, bool, float]:
    """Rank another photograph by what would give it away beside its content, and then by lot."""
    return (
        own.seen.tone != other.seen.tone,
        not _region(own) & _region(other),
        own.source != other.source,
        uniform(seed, "swapped arm", own.cluster, other.photo.sha256),
    )


def _region(scenario: Scenario) -> frozenset[str]:
    return frozenset(WORD.findall(scenario.truth.site.lower())) - SIDES


def _tells(scenario: Scenario, text: str) -> bool:
    """Say whether a text names what the patient may not know, or any name of the condition."""
    truth = scenario.truth
    secret = {name.lower() for name in (truth.title, *truth.accepted, *scenario.persona.must_not_know)}
    named = any(re.search(rf"\b{re.escape(name)}", text.lower()) for name in secret if name)
    return named or (truth.label in conditions() and bool(gives_away(truth.label, text)))


@cache
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
