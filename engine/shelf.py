"""Scenarios on the shelf: what the `scenarios` commands do, each giving back the text that is to be printed.

The one idea: a file of scenarios is made once, looked at, checked, and then run as often as wanted. Nothing here
knows how a flag is spelled or an exit status told.
"""

from __future__ import annotations

from pathlib import Path

from personas.errors import Unreadable
from personas.scenarios.balance import listed
from personas.scenarios.build import ScenarioWish, make
from personas.scenarios.check import check_file
from personas.scenarios.show import show_file
from personas.scenarios.store import album_for, discard, folder, write

SHOWN = 40
"""Findings shown; the others are counted."""


def build(wish: ScenarioWish, out: Path) -> str:
    """Make a sample and write it, line by line, with its photographs beside it.

    Raises `personas.errors.Unreadable` when the data cannot be used, or the file is there already.
    """
    album = album_for(out)
    try:
        made = make(wish, album)
    except Unreadable:
        discard(out)
        raise
    scenarios = degraded = adversarial = 0
    restricted = False
    for scenario in write(made.scenarios, out):
        scenarios += 1
        degraded += bool(scenario.photo.degraded)
        adversarial += bool(scenario.variant)
        restricted |= scenario.restricted
    counts = [f"{scenarios} scenarios", f"{degraded} of them degraded"]
    counts += [f"{adversarial} adversarial (release {wish.release})"] if adversarial else []
    lines = [*made.notes, f"{out}: {', '.join(counts)}; photographs in {folder(out)}."]
    if restricted:
        lines.append(f"The licence of the photographs forbids passing them on: see {folder(out)}/NOTICE.txt.")
    return "\n".join(lines)


def show(path: Path, id: str = "") -> str:
    """Show a file's scenarios in a line each, or one of them whole."""
    return show_file(path, id)


def check(path: Path) -> tuple[str, bool]:
    """Check a file; the text, and whether nothing was found."""
    found = check_file(path)
    checks = [f"{name} {number}" for name, number in found.checks.items()]
    lines = [found.balance.table(), "", *listed(checks or ["none"], "Proofs that hold:   "), ""]
    if not found.findings:
        lines.append(f"{path}: {found.scenarios} scenarios, every proof holds.")
        return "\n".join(lines), True
    lines += found.findings[:SHOWN]
    if len(found.findings) > SHOWN:
        lines.append(f"… and {len(found.findings) - SHOWN} more.")
    lines.append(
        f"{path}: {found.scenarios} scenarios, {len(found.findings)} findings. Mend the data and build again."
    )
    return "\n".join(lines), False
