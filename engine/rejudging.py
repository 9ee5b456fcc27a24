"""Judging again: recorded conversations before another jury, or by another rubric, without one dialogue call.

The result is a run folder of its own: the plan with another jury, the scenarios and photographs, and in recorded/
what the first run said. A vote that is asked for exactly as it was recorded, be it there or here, is answered from
the record; so the same rubric and jury cost nothing, and a changed dimension its own calls. Nothing here knows how
a vote is read.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio
import orjson

from engine.campaign import Campaign
from engine.casting import Cast, CastWish, alone, make_cast, open_accesses
from engine.config import Access
from engine.errors import BadOption, BadRun
from engine.events import (
    CallAnswered,
    ConversationEnded,
    ConversationFailed,
    ConversationStarted,
    Event,
    InterviewGiven,
    PhotoFitted,
    TurnSpoken,
)
from engine.findings import read_findings
from engine.fitting import fit_photos
from engine.folder import blobs_of, read_plan, settle
from engine.journal import RECORDED, read_journal, read_run
from engine.plan import Plan, remake_plan
from engine.session import perform
from engine.setting import ADDED, Setting, open_setting
from engine.tally import CANARY, UNJUDGED
from engine.troupe import Repertoire
from rubrics.rubric import load_rubric
from rubrics.values import Rubric

TAKEN_OVER = (
    *(CallAnswered, ConversationEnded, ConversationFailed, ConversationStarted),
    *(InterviewGiven, PhotoFitted, TurnSpoken),
)
"""Events of the first run that the second rests on: all but its votes and what could not be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejudgeWish:
    """What was asked on the command line."""

    run: Path
    out: Path | None = None
    """Folder of the new run; None names it after the old one."""
    rubric: Path | None = None
    """None for the run's own."""
    jury: str | None = None
    """None for the run's own."""
    jury_photo: bool | None = None
    models_file: Path | None = None
    quiet: bool = False


async def rejudge(wish: RejudgeWish) -> int:
    """Judge a run's conversations again and give the exit status; raises what cannot be in one sentence."""
    setting = open_setting(wish.run, read_plan(wish.run))
    base = setting.plan
    rubric = load_rubric(wish.rubric or wish.run / "rubric.toml")
    casting = CastWish(
        models="",
        models_file=wish.models_file,
        backend="simulated" if base.simulated else "live",
        seed=base.seed,
        faults={},
        jury=wish.jury or ",".join(base.jury),
    )
    cast = make_cast(casting, {"jury"})
    plan = remake_plan(
        base,
        catalog=cast.catalog,
        rubric=rubric,
        sees_photo=base.jury_sees_photo if wish.jury_photo is None else wish.jury_photo,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    name = wish.run.resolve().name
    folder = wish.out or wish.run.resolve().with_name(f"{name}-rejudged-{plan.digest[:8]}")
    if folder.resolve() == wish.run.resolve():
        raise BadOption(f"--out {folder} is the run itself: give another folder.")
    await anyio.to_thread.run_sync(_settle, wish.run, folder, plan, rubric)
    async with open_accesses(cast, casting) as accesses:
        campaign = _prepare(folder, setting, cast, rubric=rubric, plan=plan, accesses=accesses)
        told = f"Judging {len(campaign.cells):,} recorded conversations of {wish.run} again, into {folder}."
        lonely = alone(cast.catalog, {name: str(one["family"]) for name, one in plan.models.items()})
        return await perform(campaign, (told, *cast.remarks, *lonely), quiet=wish.quiet)


def _prepare(
    folder: Path,
    setting: Setting,
    cast: Cast,
    *,
    rubric: Rubric,
    plan: Plan,
    accesses: dict[str, Access],
) -> Campaign:
    found = read_findings(folder)
    judged = {name for name, reason in found.reasons.items() if reason not in UNJUDGED}
    cells = tuple(cell for cell in setting.cells(found.reasons) if cell.id in judged)
    if not cells:
        raise BadRun(f"{folder}: no conversation came to its end, so there is nothing to judge.")
    album = blobs_of(folder)
    shown = [cell.shown().photo for cell in cells] if plan.jury_sees_photo else []
    return Campaign(
        folder=folder,
        repertoire=Repertoire(
            plan=plan,
            catalog=cast.catalog,
            rubric=rubric,
            album=album,
            recorded={cell.id: found.recorded(cell.id) for cell in cells},
            played=False,
        ),
        cells=cells,
        company=cast.company,
        accesses=accesses,
        fitted=fit_photos(album, shown, cast.company),
    )


def _settle(source: Path, folder: Path, plan: Plan, rubric: Rubric) -> None:
    """Make the folder of the new run, or bring one that was begun up to what the first run holds by now."""

    def fill(part: Path) -> None:
        shutil.copyfile(source / "scenarios.jsonl", part / "scenarios.jsonl")
        if (source / ADDED).is_file():
            shutil.copyfile(source / ADDED, part / ADDED)
        for blob in (source / "blobs").iterdir():
            _link(blob, part / "blobs" / blob.name)
        _take_over(source, part, plan)

    if not settle(folder, plan, rubric, fill):
        try:
            _take_over(source, folder, plan)
        except OSError as error:
            raise BadRun(
                f"{folder / RECORDED} cannot be written ({error.strerror}): give another --out."
            ) from error


def _link(blob: Path, place: Path) -> None:
    """Give a file a second name, or copy it where the file system has no such thing."""
    try:
        os.link(blob, place)
    except OSError:
        shutil.copyfile(blob, place)


def _take_over(source: Path, folder: Path, plan: Plan) -> None:
    """Write down what the first run said of conversations that ended there and are not here yet."""
    place = folder / RECORDED
    place.mkdir(exist_ok=True)
    here = {event.conversation for event in read_journal(place)}
    number = 1 + max((int(path.stem) for path in place.glob("[0-9]*.jsonl")), default=0)
    part = place / f".{number:04}.part"
    with part.open("wb") as file:
        for event in _worth(source, plan, here):
            file.write(orjson.dumps(event) + b"\n")
    if part.stat().st_size:
        os.replace(part, place / f"{number:04}.jsonl")
    else:
        part.unlink()


def _worth(source: Path, plan: Plan, here: set[str]) -> Iterator[Event]:
    """Give what of the first run is whole: a conversation that ended, and its interview where one is asked for."""
    had = {event.conversation for event in read_run(source) if _closes(event, plan)}
    for event in read_run(source):
        name = event.conversation
        whole = not name or name in had or name.startswith(CANARY)
        if isinstance(event.body, TAKEN_OVER) and name not in here and whole:
            yield event


def _closes(event: Event, plan: Plan) -> bool:
    body = event.body
    if isinstance(body, ConversationEnded):
        return not plan.interview or body.stop_reason in UNJUDGED
    return isinstance(body, InterviewGiven)
