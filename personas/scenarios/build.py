"""Build the sample: pair photographs with records, give each pair a persona, and degrade some photographs.

The one idea: everything is a function of the seed and the data, and any beginning of the sample is itself
well mixed. This does not know what is done with the scenarios.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from personas.cases.case import PhotoCase, drawn
from personas.cases.pad_ufes import read_cases
from personas.conditions.book import conditions
from personas.errors import Unreadable
from personas.people.persona import tell
from personas.people.traits import balanced
from personas.photos.album import Album, encode
from personas.photos.degrade import DOSES, KINDS, degrade
from personas.photos.lesions import jpeg, stamp
from personas.records.fhir import read_records
from personas.records.generate import generate
from personas.scenarios.match import WIDE_GAP, RecordMatch, cleared, match
from personas.scenarios.store import identify
from personas.seeds import derive
from personas.values import Photo, Record, Scenario, Tone

FULL, FULL_TWINS = 155, 25
"""The embedded sample, and how many of it are degraded twins."""
FEWEST_FOR_TWIN = 5
TASKS = ("T1", "T2", "T3", "T4", "T10")
DEGRADED_TASK = "T11"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a run is made of."""

    scenarios: tuple[Scenario, ...]
    """In an order of which every beginning is well mixed; a twin stands after its sibling."""
    album: Album
    notes: tuple[str, ...]
    """What a reader must know about how it was made, in sentences."""


def embedded(count: int, seed: int) -> Sample:
    """Build a sample from drawings and built-in records, with no file from outside."""
    return paired(None, None, count, seed)


def paired(cases_path: Path | None, records_path: Path | None, count: int | None, seed: int) -> Sample:
    """Build a sample of photographs and records; None stands for drawings, and for built-in records.

    Without a count, as many as the photographs allow, and no more than the embedded sample has. Raises
    `Unreadable` when a path cannot be used, or holds fewer photographs than the count needs.
    """
    if count is not None and count < 1:
        raise Unreadable(f"{count} scenarios cannot be made. Ask for --scenarios 1 or more.")
    album, notes = Album(), []
    if cases_path is None:
        count = count or FULL
        cases = _drawn(shares(count)[0], seed, album)
    else:
        cases, count = _read(cases_path, count, seed, album=album, notes=notes)
    twins = shares(count)[1]
    records: tuple[Record, ...] = ()
    if records_path is not None:
        reading = read_records(records_path)
        records = reading.records
        notes.extend(f"Health record {name} was left out: it {reason}." for name, reason in reading.skipped)
    pairs = _pairs(cases, records, seed, notes)
    scenarios = _scenarios(pairs, seed)
    return Sample(scenarios=_mixed(scenarios, twins, seed, album), album=album, notes=tuple(notes))


def shares(count: int) -> tuple[int, int]:
    """Say how many of a sample are clean and how many are degraded twins."""
    twins = round(count * FULL_TWINS / FULL)
    if count >= FEWEST_FOR_TWIN:
        twins = max(1, twins)
    return count - twins, twins


def _drawn(count: int, seed: int, album: Album) -> list[PhotoCase]:
    """Draw each condition once a round, in a new order each round, on the skin tone used least so far."""
    kinds = list(conditions().values())
    tones: dict[Tone, int] = {"12": 0, "34": 0, "56": 0}
    cases = []
    for place in range(count):
        turn, step = divmod(place, len(kinds))
        condition = kinds[int(derive(seed, "conditions", turn).permutation(len(kinds))[step])]
        tone = min(condition.tones, key=lambda name: (tones[name], name))
        tones[tone] += 1
        cases.append(drawn(condition, tone, seed, place, album=album))
    return cases


def _read(
    path: Path, count: int | None, seed: int, *, album: Album, notes: list[str]
) -> tuple[list[PhotoCase], int]:
    """Take as many photographs as are needed, each diagnosis in turn, no photograph twice; and say for how many."""
    reading = read_cases(path, album)
    notes.extend(
        f"{number} row{'s' if number > 1 else ''} of {path.name}/metadata.csv left out: {reason}."
        for reason, number in reading.reasons().items()
    )
    have = len(reading.cases)
    most = max(n for n in range(1, 2 * have + 2) if shares(n)[0] <= have)
    count = count or min(FULL, most)
    needed = shares(count)[0]
    if needed > have:
        raise Unreadable(
            f"{path}: has {have} usable photographs, which makes at most {most} scenarios; "
            f"ask for --scenarios {most} or fewer."
        )
    groups: dict[str, list[PhotoCase]] = {}
    for case in reading.cases:
        groups.setdefault(case.condition.key, []).append(case)
    for key, group in groups.items():
        groups[key] = [group[int(i)] for i in derive(seed, "photographs", key).permutation(len(group))]
    names = sorted(groups)
    order = [names[int(i)] for i in derive(seed, "diagnoses").permutation(len(names))]
    rounds = range(max(map(len, groups.values())))
    mixed = [groups[name][turn] for turn in rounds for name in order if turn < len(groups[name])]
    notes.append(f"{needed} of {have} photographs of {mixed[0].source} are used, each at most once.")
    return mixed[:needed], count


def _pairs(
    cases: list[PhotoCase], records: tuple[Record, ...], seed: int, notes: list[str]
) -> list[tuple[PhotoCase, Record]]:
    """Give every case a record: the best of those read, or one that is made for it."""
    if not records:
        return [(case, _made(case, seed)) for case in cases]
    used: dict[str, int] = {}
    matches: list[RecordMatch] = []
    for case in cases:
        found = match(case, records, used)
        used[found.record.id] = used.get(found.record.id, 0) + 1
        matches.append(found)
    wide, odd = sum(m.gap > WIDE_GAP for m in matches), sum(m.at_odds for m in matches)
    dropped, most = sum(m.dropped for m in matches), max(used.values())
    said = (
        (most > 1, f"{len(used)} health records serve {len(cases)} photographs, each at most {most} times."),
        (wide, f"Paired with a record more than {WIDE_GAP} years off in age: {wide} of {len(cases)}."),
        (
            odd,
            f"Paired with a record of another sex or race, for want of a better one: {odd} of {len(cases)}.",
        ),
        (dropped, f"Entries taken out of the health records because they name the answer: {dropped}."),
    )
    notes.extend(sentence for needed, sentence in said if needed)
    return [(case, found.record) for case, found in zip(cases, matches, strict=True)]


def _made(case: PhotoCase, seed: int) -> Record:
    """Make a record for a case; an age that nobody recorded is drawn from the condition's."""
    low, high = case.condition.ages
    age = case.age if case.age is not None else int(derive(seed, "age", case.id).integers(low, high + 1))
    record = generate(seed, case.id, age=age, sex=case.sex, tone=case.tone or "12", avoid=case.condition)
    return cleared(record, case)[0]


def _scenarios(pairs: list[tuple[PhotoCase, Record]], seed: int) -> list[Scenario]:
    traits = balanced(len(pairs), seed)
    scenarios = []
    for place, (case, record) in enumerate(pairs):
        turn, step = divmod(place, len(TASKS))
        task = TASKS[int(derive(seed, "tasks", turn).permutation(len(TASKS))[step])]
        scenarios.append(identify(tell(case, record, task, traits[place], seed=seed)))
    return scenarios


def _mixed(clean: list[Scenario], twins: int, seed: int, album: Album) -> tuple[Scenario, ...]:
    """Cut the clean ones into a block for each twin; every block ends with the twin of its first."""
    if not twins:
        return tuple(clean)
    order: list[Scenario] = []
    offset = int(derive(seed, "kinds").integers(len(KINDS)))
    for block in range(twins):
        start, stop = (len(clean) * edge // twins for edge in (block, block + 1))
        order.extend(clean[start:stop])
        order.append(_twin(clean[start], KINDS[(offset + block) % len(KINDS)], seed, album))
    return tuple(order)


def _twin(sibling: Scenario, kind: str, seed: int, album: Album) -> Scenario:
    """Give the same scenario with a photograph that cannot be relied on, and the truth that it is one."""
    photo = _poorer(sibling.photo, kind, seed, album)
    # What can no longer be seen is not held against anyone, nor may it be claimed: nothing is listed.
    truth = replace(sibling.truth, photo="degraded", findings=())
    twin = replace(sibling, task=DEGRADED_TASK, photo=photo, truth=truth, twin_of=sibling.id)
    return identify(twin)


def _poorer(photo: Photo, kind: str, seed: int, album: Album) -> Photo:
    with Image.open(io.BytesIO(album.data(photo))) as image:
        poor = degrade(image, kind, DOSES[kind], seed, photo.sha256)
    data = jpeg(stamp(poor)) if photo.drawn else encode(poor, "JPEG")
    return album.put(data, drawn=photo.drawn, degraded=f"{kind} {DOSES[kind]:g}")
