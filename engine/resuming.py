"""Resuming: a run goes on where it stopped, from its folder alone.

What was played, how it is judged and what it costs stand in the run. A sitting brings keys, the models file where
the run was begun with one, and outages where they are wanted. What failed is left as it is unless it is asked for.
Nothing here knows how a conversation is played.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio

from engine.campaign import Campaign, Watch
from engine.casting import EVERYBODY, Cast, CastWish, Part, alone, faulty_answers, open_accesses
from engine.errors import BadRun
from engine.folder import read_plan
from engine.journal import claim
from engine.means import AMPLE, Means
from engine.plan import Plan, digest_scenarios
from engine.reopening import lay_out, recast
from engine.session import check_follow, perform
from engine.setting import Setting, open_setting
from engine.simulator.faults import is_said
from rubrics.rubric import load_rubric


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeWish:
    """What was asked on the command line."""

    run: Path
    failed: bool = False
    """What failed is had again too."""
    models_file: Path | None = None
    faults: dict[str, str] = field(default_factory=dict)
    """Outages of this sitting; those of an earlier one are over."""
    fault_plan: Path | None = None
    follow: str | None = None
    quiet: bool = False
    means: Means = AMPLE


async def resume(wish: ResumeWish) -> int:
    """Go on with a run and give the exit status; raises what cannot be in one sentence, before any call."""
    plan = read_plan(wish.run)
    with claim(wish.run):
        return await _go_on(wish, open_setting(wish.run, plan))


async def _go_on(wish: ResumeWish, setting: Setting) -> int:
    plan = setting.plan
    if plan.person and not plan.rejudges:
        raise BadRun(
            f"{wish.run}: a person plays the {plan.person} in this run: it goes on, with them at the seat, by "
            f"python run.py play --run {shlex.quote(str(wish.run))}."
        )
    _check_files(wish.run, setting)
    casting = _casting(wish, plan)
    parts: frozenset[Part] = frozenset(("jury",)) if plan.rejudges else EVERYBODY
    cast = recast(plan, casting, parts)
    _check_answers(plan, casting, cast)
    check_follow(wish.follow, cast)
    async with open_accesses(cast, casting) as accesses:
        begun, status, watch, ends = frozenset[str](), 0, Watch(), anyio.current_time() + wish.means.seconds
        while True:
            campaign = await anyio.to_thread.run_sync(lay_out, wish.run, setting, cast)
            cells = {cell.id for cell in campaign.cells}
            if begun and cells <= begun:
                return status
            notes = _told(wish, campaign, cast) if not begun else _freed(len(cells - begun))
            means = replace(
                wish.means, seconds=ends - anyio.current_time()
            )  # one sitting, however many rounds
            campaign = replace(campaign, accesses=accesses, again=wish.failed, means=means)
            status = await perform(campaign, notes, follow=wish.follow, quiet=wish.quiet, watch=watch)
            if status > 1 or watch.stopped:
                return status
            # A frozen conversation waits for the one that it repeats, which may have come to its end only now.
            begun = frozenset(cells)


def _casting(wish: ResumeWish, plan: Plan) -> CastWish:
    """Ask for those who played; models that were bent stay so."""
    kept = {name: kind for name, kind in plan.faults.items() if is_said(kind)} if not wish.fault_plan else {}
    return CastWish(
        models=",".join(name for name in plan.models if name not in plan.baselines),
        models_file=wish.models_file,
        backend="simulated" if plan.simulated else "live",
        seed=plan.seed,
        faults=kept | wish.faults,
        fault_plan=wish.fault_plan,
        jury=",".join(plan.jury),
    )


def _check_files(folder: Path, setting: Setting) -> None:
    """Refuse a run whose scenarios or rubric are not those of its plan."""
    plan = setting.plan
    if digest_scenarios(setting.scenarios) != plan.scenarios_digest:
        raise BadRun(
            f"{folder / 'scenarios.jsonl'} does not hold the scenarios this run was begun with: put them back."
        )
    if load_rubric(folder / "rubric.toml").digest != plan.rubric["digest"]:
        raise BadRun(
            f"{folder / 'rubric.toml'} is not the rubric this run was begun with: put it back, and judge by another "
            f"with python run.py rejudge {folder} --rubric FILE."
        )


def _check_answers(plan: Plan, wish: CastWish, cast: Cast) -> None:
    """Refuse simulated models that would say something else than they did."""
    if faulty_answers(wish, cast.catalog) != plan.faulty_answers:
        raise BadRun(
            "the simulated models of this run answer with faults of another kind than these: give the --faults file "
            "that it was begun with, or none where there was none."
        )


def _told(wish: ResumeWish, campaign: Campaign, cast: Cast) -> Iterator[str]:
    plan = campaign.plan
    yield f"Going on with {wish.run}: {len(campaign.cells):,} conversations in all."
    yield from cast.remarks
    yield from alone(cast.catalog, {name: str(one["family"]) for name, one in plan.models.items()})


def _freed(count: int) -> tuple[str, ...]:
    return (
        f"{count:,} conversations of frozen arms can be played now, since what they repeat has come to its end.",
    )
