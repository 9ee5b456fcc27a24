"""The command line: what you want, in words.

    python run.py --models all
    python run.py check --models all
    python run.py play --role assistant --scenario any
    python run.py resume runs/NAME
    python run.py replay runs/NAME
    python run.py view runs/NAME
    python run.py rejudge runs/NAME --jury claude-opus-4.6,gpt-5.1
    python run.py ablate runs/NAME --arms no-image,no-record
    python run.py report runs/NAME
    python run.py export runs/NAME
    python run.py audit runs/NAME
    python run.py scenarios build --out mine.jsonl
    python run.py records show FOLDER
    python run.py agreement ratings.csv
    python run.py calibrate runs/NAME --annotations clinicians.csv
    python run.py annotate runs/NAME --annotator anna
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
from pathlib import Path
from traceback import format_exception
from types import TracebackType
from typing import NoReturn

from cyclopts import App, CycloptsError

from engine.commands import HELP, Told, Whole
from engine.commands.abacus import compare, power, score
from engine.commands.desk import agreement, audit, calibrate, records, scenarios
from engine.commands.encore import ablate, export, rejudge, replay
from engine.commands.marking import annotate
from engine.commands.playing import ALL, Company, resume, run
from engine.commands.publishing import report
from engine.commands.seat import play
from engine.commands.viewing import view
from engine.errors import Unusable
from personas.errors import Unreadable
from rubrics.errors import Unusable as BadRubric

BUG = 70
"""Exit status, after sysexits.h."""
OURS = (
    "this is a bug in the program, not in what you gave it. What was recorded is intact and nothing of this is "
    "counted as a result; once it is mended, python run.py resume RUN goes on where it stopped."
)
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
app.default(run)
app.command(scenarios)
app.command(records)
app.command(play)
app.command(resume)
app.command(replay)
app.command(view)
app.command(rejudge)
app.command(ablate)
app.command(report)
app.command(export)
app.command(audit)
app.command(agreement)
app.command(calibrate)
app.command(annotate)
app.command(score)
app.command(compare)
app.command(power)


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
    from engine.site import Address

    check_seed(seed)
    check_faults(faults, {})
    Address(port=port).check()
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
    from engine.console.outlet import emit

    for piece in told.pieces:
        emit(piece, json=told.json)
    return 0 if told.good else 1


def _sentence(text: str) -> str:
    """Put what went wrong on one line: it may quote somebody else's file, which may hold anything."""
    if text.isascii() and text.isprintable():
        return text
    from engine.console.clean import flatten

    return flatten(text)


def _silence() -> None:
    """Let what is still to be said go nowhere: nobody reads stdout any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _own_up(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> NoReturn:
    """Tell of a bug with its traceback, and end with a status that nothing else has."""
    from engine.console.clean import clean

    print(clean("".join(format_exception(kind, error, trace))), end="", file=sys.stderr)
    print(f"run.py: {OURS}", file=sys.stderr)
    sys.exit(BUG)


def main() -> int:
    """Run the command line and give the exit status; what the user can mend is one sentence and status 2."""
    try:
        result = app(sys.argv[1:], exit_on_error=False, print_error=False, result_action="return_value")
        if result is HELP:
            app.help_print([])
            return 0
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
    print(f"run.py: {_sentence(message)}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    # Said anew, since a shell script starts what runs in its background with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # as tidy an end as Ctrl-C's
    sys.excepthook = _own_up
    sys.exit(main())
