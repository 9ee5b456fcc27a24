"""Build the sample: pair photographs with records, give each pair a persona, and degrade some photographs.

The one idea: everything is a function of the seed and the data, made one after another, and any beginning of it is
itself well mixed. This does not know what is done with the scenarios.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from personas.cases.case import PhotoCase
from personas.errors import Unreadable
from personas.people.design import TraitDesign
from personas.people.tasks import DEGRADED, tasks
from personas.photos.album import Album
from personas.records.reading import read_records
from personas.scenarios.adversarial import ReleasePack
from personas.scenarios.choose import POOL, draw_cases, open_cases
from personas.scenarios.pairing import KEPT, Pairing
from personas.scenarios.remarks import grouped
from personas.scenarios.sample import Sample
from personas.scenarios.twins import Darkroom
from personas.values import Record, Scenario

FULL, FULL_DEGRADED = 155, 25
"""The embedded sample, and how many of it are degraded."""
FEWEST_FOR_TWIN = 5
LEFT_OUT = (
    "Health record {name} was left out: it {reason}.",
    "{count} health records were left out: each {reason} (first: {name}).",
)
"""What is said of a health record that cannot be used, and of several."""
WINDOW, APART = 20, 2
"""Scenarios, of the last ones, of which one gets a twin, and how many stand between the two at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioWish:
    """What a sample is to be made of."""

    cases: Path | None = None
    """Folder of a data set of photographs; None for drawings."""
    map_file: Path | None = None
    """Column map of that data set; None to recognise it."""
    records: Path | None = None
    """Health records; None for built-in ones."""
    count: int | None = None
    """Scenarios in all; None for as many as the photographs allow, and no more than the embedded sample has."""
    degraded: int | None = None
    """How many of them are degraded; None for the embedded sample's share."""
    seed: int = 7
    layout: Literal["paired", "unpaired"] = "paired"
    """paired: each degraded scenario is the twin of a clean one. unpaired, as in the paper: it is another case."""
    release: str = ""
    """Release of the adversarial pack that is to follow the sample; empty for none."""


@dataclass(slots=True, kw_only=True)
class SampleStream:
    """A sample that is made while it is read."""

    scenarios: Iterator[Scenario]
    notes: list[str] = field(default_factory=list)
    """What a reader must know about how it was made; whole only when the last scenario has been read."""


def gather(wish: ScenarioWish) -> Sample:
    """Build a whole sample in memory. Raises what `make` raises."""
    album = Album()
    made = make(wish, album)
    scenarios = tuple(made.scenarios)
    return Sample(scenarios=scenarios, album=album, notes=tuple(made.notes))


def make(wish: ScenarioWish, album: Album) -> SampleStream:
    """Begin a sample, whose photographs go into the album.

    Raises `Unreadable` when a path cannot be used, or holds fewer photographs than the count needs.
    """
    made = SampleStream(scenarios=iter(()))
    _check(wish)
    if wish.cases is None:
        count = wish.count or FULL
        clean, degraded = shares(count, wish.degraded)
        needed = clean if wish.layout == "paired" else count
        cases: Iterable[PhotoCase] = draw_cases(needed, wish.seed, album)
        if needed > POOL:
            made.notes.append(
                f"{needed} scenarios share {POOL} drawings, each of which is one cluster, and a poor copy of each."
            )
    else:
        cases, degraded = _opened(wish, album, made.notes)
        needed = len(cases)
    design = TraitDesign(wish.seed)
    pairing = Pairing(_records(wish.records, made.notes), wish.seed, design)
    darkroom = Darkroom(wish.seed, album, design, shared=wish.cases is None and needed > POOL)
    whole = pairing.scenarios(cases, made.notes)
    if wish.layout == "paired":
        mixed = _twinned(whole, needed, degraded, darkroom)
    else:
        mixed = _replaced(whole, needed, degraded, lambda one: darkroom.degraded(_poor(one, pairing)))
    if wish.release:
        pack = ReleasePack(wish.release, wish.seed, album, pairing.again)
        mixed = _with_pack(mixed, pack, made.notes)
    made.scenarios = mixed
    return made


def shares(count: int, degraded: int | None = None) -> tuple[int, int]:
    """Say how many of a sample are clean and how many are degraded."""
    if degraded is None:
        degraded = round(count * FULL_DEGRADED / FULL)
        if count >= FEWEST_FOR_TWIN:
            degraded = max(1, degraded)
    return count - degraded, degraded


def _check(wish: ScenarioWish) -> None:
    if wish.count is not None and wish.count < 1:
        raise Unreadable(f"{wish.count} scenarios cannot be made. Ask for --scenarios 1 or more.")
    count = wish.count or FULL
    if wish.degraded is not None and not 0 <= 2 * wish.degraded <= count:
        raise Unreadable(
            f"{wish.degraded} degraded scenarios of {count} cannot be made. Ask for --degraded 0 to {count // 2}."
        )


def _opened(wish: ScenarioWish, album: Album, notes: list[str]) -> tuple[tuple[PhotoCase, ...], int]:
    """Take as many photographs as the count needs, and say how many scenarios are to be degraded."""
    twins = wish.layout == "paired"
    clean, degraded = shares(wish.count or FULL, wish.degraded)
    needed = clean if twins else clean + degraded
    path = wish.cases or Path()
    cases, said = open_cases(path, wish.map_file, needed, wish.seed, album=album)
    notes.extend(said)
    if len(cases) == needed:
        return cases, degraded
    have = len(cases)
    most = max(n for n in range(1, 2 * have + 2) if (shares(n)[0] if twins else n) <= have)
    if wish.count is not None:
        raise Unreadable(
            f"{path}: has {have} usable photographs, which makes at most {most} scenarios; "
            f"ask for {most} or fewer."
        )
    clean, degraded = shares(most, None if wish.degraded is None else min(wish.degraded, most // 2))
    return cases[: clean if twins else most], degraded


def _records(path: Path | None, notes: list[str]) -> tuple[Record, ...]:
    if path is None:
        return ()
    reading = read_records(path)
    notes.extend(grouped(reading.skipped, *LEFT_OUT))
    notes.extend(dict.fromkeys(reading.notes))
    return reading.records


def _with_pack(mixed: Iterator[Scenario], pack: ReleasePack, notes: list[str]) -> Iterator[Scenario]:
    """Let the adversarial pack follow the sample, laid over its first clean scenarios."""
    bases: list[Scenario] = []
    for scenario in mixed:
        if len(bases) < KEPT and not scenario.photo.degraded:
            bases.append(scenario)
        yield scenario
    yield from pack.scenarios(bases, notes)


def _twinned(whole: Iterator[Scenario], count: int, degraded: int, darkroom: Darkroom) -> Iterator[Scenario]:
    """Let a twin follow after each stretch of clean scenarios, of one that stood some places before."""
    edges = {count * edge // degraded for edge in range(1, degraded + 1)} if degraded else set()
    recent: list[Scenario] = []
    for place, scenario in enumerate(whole, start=1):
        yield scenario
        recent = [*recent[-WINDOW:], scenario]
        if place in edges:
            chosen = darkroom.choose(recent[:-APART] or recent)
            recent.remove(chosen)
            yield darkroom.degraded(chosen, twin_of=chosen.id)


def _replaced(
    whole: Iterator[Scenario], count: int, degraded: int, degrade: Callable[[Scenario], Scenario]
) -> Iterator[Scenario]:
    """Make every so many-th photograph poor, with no clean one beside it."""
    edges = {count * edge // degraded for edge in range(1, degraded + 1)} if degraded else set()
    for place, scenario in enumerate(whole, start=1):
        yield degrade(scenario) if place in edges else scenario


def _poor(scenario: Scenario, pairing: Pairing) -> Scenario:
    """Let the patient know that it is not the best of photographs, where the task for that has words for them."""
    if scenario.persona.speaker in tasks()[DEGRADED].speakers and scenario.persona.must_not_know:
        return pairing.again(scenario.id, task=DEGRADED)
    return scenario
