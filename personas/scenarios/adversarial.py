"""The adversarial pack: scenarios that lean on the assistant, beside the sample and new with every release.

The one idea: a release takes eight of the ten variants and half of their words, all by its name, and lays ten of
them over ordinary scenarios of the sample, so that an answer learned by heart does not help; the ordinary scenarios
stay as they are, and scores without the pack can be compared from release to release. This knows what a variant
changes and nothing of how it is answered.
"""

from __future__ import annotations

import io
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from string import Template

from PIL import Image

from personas.conditions.book import conditions
from personas.people.tasks import tasks
from personas.photos.album import Album
from personas.photos.overlay import written
from personas.photos.pixels import encode
from personas.records.place import misplace
from personas.records.risks import risks
from personas.scenarios.proof import entries, prove
from personas.scenarios.store import identify
from personas.seeds import uniform
from personas.slots import asked
from personas.values import Fact, Scenario

FILE = Path(__file__).with_name("adversarial.toml")
PACK, TAKEN = 10, 8
"""Scenarios of a pack, and variants of which they are."""
OWN_TASK = "T2"
"""What a minor asks where the task was for somebody who speaks for them."""
ASIDE = "impact"
"""Slot of what is said unasked and answers nothing."""
FOREIGN = "not what the patient tells of: a photograph of another person's skin"
"""First among the findings where the photograph is somebody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to lean on the assistant."""

    key: str
    title: str
    where: str
    """What it changes: says, overlay, record, photo, persona."""
    when: str
    """When its words are said: opening, pushback, aside; empty where they are not said."""
    fits: dict[str, list]
    watch: str
    weight: float
    words: tuple[str, ...]

    def suits(self, scenario: Scenario) -> bool:
        """Say whether a scenario can carry it."""
        low, high = self.fits.get("ages", (0, 120))
        real = "drawn" if scenario.source == "drawn" else "real"
        have = (
            ("specialities", conditions()[scenario.truth.label].speciality),
            ("groups", scenario.truth.group),
            ("urgencies", scenario.truth.urgency),
            ("speakers", scenario.persona.speaker),
            ("tasks", scenario.task),
        )
        right = all(value in self.fits.get(kind, (value,)) for kind, value in have)
        placed = self.where == "record" and any(entry.placed for entry in entries(scenario.record))
        return (
            right
            and low <= scenario.record.age <= high
            and self.fits.get("source", real) == real
            and not placed
        )


class ReleasePack:
    """The adversarial scenarios of one release."""

    def __init__(self, release: str, seed: int, album: Album, again: Callable[..., Scenario]) -> None:
        """`again` tells a scenario anew, with another speaker or task."""
        self._release = release
        self._address = (release, seed)
        self._album = album
        self._again = again
        self._ways: dict[str, Callable[[Scenario, Variant, str, list[Scenario]], Scenario | None]] = {
            "says": self._said,
            "overlay": self._written,
            "record": self._misfiled,
            "photo": self._swapped,
            "persona": self._alone,
        }

    def scenarios(self, clean: list[Scenario], notes: list[str]) -> Iterator[Scenario]:
        """Lay the variants over scenarios of a sample, each over another; a variant that fits none is named."""
        used: set[str] = set()
        for place in range(PACK):
            variant = self._taken()[place % TAKEN]
            fitting = [scenario for scenario in clean if scenario.id not in used and variant.suits(scenario)]
            fitting.sort(key=lambda scenario: uniform(*self._address, variant.key, place, scenario.id))
            for base in fitting:
                made = self._ways[variant.where](base, variant, self._words(variant, base), clean)
                if made is not None:
                    used.add(base.id)
                    yield self._settled(made, variant)
                    break
            else:
                notes.append(
                    f"The adversarial variant {variant.key!r} fits no scenario of this sample and is left out."
                )

    def _taken(self) -> list[Variant]:
        """Give this release's variants, the heavier ones more often among them."""
        order = sorted(variants(), key=lambda v: -(uniform(self._release, v.key) ** (1 / v.weight)))
        return order[:TAKEN]

    def _words(self, variant: Variant, base: Scenario) -> str:
        """Give one of this release's wordings, filled in."""
        order = sorted(variant.words, key=lambda words: uniform(self._release, variant.key, words))
        half = order[: max(3, len(order) // 2)]
        said = half[int(uniform(*self._address, variant.key, base.id) * len(half))]
        filled = {"thing": "spot", "place": base.truth.site or "skin", "age": str(base.record.age)}
        return Template(said).safe_substitute(filled)

    def _settled(self, made: Scenario, variant: Variant) -> Scenario:
        truth = replace(made.truth, watch=variant.watch)
        marked = replace(made, truth=truth, variant=variant.key, release=self._release)
        return identify(replace(marked, proof=prove(marked)))

    def _said(self, base: Scenario, variant: Variant, words: str, clean: list[Scenario]) -> Scenario:
        """Put words into the patient's mouth: first, or among what they say unasked."""
        persona = base.persona
        if variant.key == "sensitive_site":
            return _intimate(base, words)
        if variant.when == "opening":
            return replace(base, persona=replace(persona, opening=f"{words} {persona.opening}"))
        slots = asked(f"{words}?") if variant.key == "minimised_red_flag" else frozenset()
        slot = min(slots, default=ASIDE)
        kept = tuple(fact for fact in persona.facts if fact.slot not in slots)
        told = _aside(words, slot, "yes" if slots else "value")
        # What else had been said of these slots would contradict it, and what must be asked stays answered.
        missing = [fact for fact in persona.facts if fact.slot in slots and fact.slot != slot]
        answers = tuple(replace(fact, says=words, answer="yes", value="") for fact in missing)
        return replace(base, persona=replace(persona, facts=(told, *kept, *answers)))

    def _alone(self, base: Scenario, variant: Variant, words: str, clean: list[Scenario]) -> Scenario:
        """Let a minor write without anybody's knowing."""
        own = self._again(base.id, speaker="self", task=base.task if "self" in _speakers(base) else OWN_TASK)
        persona = own.persona
        return replace(own, persona=replace(persona, facts=(_aside(words, ASIDE, "value"), *persona.facts)))

    def _written(self, base: Scenario, variant: Variant, words: str, clean: list[Scenario]) -> Scenario:
        """Write words into the picture."""
        with Image.open(io.BytesIO(self._album.data(base.photo))) as image:
            picture = written(image, words, *self._address, base.id)
        photo = self._album.put(
            encode(picture, "JPEG"), drawn=base.photo.drawn, modality=base.photo.modality, overlay=words
        )
        return replace(base, photo=photo)

    def _misfiled(
        self, base: Scenario, variant: Variant, words: str, clean: list[Scenario]
    ) -> Scenario | None:
        """Put somebody else's entry into the record; what the patient knows stays as it was."""
        condition = conditions()[base.truth.label]
        record = misplace(base.record, *self._address, base.id, avoid=condition)
        if record is base.record or (risks(base.record) and not base.truth.risks):
            return None
        told = replace(_aside(words, ASIDE, "value"), gate="if_asked")
        return replace(base, record=record, persona=replace(base.persona, facts=(*base.persona.facts, told)))

    def _swapped(
        self, base: Scenario, variant: Variant, words: str, clean: list[Scenario]
    ) -> Scenario | None:
        """Show the photograph of another case, of another diagnosis group and another site."""
        others = [
            other
            for other in clean
            if other.truth.group != base.truth.group
            and other.truth.site != base.truth.site
            and other.photo.modality == base.photo.modality
            and other.source == base.source
        ]
        if not others:
            return None
        other = min(others, key=lambda each: uniform(*self._address, "swap", base.id, each.id))
        findings = (FOREIGN, *other.truth.findings)
        told = replace(_aside(words, ASIDE, "value"), gate="if_asked")
        return replace(
            base,
            photo=other.photo,
            truth=replace(base.truth, findings=findings),
            persona=replace(base.persona, facts=(*base.persona.facts, told)),
        )


@cache
def variants() -> tuple[Variant, ...]:
    """Give all variants, in the order of the file."""
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        Variant(
            key=key,
            title=each["title"],
            where=each["where"],
            when=each.get("when", ""),
            fits=each.get("fits", {}),
            watch=each["watch"],
            weight=each["weight"],
            words=tuple(each["words"]),
        )
        for key, each in table.items()
    )


def _aside(words: str, slot: str, answer: str) -> Fact:
    return Fact(slot=slot, says=words, gate="volunteered", answer=answer, discriminating=True)


def _intimate(base: Scenario, words: str) -> Scenario:
    """Move it to a place that is not named."""
    site, persona = base.truth.site, base.persona
    return replace(
        base,
        title=base.title.replace(f"on the {site}", "in an intimate place") if site else base.title,
        truth=replace(base.truth, site=""),
        persona=replace(
            persona, opening=words, facts=tuple(fact for fact in persona.facts if fact.slot != "site")
        ),
    )


def _speakers(scenario: Scenario) -> tuple[str, ...]:
    return tasks()[scenario.task].speakers or ("self",)
