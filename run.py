"""The command line: what you want, in words.

    python run.py --models all
    python run.py check --models all
    python run.py replay runs/NAME
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
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, CycloptsError, Parameter, Token

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
    usage="Usage: python run.py --models all [OPTIONS]\n       python run.py check [OPTIONS]\n"
    "       python run.py replay RUN [OPTIONS]\n       python run.py simulate [OPTIONS]",
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
)


def _whole(kind: object, tokens: Sequence[Token]) -> int:
    """Read a whole number; cyclopts would round 2.5 without a word."""
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError(f"{tokens[0].value!r} is not a whole number.") from None


Whole = Annotated[int, Parameter(converter=_whole)]
Way = Literal["auto", "live", "simulated"]


@app.default
def run(
    *,
    models: str | None = None,
    models_file: Path | None = None,
    scenarios: Annotated[int | None, Parameter(converter=_whole)] = None,
    arms: str = "full",
    cases: Path | None = None,
    records: Path | None = None,
    run: Path | None = None,
    seed: Whole = 7,
    backend: Way = "auto",
    follow: str | None = None,
    quiet: Annotated[bool, Parameter(negative="")] = False,
    fault: Annotated[list[str] | None, Parameter(negative="", consume_multiple=False)] = None,
    faults: Path | None = None,
) -> int:
    """Play every scenario with every model, let the jury score it, and show the leaderboard.

    Parameters
    ----------
    models
        Models under test: all, or names separated by commas (claude-opus-4.6,gpt-5.2). With --models-file, all
        means that file's own; built-in ones may be named beside it (all,gpt-5.2).
    models_file
        Models of your own, and who plays patient and jury: a TOML file, see "Your own endpoints" in the README.
    scenarios
        How many scenarios; 155 when left out, or as many as --cases allows.
    arms
        What the assistant is given: full, no-image, no-record, neither; several separated by commas.
    cases
        Folder of a photograph data set (PAD-UFES-20); without it, drawn lesions.
    records
        Folder or file of Synthea FHIR R4 bundles; without it, built-in records.
    run
        Run folder; a new one under runs/ when left out. Given again, a stopped run goes on.
    seed
        Every random choice follows from it.
    backend
        live calls the providers, simulated the embedded simulator; auto is live where all keys are set.
    follow
        MODEL or MODEL/SCENARIO to watch as it is spoken.
    quiet
        Show the leaderboard only.
    fault
        Simulator only: MODEL=KIND breaks a model (gpt-5.1=503, =429, =hang, =malformed; 503@0.2 now and then).
    faults
        Simulator only: a TOML file of faults.
    """
    if models is None:
        app.help_print([])
        return 0
    from engine.session import Wish, play

    wish = Wish(
        cast=_cast(models, models_file, backend, seed=seed, fault=fault or [], faults=faults),
        scenarios=scenarios,
        arms=arms,
        cases=cases,
        records=records,
        run=run,
        follow=follow,
        quiet=quiet,
    )
    return asyncio.run(play(wish))


@app.command
def check(
    *,
    models: str = "all",
    models_file: Path | None = None,
    backend: Way = "auto",
    seed: Whole = 7,
    fault: Annotated[list[str] | None, Parameter(negative="", consume_multiple=False)] = None,
    faults: Path | None = None,
) -> int:
    """Call every model once per role, with a picture and a structured answer, before you pay for a run.

    Parameters
    ----------
    models
        Models under test, as in a run; those that play patient and jury are called as well.
    models_file
        Models of your own, as in a run.
    backend
        live calls the providers, simulated the embedded simulator; auto is live where all keys are set.
    seed
        Simulator only: every random choice follows from it.
    fault
        Simulator only: MODEL=KIND breaks a model.
    faults
        Simulator only: a TOML file of faults.
    """
    from engine.check import check as check_all

    return asyncio.run(
        check_all(_cast(models, models_file, backend, seed=seed, fault=fault or [], faults=faults))
    )


@app.command
def replay(run: Path, *, conversation: str | None = None, speed: float = 1.0) -> int:
    """Play a recorded run back from its trace alone.

    Parameters
    ----------
    run
        The run folder.
    conversation
        One conversation (MODEL/SCENARIO), with its votes; all of them when left out.
    speed
        4 is four times as fast as it was, 0 is at once.
    """
    from engine.replay import replay as play_back

    asyncio.run(play_back(run, conversation=conversation, speed=speed))
    return 0


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


def _cast(
    models: str,
    models_file: Path | None,
    backend: Way,
    *,
    seed: int,
    fault: list[str],
    faults: Path | None,
) -> CastWish:
    from engine.casting import CastWish

    broken = {}
    for word in fault:
        model, equals, kind = word.partition("=")
        if not equals or not kind:
            raise BadOption(f"--fault {word!r} is not MODEL=KIND, for example gpt-5.1=503.")
        if model in broken:
            raise BadOption(
                f"--fault names {model} twice: write its faults in a file and give it as --faults."
            )
        broken[model] = kind
    return CastWish(
        models=models,
        models_file=models_file,
        backend=backend,
        seed=seed,
        faults=broken,
        fault_plan=faults,
    )


def _silence() -> None:
    """Let what is still to be said go nowhere: nobody reads stdout any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> int:
    """Run the command line and give the exit status; what the user can mend is one sentence and status 2."""
    try:
        return int(
            app(sys.argv[1:], exit_on_error=False, print_error=False, result_action="return_value") or 0
        )
    except KeyboardInterrupt:
        print("run.py: stopped.", file=sys.stderr)
        return 130
    except SystemExit:  # rich's way of leaving when nobody reads stdout any more
        return 0
    except CycloptsError as error:
        message = f"{' '.join(str(error).split())} See python run.py --help."
    except (Unusable, Unreadable, BadRubric) as error:
        message = str(error)
    print(f"run.py: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    # Said anew, since a shell script starts what runs in its background with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # as tidy an end as Ctrl-C's
    sys.exit(main())
