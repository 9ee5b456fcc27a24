"""Opening a run in which a person plays: a new one, or one that is there and goes on from its folder alone.

Everything that can be wrong is found before the first call. Nothing here knows what a person sees.
"""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import anyio

from engine.campaign import Campaign
from engine.casting import Cast, CastWish, Part, digest_faults, faulty_answers, make_cast, open_accesses
from engine.cells import FULL, choose_arms
from engine.errors import BadOption, BadRun
from engine.fitting import describe, fit_photos
from engine.folder import prepare_folder, read_plan
from engine.means import AMPLE, Means, check_prices
from engine.person import Part as Person
from engine.plan import FEWEST_TURNS, MOST_TURNS, Extent, make_plan
from engine.reopening import lay_out, recast
from engine.seat.choosing import choose_scenarios
from engine.session import check_seed, name_run
from engine.setting import Setting, open_setting
from engine.troupe import Repertoire
from personas.scenarios.build import ScenarioWish, gather
from personas.scenarios.sample import Sample, open_sample
from rubrics.rubric import load_rubric

PARTS: dict[Person, frozenset[Part]] = {
    "assistant": frozenset(("patient", "jury")),
    "patient": frozenset(("models", "jury")),
}
"""Who is called beside a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayWish:
    """What was asked on the command line."""

    role: Person
    """Empty to go on in the part that a run has."""
    scenario: str
    """Ids, numbers or `any`, parted by commas; empty to go on."""
    cast: CastWish
    """Its `models` is whom a patient talks with; empty for an assistant."""
    scenarios: Path | None = None
    """A file of scenarios; None for the built-in sample."""
    turns: int = 8
    rubric: Path | None = None
    run: Path | None = None
    means: Means = AMPLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A run that can be played."""

    campaign: Campaign
    """All but the way to the accounts, and the guest."""
    cast: Cast
    notes: tuple[str, ...]
    """What the person should know before they begin."""


@asynccontextmanager
async def open_play(wish: PlayWish) -> AsyncIterator[Opened]:
    """Give what is to be played, with the way to every account open; raises what cannot be in one sentence."""
    there = wish.run is not None and (wish.run / "plan.json").is_file()
    casting, opened = await anyio.to_thread.run_sync(_go_on if there else _begin, wish)
    async with open_accesses(opened.cast, casting) as accesses:
        yield replace(opened, campaign=replace(opened.campaign, accesses=accesses))


def _begin(wish: PlayWish) -> tuple[CastWish, Opened]:
    """Make a new run."""
    _check(wish)
    rubric = load_rubric(wish.rubric)
    cast = make_cast(wish.cast, PARTS[wish.role])
    if len(cast.models) > 1:
        names = ", ".join(model.name for model in cast.models)
        raise BadOption(f"--models names {names}, and a patient talks with one model: choose one.")
    check_prices(wish.means, cast.company)
    whole = open_sample(wish.scenarios) if wish.scenarios else gather(ScenarioWish(seed=wish.cast.seed))
    sample = replace(whole, scenarios=choose_scenarios(whole, wish.scenario, wish.cast.seed))
    photos = [scenario.photo for scenario in sample.scenarios]
    fitted, now = fit_photos(sample.album, photos, cast.models), datetime.now(UTC)
    plan = make_plan(
        sample.scenarios,
        cast.models,
        choose_arms(FULL),
        catalog=cast.catalog,
        rubric=rubric,
        extent=Extent(turns=wish.turns),
        seed=wish.cast.seed,
        simulated=cast.backend == "simulated",
        faults=wish.cast.faults,
        fault_plan=digest_faults(wish.cast.fault_plan),
        faulty_answers=faulty_answers(wish.cast, cast.catalog),
        person=wish.role,
        created=now.isoformat(timespec="seconds"),
    )
    folder = wish.run or name_run(now)
    prepare_folder(folder, plan, sample, rubric, fitted)
    campaign = Campaign(
        folder=folder,
        repertoire=Repertoire(plan=plan, catalog=cast.catalog, rubric=rubric, album=sample.album),
        cells=tuple(Setting(plan=plan, scenarios=sample.scenarios, additions=()).cells({})),
        company=cast.company,
        accesses={},
        fitted=fitted,
        means=wish.means,
    )
    notes = (*cast.remarks, *_told(whole, sample), *describe(fitted, photos, cast.models))
    return wish.cast, Opened(campaign=campaign, cast=cast, notes=notes)


def _told(whole: Sample, sample: Sample) -> tuple[str, ...]:
    """Leave out of a sample's notes what counts scenarios that are not played."""
    return whole.notes if len(whole.scenarios) == len(sample.scenarios) else ()


def _check(wish: PlayWish) -> None:
    """Refuse what cannot be, before anything is looked up."""
    if not wish.role:
        raise BadOption("play needs --role assistant or --role patient: which part do you play?")
    if not wish.scenario:
        raise BadOption("play needs --scenario: an id, a number, or any for one that the seed draws.")
    if wish.role == "assistant" and wish.cast.models:
        raise BadOption(
            f"--models {wish.cast.models}: as the assistant you take the place of the model under test; leave it out."
        )
    if wish.role == "patient" and not wish.cast.models:
        raise BadOption("--role patient needs --models: whom you talk with, such as --models gpt-5.2.")
    if not FEWEST_TURNS <= wish.turns <= MOST_TURNS:
        raise BadOption(f"--turns {wish.turns} is not possible; give {FEWEST_TURNS} to {MOST_TURNS}.")
    if wish.scenarios and not wish.scenarios.is_file():
        raise BadOption(
            f"--scenarios {wish.scenarios}: there is no such file; make one with scenarios build."
        )
    check_seed(wish.cast.seed)


def _go_on(wish: PlayWish) -> tuple[CastWish, Opened]:
    """Take a run up that is there, with all that it was begun with."""
    assert wish.run is not None
    setting = open_setting(wish.run, read_plan(wish.run))
    plan = setting.plan
    if not plan.person or plan.rejudges:
        raise BadRun(
            f"{wish.run}: no person plays in this run: choose another --run, or go on with it by "
            f"python run.py resume {shlex.quote(str(wish.run))}."
        )
    if wish.role and wish.role != plan.person:
        raise BadRun(f"{wish.run}: in this run a person plays the {plan.person}: choose another --run.")
    here = {scenario.id for scenario in setting.scenarios}
    if strange := [word for word in wish.scenario.split(",") if word.startswith("s-") and word not in here]:
        raise BadRun(
            f"{wish.run} does not hold {strange[0]}, and takes no other scenario: choose another --run."
        )
    casting = replace(
        wish.cast,
        models="" if plan.person == "assistant" else ",".join(plan.models),
        backend="simulated" if plan.simulated else "live",
        seed=plan.seed,
        jury=",".join(plan.jury),
    )
    cast = recast(plan, casting, PARTS[plan.person])
    campaign = replace(lay_out(wish.run, setting, cast), means=wish.means)
    notes = (f"Going on with {wish.run}: {len(campaign.cells)} in all.", *cast.remarks)
    return casting, Opened(campaign=campaign, cast=cast, notes=notes)
