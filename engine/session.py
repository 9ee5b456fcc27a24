"""One sitting at the command line: from what the user wants to the leaderboard on their screen.

Everything that can be wrong with the wish is found before the first call. Nothing here knows how a flag is
spelled or an exit status told.
"""

from __future__ import annotations

import itertools
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio

from engine.campaign import Campaign, Watch, run_campaign
from engine.catalog import Catalog, Model, read_catalog
from engine.cells import choose_arms
from engine.config import Access, Backend, decide_backend, live_access, missing
from engine.console import open_console
from engine.console.board import show_board
from engine.console.log import speaking
from engine.errors import BadOption, Unusable
from engine.folder import prepare_folder
from engine.journal import read_journal
from engine.plan import Plan, make_plan
from engine.report import write_report
from engine.results import tabulate_run
from engine.simulator.launch import Endpoint, launch
from engine.tally import Tally
from personas.build import Sample, embedded, paired
from personas.values import Scenario
from rubrics.rubric import load_rubric

RUNS = Path("runs")
INTERRUPTED = 130
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user asked for."""

    models: str
    scenarios: int | None
    arms: str
    cases: Path | None
    records: Path | None
    run: Path | None
    seed: int
    backend: str
    follow: str | None
    quiet: bool
    faults: dict[str, str]
    """What the simulator shall break, by model."""


async def play(wish: Wish) -> int:
    """Do the whole job and give the exit status: 0 done, 1 something failed, 130 interrupted.

    Raises `Unusable`, `personas.errors.Unreadable` or `rubrics.errors.Unusable` before any call is made.
    """
    catalog, models, backend = _cast(wish)
    async with AsyncExitStack() as stack:
        endpoint = None
        if backend == "simulated":
            catalog = catalog.within(catalog.simulated)
            endpoint = await stack.enter_async_context(launch(wish.seed, _wire_faults(wish, catalog)))
        sample = await anyio.to_thread.run_sync(gather, wish)
        campaign = _prepare(wish, catalog, models, sample, endpoint)
        tally = Tally(
            planned=campaign.plan.conversations,
            votes=len(campaign.plan.jury) * len(campaign.plan.dimensions),
        )
        for event in read_journal(campaign.folder / "journal"):
            tally.hear(event)
        watch = Watch()
        screen = open_console(
            tally,
            campaign.plan,
            campaign.folder,
            follow=wish.follow,
            quiet=wish.quiet,
            limits=watch.statistics,
        )
        with screen as console, speaking(console.say):
            for note in (*_remarks(wish, campaign, models), *sample.notes):
                console.say(note)
            finished = await run_campaign(campaign, console, tally, watch)
    return conclude(campaign.folder, campaign.plan, finished=finished)


def conclude(folder: Path, plan: Plan, *, finished: bool) -> int:
    """Write the report, show the leaderboard, and give the exit status."""
    results = tabulate_run(folder, plan)
    page = write_report(results, folder)
    show_board(results, page, finished=finished)
    if not finished:
        return INTERRUPTED
    return 0 if results.whole else 1


def gather(wish: Wish) -> Sample:
    """Make the scenarios: the embedded sample, or the user's photographs and records."""
    if wish.cases is None and wish.records is None:
        return embedded(wish.scenarios or 155, wish.seed)
    return paired(wish.cases, wish.records, wish.scenarios, wish.seed)


def _cast(wish: Wish) -> tuple[Catalog, tuple[Model, ...], Backend]:
    """Find out who plays, and with what; refuse what cannot be."""
    catalog = read_catalog()
    models = catalog.choose(wish.models)
    choose_arms(wish.arms)
    if wish.scenarios is not None and wish.scenarios < 1:
        raise BadOption(f"--scenarios {wish.scenarios} is not a number of scenarios; give 1 or more.")
    if not -LARGEST_SEED <= wish.seed <= LARGEST_SEED:
        raise BadOption(f"--seed {wish.seed} is too large; give a whole number within {LARGEST_SEED:,}.")
    for option, path in (("--cases", wish.cases), ("--records", wish.records)):
        if path is not None and not path.exists():
            raise BadOption(f"{option} {path}: there is no such file or folder; check the path.")
    if wish.follow and (name := wish.follow.split("/")[0]) not in {model.name for model in models}:
        catalog.find(name)
        raise BadOption(f"--follow {wish.follow}: {name} is not among the models of this run.")
    backend = decide_backend(wish.backend, _company(catalog, models))
    if wish.faults and backend == "live":
        raise BadOption("--fault breaks the simulator, and this run is live: add --backend simulated.")
    return catalog, models, backend


def _company(catalog: Catalog, models: tuple[Model, ...]) -> tuple[Model, ...]:
    """Give the models under test together with those that play the patient and the jury."""
    names = (catalog.patient, *catalog.jury)
    return (*models, *(catalog.find(name) for name in names))


def _prepare(
    wish: Wish, catalog: Catalog, models: tuple[Model, ...], sample: Sample, endpoint: Endpoint | None
) -> Campaign:
    arms, rubric = choose_arms(wish.arms), load_rubric()
    _check_photos(sample.scenarios, sample, models)
    now = datetime.now(UTC)
    plan = make_plan(
        sample.scenarios,
        models,
        arms,
        catalog=catalog,
        rubric=rubric,
        seed=wish.seed,
        simulated=endpoint is not None,
        faults=wish.faults,
        created=now.isoformat(timespec="seconds"),
    )
    _check_follow(wish, sample)
    folder = wish.run or _new_name(now)
    prepare_folder(folder, plan, sample)
    providers = {model.provider for model in _company(catalog, models)}
    return Campaign(
        folder=folder,
        plan=plan,
        sample=sample,
        catalog=catalog,
        rubric=rubric,
        arms=arms,
        accesses={name: _access(name, endpoint) for name in providers},
    )


def _new_name(now: datetime) -> Path:
    """Name a new run by the time; a second one of the same second by a number."""
    name = now.strftime("%Y%m%d-%H%M%S")
    candidates = (RUNS / (name if number == 1 else f"{name}-{number}") for number in itertools.count(1))
    return next(folder for folder in candidates if not folder.exists())


def _check_follow(wish: Wish, sample: Sample) -> None:
    wanted = (wish.follow or "").partition("/")[2].split("/")[0]
    if wanted and not any(scenario.id == wanted for scenario in sample.scenarios):
        known = ", ".join(scenario.id for scenario in sample.scenarios[:3])
        raise BadOption(
            f"--follow {wish.follow}: there is no scenario {wanted} in this run; there is {known}, …"
        )


def _access(provider: str, endpoint: Endpoint | None) -> Access:
    if endpoint is None:
        return live_access(provider)
    urls = {"anthropic": endpoint.anthropic, "openai": endpoint.openai, "bedrock": endpoint.bedrock}
    secrets = {
        "anthropic": {"ANTHROPIC_API_KEY": "simulated"},
        "openai": {"OPENAI_API_KEY": "simulated"},
        "bedrock": {"AWS_ACCESS_KEY_ID": "simulated", "AWS_SECRET_ACCESS_KEY": "simulated"},
    }
    return Access(base_url=urls[provider], secrets=secrets[provider])


def _check_photos(scenarios: tuple[Scenario, ...], sample: Sample, models: tuple[Model, ...]) -> None:
    """Refuse a photograph that some model would not take, rather than shrink it for one and not the other."""
    for photo in {scenario.photo for scenario in scenarios}:
        size, side = len(sample.album.data(photo)), max(photo.width, photo.height)
        for model in models:
            if size > model.image.bytes or side > model.image.side:
                raise Unusable(
                    f"a photograph of {photo.width} x {photo.height} px and {size / 1e6:.1f} MB is larger than "
                    f"{model.title} takes ({model.image.side} px, {model.image.bytes / 1e6:.1f} MB): make the "
                    "pictures of the data set smaller, for all models alike."
                )


def _wire_faults(wish: Wish, catalog: Catalog) -> dict[str, str]:
    return {catalog.find(name).id: kind for name, kind in wish.faults.items()}


def _remarks(wish: Wish, campaign: Campaign, models: tuple[Model, ...]) -> list[str]:
    """Say what the user should know before the first word."""
    if not campaign.plan.simulated or wish.backend != "auto":
        return []
    lacking = missing(_company(campaign.catalog, models))
    return [
        f"No credentials for {', '.join(lacking)}: the embedded simulator answers instead.",
        f"A live run needs {'; '.join(lacking.values())}.",
    ]
