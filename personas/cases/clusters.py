"""Clusters: cases that are not independent of each other, because a person, a lesion or a picture is the same.

The one idea: whatever two cases share joins them, and joining is transitive. This knows no statistics; what is
counted by cluster is told so elsewhere.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from personas.cases.case import PhotoCase
from personas.photos.likeness import pairs


def clusters(cases: Sequence[PhotoCase]) -> tuple[PhotoCase, ...]:
    """Give the cases in their order, those of one patient, lesion or near-duplicate picture in one cluster.

    Pictures are compared among developed cases only; drawings never are, being independent by construction. The
    cluster takes the name of its first member's.
    """
    joined = list(range(len(cases)))
    for one, other in _links(cases):
        first, second = sorted((_root(joined, one), _root(joined, other)))
        joined[second] = first
    names = [cases[_root(joined, place)].cluster for place in range(len(cases))]
    return tuple(
        case if case.cluster == name else replace(case, cluster=name)
        for case, name in zip(cases, names, strict=True)
    )


def _links(cases: Sequence[PhotoCase]) -> list[tuple[int, int]]:
    seen: dict[Hashable, int] = {}
    links = []
    for place, case in enumerate(cases):
        keys = (("cluster", case.cluster), ("patient", case.patient), ("lesion", case.lesion))
        for kind, key in keys:
            if key:
                links.append((seen.setdefault((case.source, kind, key), place), place))
    looks = [(place, case.likeness) for place, case in enumerate(cases) if case.likeness is not None]
    near = pairs([look for _, look in looks]) if looks else []
    return links + [(looks[one][0], looks[other][0]) for one, other in near]


def _root(joined: list[int], place: int) -> int:
    """Find the first member of a place's group, and shorten the way to it for the next time."""
    while joined[place] != place:
        joined[place] = joined[joined[place]]
        place = joined[place]
    return place
