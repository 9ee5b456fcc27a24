"""What an export says of itself: a manifest for programs, a letter for people, and what its maker is told.

Whatever stood in a file of somebody else's is put on one line and cut. Nothing here knows how a file is packed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import Any

from engine.config import versions
from engine.console.clean import flatten
from engine.export.contents import Contents
from engine.export.origins import Origin
from engine.export.parcel import Part
from engine.export.scan import Heard
from engine.plan import Plan

FORMAT = 1
LETTER = Path(__file__).with_name("letter.txt")
PROGRAM = "imcbench-engine"
LONGEST = 400
"""Characters of a credit."""
SIMULATED = "SIMULATED: invented minds answered. No number here is about a real model.\n\n"
UNFINISHED = "The run is not finished: this is what its journal holds so far."


def manifest(
    plan: Plan, contents: Contents, heard: Heard, *, parts: Iterable[Part], simulated: bool
) -> dict[str, Any]:
    """Give what MANIFEST.json holds."""
    return {
        "format": FORMAT,
        "program": PROGRAM,
        "version": versions()[PROGRAM],
        "simulated": simulated,
        "finished": heard.finished,
        "plan": plan.digest,
        "photographs": contents.photos,
        "sources": [asdict(origin) for origin in contents.origins.sources],
        "records": contents.origins.records or ["built-in"],
        "left_out": [asdict(one) for one in contents.left_out],
        "files": {part.name: {"sha256": part.scanned.sha256, "bytes": part.scanned.size} for part in parts},
    }


def letter(plan: Plan, contents: Contents, heard: Heard, *, simulated: bool) -> str:
    """Give README.txt."""
    left = [f"  {one.count:,} {one.what}: {one.why}." for one in contents.left_out]
    return Template(LETTER.read_text(encoding="utf-8")).substitute(
        simulated=SIMULATED if simulated else "",
        program=f"{PROGRAM} {versions()[PROGRAM]}",
        scenarios=f"{plan.scenarios:,}",
        models=f"{len(plan.models) - len(plan.baselines):,}",
        state="Everything that was planned had been tried when it was exported."
        if heard.finished
        else UNFINISHED,
        left_out="\n".join(left or ["  Nothing."]),
        photographs=_account(contents),
        sources="\n".join(_credit(origin) for origin in contents.origins.sources),
        records=_records(contents) or "Every health record was made up.",
    )


def remarks(contents: Contents, heard: Heard) -> Iterator[str]:
    """Say what the one who exports should know before passing it on."""
    if not heard.finished:
        yield UNFINISHED
    if heard.damaged:
        yield f"{heard.damaged:,} lines of its journal are no events; they go along as they are."
    if not contents.names & {"report/summary.json"}:
        yield "It has no report yet: python run.py score RUN makes its tables."
    yield from _left(contents)
    yield from _credits(contents)
    if "report/calibration/calibration.json" in contents.names:
        yield "report/calibration/calibration.json names the annotators as their table does."


def cautions(contents: Contents, heard: Heard) -> Iterator[str]:
    """Say the same of tables and logs, which hold what the run says and not its files."""
    if not heard.finished:
        yield UNFINISHED
    if heard.damaged:
        yield f"{heard.damaged:,} lines of its journal are no events; nothing of them is here."
    yield from (line for line in _left(contents) if " photographs; " in line)
    yield from _credits(contents)


def _left(contents: Contents) -> Iterator[str]:
    for one in contents.left_out:
        yield f"Left out: {one.count:,} {one.what}; {one.why}."


def _credits(contents: Contents) -> Iterator[str]:
    if contents.photos:
        yield from (_credit(origin) for origin in contents.origins.sources if not origin.restricted)
    if records := _records(contents):
        yield records


def _account(contents: Contents) -> str:
    if not contents.photos:
        return (
            "No photograph is here. Everything that reads the journal works without; what shows photographs\n"
            "again (arms that are added, a jury that sees them) says that it cannot."
        )
    return (
        f"{contents.photos:,} photographs are in blobs/, without metadata, as they were sent: some smaller or\n"
        "poorer than their data set has them. Whoever passes them on keeps to the licences below."
    )


def _credit(origin: Origin) -> str:
    kept = " Its licence forbids passing the photographs on." if origin.restricted else ""
    credit = f" Credit: {_short(origin.attribution)}." if origin.attribution else ""
    return f"{_short(origin.name)}: {_short(origin.licence)}.{kept}{credit}"


def _records(contents: Contents) -> str:
    if not contents.origins.records:
        return ""
    return (
        f"Health records were read from files ({', '.join(contents.origins.records)}) and stand in scenarios.jsonl "
        "and in what was said, names included: pass it on only if these people are invented."
    )


def _short(text: str) -> str:
    line = flatten(text).rstrip(".")
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
