"""Degraded photographs: in place of clean ones, or as twins that differ from their siblings in the photograph alone.

The one idea: kinds and doses take turns, each kind with each dose before any comes again, so that 24 degraded
photographs are the whole ladder once; and which scenario of a stretch is degraded is the one whose diagnosis group,
skin tone and traits have been degraded least and are rarest in the whole. This does not know how scenarios are made.
"""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace

from PIL import Image

from personas.people.design import TraitDesign
from personas.people.tasks import DEGRADED, tasks
from personas.photos.album import Album
from personas.photos.degrade import KINDS, LADDER, STEPS, degrade
from personas.photos.lesions import STRIP, jpeg, stamp
from personas.photos.pixels import encode
from personas.scenarios.proof import repictured, tone_of
from personas.scenarios.store import identify
from personas.seeds import derive
from personas.values import Photo, Scenario, Truth

CROWDED = 60.0
"""Twins that a patient's traits being twice as frequent in their strata as is even weighs."""
READABLE = "slight"
"""The dose at which what was to be seen can still be seen, with care."""


class Darkroom:
    """Makes photographs poor, one kind and dose after the other."""

    def __init__(self, seed: int, album: Album, design: TraitDesign, *, shared: bool = False) -> None:
        """With `shared`, every photograph is made poor in one way only, so that a large sample shares the copies.

        The design is told who is shown twice.
        """
        self._design = design
        self._seed = seed
        self._album = album
        self._shared = shared
        self._made = 0
        self._had: Counter[object] = Counter()
        self._prints: dict[str, tuple[Photo, str]] = {}

    def choose(self, scenarios: list[Scenario]) -> Scenario:
        """Give the one to degrade: whose strata and traits have been degraded least.

        Where the patient comes with the answer in hand little hangs on the photograph: such a one is the last choice.
        """

        def had(scenario: Scenario) -> tuple[bool, float]:
            strata, traits = _strata(scenario), scenario.persona.traits
            counts = sum(self._had[name] for name in (*strata, *traits.items()))
            if not self._design.settled:
                counts += CROWDED * self._design.crowding(traits, *strata)
            return not scenario.persona.must_not_know, counts

        chosen = min(scenarios, key=had)
        self._had.update((*_strata(chosen), *chosen.persona.traits.items()))
        self._design.again(chosen.persona.traits, *_strata(chosen))
        return chosen

    def degraded(self, scenario: Scenario, *, twin_of: str = "") -> Scenario:
        """Give the same scenario with a photograph made poor, and the truth that it is."""
        key = scenario.photo.sha256 if self._shared else scenario.id
        if key not in self._prints:
            kind, step = self._turn()
            self._prints[key] = (reprint(self._album, scenario.photo, kind, step, seed=self._seed), step)
        photo, step = self._prints[key]
        task = scenario.task if step == READABLE else DEGRADED
        truth = dimmed(scenario.truth, step, task)
        poor = replace(scenario, photo=photo, truth=truth, task=task, twin_of=twin_of)
        return identify(replace(poor, proof=repictured(poor)))

    def _turn(self) -> tuple[str, str]:
        """Give the next kind and dose: every kind once a round, every dose of a kind once in three rounds."""
        turn, place = divmod(self._made, len(KINDS))
        self._made += 1
        number = int(derive(self._seed, "kinds", turn).permutation(len(KINDS))[place])
        return KINDS[number], STEPS[(turn + number) % len(STEPS)]


def dimmed(truth: Truth, step: str, task: str) -> Truth:
    """Say on the truth card that the photograph is poor, and what is good about the task that it has become.

    What can no longer be seen is not held against anyone, nor may it be claimed: beyond the slight dose no
    finding is listed.
    """
    seen = truth.findings if step == READABLE else ()
    return replace(truth, photo="degraded", findings=seen, good=tasks()[task].good, risk=tasks()[task].risk)


def reprint(album: Album, photo: Photo, kind: str, step: str, *, seed: int) -> Photo:
    """Keep a poorer copy of a photograph in the album, and give it; the same wherever it is made."""
    dose = LADDER[kind][STEPS.index(step)]
    with Image.open(io.BytesIO(album.data(photo))) as image:
        poor = _print(image, photo, kind, dose, seed)
    return album.put(
        poor, drawn=photo.drawn, degraded=f"{kind} {dose:g}", modality=photo.modality, overlay=photo.overlay
    )


def _print(image: Image.Image, photo: Photo, kind: str, dose: float, seed: int) -> bytes:
    """Encode the poor picture; of a drawing only what is above the strip is made poor."""
    address = (seed, photo.sha256)
    if not photo.drawn:
        return encode(degrade(image, kind, dose, *address), "JPEG")
    sheet = image.convert("RGB")
    above = (0, 0, sheet.width, sheet.height - STRIP)
    sheet.paste(degrade(sheet.crop(above), kind, dose, *address), above[:2])
    return jpeg(stamp(sheet))


def _strata(scenario: Scenario) -> tuple[str, str]:
    return f"group:{scenario.truth.group}", f"tone:{tone_of(scenario)}"
