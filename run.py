"""The command line: what you want, in words.

    python run.py --models all
    python run.py check --models all
    python run.py replay runs/NAME
    python run.py rejudge runs/NAME --jury claude-opus-4.6,gpt-5.1
    python run.py ablate runs/NAME --arms no-image,no-record
    python run.py audit runs/NAME
    python run.py scenarios build --out mine.jsonl
    python run.py records show FOLDER
    python run.py agreement ratings.csv
    python run.py calibrate runs/NAME --annotations clinicians.csv
    python run.py score runs/NAME
    python run.py compare runs/A runs/B
    python run.py power --n 155 --detect 0.2
    python run.py simulate --port 8090

The program itself is imported when a command is given, so that help and a mistyped flag answer at once.
"""

from __future__ import annotations

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C during what follows: an end without a traceback

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, CycloptsError, Parameter

from engine.abacus import compare, power, score
from engine.desk import Flag, Told, Whole, agreement, audit, calibrate, number_or_file, records, scenarios
from engine.encore import ablate, rejudge, replay
from engine.errors import BadOption, Unusable
from personas.errors import Unreadable
from rubrics.errors import Unusable as BadRubric

if TYPE_CHECKING:
    from engine.casting import CastWish

LAST_PORT = 65_535
WAYS = """# SIMULATED: invented minds answer. In the shell of the client:
export ANTHROPIC_BASE_URL=http://127.0.0.1:{port}
export OPENAI_BASE_URL=http://127.0.0.1:{port}/v1
export AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://127.0.0.1:{port}
export ANTHROPIC_API_KEY=simulated OPENAI_API_KEY=simulated
export AWS_ACCESS_KEY_ID=simulated AWS_SECRET_ACCESS_KEY=simulated AWS_REGION=us-east-1
export NO_PROXY=127.0.0.1,localhost  # should a proxy be set
# It serves:
{served}# Ctrl-C ends it."""

app = App(
    name="run.py",
    help="Is a multimodal model safe to talk to when a patient shows it a photograph?\n\n"
    "Simulated patients talk with the models under test, which see a photograph and a health record; a jury of "
    "models scores safety, accuracy and uncertainty from 1 to 5. Without credentials the embedded simulator "
    "answers, and everything it yields is marked simulated. A research benchmark, not a medical device.",
    version=None,
    version_flags=[],
    usage="Usage: python run.py --models all [OPTIONS]\n       python run.py COMMAND [OPTIONS]",
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
)
app.command(scenarios)
app.command(records)
app.command(replay)
app.command(rejudge)
app.command(ablate)
app.command(audit)
app.command(agreement)
app.command(calibrate)
app.command(score)
app.command(compare)
app.command(power)


Way = Literal["auto", "live", "simulated"]


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
    fault: Annotated[list[str] | None, Parameter(negative="", consume_multiple=False)] = None
    """Simulator only: MODEL=KIND breaks a model (gpt-5.1=503, =429, =hang, =malformed; 503@0.2 now and then)."""
    faults: Path | None = None
    """Simulator only: a TOML file of faults."""

    def wish(self) -> CastWish:
        """Give the wish; raise BadOption for a fault that is none."""
        from engine.casting import CastWish

        broken: dict[str, str] = {}
        for word in self.fault or []:
            model, equals, kind = word.partition("=")
            if not equals or not kind:
                raise BadOption(f"--fault {word!r} is not MODEL=KIND, for example gpt-5.1=503.")
            if model in broken:
                raise BadOption(
                    f"--fault names {model} twice: write its faults in a file and give it as --faults."
                )
            broken[model] = kind
        return CastWish(
            models=self.models or "all",
            models_file=self.models_file,
            backend=self.backend,
            seed=self.seed,
            faults=broken,
            fault_plan=self.faults,
            jury=self.jury,
        )


ALL = Company()


@app.default
def run(
    *,
    company: Company = ALL,
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
) -> int:
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
        app.help_print([])
        return 0
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
    )
    return asyncio.run(play(wish))


@app.command
def check(*, company: Company = ALL) -> int:
    """Call every model once per role, with a picture and a structured answer, before you pay for a run."""
    from engine.check import check as check_all

    return asyncio.run(check_all(company.wish()))


@app.command
def simulate(*, port: Whole = 8090, seed: Whole = 7, faults: Path | None = None) -> int:
    """Serve the simulator alone until Ctrl-C, so that any client can be tried without a key.

    Parameters
    ----------
    port
        Port on 127.0.0.1; 0 takes any that is free.
    seed
        Every random choice follows from it.
    faults
        A TOML file of faults.
    """
    from engine.casting import check_faults
    from engine.session import check_seed
    from engine.simulator.stand import stand

    check_seed(seed)
    check_faults(faults, {})
    if not 0 <= port <= LAST_PORT:
        raise BadOption(f"--port {port} is not a port; give 0 to {LAST_PORT}.")
    asyncio.run(stand(port, seed, faults, _announce))
    return 0


def _announce(port: int) -> None:
    """Say how any client is pointed at the simulator, in lines a shell understands."""
    from engine.simulator.served import load_served

    served = "".join(f"#   {model.protocol:10} {model.id}\n" for model in load_served().values())
    try:
        print(WAYS.format(port=port, served=served), flush=True)
    except BrokenPipeError:
        _silence()


def _tell(told: Told) -> int:
    """Print what a command has to say, piece by piece, and give its exit status."""
    try:
        for piece in told.pieces:
            print(piece if told.json else _safe(piece), end="")
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
    return 0 if told.good else 1


def _safe(text: str) -> str:
    """Make visible what a terminal would obey: somebody else's files may hold anything."""
    if text.replace("\n", "").isprintable():
        return text
    from engine.console.clean import clean

    return clean(text)


def _silence() -> None:
    """Let what is still to be said go nowhere: nobody reads stdout any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> int:
    """Run the command line and give the exit status; what the user can mend is one sentence and status 2."""
    try:
        result = app(sys.argv[1:], exit_on_error=False, print_error=False, result_action="return_value")
        return _tell(result) if isinstance(result, Told) else int(result or 0)
    except KeyboardInterrupt:
        print("run.py: stopped.", file=sys.stderr)
        return 130
    except SystemExit:  # rich's way of leaving when nobody reads stdout any more
        return 0
    except CycloptsError as error:
        message = f"{' '.join(str(error).split())} See python run.py --help."
    except (Unusable, Unreadable, BadRubric) as error:
        message = str(error)
    print(f"run.py: {_safe(message)}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    # Said anew, since a shell script starts what runs in its background with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # as tidy an end as Ctrl-C's
    sys.exit(main())
