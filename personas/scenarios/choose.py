"""Choose the cases of a sample: drawings of every condition, or photographs of every diagnosis of a data set.

The one idea: each diagnosis is taken in turn and, within it, the skin tone that was taken least, so that any
beginning is mixed; and no photograph is opened that is not wanted. This does not know what cases are paired with.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from personas.cases.case import Known, PhotoCase, develop, drawn
from personas.cases.clusters import clusters
from personas.cases.reading import CaseReading, read_cases
from personas.conditions.book import Condition, drawable
from personas.errors import Unreadable
from personas.photos.album import Album
from personas.scenarios.remarks import grouped
from personas.seeds import derive, digest

POOL = 310
"""Drawings of a sample at most: beyond, people share them. Twice the paper's sample; each takes 8 ms."""
BROKEN = (
    "One photograph, {name}, was left out of {reason}",
    "{count} photographs, {name} first, were left out of {reason}",
)
TWICE = (
    "One photograph of {reason} was left out, because it is there twice: {name}.",
    "{count} photographs of {reason} were left out, because they are there twice (first: {name}).",
)
"""What is said of photographs that are not used, of one and of several."""
ADULT = 18
"""Years"""


def draw_cases(count: int, seed: int, album: Album) -> Iterator[PhotoCase]:
    """Draw each condition once a round, in a new order each round; beyond the pool, find other people for it."""
    pool: list[PhotoCase] = []
    for place, (condition, tone) in zip(range(min(count, POOL)), _kinds(seed), strict=False):
        pool.append(drawn(condition, tone, seed, place, album=album))
        yield pool[-1]
    for place in range(POOL, count):
        yield befallen(pool[place % POOL], seed, place)


def befallen(case: PhotoCase, *address: object) -> PhotoCase:
    """Give another person with the same drawing: age, sex, site, symptoms and onset are theirs."""
    condition = case.condition
    low, high = condition.ages
    # Sixteen numbers of one hash: more than a person needs, and cheaper than an address for each.
    hashed = digest("befallen", *address)
    draws = iter([int.from_bytes(hashed[place : place + 2], "big") / 2**16 for place in range(0, 32, 2)])
    age = low + int(next(draws) * (high - low + 1))
    # A child has had it for the shortest time there is, lest it be older than the child.
    onsets = condition.onset[:1] if age < ADULT else condition.onset
    person = {
        "age": age,
        "sex": condition.sexes[int(next(draws) * len(condition.sexes))],
        "site": condition.sites[int(next(draws) * len(condition.sites))],
        "onset": onsets[int(next(draws) * len(onsets))],
    }
    answers: dict[str, Known] = {
        slot: "yes" if draw < chance else "no"
        for (slot, chance), draw in zip(condition.symptoms.items(), draws, strict=False)
    }
    if case.shape == "raised":
        answers["raised"] = "yes"
    return replace(case, id=f"{case.id}-{address[-1]}", answers=answers, **person)


def open_cases(
    path: Path, map_file: Path | None, needed: int | None, seed: int, *, album: Album
) -> tuple[tuple[PhotoCase, ...], list[str]]:
    """Take as many photographs of a data set as are needed, no picture twice, and say what was left out.

    With `needed` None, all that can be used. Those of one patient, lesion or picture are of one cluster.
    """
    reading = read_cases(path, map_file)
    notes = [
        f"{number} row{'s' if number > 1 else ''} of {reading.source} left out: {reason}."
        for reason, number in reading.reasons().items()
    ]
    notes += [*reading.differences, *reading.notes]
    chosen, left = _developed(reading, needed, seed, album)
    if not chosen:
        raise Unreadable(
            f"{path}: none of its {len(reading.cases)} photographs can be opened. Copy them again."
        )
    notes += left
    notes.append(
        f"{len(chosen)} of {len(reading.cases)} photographs of {reading.source} are used, each once."
    )
    return clusters(chosen), notes


def _developed(
    reading: CaseReading, needed: int | None, seed: int, album: Album
) -> tuple[list[PhotoCase], list[str]]:
    """Open as many photographs as are needed, and say which could not be, and which were there already."""
    chosen: list[PhotoCase] = []
    pictures: dict[str, str] = {}
    broken: list[tuple[str, str]] = []
    twice: list[tuple[str, str]] = []
    for case in _in_turn(reading, seed):
        if len(chosen) == needed:
            break
        try:
            developed = develop(case, album)
        except Unreadable as error:
            broken.append(_unopened(case, error))
            continue
        key = developed.photo.sha256 if developed.photo else ""
        if key in pictures:
            twice.append((f"{case.id}, the same as {pictures[key]}", reading.source))
            continue
        pictures[key] = case.id
        chosen.append(developed)
    cut = [(name, f"{reading.source}: {reason}") for name, reason in broken]
    return chosen, [*grouped(cut, *BROKEN), *grouped(twice, *TWICE)]


def _unopened(case: PhotoCase, error: Unreadable) -> tuple[str, str]:
    """Give the name of a photograph that cannot be opened, and why, without the path: notes are kept."""
    name = case.file.name if case.file else case.id
    reason = str(error).removeprefix(f"{case.file}: ")
    return name, reason.replace(str(case.file), name)


def _kinds(seed: int) -> Iterator[tuple[Condition, str]]:
    """Give condition and tone of drawing after drawing, without an end."""
    kinds = list(drawable().values())
    tones: Counter[str] = Counter()
    turn = 0
    while True:
        for number in derive(seed, "conditions", turn).permutation(len(kinds)):
            condition = kinds[int(number)]
            tone = min(condition.tones, key=lambda name: (tones[name], name))
            tones[tone] += 1
            yield condition, tone
        turn += 1


def _in_turn(reading: CaseReading, seed: int) -> Iterator[PhotoCase]:
    """Give every case, each diagnosis in turn, of each the tone that was given least."""
    waiting: dict[str, dict[str, list[PhotoCase]]] = defaultdict(lambda: defaultdict(list))
    for case in reading.cases:
        waiting[case.condition.key][case.tone or ""].append(case)
    for key, groups in waiting.items():
        for tone, cases in groups.items():
            order = derive(seed, "photographs", key, tone).permutation(len(cases))
            groups[tone] = [cases[int(place)] for place in order]
    names = sorted(waiting)
    order = [names[int(place)] for place in derive(seed, "diagnoses").permutation(len(names))]
    given: Counter[str] = Counter()
    while waiting:
        for key in [name for name in order if name in waiting]:
            groups = waiting[key]
            tone = min(groups, key=lambda name: (given[name], name))
            given[tone] += 1
            yield groups[tone].pop()
            if not groups[tone]:
                del groups[tone]
            if not groups:
                del waiting[key]
