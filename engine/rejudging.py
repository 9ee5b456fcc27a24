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
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import anyio
import orjson

from engine.campaign import Campaign
from engine.casting import Cast, CastWish, alone, make_cast, open_accesses
from engine.disk import keep_name, make_anew, sync_path
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
from engine.folder import RUBRIC, check_photos, read_plan, settle
from engine.journal import claim
from engine.means import AMPLE, Means
from engine.plan import Plan, remake_plan
from engine.provenance import seat
from engine.reopening import lay_out
from engine.segments import RECORDED, Damage, read_journal, read_run
from engine.session import perform
from engine.setting import ADDED, open_setting
from engine.tally import CANARY, UNJUDGED
from personas.photos.shelf import HASH
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
    means: Means = AMPLE


async def rejudge(wish: RejudgeWish) -> int:
    """Judge a run's conversations again and give the exit status; raises what cannot be in one sentence."""
    setting = open_setting(wish.run, read_plan(wish.run))
    base = setting.plan
    rubric = load_rubric(wish.rubric or wish.run / RUBRIC)
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
    if plan.jury_sees_photo:
        check_photos(wish.run, setting.photos)
    damage: list[Damage] = []
    new = await anyio.to_thread.run_sync(_settle, wish.run, folder, plan, rubric, damage)
    with claim(folder):
        if not new:
            await anyio.to_thread.run_sync(_catch_up, wish.run, folder, plan, damage)
        campaign = lay_out(folder, replace(setting, plan=plan), cast)
        if not campaign.cells:
            raise BadRun(f"{folder}: no conversation came to its end, so there is nothing to judge.")
        campaign = replace(campaign, means=wish.means)
        notes = (*_told(wish.run, campaign, cast), *(f"Of {wish.run}, {one}" for one in damage))
        async with open_accesses(cast, casting) as accesses:
            return await perform(replace(campaign, accesses=accesses), notes, quiet=wish.quiet)


def _told(source: Path, campaign: Campaign, cast: Cast) -> Iterator[str]:
    plan = campaign.plan
    yield f"Judging {len(campaign.cells):,} recorded conversations of {source} again, into {campaign.folder}."
    yield from cast.remarks
    yield from alone(cast.catalog, {name: str(one["family"]) for name, one in plan.models.items()})


def _settle(source: Path, folder: Path, plan: Plan, rubric: Rubric, damage: list[Damage]) -> bool:
    """Make the folder of the new run with what the first one holds, or find it made and say False."""

    def fill(part: Path) -> None:
        shutil.copyfile(source / "scenarios.jsonl", part / "scenarios.jsonl")
        if (source / ADDED).is_file():
            shutil.copyfile(source / ADDED, part / ADDED)
        for blob in (source / "blobs").iterdir():
            if HASH.fullmatch(blob.name) and blob.is_file() and not blob.is_symlink():
                _link(blob, part / "blobs" / blob.name)
        _take_over(source, part, plan, damage)

    return settle(folder, plan, rubric, fill)


def _catch_up(source: Path, folder: Path, plan: Plan, damage: list[Damage]) -> None:
    """Bring a folder that was begun up to what the first run holds by now."""
    try:
        _take_over(source, folder, plan, damage)
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


def _take_over(source: Path, folder: Path, plan: Plan, damage: list[Damage]) -> None:
    """Write down what the first run said of conversations that ended there and are not here yet.

    Its rubric comes too: the models were interviewed by its levels of urgency.
    """
    place = folder / RECORDED
    place.mkdir(exist_ok=True)
    asked = source / RECORDED / RUBRIC
    shutil.copyfile(asked if asked.is_file() else source / RUBRIC, place / RUBRIC)
    here = {event.conversation for event in read_journal(place)}
    number = 1 + max((int(path.stem) for path in place.glob("[0-9]*.jsonl")), default=0)
    part = place / f".{number:04}.part"
    with make_anew(part) as file:
        for event in _worth(source, plan, here, damage):
            file.write(orjson.dumps(event) + b"\n")
    if part.stat().st_size:
        sync_path(part)
        keep_name(part, place / f"{number:04}.jsonl")
    else:
        part.unlink()


def _worth(source: Path, plan: Plan, here: set[str], damage: list[Damage]) -> Iterator[Event]:
    """Give what of the first run is whole: a conversation that ended, and its interview where one is asked for."""
    had = {event.conversation for event in read_run(source, damage.append) if _closes(event, plan)}
    now, then = asdict(plan), asdict(read_plan(source))
    same = {name for name in plan.jury if seat(now, name) == seat(then, name)}
    for event in read_run(source):
        name = event.conversation
        whole = not name or name in had or name.startswith(CANARY)
        if isinstance(event.body, TAKEN_OVER) and name not in here and whole and _stands(event, same):
            yield event


def _stands(event: Event, same: set[str]) -> bool:
    """Tell whether a vote's answer may stand for one asked for now: its juror is called as it was.

    The digest of a prompt does not tell that: a model's options go to its provider beside it.
    """
    body = event.body
    return not isinstance(body, CallAnswered) or not body.role.startswith("juror/") or body.model in same


def _closes(event: Event, plan: Plan) -> bool:
    body = event.body
    if isinstance(body, ConversationEnded):
        return not plan.interview or body.stop_reason in UNJUDGED
    return isinstance(body, InterviewGiven)
