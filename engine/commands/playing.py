"""Playing: the commands that make a run, and go on with one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from engine.commands import HELP, Flag, Told, Whole, number_or_file
from engine.commands.spending import UNLIMITED, Spending
from engine.errors import BadOption

if TYPE_CHECKING:
    from engine.casting import CastWish

Way = Literal["auto", "live", "simulated"]
Faults = Annotated[list[str] | None, Parameter(negative="", consume_multiple=False)]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Who plays; the same options in a run and in its check."""

    models: str | None = None
    """Models under test: all (with --models-file, that file's own), or names separated by commas."""
    models_file: Path | None = None
    """Models of your own, and who plays patient and jury: a TOML file, see "Your own endpoints" in the README."""
    backend: Way = "auto"
    """live calls the providers, simulated the embedded simulator; auto is live where all keys are set."""
    jury: str | None = None
    """Jurors, models separated by commas; those of the models file when left out."""
    seed: Whole = 7
    """Every random choice follows from it."""
    fault: Faults = None
    """Simulator only: MODEL=KIND breaks a model (gpt-5.1=503, =429, =hang, =malformed; 503@0.2 now and then)."""
    faults: Path | None = None
    """Simulator only: a TOML file of faults."""

    def wish(self) -> CastWish:
        """Give the wish; raise BadOption for a fault that is none."""
        from engine.casting import CastWish

        return CastWish(
            models=self.models or "all",
            models_file=self.models_file,
            backend=self.backend,
            seed=self.seed,
            faults=read_faults(self.fault),
            fault_plan=self.faults,
            jury=self.jury,
        )


def read_faults(words: Iterable[str] | None) -> dict[str, str]:
    """Read MODEL=KIND words; raise BadOption for one that is none, or names a model again."""
    broken: dict[str, str] = {}
    for word in words or ():
        model, equals, kind = word.partition("=")
        if not equals or not kind:
            raise BadOption(f"--fault {word!r} is not MODEL=KIND, for example gpt-5.1=503.")
        if model in broken:
            raise BadOption(
                f"--fault names {model} twice: write its faults in a file and give it as --faults."
            )
        broken[model] = kind
    return broken


ALL = Company()


def run(
    *,
    company: Company = ALL,
    spending: Spending = UNLIMITED,
    scenarios: Annotated[int | Path | None, Parameter(converter=number_or_file)] = None,
    arms: str = "full",
    turns: Whole = 8,
    repeats: Whole = 1,
    baselines: bool | None = None,
    rubric: Path | None = None,
    jury_photo: Flag = False,
    cases: Path | None = None,
    map: Path | None = None,
    records: Path | None = None,
    run: Path | None = None,
    follow: str | None = None,
    quiet: Flag = False,
) -> int | Told:
    """Play every scenario with every model, let the jury score it, and show the leaderboard.

    Parameters
    ----------
    scenarios
        How many scenarios, 155 when left out, or as many as --cases allows; or a file made by scenarios build.
    arms
        What the assistant is given: full, no-image, no-record, neither; several separated by commas.
    turns
        Messages a patient may write in a conversation, the first included.
    repeats
        How often every scenario is played with every model.
    baselines
        Have five trivial scripts play beside the models; left out, they do where nothing is paid for.
    rubric
        A rubric of your own, a TOML file like rubrics/imcbench.toml.
    jury_photo
        Show the jury the photograph too.
    cases
        Folder of a photograph data set (PAD-UFES-20, DDI, HAM10000 …); without it, drawn lesions.
    map
        Column map of that data set, for one that is not known by itself.
    records
        FHIR R4 bundles, a bulk export (*.ndjson) or Synthea's tables (patients.csv …); without it, built-in records.
    run
        Run folder; a new one under runs/ when left out. Given again, a stopped run goes on.
    follow
        MODEL or MODEL/SCENARIO to watch as it is spoken.
    quiet
        Show the leaderboard only.
    """
    if company.models is None:
        return HELP
    from engine.session import Wish, play

    wish = Wish(
        cast=company.wish(),
        scenarios=scenarios,
        arms=arms,
        turns=turns,
        repeats=repeats,
        baselines=baselines,
        rubric=rubric,
        jury_photo=jury_photo,
        cases=cases,
        case_map=map,
        records=records,
        run=run,
        follow=follow,
        quiet=quiet,
        means=spending.means(),
    )
    return asyncio.run(play(wish))


def resume(
    run: Path,
    *,
    failed: Flag = False,
    models_file: Path | None = None,
    fault: Faults = None,
    faults: Path | None = None,
    spending: Spending = UNLIMITED,
    follow: str | None = None,
    quiet: Flag = False,
) -> int:
    """Go on with a stopped run, of whatever kind, from its folder alone; no recorded answer is bought again.

    Parameters
    ----------
    run
        The run folder.
    failed
        Take up again what failed: conversations, exit interviews and votes.
    models_file
        The models file the run was begun with, where there was one.
    fault
        Simulator only: MODEL=KIND breaks a model in this sitting; an outage of an earlier one is over.
    faults
        Simulator only: a TOML file of faults.
    follow
        MODEL or MODEL/SCENARIO to watch as it is spoken.
    quiet
        Show the leaderboard only.
    """
    from engine.resuming import ResumeWish
    from engine.resuming import resume as go_on

    wish = ResumeWish(
        run=run,
        failed=failed,
        models_file=models_file,
        faults=read_faults(fault),
        fault_plan=faults,
        follow=follow,
        quiet=quiet,
        means=spending.means(),
    )
    return asyncio.run(go_on(wish))
