"""Ablation: arms added to a run that was played, for every model of it.

A frozen arm replays the recorded patient word for word while the assistant sees something else: the direct effect,
without one call of the patient's. A free arm lets the patient answer anew: the total effect. Either way the arm is
written down in the run before it is played, and a stopped ablation goes on with the same command. Nothing here
knows what an effect is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import anyio

from engine.casting import EVERYBODY, CastWish, open_accesses
from engine.cells import ABLATIONS, FROZEN, Arm, Substitute, choose_arms, freeze
from engine.errors import BadOption, BadRun
from engine.folder import blobs_of, check_photos, read_plan
from engine.journal import claim
from engine.means import AMPLE, Means
from engine.plan import Plan
from engine.reopening import lay_out, recast
from engine.session import perform
from engine.setting import Addition, Setting, add_arms, open_setting
from personas.photos.album import Album
from personas.scenarios.altered import caption, degrade, swap


@dataclass(frozen=True, slots=True, kw_only=True)
class AblateWish:
    """What was asked on the command line."""

    run: Path
    arms: str
    free: bool = False
    models_file: Path | None = None
    quiet: bool = False
    means: Means = AMPLE


async def ablate(wish: AblateWish) -> int:
    """Add arms to a run, play what is not played of them, and give the exit status.

    Raises what cannot be in one sentence, before any call.
    """
    arms = tuple(arm if wish.free else freeze(arm) for arm in choose_arms(wish.arms, ABLATIONS))
    plan = read_plan(wish.run)
    with claim(wish.run):
        return await _play(wish, arms, open_setting(wish.run, plan))


async def _play(wish: AblateWish, arms: tuple[Arm, ...], before: Setting) -> int:
    _check_person(wish.run, before.plan, arms)
    casting = CastWish(
        models=",".join(name for name in before.plan.models if name not in before.plan.baselines),
        models_file=wish.models_file,
        backend="simulated" if before.plan.simulated else "live",
        seed=before.plan.seed,
        faults={},
        jury=",".join(before.plan.jury),
    )
    frozen = all(arm.frozen for arm in arms)
    cast = recast(before.plan, casting, {"models", "jury"} if frozen else EVERYBODY)
    if any(arm.picture == "degraded" for arm in arms):
        check_photos(wish.run, before.photos)
    album = blobs_of(wish.run)
    try:
        new = await anyio.to_thread.run_sync(make_arms, before, arms, album)
    except OSError as error:
        raise BadRun(
            f"{wish.run / 'blobs'} cannot be written ({error.strerror}): free the disk and try again."
        ) from error
    setting = before.plus(new)
    names = {arm.name for arm in arms}
    campaign = await anyio.to_thread.run_sync(lay_out, wish.run, setting, cast, names)
    if not campaign.cells:
        raise BadRun(
            f"{wish.run}: no conversation of the full arm came to its end, so there is none to replay."
        )
    add_arms(wish.run, new)  # only now: an arm that cannot be played must not stay in the run
    async with open_accesses(cast, casting) as accesses:
        notes = (*_told(setting, arms, len(campaign.cells)), *cast.remarks)
        campaign = replace(campaign, accesses=accesses, means=wish.means)
        return await perform(campaign, notes, quiet=wish.quiet)


def _check_person(run: Path, plan: Plan, arms: Iterable[Arm]) -> None:
    """Refuse an arm that a person would have to play again; what they said as the patient can be repeated."""
    if plan.person == "assistant" or (plan.person and not all(arm.frozen for arm in arms)):
        raise BadRun(
            f"{run}: a person played the {plan.person}, who is not here to play it again: ablate a run of models."
        )


def make_arms(setting: Setting, arms: Iterable[Arm], album: Album) -> tuple[Addition, ...]:
    """Make what each arm that the run does not have yet shows in the photographs' place.

    Of one kind there is one picture: a frozen arm shows what its free twin does.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    made = {addition.arm: addition.givens for addition in setting.additions}
    new = []
    for arm in arms:
        if arm.name in setting.plan.arms:
            continue
        twin = arm.name.removeprefix(FROZEN) if arm.frozen else freeze(arm).name
        givens = made.get(twin) or _give(setting, arm, album)
        if arm.made and not givens:
            raise BadOption(
                f"--arms {arm.name.removeprefix(FROZEN)}: of no scenario of this run can it be made; leave it out."
            )
        new.append(Addition(arm=arm.name, created=now, givens=givens))
    return tuple(new)


def _give(setting: Setting, arm: Arm, album: Album) -> dict[str, Substitute]:
    scenarios, seed = setting.scenarios, setting.plan.seed
    if arm.picture == "degraded":
        # A poor one would be held against itself.
        clear = [one for one in scenarios if not one.photo.degraded]
        return {one.id: Substitute(photo=degrade(one, album, seed=seed)) for one in clear}
    if arm.picture == "swapped":
        others = swap(scenarios, seed=seed)
        return {name: Substitute(photo=other.photo, other=other.id) for name, other in others.items()}
    if arm.picture == "caption":
        return {one.id: Substitute(words=words) for one in scenarios if (words := caption(one))}
    return {}


def _told(setting: Setting, arms: Iterable[Arm], cells: int) -> Iterator[str]:
    frozen = all(arm.frozen for arm in arms)
    patients = "the patients say again what they said" if frozen else "the patients answer anew"
    yield f"{cells:,} conversations in {', '.join(arm.name for arm in arms)}: {patients}."
    givens = {addition.arm: addition.givens for addition in setting.additions}
    whole = len(setting.scenarios)
    for arm in arms:
        if arm.made and (left := whole - len(givens[arm.name])):
            yield f"{arm.name}: of {left} of {whole} scenarios it cannot be made; they are left out."
