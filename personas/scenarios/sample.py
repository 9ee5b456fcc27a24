"""A sample: the scenarios of a run with their photographs, as made here or read back from a file.

The one idea: whatever is to be run is the same value, wherever it came from. This does not know how it is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from personas.conditions.book import status
from personas.errors import Unreadable
from personas.photos.album import Album
from personas.scenarios.store import album_of, missing, stream
from personas.values import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a run is made of."""

    scenarios: tuple[Scenario, ...]
    """In an order of which every beginning is well mixed; a twin stands after its sibling."""
    album: Album
    notes: tuple[str, ...]
    """What a reader must know about how it was made, in sentences."""


def open_sample(path: Path) -> Sample:
    """Read a file of `scenarios build`; photographs are read when they are asked for.

    Raises `Unreadable` when a line was changed, or a photograph is missing or was changed.
    """
    scenarios = tuple(scenario for _, scenario in stream(path))
    if len({scenario.id for scenario in scenarios}) < len(scenarios):
        raise Unreadable(f"{path}: holds a scenario twice. Take one of the two lines out.")
    if not scenarios:
        raise Unreadable(f"{path}: holds no scenario. Give a file that scenarios build has made.")
    for photo in {scenario.photo.sha256: scenario.photo for scenario in scenarios}.values():
        if wrong := missing(path, photo):
            raise Unreadable(f"{path}: {wrong}. Keep the folder beside the file as it was made.")
    sources = ", ".join(sorted({scenario.source for scenario in scenarios}))
    return Sample(
        scenarios=scenarios,
        album=album_of(path),
        notes=(f"{len(scenarios)} scenarios from {path.name} ({sources}); clinical content: {status()}.",),
    )
