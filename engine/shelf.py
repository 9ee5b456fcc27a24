"""Scenarios on the shelf: what the `scenarios` commands do, each giving back the text that is to be printed.

The one idea: a file of scenarios is made once, looked at, checked, and then run as often as wanted. Nothing here
knows how a flag is spelled or an exit status told.
"""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import BadOption
from personas.errors import Unreadable
from personas.scenarios.balance import listed
from personas.scenarios.build import ScenarioWish, make
from personas.scenarios.check import check_file
from personas.scenarios.show import show_file
from personas.scenarios.store import album_for, discard, folder, write

MOST = 1_000_000
"""Scenarios in a sample; a slip of the finger beyond would fill the disk for days."""
LONGEST_NAME = 200
"""Bytes; the file system's 255 less what is put before and behind while the file is being written."""
SHOWN = 40
"""Findings shown; the others are counted."""


def check_count(option: str, count: int) -> None:
    """Refuse a number of scenarios that nobody can make."""
    if not 1 <= count <= MOST:
        instead = "1 or more" if count < 1 else f"{MOST:,} or fewer"
        raise BadOption(f"{option} {count} is not a number of scenarios; give {instead}.")


def check_map(cases: Path | None, map_file: Path | None) -> None:
    """Refuse a column map without a data set that it could be of."""
    if map_file is not None and cases is None:
        raise BadOption(f"--map {map_file}: tells how --cases is read; give that too.")


def check_out(out: Path) -> None:
    """Refuse a name that cannot be a file's beside its folder of photographs."""
    if not out.name or out.suffix == ".photos" or len(os.fsencode(out.name)) > LONGEST_NAME:
        raise BadOption(f"--out {out}: give the name of a new file, such as mine.jsonl.")


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
