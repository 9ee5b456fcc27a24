"""Where a run's photographs are from, and which of them may be passed on.

A scenario says whose its photograph is and whether the licence forbids passing it on; whatever was made of a
photograph goes the same way. Where a hash is of both kinds, it stays. Nothing here knows a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.setting import Addition
from personas.cases.maps import known_maps
from personas.scenarios.store import stream

DRAWN = "drawn by this program; free"
UNKNOWN = "not known to this program; ask the owner of the photographs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A data set of photographs."""

    name: str
    licence: str
    attribution: str
    restricted: bool
    """Whether its licence forbids passing the photographs on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """What the scenarios of a run were made of."""

    sources: tuple[Origin, ...] = ()
    photos: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    """By scenario: the hash of its photograph, and whether that may not be passed on."""
    records: tuple[str, ...] = ()
    """Kinds of files that health records were read from; empty where all were made up."""

    @property
    def binding(self) -> tuple[str, ...]:
        """Name the data sets whose photographs stay."""
        return tuple(origin.name for origin in self.sources if origin.restricted)


@dataclass(frozen=True, slots=True, kw_only=True)
class SortedPhotos:
    """Hashes of photographs."""

    free: frozenset[str]
    bound: frozenset[str]


def read_origins(scenarios: Path) -> Origins:
    """Read where the photographs and records are from; raises `Unreadable` at a line that was changed."""
    sources: dict[str, Origin] = {}
    photos: dict[str, tuple[str, bool]] = {}
    records: set[str] = set()
    licences = {chart.name: chart.licence for chart in known_maps()}
    for _, scenario in stream(scenarios):
        photos[scenario.id] = (scenario.photo.sha256, scenario.restricted)
        records |= {scenario.record.source} - {"built-in"}
        known = sources.get(scenario.source)
        sources[scenario.source] = Origin(
            name=scenario.source,
            licence=DRAWN if scenario.photo.drawn else licences.get(scenario.source) or UNKNOWN,
            attribution=scenario.attribution,
            restricted=scenario.restricted or bool(known and known.restricted),
        )
    return Origins(
        sources=tuple(sources[name] for name in sorted(sources)),
        photos=photos,
        records=tuple(sorted(records)),
    )


def sort_photos(origins: Origins, additions: Iterable[Addition], fitted: Mapping[str, str]) -> SortedPhotos:
    """Part the photographs into those that may be passed on and those that may not.

    `fitted` says of those that were made smaller which one they were made from.
    """
    shown = list(origins.photos.values())
    for addition in additions:
        for scenario, given in addition.givens.items():
            if given.photo:
                whose = (origins.photos.get(id, ("", True)) for id in (scenario, given.other) if id)
                shown.append((given.photo.sha256, any(bound for _, bound in whose)))
    bound = {hash for hash, restricted in shown if restricted}
    free = {hash for hash, _ in shown} - bound
    bound |= {sent for sent, whole in fitted.items() if whole in bound}
    free |= {sent for sent, whole in fitted.items() if whole in free}
    return SortedPhotos(free=frozenset(free - bound), bound=frozenset(bound))
