"""One sitting at the command line: from what the user wants to the leaderboard on their screen.

Everything that can be wrong with the wish is found before the first call. Nothing here knows how a flag is
spelled or an exit status told.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio

from agents.baselines import BASELINES
from engine.campaign import Campaign, Watch, run_campaign
from engine.casting import Cast, CastWish, digest_faults, faulty_answers, make_cast, open_accesses
from engine.cells import choose_arms
from engine.config import Access
from engine.console import Console, open_console
from engine.console.log import speaking
from engine.errors import BadOption, BadRun
from engine.events import CallAnswered, PhotoFitted
from engine.fitting import describe, fit_photos
from engine.folder import prepare_folder
from engine.journal import claim
from engine.means import AMPLE, Means, check_prices
from engine.models import Model
from engine.plan import FEWEST_TURNS, MOST_REPEATS, MOST_TURNS, Extent, make_plan
from engine.segments import RECORDED, Damage, read_journal
from engine.setting import Setting
from engine.shelf import check_count, check_map
from engine.tally import Tally
from engine.troupe import Repertoire
from personas.scenarios.build import ScenarioWish
from personas.scenarios.build import gather as collect
from personas.scenarios.sample import Sample, open_sample
from personas.values import Photo
from rubrics.rubric import load_rubric
from rubrics.values import Rubric

RUNS = Path("runs")
LARGEST_SEED = 2**63 - 1
NAMED = 3
"""Damaged places of a journal that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user asked for."""

    cast: CastWish
    scenarios: int | Path | None
    """How many to make, or a file of them."""
    arms: str
    turns: int
    cases: Path | None
    case_map: Path | None
    records: Path | None
    run: Path | None
    follow: str | None
    quiet: bool
    repeats: int = 1
    rubric: Path | None = None
    jury_photo: bool = False
    """The jury sees the photograph too."""
    baselines: bool | None = None
    """None has them where nothing is paid for."""
    means: Means = AMPLE


async def play(wish: Wish) -> int:
    """Do the whole job and give the exit status: 0 done, 1 something failed or ran out, 130 interrupted.

    Raises `Unusable`, `personas.errors.Unreadable` or `rubrics.errors.Unusable` before any call is made.
    """
    _check(wish)
    rubric = load_rubric(wish.rubric)
    cast = make_cast(wish.cast)
    check_follow(wish.follow, cast)
    check_prices(wish.means, cast.company)
    async with open_accesses(cast, wish.cast) as accesses:
        sample = await anyio.to_thread.run_sync(gather, wish)
        photos = _shown(wish, sample)
        fitted = await anyio.to_thread.run_sync(fit_photos, sample.album, photos, _seeing(wish, cast))
        campaign = _prepare(wish, cast, rubric, sample, accesses=accesses, fitted=fitted)
        notes = (*cast.remarks, *sample.notes, *describe(fitted, photos, cast.models))
        with claim(campaign.folder):
            return await perform(campaign, notes, follow=wish.follow, quiet=wish.quiet)


def _seeing(wish: Wish, cast: Cast) -> tuple[Model, ...]:
    """Give the models that are sent photographs."""
    jury = tuple(cast.catalog.models[name] for name in cast.catalog.jury) if wish.jury_photo else ()
    return (*cast.models, *jury)


async def perform(
    campaign: Campaign,
    notes: Iterable[str],
    *,
    follow: str | None = None,
    quiet: bool = False,
    watch: Watch | None = None,
    seat: AbstractContextManager[Console] | None = None,
) -> int:
    """Run a campaign before the user's eyes, and conclude it; whoever calls this has claimed its folder.

    `watch` is for who wants to know what it ran out of, `seat` for a person who plays in it and sees nothing else.
    """
    plan, folder = campaign.plan, campaign.folder
    tally = Tally(planned=len(campaign.cells), votes=len(plan.jury) * len(plan.dimensions))
    damage: list[Damage] = []
    for event in read_journal(folder / RECORDED, damage.append):
        if not isinstance(event.body, CallAnswered):  # another run has paid for it
            tally.hear(event)
    for event in read_journal(folder / "journal", damage.append):
        tally.hear(event)
    notes = (*notes, *check_prices(campaign.means, campaign.company), *complain(folder, damage))
    watch = watch or Watch()
    screen = seat or open_console(tally, plan, folder, follow=follow, quiet=quiet, limits=watch.statistics)
    with screen as console, speaking(console.say):
        for note in notes:
            console.say(note)
        finished = await run_campaign(campaign, console, tally, watch)
    from engine.closing import conclude  # the numbers' libraries: a mistake is told before they are there

    return conclude(folder, finished=finished, short=watch.stopped)


def complain(folder: Path, damage: list[Damage]) -> Iterator[str]:
    """Say what of a run that is to go on cannot be read; BadRun where another version has written in it."""
    for one in damage:
        if one.foreign:
            raise BadRun(
                f"{folder}: {one.removesuffix('; left out.')}: go on with the version that wrote it."
            )
    yield from damage[:NAMED]
    if (more := len(damage) - NAMED) > 0:
        yield f"Lines of the journal that are damaged besides: {more:,}."
    if damage:
        yield "What stood there is had again where the run still needs it: such an answer is bought anew."


def gather(wish: Wish) -> Sample:
    """Give the scenarios: those of a file, or made of photographs and records, the user's or built-in ones."""
    if isinstance(wish.scenarios, Path):
        return open_sample(wish.scenarios)
    return collect(
        ScenarioWish(
            cases=wish.cases,
            map_file=wish.case_map,
            records=wish.records,
            count=wish.scenarios,
            seed=wish.cast.seed,
        )
    )


def _shown(wish: Wish, sample: Sample) -> list[Photo]:
    """Give the photographs that some arm shows."""
    shown = any(arm.picture == "own" for arm in choose_arms(wish.arms))
    return [scenario.photo for scenario in sample.scenarios] if shown else []


def check_seed(seed: int) -> None:
    """Refuse a seed that no file could hold."""
    if not -LARGEST_SEED <= seed <= LARGEST_SEED:
        raise BadOption(f"--seed {seed} is too large; give a whole number within {LARGEST_SEED:,}.")


def _check(wish: Wish) -> None:
    """Refuse what cannot be, before anything is looked up."""
    choose_arms(wish.arms)
    if isinstance(wish.scenarios, int):
        check_count("--scenarios", wish.scenarios)
    if not FEWEST_TURNS <= wish.turns <= MOST_TURNS:
        raise BadOption(f"--turns {wish.turns} is not possible; give {FEWEST_TURNS} to {MOST_TURNS}.")
    if not 1 <= wish.repeats <= MOST_REPEATS:
        raise BadOption(f"--repeats {wish.repeats} is not possible; give 1 to {MOST_REPEATS}.")
    check_seed(wish.cast.seed)
    paths = {"--cases": wish.cases, "--map": wish.case_map, "--records": wish.records}
    if isinstance(wish.scenarios, Path):
        _check_file(wish.scenarios, paths)
    check_map(wish.cases, wish.case_map)
    for option, path in paths.items():
        if path is not None and not os.path.exists(path):
            raise BadOption(f"{option} {path}: there is no such file or folder; check the path.")


def _check_file(file: Path, paths: dict[str, Path | None]) -> None:
    if not os.path.isfile(file):
        raise BadOption(f"--scenarios {file}: is neither a number nor a file; make one with scenarios build.")
    if given := next((option for option, path in paths.items() if path), None):
        raise BadOption(f"--scenarios {file} is made already, and takes no {given}: leave that out.")


def check_follow(follow: str | None, cast: Cast) -> None:
    """Refuse to follow a model that does not play."""
    if follow and (name := follow.split("/")[0]) not in {model.name for model in cast.models}:
        cast.catalog.find(name, "--follow")
        raise BadOption(f"--follow {follow}: {name} is not among the models of this run.")


def _prepare(
    wish: Wish,
    cast: Cast,
    rubric: Rubric,
    sample: Sample,
    *,
    accesses: dict[str, Access],
    fitted: tuple[PhotoFitted, ...],
) -> Campaign:
    arms, now = choose_arms(wish.arms), datetime.now(UTC)
    baselines = cast.backend == "simulated" if wish.baselines is None else wish.baselines
    plan = make_plan(
        sample.scenarios,
        cast.models,
        arms,
        catalog=cast.catalog,
        rubric=rubric,
        extent=Extent(
            turns=wish.turns,
            repeats=wish.repeats,
            baselines=BASELINES if baselines else (),
            jury_sees_photo=wish.jury_photo,
        ),
        seed=wish.cast.seed,
        simulated=cast.backend == "simulated",
        faults=wish.cast.faults,
        fault_plan=digest_faults(wish.cast.fault_plan),
        faulty_answers=faulty_answers(wish.cast, cast.catalog),
        created=now.isoformat(timespec="seconds"),
    )
    _check_scenario(wish, sample)
    folder, setting = wish.run or name_run(now), Setting(plan=plan, scenarios=sample.scenarios, additions=())
    prepare_folder(folder, plan, sample, rubric, fitted)
    return Campaign(
        folder=folder,
        repertoire=Repertoire(plan=plan, catalog=cast.catalog, rubric=rubric, album=sample.album),
        cells=tuple(setting.cells({})),
        company=cast.company,
        accesses=accesses,
        fitted=fitted,
        means=wish.means,
    )


def name_run(now: datetime) -> Path:
    """Name a new run by the time; a second one of the same second by a number."""
    name = now.strftime("%Y%m%d-%H%M%S")
    candidates = (RUNS / (name if number == 1 else f"{name}-{number}") for number in itertools.count(1))
    return next(folder for folder in candidates if not folder.exists())


def _check_scenario(wish: Wish, sample: Sample) -> None:
    wanted = (wish.follow or "").partition("/")[2].split("/")[0]
    if wanted and not any(scenario.id == wanted for scenario in sample.scenarios):
        known = ", ".join(scenario.id for scenario in sample.scenarios[:3])
        raise BadOption(
            f"--follow {wish.follow}: there is no scenario {wanted} in this run; there is {known}, …"
        )
