"""Check a file of scenarios from the file alone: every line, every proof, every photograph, and the whole.

The one idea: what was prove when a scenario was made is worked out again from what stands in the file, so nobody
need be believed. This does not know how the scenarios were made.
"""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image

from personas.photos.likeness import likeness, pairs
from personas.photos.shelf import PhotoShelf
from personas.scenarios.balance import SampleBalance
from personas.scenarios.proof import SWAPPED, prove
from personas.scenarios.store import CANARY, folder, lines, missing
from personas.values import Photo, Scenario

ALLOWED = ("id", "photo", "truth", "task", "twin_of", "proof")
"""Fields in which a twin may differ from its sibling."""
TRUTH = ("photo", "findings", "good", "risk")
"""Parts of the truth card in which it may."""


@dataclass(slots=True, kw_only=True)
class FileCheck:
    """What came of checking a file."""

    scenarios: int = 0
    findings: list[str] = field(default_factory=list)
    """What is wrong, a sentence each, in the order of the lines."""
    checks: Counter[str] = field(default_factory=Counter)
    """Proofs that hold, by check."""
    balance: SampleBalance = field(default_factory=SampleBalance)


def check_file(path: Path) -> FileCheck:
    """Check every line of a file and what they are together; raises `Unreadable` when it cannot be opened."""
    check = FileCheck()
    seen: dict[str, int] = {}
    clean: dict[str, Scenario] = {}
    shown: dict[tuple[str, str], Photo] = {}
    awaited = _siblings(path)
    for number, scenario, wrong in lines(path):
        if wrong:
            check.findings.append(f"line {number}: {wrong}.")
        if scenario is None:
            continue
        check.scenarios += 1
        check.balance.add(scenario)
        place = f"line {number}, {scenario.id}"
        if scenario.id in seen:
            check.findings.append(f"{place}: the same scenario as line {seen[scenario.id]}.")
        seen[scenario.id] = number
        if scenario.id in awaited:
            clean[scenario.id] = scenario
        check.findings += [
            f"{place}: {says}." for says in (*_proofs(scenario, check), *_twin(scenario, clean))
        ]
        if scenario.canary != CANARY:
            check.findings.append(f"{place}: it does not carry the canary string.")
        whose = (scenario.photo.sha256, "" if scenario.photo.drawn else scenario.cluster)
        if whose not in shown and (odd := missing(path, scenario.photo)):
            check.findings.append(f"{place}: {odd}.")
        elif scenario.variant != SWAPPED:
            shown[whose] = scenario.photo
    check.findings += _alike(path, shown)
    if not check.scenarios:
        check.findings.append(f"{path} holds no scenario.")
    return check


def _proofs(scenario: Scenario, check: FileCheck) -> list[str]:
    """Work the proofs out again; give those that fail, and those that were stored otherwise."""
    again = prove(scenario)
    check.checks.update(proof.check for proof in again if proof.holds)
    failed = [f"{proof.check} does not hold: {proof.says}" for proof in again if not proof.holds]
    if not failed and again != scenario.proof:
        names = [new.check for new, old in zip(again, scenario.proof, strict=False) if new != old]
        failed.append(
            f"the stored proof of {names[0] if names else 'something'} is not what the content gives"
        )
    return failed


def _twin(scenario: Scenario, clean: dict[str, Scenario]) -> list[str]:
    """Say where a twin differs from its sibling in more than the photograph and what the truth card says of it."""
    if not scenario.twin_of:
        return []
    sibling = clean.get(scenario.twin_of)
    if sibling is None:
        return [f"its clean sibling {scenario.twin_of} does not stand before it"]
    told = {name: getattr(sibling.truth, name) for name in TRUTH}
    back = {name: getattr(sibling, name) for name in ALLOWED if name != "truth"}
    same = replace(scenario, truth=replace(scenario.truth, **told), **back) == sibling
    return [] if same else [f"it differs from its sibling {sibling.id} in more than the photograph"]


def _siblings(path: Path) -> set[str]:
    """Give the ids that twins name, so that no other scenario need be kept."""
    return {scenario.twin_of for _, scenario, _ in lines(path) if scenario is not None and scenario.twin_of}


def _alike(path: Path, shown: dict[tuple[str, str], Photo]) -> list[str]:
    """Name photographs that look the same and are not in one cluster; drawings are made apart, and not compared."""
    shelf = PhotoShelf(folder(path))
    kept = [key for key, photo in shown.items() if not photo.drawn and not photo.degraded]
    hashes, broken = [], []
    for sha, _ in kept:
        try:
            with Image.open(io.BytesIO(shelf[sha])) as image:
                hashes.append(likeness(image))
        except OSError:
            broken.append(f"photograph {sha[:12]}… is no picture.")
    if broken:
        return broken
    found = pairs(hashes) if hashes else []
    return [
        f"photographs {kept[a][0][:12]}… and {kept[b][0][:12]}… look the same, "
        f"but are of two clusters ({kept[a][1]} and {kept[b][1]})."
        for a, b in found
        if kept[a][1] != kept[b][1]
    ]
